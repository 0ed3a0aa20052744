/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_READY_H
#define CHECKERD_MANAGER_READY_H

/*
 * Messages for the service manager: ready after the first full pass, the line of status, and
 * reloading. The loop only.
 */
#include "checkerd/core/state.h"
#include "checkerd/manager/notify.h"

#define READY_STATUS_US USEC_PER_SEC          /* time between two lines of status */
#define READY_RETRY_US  (100 * USEC_PER_MSEC) /* after a message that failed */

struct ready {
	/* Borrowed. */
	const struct notify *notify;
	/* The first full pass is complete, or took longer than the deadline. */
	bool ready;
	/* READY=1 must still be sent. */
	bool unsent;
	/* A reload is under way. */
	bool reloading;
	/* Ready at this time, also when paths have not answered. */
	struct mono deadline;
	/* The next line of status may be sent then. */
	struct mono status_at;
	/* When ready_update() is needed next. MONO_NEVER: not because of time alone. */
	struct mono next;
	/* The numbers of the last line of status. */
	uint32_t shown[PATH_KINDS];
	bool shown_any;
};

void ready_init(struct ready *r, const struct notify *n, struct mono deadline);
/* Once a round. complete: every path has answered. True: checkerd has just become ready. */
bool ready_update(struct ready *r, const uint32_t by_kind[PATH_KINDS], bool complete,
                  struct mono now);
void ready_reload_begins(struct ready *r, struct mono now);
void ready_reload_ends(struct ready *r);

/* "2000 paths: 1998 up, 2 down" */
void ready_summary(char *buf, size_t size, const uint32_t by_kind[PATH_KINDS]);

#endif
