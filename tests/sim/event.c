/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the timed events: a heap in which events of equal times keep their order. */
#include <string.h>

#include "tests/sim/sim.h"

#define EVENTS_MAX 16384

struct timed {
	struct mono at;
	uint64_t number;
	void (*fn)(void *);
	void *arg;
};

static struct {
	struct timed heap[EVENTS_MAX];
	unsigned n;
	uint64_t numbers;
} events;

static bool before(const struct timed *a, const struct timed *b)
{
	return a->at.us != b->at.us ? mono_before(a->at, b->at) : a->number < b->number;
}

void events_reset(void)
{
	events.n = 0;
	events.numbers = 0;
}

static void file_in(struct timed e)
{
	unsigned i = events.n++;

	for (; i > 0 && before(&e, &events.heap[(i - 1) / 2]); i = (i - 1) / 2)
		events.heap[i] = events.heap[(i - 1) / 2];
	events.heap[i] = e;
}

uint64_t event_at(struct mono at, void (*fn)(void *), void *arg)
{
	struct timed e = { .at = at, .number = ++events.numbers, .fn = fn, .arg = arg };

	if (events.n == EVENTS_MAX)
		sim_fail("too many timed events");
	file_in(e);
	return e.number;
}

void events_delay(void (*fn)(void *), struct mono until, int64_t more_us)
{
	static struct timed all[EVENTS_MAX]; /* too large for a fiber's stack */
	unsigned n = events.n;

	memcpy(all, events.heap, n * sizeof(all[0]));
	events.n = 0;
	for (unsigned i = 0; i < n; i++) {
		if (all[i].fn == fn && mono_before(all[i].at, until))
			all[i].at = mono_add(until, sim_between(0, more_us));
		file_in(all[i]);
	}
}

struct mono event_next(void)
{
	return events.n == 0 ? MONO_NEVER : events.heap[0].at;
}

static struct timed take(void)
{
	struct timed first = events.heap[0], last = events.heap[--events.n];
	unsigned i = 0, child;

	while ((child = 2 * i + 1) < events.n) {
		if (child + 1 < events.n &&
		    before(&events.heap[child + 1], &events.heap[child]))
			child++;
		if (!before(&events.heap[child], &last))
			break;
		events.heap[i] = events.heap[child];
		i = child;
	}
	events.heap[i] = last;
	return first;
}

void events_fire(void)
{
	while (events.n > 0 && !mono_before(sim.now, events.heap[0].at)) {
		struct timed e = take();

		e.fn(e.arg);
	}
}
