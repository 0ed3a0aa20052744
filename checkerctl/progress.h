/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_PROGRESS_H
#define CHECKERCTL_PROGRESS_H

/*
 * A line on stderr that says how far check --wait is, if stderr is a terminal: it appears after a
 * second, and is erased at the end.
 */
#include "checkerctl/ctl.h"

struct progress {
	const struct ctl_options *options;
	/* the call's parameters that select paths; a reference */
	json_object *parameters;
	struct mono begun;
	/* seconds since 1970 */
	double begun_wall;
	bool shown;
};

/* Follows the next call of ctl, whose connection does not exist yet. names: as in that call. */
void progress_begin(struct progress *p, struct ctl *ctl, const char *const *names,
                    size_t n);
void progress_end(struct progress *p, struct ctl *ctl);

#endif
