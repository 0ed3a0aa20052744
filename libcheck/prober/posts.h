/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_POSTS_H
#define LIBCHECK_PROBER_POSTS_H

/*
 * What the threads of the probing side send to the submitter and to the caller: wake-ups, slots
 * to continue with, slots that were given back, and results. Any thread may send. No other lock
 * is taken, and no system call is made, while a lock of a post is held.
 */
#include <pthread.h>

#include "libcheck/prober/slot.h"

struct posts {
	struct shared *shared; /* [init] */
	/* Slots ever given back, of all and of each HBA: group_show_back() counts them. */
	_Alignas(64) _Atomic uint32_t slots_back;        /* [atomic any→submitter] */
	_Atomic uint32_t host_back[PATHCHECK_HOSTS_MAX]; /* [atomic any→submitter] */
	/* [atomic submitter→any] entries of the deferred list */
	_Atomic uint32_t waiting;
	_Atomic bool stopping; /* [atomic caller→any] */
	_Atomic bool ended;    /* [atomic caller→reapers] the submitter is gone */
	/*
	 * [atomic reaper↔submitter] reads that io_submit would block with may wait for rescuers
	 */
	_Atomic bool would_block;

	pthread_mutex_t results_lock;
	struct ring_producer results; /* [results_lock] of shared->results */

	pthread_mutex_t inbox_lock;
	/* [inbox_lock] slots that the submitter has to continue with */
	struct slot_list inbox;
};

void posts_init(struct posts *p, struct shared *shared);
void posts_deinit(struct posts *p);

void posts_wake_submitter(struct posts *p);
/* Moves these slots to the inbox, and wakes the submitter. */
void posts_to_submitter(struct posts *p, struct slot_list *slots);
/* Appends all slots of the inbox to *slots. Submitter only. */
void posts_take_inbox(struct posts *p, struct slot_list *slots);

/* A few results on their way to the ring: pushed while no lock is held. */
struct result_batch {
	struct posts *posts;
	uint8_t group; /* the id of the group whose slots they are of */
	bool urgent;   /* one that was added is no success */
	unsigned n;
	struct wire_result results[RESULT_BATCH];
};

void results_init(struct result_batch *b, struct posts *posts, uint32_t group);
void results_add(struct result_batch *b, const struct slot *s,
                 enum pathcheck_verdict verdict, int error, struct mono now);
bool results_full(const struct result_batch *b);
/* The caller is woken if wake is true, or if the batch was urgent, which it is not any more. */
void results_push(struct result_batch *b, bool wake);
/* One result that is not of a slot. */
void results_push_one(struct posts *p, const struct wire_result *r);

/* One check more is deferred, or one less; again: it was counted in the total before. */
void posts_count_deferred(struct posts *p, bool again);
void posts_uncount_deferred(struct posts *p);

#endif
