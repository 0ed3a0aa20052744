/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_WATCH_H
#define LIBCHECK_PROBER_WATCH_H

/*
 * One thread watches the submitter: it sleeps on a timer that the submitter sets before it
 * hands reads to the kernel and stops before it sleeps. If the submitter is in the kernel with
 * one batch for SUBMITTER_STUCK_US, the watcher becomes the submitter: it continues with the
 * caller's ring and the table of paths, and another thread watches it. The thread that is stuck
 * owns nothing of the submitter's any more. It finishes its batch when the kernel lets it, and
 * is a rescuer then. The checks of its batch are made in another way: suspects.h.
 */
#include "libcheck/prober/submitter.h"

struct watch {
	struct submitter *submitter; /* [init] */
	struct job job;              /* [jobs.lock] JOB_WATCH */
	/* [watcher] the batch that was stuck when the watcher last looked */
	uint64_t looked;
	/* [watcher] the last batch whose paths became suspects */
	uint64_t suspected;
};

void watch_init(struct watch *w, struct submitter *submitter);
/* The watcher has to look whether the prober ends. Any thread. */
void watch_wake(struct watch *w);
/* Does JOB_WATCH. True: this thread is the submitter now; false: the rescuers end. */
_must_check_ bool watch_submitter(struct watch *w);

#endif
