/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_RESCUER_H
#define LIBCHECK_PROBER_RESCUER_H

/*
 * Rescuers: a fixed number of threads, started in advance, for everything that may block: open,
 * close, reads that cannot be asynchronous, io_setup. A call that hangs holds one of them and
 * no other thread. Which job may start is in jobs.h. Further threads watch the submitter and
 * are it.
 */
#include "libcheck/prober/watch.h"

struct rescuers {
	const struct limits *limits; /* [init] */
	struct posts *posts;         /* [init] */
	struct jobs *jobs;           /* [init] */
	struct submitter *submitter; /* [init] */
	struct watch *watch;         /* [init] */
	int64_t setup_retry_us;      /* [init] */
	pthread_t *threads;          /* [init] limits->threads of them */
	uint32_t started;            /* [init] */
	/* [atomic rescuer] one makes buffers for larger blocks */
	_Atomic bool making_buffers;
	bool submitter_ended; /* [jobs.lock] it has ended all checks and groups */
	pthread_cond_t ended; /* submitter_ended is true now */
};

void rescuers_init(struct rescuers *r);
/* Starts all threads but the reapers. -errno. */
_must_check_ int rescuers_start(struct rescuers *r);
/* Waits until the submitter has ended, whichever thread it is, if it was started. */
void rescuers_wait_for_submitter(struct rescuers *r);
/* Ends the threads that were started, and frees them. */
void rescuers_stop(struct rescuers *r);

#endif
