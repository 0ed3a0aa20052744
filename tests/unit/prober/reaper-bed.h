/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_REAPER_BED_H
#define TESTS_UNIT_PROBER_REAPER_BED_H

/*
 * A reaper that a test drives by hand, under a virtual clock: a prober with all its memory and
 * none of its threads, so slots and jobs that the reaper hands on stay where it put them.
 */
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdlib.h>

#include "libcheck/prober/prober.h"
#include "libcheck/prober/reaper.h"

#define BLOCK      4096
#define START_US   1000000
#define TIMEOUT_US 30000
#define DUE_US     (START_US + TIMEOUT_US)
#define RETRY_US   70000
#define HOST       5

struct bed {
	struct shared shared;
	struct ring_consumer results;
	struct prober prober;
	struct group *g;
};

static inline int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct pathcheck_options o;

	if (b == NULL)
		return -1;
	pathcheck_options_init(&o);
	o.setup_retry_us = RETRY_US;
	if (shared_create(&b->shared, &o, false) < 0 ||
	    prober_init(&b->prober, &b->shared, &(struct backends){ NULL, NULL }) < 0)
		return -1;
	ring_consumer_init(&b->results, b->shared.results);
	b->g = &b->prober.groups[0];
	group_fill(b->g);
	b->g->state = PATHCHECK_GROUP_READY;
	b->g->context_slots = PATHCHECK_GROUP_SLOTS;
	b->g->context = b; /* any pointer: no test uses it */
	*state = b;
	return 0;
}

static inline int teardown(void **state)
{
	struct bed *b = *state;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (b->g->slots[i].state != SLOT_FREE)
			group_give_back(b->g, &b->g->slots[i]);
	group_show_back(b->g);
	group_assert(b->g);
	assert_int_equal(homes_slots_used(&b->prober.homes), 0);
	assert_int_equal(homes_host_used(&b->prober.homes, HOST), 0);
	assert_int_equal(atomic_load(&b->shared.header->emergency_now), 0);
	b->g->context = NULL;
	prober_stop(&b->prober);
	shared_deinit(&b->shared);
	free(b);
	return 0;
}

/* What the submitter does before a read is in the kernel. */
static inline struct slot *queued(struct bed *b, uint32_t path)
{
	struct slot *s = group_take(b->g, path, path + 1);

	assert_non_null(s);
	b->prober.homes.slots_taken++;
	b->prober.homes.host_taken[HOST]++;
	s->host = HOST;
	s->block = BLOCK;
	s->timeout_us = TIMEOUT_US;
	s->stage = PATHCHECK_STAGE_READ;
	s->engine = PATHCHECK_ENGINE_AIO;
	group_enter(b->g, s);
	return s;
}

static inline struct slot *in_flight(struct bed *b, uint32_t path)
{
	struct slot *s = queued(b, path);

	(void)group_launch(b->g, s, (struct mono){ START_US });
	return s;
}

/* One round with this answer of the kernel. */
static inline struct mono answer(struct bed *b, struct slot *s, int64_t result,
                                 int64_t now)
{
	struct backend_event e = { .request = &s->request, .result = result };
	struct mono wake = reaper_step(b->g, &e, 1, (struct mono){ now });

	group_assert(b->g);
	return wake;
}

static inline struct mono round_at(struct bed *b, int64_t now)
{
	struct mono wake = reaper_step(b->g, NULL, 0, (struct mono){ now });

	group_assert(b->g);
	return wake;
}

static inline struct wire_result next(struct bed *b)
{
	struct wire_result w = { .id = NO_PATH };

	if (!ring_pop(&b->results, &w))
		fail_msg("there is no result");
	return w;
}

static inline void no_result(struct bed *b)
{
	assert_int_equal(ring_consumer_used(&b->results), 0);
}

static inline void expect(struct bed *b, uint32_t path, enum pathcheck_verdict verdict,
                          int error, bool late, int64_t finished_us)
{
	struct wire_result w = next(b);

	assert_int_equal(w.id, path);
	assert_int_equal(w.generation, path + 1);
	assert_int_equal(w.verdict, verdict);
	assert_int_equal(w.error, error);
	assert_int_equal(w.late, late);
	assert_int_equal(w.started_us, START_US);
	assert_int_equal(w.finished_us, finished_us);
	assert_int_equal(w.group, 0);
}

static inline bool submitter_was_woken(struct bed *b)
{
	struct pollfd pfd = { .fd = b->shared.submitter_fd, .events = POLLIN };
	bool woken = poll(&pfd, 1, 0) > 0;

	shared_drain(b->shared.submitter_fd);
	return woken;
}

/* The one job of that class, which is taken out. */
static inline struct job *rescue(struct bed *b, enum job_class c)
{
	struct jobs *r = &b->prober.jobs;
	struct job *job = r->head[c];

	if (job != NULL) {
		r->head[c] = job->next;
		if (r->head[c] == NULL)
			r->tail[c] = &r->head[c];
	}
	return job;
}

#endif
