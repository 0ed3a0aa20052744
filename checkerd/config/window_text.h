/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_WINDOW_TEXT_H
#define CHECKERD_CONFIG_WINDOW_TEXT_H

/* A section `window` while it is read: texts that become a maintenance window. */
#include "checkerd/config/reader.h"

/* text: NULL: not given. */
struct window_value {
	const char *text;
	struct position at;
};

struct window_text {
	struct position at; /* of the section */
	struct window_value days, from, to, date;
};

/*
 * Adds the window to the configuration, and takes over what w owns, if it has no error. False: it
 * has; the errors are recorded. when and place of w are not set yet.
 */
bool window_text_commit(struct reader *r, const struct window_text *t,
                        struct maintenance_window *w);

#endif
