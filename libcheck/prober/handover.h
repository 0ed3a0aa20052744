/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_HANDOVER_H
#define LIBCHECK_PROBER_HANDOVER_H

/*
 * Which thread is the submitter. The submitter may be stuck in io_submit, and another thread
 * may take its place: watch.h. The number of the batch decides between the two. It is odd while
 * a batch is handed over, and both end the batch by an exchange that only one of them can make.
 */
#include "libcheck/prober/group.h"

struct handover {
	int timer_fd;                /* [init] timerfd, which the watcher reads */
	_Atomic bool armed;          /* [atomic submitter→watcher] the timer is set */
	_Atomic uint64_t batch;      /* [atomic submitter↔watcher] its number */
	_Atomic int64_t since_us;    /* [atomic submitter→watcher] when it began */
	struct group *_Atomic group; /* [atomic submitter→watcher] whose batch it is */
	/*
	 * [submitter] Of commands that were answered when they were written, and are not pushed yet.
	 * Who becomes the submitter has them: whoever it was before is in a batch, and touches them
	 * only after handover_end().
	 */
	struct result_batch results;
};

_must_check_ int handover_init(struct handover *h);
void handover_deinit(struct handover *h);
/* Absolute; us 0: never. */
void handover_set_timer(struct handover *h, struct mono at);

/* --- the submitter --- */

/* The number of the batch that handover_begin() begins. */
uint64_t handover_next(struct handover *h);
void handover_begin(struct handover *h, struct group *g, struct mono now);
/* Is that batch still this thread's? */
bool handover_is_ours(struct handover *h, uint64_t batch);
/* False: another thread is the submitter now. */
_must_check_ bool handover_end(struct handover *h, uint64_t batch);
/* The submitter is about to sleep: it hands over nothing until it has slept. */
void handover_rest(struct handover *h);

/* --- the watcher --- */

/* Ends the batch in the submitter's place. True: this thread is the submitter now. */
_must_check_ bool handover_take(struct handover *h, uint64_t batch);

#endif
