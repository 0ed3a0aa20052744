/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The submitter's batches, and the timer that it sets for the watcher before it hands one over.
 */
#include "libcheck/prober/handover.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

int handover_init(struct handover *h)
{
	h->results = (struct result_batch){ .posts = NULL };
	h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return h->timer_fd < 0 ? -errno : 0;
}

void handover_deinit(struct handover *h)
{
	if (h->timer_fd >= 0)
		close(h->timer_fd);
	h->timer_fd = -1;
}

void handover_set_timer(struct handover *h, struct mono at)
{
	struct itimerspec its = {
		.it_value = { .tv_sec = at.us / USEC_PER_SEC,
		              .tv_nsec = at.us % USEC_PER_SEC * NSEC_PER_USEC },
	};

	/* Fails for times out of range only. */
	(void)timerfd_settime(h->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

uint64_t handover_next(struct handover *h)
{
	/* handover.pml: FILL */
	return atomic_load(&h->batch) + 1;
}

void handover_begin(struct handover *h, struct group *g, struct mono now)
{
	/* handover.pml: BEGIN */
	atomic_store(&h->group, g);
	atomic_store(&h->since_us, now.us);
	atomic_fetch_add(&h->batch, 1);
	if (!atomic_load(&h->armed)) {
		atomic_store(&h->armed, true);
		handover_set_timer(h, mono_add(now, SUBMITTER_STUCK_US));
	}
}

bool handover_is_ours(struct handover *h, uint64_t batch)
{
	/* handover.pml: OURS */
	return atomic_load(&h->batch) == batch;
}

bool handover_end(struct handover *h, uint64_t batch)
{
	/* handover.pml: END */
	return atomic_compare_exchange_strong(&h->batch, &batch, batch + 1);
}

void handover_rest(struct handover *h)
{
	if (!atomic_load(&h->armed))
		return;
	atomic_store(&h->armed, false);
	handover_set_timer(h, (struct mono){ 0 });
}

bool handover_take(struct handover *h, uint64_t batch)
{
	/* handover.pml: TAKE */
	/* An even number that the stuck thread has not seen: its handover_end() fails. */
	return atomic_compare_exchange_strong(&h->batch, &batch, batch + 3);
}
