/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SUBMITTER_H
#define LIBCHECK_PROBER_SUBMITTER_H

/*
 * The submitter takes the caller's commands, and owns the table of paths and the list of
 * deferred checks. It hands reads to the kernel in batches that do not block; other reads go to
 * rescuers. One thread at a time is the submitter: handover.h.
 */
#include "libcheck/prober/homes.h"
#include "libcheck/prober/submit.h"

struct submitter {
	const struct limits *limits; /* [init] */
	struct posts *posts;         /* [init] */
	struct jobs *jobs;           /* [init] */
	struct homes *homes;         /* [init] */
	struct handover *handover;   /* [init] */
	struct runners *runners;     /* [init] SCSI commands */
	/* [submitter] whichever thread that is */
	_Alignas(64) struct probed_path *paths; /* limits->ids of them */
	struct ring_consumer commands;          /* of posts->shared->commands */
	/* Paths, HBAs that have any, and paths of each HBA; the first: not known. */
	uint32_t used_paths, used_hosts, host_paths[PATHCHECK_HOSTS_MAX];
	uint32_t deferred_head, deferred_tail;
	/* reads that would block are, then; us 0: there are none */
	struct mono submit_again;
	struct mono shortage_until; /* the deferred wait for memory; us 0: they do not */
};

void submitter_init(struct submitter *sub);
/* The submitter's work, until the engine ends (true), or another thread has it (false). */
bool submitter_serve(struct submitter *sub);

/* --- for suspects.c; on the submitter --- */

/* No limit on slots is reached. */
bool submitter_may_take(struct submitter *sub, uint32_t id);
/* Has a rescuer open the device, or look at the descriptor that is open. */
void submitter_open(struct probed_path *path, struct slot *s);
/* error: the shortage of the kernel (errno); 0: it is another one. */
void submitter_defer(struct submitter *sub, uint32_t id, int error);

#endif
