/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor: the lowest cost that asynchronous reads of the devices can have. One context of
 * 1,024 requests submits all reads at once, takes all answers at once, and keeps no record.
 *
 * The same, paced: a hundredth of the reads every 10 ms, a round a second. Checks with an
 * interval are like that: other work has displaced each handful from the processor's caches.
 */
#include "tests/bench/subject.h"

#include <errno.h>
#include <libaio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

#define BATCH 1024

#define TICKS   100
#define TICK_NS (10 * 1000 * 1000)

static struct {
	uint32_t n, block;
	io_context_t context;
	struct iocb *requests, **list;
	struct io_event *events;
	void *buffer;
} it;

static void floor_start(const struct devices *d)
{
	int r = io_setup(BATCH, &it.context);

	if (r < 0)
		bench_fail("io_setup", -r);
	it.n = d->n;
	it.block = d->block;
	it.requests = bench_alloc(d->n, sizeof(*it.requests));
	it.list = bench_alloc(d->n, sizeof(struct iocb *));
	it.events = bench_alloc(BATCH, sizeof(*it.events));
	it.buffer = bench_buffer();
	for (uint32_t i = 0; i < d->n; i++) {
		io_prep_pread(&it.requests[i], bench_open(d->names[i]), it.buffer,
		              d->block, 0);
		it.requests[i].aio_rw_flags = RWF_NOWAIT;
		it.list[i] = &it.requests[i];
	}
}

static void hand_over(uint32_t first, uint32_t n)
{
	int r;

	for (uint32_t done = 0; done < n; done += (uint32_t)r) {
		r = io_submit(it.context, (long)(n - done), it.list + first + done);
		if (r <= 0)
			bench_fail("io_submit", -r);
	}
}

static void take(uint32_t n, struct round *ret)
{
	int r;

	for (uint32_t got = 0; got < n; got += (uint32_t)r) {
		r = io_getevents(it.context, (long)(n - got), (long)(n - got), it.events,
		                 NULL);
		if (r < 0)
			bench_fail("io_getevents", -r);
		for (int i = 0; i < r; i++)
			ret->failed += it.events[i].res != it.block;
	}
	ret->checks += n;
}

static void floor_round(struct round *ret)
{
	for (uint32_t first = 0; first < it.n; first += BATCH) {
		uint32_t n = MIN(it.n - first, BATCH);

		hand_over(first, n);
		take(n, ret);
	}
}

static void sleep_to(struct timespec *t)
{
	t->tv_nsec += TICK_NS;
	if (t->tv_nsec >= 1000 * 1000 * 1000) {
		t->tv_nsec -= 1000 * 1000 * 1000;
		t->tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, t, NULL) == EINTR)
		continue;
}

static void paced_round(struct round *ret)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t tick = 0; tick < TICKS; tick++) {
		uint32_t first = (uint32_t)(it.n * tick / TICKS);
		uint32_t n = (uint32_t)(it.n * (tick + 1) / TICKS) - first;

		for (uint32_t done = 0; done < n; done += MIN(n - done, BATCH)) {
			hand_over(first + done, MIN(n - done, BATCH));
			take(MIN(n - done, BATCH), ret);
		}
		sleep_to(&next);
	}
}

static void floor_stop(void)
{
	for (uint32_t i = 0; i < it.n; i++)
		(void)close(it.requests[i].aio_fildes);
	(void)io_destroy(it.context);
	free(it.requests);
	free(it.list);
	free(it.events);
	free(it.buffer);
}

const struct subject subject_floor = {
	.name = "floor",
	.start = floor_start,
	.round = floor_round,
	.stop = floor_stop,
};

const struct subject subject_paced = {
	.name = "paced",
	.start = floor_start,
	.round = paced_round,
	.stop = floor_stop,
};
