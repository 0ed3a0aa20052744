/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_PURGE_H
#define CHECKERD_PATHS_PURGE_H

/*
 * purge_disconnected: gives the purger thread the disks that purge_rule() allows to delete, one at a
 * time, and reports each deletion. Only while dm_control is on: else checkerd only observes. The
 * loop only. No function blocks.
 */
#include "checkerd/core/purge_rule.h"
#include "checkerd/paths/dm_state.h"
#include "checkerd/purger/purger.h"

/* Paths that answered while another one is deleted. A path for which there is no room waits for
 * its next check. */
#define PURGE_WAITING 64
/* A deletion that takes longer is reported. */
#define PURGE_SLOW_US (10 * USEC_PER_SEC)
/* After this host refused a deletion, none is tried for this time. */
#define PURGE_PAUSE_US (60 * USEC_PER_SEC)

#define PURGE_WARNING_SIZE 200

struct purge_parts {
	struct purger *purger;
	struct checks *checks;
	struct maps *maps;
	struct events *events;
	const struct dm *dm;
	/* Called before purge sees the same check. */
	struct checks_listener next;
};

struct purge {
	struct purge_parts parts; /* borrowed */
	/* A ring of paths that are disconnected, with their generations. */
	struct purge_candidate {
		uint32_t path, generation;
	} waiting[PURGE_WAITING];
	unsigned first, n_waiting;
	/* The disk that is being deleted, a reference, and since when. NULL: none is. */
	struct device *device;
	struct mono since;
	/* With `device`: how long its target had said that it has no such unit. */
	int64_t disconnected_us;
	bool slow_reported;
	/* No deletion before this. */
	struct mono not_before;
	/* The last error that was reported, negative errno; 0: none since a deletion. */
	int reported;
	bool no_number_reported;
	/* Number of disks that were deleted, and of deletions that failed. */
	uint64_t deleted, failed;
};

void purge_init(struct purge *g, const struct purge_parts *parts);
void purge_deinit(struct purge *g);

/* What calls the parts' `next` and notes the path for each check that completes. */
struct checks_listener purge_listener(struct purge *g);
/* Takes the result of a deletion. */
void purge_take(struct purge *g, struct mono now);
/* Starts a deletion, and reports one that is slow. To be called at the end of each round of the
 * loop. */
void purge_run(struct purge *g, struct mono now);
/* When purge_run() is needed next because of time alone. */
struct mono purge_next(const struct purge *g);
/* What `show status` warns of. "": nothing. Returns buf. */
const char *purge_warning(const struct purge *g, struct mono now,
                          char buf[PURGE_WARNING_SIZE]);

#endif
