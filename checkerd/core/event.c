/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words for the kinds of event, which scripts depend on. Any thread. */
#include "checkerd/core/event.h"

#include "util/macro.h"

const char *event_type_name(enum event_type t)
{
	static const char *const names[EVENT_TYPE_COUNT_] = {
		[EVENT_PATH_STATE] = "path_state",
		[EVENT_PATH_ADDED] = "path_added",
		[EVENT_PATH_REMOVED] = "path_removed",
		[EVENT_MAP] = "map",
		[EVENT_DM] = "dm",
		[EVENT_ENGINE] = "engine",
		[EVENT_CONFIG] = "config",
		[EVENT_DAEMON] = "daemon",
	};

	assert(t < EVENT_TYPE_COUNT_);
	return names[t];
}
