/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Constants only. tests/ctl-words compares them with the daemon's. */
#include "checkerctl/words.h"

#include <stddef.h>

const char *const words_colour[] = { "auto", "always", "never", NULL };

const char *const words_event_type[] = { "path_state", "path_added", "path_removed",
	                                 "map",        "dm",         "engine",
	                                 "config",     "daemon",     "hold",
	                                 "cause",      "slow",       NULL };

const char *const words_log_level[] = {
	"err", "warning", "notice", "info", "debug", NULL
};

const char *const words_path_state[] = { "up",           "down",      "timeout",
	                                 "ghost",        "shaky",     "delayed",
	                                 "pending",      "unchecked", "removed",
	                                 "disconnected", "disabled",  NULL };

const char *const words_row[] = { "path", "map", "host", NULL };
