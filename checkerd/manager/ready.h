/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_READY_H
#define CHECKERD_MANAGER_READY_H

/*
 * What the service manager is told: ready after the first full pass, the line of status, and
 * reloading. The loop only.
 */
#include "checkerd/core/state.h"
#include "checkerd/manager/notify.h"

#define READY_STATUS_US USEC_PER_SEC          /* between two lines of status */
#define READY_RETRY_US  (100 * USEC_PER_MSEC) /* when the manager is behind */

struct ready {
	const struct notify *notify; /* borrowed */
	bool ready;                  /* the first full pass is over, or took too long */
	bool untold;                 /* READY=1 is still to be sent */
	bool reloading;
	struct mono deadline;  /* ready then, whatever is still to come */
	struct mono status_at; /* the next line may be sent */
	struct mono next;      /* something is to be sent then; MONO_NEVER: nothing */
	uint32_t shown[PATH_KINDS];
	bool shown_any;
};

void ready_init(struct ready *r, const struct notify *n, struct mono deadline);
/* Once a round. complete: every path has had an answer. True: it has just become ready. */
bool ready_update(struct ready *r, const uint32_t by_kind[PATH_KINDS], bool complete,
                  struct mono now);
void ready_reload_begins(struct ready *r, struct mono now);
void ready_reload_ends(struct ready *r);

/* "2000 paths: 1998 up, 2 down" */
void ready_summary(char *buf, size_t size, const uint32_t by_kind[PATH_KINDS]);

#endif
