/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the wheel and the order of due paths; the links are in the registry's entries. Runs on the
 * loop.
 *
 * Time is counted in ticks of 10 ms, the grid. 5,000 paths with an interval of 5 s need 100
 * wake-ups a second with ten reads each, which one io_submit takes, instead of 1,000 wake-ups. The
 * rounding delays a failure's report by at most 10 ms of the 20 ms that are allowed.
 *
 * Each tick in [base, limit) has a list, and limit - base is at most the number of lists, so that a
 * list holds one tick only. Later paths wait on the far list, which refill() sorts each time half
 * the wheel has passed, every 20 s. Two levels of bits lead to the first list that is not empty.
 *
 * Invariants: no filed path is before base. No path on the wheel is at or after limit, and none on
 * the far list is before limit. base only grows, and never past the `now` of schedule_pop().
 */
#include "checkerd/core/schedule.h"

#include <errno.h>
#include <stdlib.h>

#define WORD_BITS 64
#define SLOTS     (WORD_BITS * WORD_BITS)
#define FAR       SLOTS /* the far list's number, after those of the wheel */

#define TICK_NEVER UINT64_MAX

struct schedule {
	struct registry *registry; /* [init] */
	uint64_t base, limit;      /* ticks */
	uint64_t far_first;        /* earliest tick on the far list, TICK_NEVER: none */
	bool far_first_gone;       /* that path was removed: search again */
	uint64_t summary;          /* which words have a bit set */
	uint64_t words[WORD_BITS]; /* which lists are not empty */
	uint32_t head[SLOTS +
	              1]; /* of circular lists: sched_prev of the head is the last */
};

uint64_t schedule_bytes(void)
{
	return sizeof(struct schedule);
}

int schedule_new(struct schedule **ret, struct registry *r)
{
	struct schedule *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->registry = r;
	s->limit = SLOTS;
	s->far_first = TICK_NEVER;
	for (uint32_t i = 0; i <= FAR; i++)
		s->head[i] = REGISTRY_NONE;
	*ret = s;
	return 0;
}

struct schedule *schedule_free(struct schedule *s)
{
	free(s);
	return NULL;
}

static struct path *path_at(struct schedule *s, uint32_t index)
{
	struct path *p = registry_get(s->registry, index);

	assert(p != NULL);
	return p;
}

/* Rounded up. TICK_NEVER: the grid point does not fit in struct mono. */
static uint64_t tick_of(struct mono t)
{
	if (t.us <= 0)
		return 0;
	if (t.us > INT64_MAX - SCHEDULE_GRID_US)
		return TICK_NEVER;
	return ((uint64_t)t.us + SCHEDULE_GRID_US - 1) / SCHEDULE_GRID_US;
}

static struct mono tick_time(uint64_t tick)
{
	return (struct mono){ (int64_t)tick * SCHEDULE_GRID_US };
}

/* The tick of a filed path, whose due time is a grid point. */
static uint64_t path_tick(const struct path *p)
{
	return (uint64_t)p->due.us / SCHEDULE_GRID_US;
}

/* Here and below: p is the path with that index. */
static void list_append(struct schedule *s, uint32_t list, uint32_t index, struct path *p)
{
	uint32_t first = s->head[list];
	struct path *head;

	p->sched_slot = list;
	if (first == REGISTRY_NONE) {
		s->head[list] = p->sched_prev = p->sched_next = index;
		return;
	}
	head = path_at(s, first);
	p->sched_next = first;
	p->sched_prev = head->sched_prev;
	path_at(s, p->sched_prev)->sched_next = index;
	head->sched_prev = index;
}

static void list_remove(struct schedule *s, uint32_t index, struct path *p)
{
	uint32_t list = p->sched_slot;

	if (p->sched_next == index) {
		s->head[list] = REGISTRY_NONE;
	} else {
		path_at(s, p->sched_prev)->sched_next = p->sched_next;
		path_at(s, p->sched_next)->sched_prev = p->sched_prev;
		if (s->head[list] == index)
			s->head[list] = p->sched_next;
	}
	p->sched_slot = p->sched_prev = p->sched_next = REGISTRY_NONE;
}

/* Files a path under its due time, which is not before base. */
static void file_path(struct schedule *s, uint32_t index, struct path *p)
{
	uint64_t tick = path_tick(p);
	uint32_t slot = tick % SLOTS;

	assert(tick >= s->base);
	if (tick >= s->limit) {
		list_append(s, FAR, index, p);
		/* An outdated far_first is not later than the true one. */
		if (tick <= s->far_first) {
			s->far_first = tick;
			s->far_first_gone = false;
		}
		return;
	}
	list_append(s, slot, index, p);
	s->words[slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
	s->summary |= UINT64_C(1) << slot / WORD_BITS;
}

static void unfile_path(struct schedule *s, uint32_t index, struct path *p)
{
	uint32_t list = p->sched_slot;

	list_remove(s, index, p);
	if (list == FAR) {
		if (s->head[FAR] == REGISTRY_NONE) {
			s->far_first = TICK_NEVER;
			s->far_first_gone = false;
		} else if (path_tick(p) == s->far_first) {
			s->far_first_gone = true;
		}
		return;
	}
	if (s->head[list] != REGISTRY_NONE)
		return;
	s->words[list / WORD_BITS] &= ~(UINT64_C(1) << list % WORD_BITS);
	if (s->words[list / WORD_BITS] == 0)
		s->summary &= ~(UINT64_C(1) << list / WORD_BITS);
}

static void take_out(struct schedule *s, uint32_t index, struct path *p)
{
	if (p->sched_slot != REGISTRY_NONE)
		unfile_path(s, index, p);
	p->due = MONO_NEVER;
}

void schedule_put(struct schedule *s, uint32_t index, struct mono due)
{
	struct path *p = path_at(s, index);
	uint64_t tick = tick_of(due);

	take_out(s, index, p);
	if (tick == TICK_NEVER)
		return;
	p->due = tick_time(MAX(tick, s->base));
	file_path(s, index, p);
}

void schedule_remove(struct schedule *s, uint32_t index)
{
	take_out(s, index, path_at(s, index));
}

/* The number of the lowest bit at or after `from`, else the lowest bit. bits is not 0. */
static unsigned next_bit(uint64_t bits, unsigned from)
{
	uint64_t after = bits & UINT64_MAX << from;

	return (unsigned)__builtin_ctzll(after != 0 ? after : bits);
}

/* The first tick on the wheel with a path. TICK_NEVER: the wheel is empty. */
static uint64_t wheel_first(const struct schedule *s)
{
	unsigned start = s->base % SLOTS, word = start / WORD_BITS, slot;
	uint64_t after = s->words[word] & UINT64_MAX << start % WORD_BITS;

	if (s->summary == 0)
		return TICK_NEVER;
	if (after != 0) {
		slot = word * WORD_BITS + (unsigned)__builtin_ctzll(after);
	} else {
		word = next_bit(s->summary, (word + 1) % WORD_BITS);
		slot = word * WORD_BITS + (unsigned)__builtin_ctzll(s->words[word]);
	}
	return s->base + (slot - start) % SLOTS;
}

static uint64_t far_first(struct schedule *s)
{
	uint32_t first = s->head[FAR], i = first;

	if (!s->far_first_gone)
		return s->far_first;
	s->far_first = TICK_NEVER;
	s->far_first_gone = false;
	do {
		const struct path *p = path_at(s, i);

		s->far_first = MIN(s->far_first, path_tick(p));
		i = p->sched_next;
	} while (i != first);
	return s->far_first;
}

static uint64_t first_tick(struct schedule *s)
{
	uint64_t tick = wheel_first(s);

	return tick != TICK_NEVER ? tick : far_first(s);
}

struct mono schedule_next(struct schedule *s)
{
	uint64_t tick = first_tick(s);

	return tick == TICK_NEVER ? MONO_NEVER : tick_time(tick);
}

/* Moves the paths for which the wheel has room now from the far list. */
static void refill(struct schedule *s)
{
	uint32_t i = s->head[FAR], last;

	s->limit = s->base + SLOTS;
	if (i == REGISTRY_NONE)
		return;
	/* Each path leaves the list once; file_path() appends those that are still far again. */
	last = path_at(s, i)->sched_prev;
	s->far_first = TICK_NEVER;
	s->far_first_gone = false;
	for (;;) {
		struct path *p = path_at(s, i);
		uint32_t next = p->sched_next;
		bool end = i == last;

		list_remove(s, i, p);
		file_path(s, i, p);
		if (end)
			break;
		i = next;
	}
}

static void advance(struct schedule *s, uint64_t tick)
{
	if (tick <= s->base)
		return;
	s->base = tick;
	if (s->base + SLOTS / 2 >= s->limit)
		refill(s);
}

uint32_t schedule_pop(struct schedule *s, struct mono now)
{
	uint64_t now_tick = (uint64_t)MAX(now.us, 0) / SCHEDULE_GRID_US;
	uint64_t tick = first_tick(s);
	uint32_t index;

	advance(s, MIN(tick, now_tick));
	if (tick > now_tick)
		return REGISTRY_NONE;
	index = s->head[tick % SLOTS];
	unfile_path(s, index, path_at(s, index));
	return index;
}

/*
 * Multiples of the golden ratio, modulo one, are spread evenly for any number of them, and so is
 * every second or every tenth multiple. 2654435769 is 2^32 divided by the golden ratio.
 */
struct mono schedule_spread(struct mono now, int64_t interval_us, uint32_t index,
                            uint32_t share)
{
	uint64_t interval = (uint64_t)interval_us, fraction;
	int64_t phase, ahead;

	assert(interval_us > 0 && share > 0);
	fraction = (uint32_t)(index / share * UINT32_C(2654435769));
	/* interval * fraction / 2^32 without 128 bits */
	phase = (int64_t)((interval >> 32) * fraction +
	                  ((interval & UINT32_MAX) * fraction >> 32));
	ahead = (phase - now.us % interval_us) % interval_us;
	return mono_add(now, ahead < 0 ? ahead + interval_us : ahead);
}

struct mono schedule_after(struct mono due, int64_t interval_us, struct mono now)
{
	int64_t behind = mono_diff(now, due), steps = 1;

	assert(interval_us > 0);
	if (behind > interval_us)
		steps = behind / interval_us + (behind % interval_us != 0);
	return mono_add(due, steps * interval_us);
}
