/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A group's bookkeeping by hand: every cell of the slot's state machine, illegal ones in a
 * child that has to abort; the heap and the counts against a naive model; lists; slots.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcheck/prober/group.h"
#include "tests/unit/random.h"

#define TIMEOUT_US 1000
#define START_US   5000

/* What a group writes to of others. */
static _Atomic int64_t handed_us[PATHCHECK_PATHS_MAX];
static struct shared shared = { .handed_us = handed_us };
static struct posts posts = { .shared = &shared };
static const struct limits limits;
static const struct group_parts with = { .posts = &posts, .limits = &limits };

static int setup(void **state)
{
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL || group_init(g, 0, &with) < 0)
		return -1;
	group_fill(g);
	*state = g;
	return 0;
}

/* Asserts by itself that all slots came back. */
static int teardown(void **state)
{
	struct group *g = *state;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (g->slots[i].state != SLOT_FREE)
			group_finish(g, &g->slots[i]);
	group_assert(g);
	group_deinit(g);
	free(g);
	return 0;
}

/* --- the state machine, cell by cell --- */

enum op { OP_LAUNCH, OP_REQUEUE, OP_ORPHAN, OP_FINISH, OP_EXPIRE, OP_COUNT };

#define ABORTS SLOT_STATE_COUNT_

static const enum slot_state leads_to[OP_COUNT][SLOT_STATE_COUNT_] = {
	/* FREE, QUEUED, IN_FLIGHT, EXPIRED, ORPHANED */
	[OP_LAUNCH] = { ABORTS, SLOT_IN_FLIGHT, ABORTS, SLOT_EXPIRED, SLOT_ORPHANED },
	[OP_REQUEUE] = { ABORTS, SLOT_QUEUED, SLOT_QUEUED, SLOT_EXPIRED, SLOT_ORPHANED },
	[OP_ORPHAN] = { ABORTS, SLOT_ORPHANED, SLOT_ORPHANED, SLOT_ORPHANED, ABORTS },
	[OP_FINISH] = { ABORTS, SLOT_FREE, SLOT_FREE, SLOT_FREE, SLOT_FREE },
	[OP_EXPIRE] = { SLOT_FREE, SLOT_QUEUED, SLOT_EXPIRED, SLOT_EXPIRED,
	                SLOT_ORPHANED },
};

/* A slot brought into that state on the shortest way; a free one is the next to be taken. */
static struct slot *slot_in(struct group *g, enum slot_state wanted)
{
	struct slot *s;

	if (wanted == SLOT_FREE)
		return &g->slots[g->free[g->count[SLOT_FREE] - 1]];
	s = group_take(g, 7, 3);
	assert_non_null(s);
	s->timeout_us = TIMEOUT_US;
	if (wanted == SLOT_ORPHANED)
		group_orphan(g, s);
	if (wanted == SLOT_IN_FLIGHT || wanted == SLOT_EXPIRED)
		group_launch(g, s, (struct mono){ START_US });
	if (wanted == SLOT_EXPIRED)
		assert_ptr_equal(group_expire(g, (struct mono){ START_US + TIMEOUT_US }),
		                 s);
	assert_int_equal(s->state, wanted);
	return s;
}

static void apply(struct group *g, struct slot *s, enum op op)
{
	switch (op) {
	case OP_LAUNCH:
		(void)group_launch(g, s, (struct mono){ START_US });
		break;
	case OP_REQUEUE:
		group_requeue(g, s);
		break;
	case OP_ORPHAN:
		group_orphan(g, s);
		break;
	case OP_FINISH:
		group_finish(g, s);
		break;
	case OP_EXPIRE:
		(void)group_expire(g, MONO_NEVER);
		break;
	case OP_COUNT:
		break;
	}
}

/* In a child: the parent goes on. */
static bool aborts(struct group *g, struct slot *s, enum op op)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)setrlimit(RLIMIT_CORE, &none); /* a core would only be a nuisance */
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(null, STDERR_FILENO); /* an expected message */
		apply(g, s, op);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void every_cell(void **state)
{
	struct group *g = *state;

	for (int op = 0; op < OP_COUNT; op++)
		for (int from = 0; from < SLOT_STATE_COUNT_; from++) {
			struct slot *s = slot_in(g, (enum slot_state)from);
			enum slot_state to = leads_to[op][from];

			if (to == ABORTS) {
				assert_true(aborts(g, s, (enum op)op));
			} else {
				apply(g, s, (enum op)op);
				assert_int_equal(s->state, to);
			}
			group_assert(g);
			if (s->state != SLOT_FREE)
				group_finish(g, s);
			group_assert(g);
			assert_int_equal(group_used(g), 0);
		}
}

static void take_takes_only_free_ones(void **state)
{
	struct group *g = *state;

	for (int from = 0; from < SLOT_STATE_COUNT_; from++) {
		struct slot *s = slot_in(g, (enum slot_state)from), *taken;

		taken = group_take(g, 9, 4);
		assert_non_null(taken);
		assert_int_equal(taken == s, from == SLOT_FREE);
		assert_int_equal(taken->state, SLOT_QUEUED);
		if (taken != s) {
			assert_int_equal(s->state, from);
			group_finish(g, s);
		}
		group_assert(g);
		group_finish(g, taken);
	}
}

static void flags_follow_the_state(void **state)
{
	struct group *g = *state;
	struct slot *s = group_take(g, 12, 34);

	assert_int_equal(s->path, 12);
	assert_int_equal(s->generation, 34);
	assert_int_equal(s->fd, -1);
	assert_int_equal(s->stale_fd, -1);
	assert_true(s->waiting);
	assert_false(s->in_kernel || s->emergency || s->resource || s->late);
	assert_int_equal(s->engine, PATHCHECK_ENGINE_NONE);
	s->timeout_us = TIMEOUT_US;
	s->emergency = s->resource = s->late = true;
	group_enter(g, s);
	group_launch(g, s, (struct mono){ START_US });
	assert_false(s->waiting);
	assert_int_equal(s->deadline.us, START_US + TIMEOUT_US);
	group_requeue(g, s);
	assert_true(s->waiting);
	assert_false(s->in_kernel);
	group_finish(g, s);
	assert_int_equal(s->path, NO_PATH);
	s = group_take(g, 13, 1);
	assert_false(s->in_kernel || s->emergency || s->resource || s->late);
	assert_int_equal(s->started.us, 0);
}

/*
 * A job of the slot's previous path was cancelled; the new path's device must still be
 * reported.
 */
static void a_taken_slot_is_not_cancelled(void **state)
{
	struct group *g = *state;
	struct slot *s = group_take(g, 1, 1), *again;

	s->job.cancelled = true;
	group_orphan(g, s);
	group_finish(g, s);
	again = group_take(g, 2, 1);
	assert_ptr_equal(again, s);
	assert_false(again->job.cancelled);
}

/* --- deadlines --- */

static void expires_at_the_deadline_and_not_before(void **state)
{
	struct group *g = *state;
	struct slot *s = slot_in(g, SLOT_IN_FLIGHT);

	assert_int_equal(group_deadline(g).us, START_US + TIMEOUT_US);
	assert_null(group_expire(g, (struct mono){ START_US + TIMEOUT_US - 1 }));
	assert_ptr_equal(group_expire(g, (struct mono){ START_US + TIMEOUT_US }), s);
	assert_true(mono_is_never(group_deadline(g)));
	assert_null(group_expire(g, MONO_NEVER));
}

/*
 * Silence that another prober has seen counts in the stage it was seen in, but for a last
 * moment: the answer may be quick.
 */
static void silence_of_before_counts(void **state)
{
	enum { LONG_US = 1000000, SILENT_MS = 700 };
	static const struct {
		uint16_t ms, stage;
		int64_t left_us;
	} cases[] = {
		{ 0, PATHCHECK_STAGE_READ, LONG_US },
		{ SILENT_MS, PATHCHECK_STAGE_OPEN, LONG_US },
		{ SILENT_MS, PATHCHECK_STAGE_READ, LONG_US - SILENT_MS * 1000 },
		{ 999, PATHCHECK_STAGE_READ, LATE_GRACE_US },
		{ UINT16_MAX, PATHCHECK_STAGE_READ, LATE_GRACE_US },
	};
	struct group *g = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot *s = group_take(g, 7, 3);
		int64_t counted_us =
		        cases[i].stage == PATHCHECK_STAGE_READ ? cases[i].ms * 1000 : 0;

		s->timeout_us = LONG_US;
		s->stage = PATHCHECK_STAGE_READ;
		s->waited_ms = cases[i].ms;
		s->waited_stage = cases[i].stage;
		group_launch(g, s, (struct mono){ LONG_US * 100 });
		assert_int_equal(s->deadline.us, LONG_US * 100 + cases[i].left_us);
		assert_int_equal(s->started.us, LONG_US * 100);
		/* As old as that for a further prober, too. */
		assert_int_equal(handed_us[7],
		                 (LONG_US * 100 - counted_us) | PATHCHECK_STAGE_READ);
		group_requeue(g, s); /* answered, as an open is before a read */
		assert_int_equal(handed_us[7], 0);
		group_finish(g, s);
	}
}

static void says_when_the_reaper_has_to_be_woken(void **state)
{
	struct group *g = *state;
	struct slot *s = group_take(g, 1, 1);

	s->timeout_us = TIMEOUT_US;
	g->asleep_until = (struct mono){ START_US + TIMEOUT_US + 1 };
	assert_true(group_launch(g, s, (struct mono){ START_US }));
	group_requeue(g, s);
	g->asleep_until = (struct mono){ START_US + TIMEOUT_US };
	assert_false(group_launch(g, s, (struct mono){ START_US }));
	group_requeue(g, s);
	g->asleep_until = (struct mono){ 0 }; /* awake */
	assert_false(group_launch(g, s, (struct mono){ START_US }));
	group_requeue(g, s);
	g->asleep_until = MONO_NEVER;
	assert_true(group_launch(g, s, (struct mono){ START_US }));
}

/* A timeout past the end of time is no timeout, and not one long ago. */
static void deadlines_do_not_overflow(void **state)
{
	struct group *g = *state;
	struct slot *s = group_take(g, 1, 1);

	s->timeout_us = INT64_MAX;
	group_launch(g, s, (struct mono){ START_US });
	assert_true(mono_is_never(s->deadline));
	assert_null(group_expire(g, (struct mono){ INT64_MAX - 1 }));
}

static void earliest_first_and_all_of_one_moment(void **state)
{
	struct group *g = *state;
	struct random r = { 11 };
	int64_t last = 0;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = group_take(g, i, 1);

		s->timeout_us = 1 + (int64_t)random_below(&r, 40); /* many are equal */
		group_launch(g, s, (struct mono){ START_US });
	}
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		struct slot *s = group_expire(g, (struct mono){ START_US + 40 });

		assert_non_null(s);
		assert_true(s->deadline.us >= last);
		last = s->deadline.us;
	}
	assert_null(group_expire(g, MONO_NEVER));
	group_assert(g);
}

/* --- against a model --- */

struct model {
	enum slot_state state[PATHCHECK_GROUP_SLOTS];
	int64_t deadline[PATHCHECK_GROUP_SLOTS]; /* while IN_FLIGHT */
};

static int64_t model_deadline(const struct model *m)
{
	int64_t least = INT64_MAX;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		if (m->state[i] == SLOT_IN_FLIGHT && m->deadline[i] < least)
			least = m->deadline[i];
	return least;
}

static void compare(const struct group *g, const struct model *m)
{
	uint32_t count[SLOT_STATE_COUNT_] = { 0 };

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		if (g->slots[i].state != m->state[i])
			fail_msg("slot %u: state %d, not %d", i, (int)g->slots[i].state,
			         (int)m->state[i]);
		count[m->state[i]]++;
	}
	assert_int_equal(group_deadline(g).us, model_deadline(m));
	assert_int_equal(group_used(g), PATHCHECK_GROUP_SLOTS - count[SLOT_FREE]);
	assert_int_equal(group_live(g), count[SLOT_QUEUED] + count[SLOT_IN_FLIGHT] +
	                                        count[SLOT_EXPIRED]);
}

static void model_take(struct group *g, struct model *m, uint32_t path)
{
	struct slot *s = group_take(g, path, path);
	uint32_t index;

	if (s == NULL) {
		for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
			assert_int_not_equal(m->state[i], SLOT_FREE);
		return;
	}
	index = group_index(g, s);
	assert_int_equal(m->state[index], SLOT_FREE);
	m->state[index] = SLOT_QUEUED;
}

static void model_expire(struct group *g, struct model *m, int64_t now)
{
	int64_t least = model_deadline(m);
	struct slot *s = group_expire(g, (struct mono){ now });
	uint32_t index;

	if (least > now) {
		assert_null(s);
		return;
	}
	assert_non_null(s);
	index = group_index(g, s);
	assert_int_equal(m->state[index], SLOT_IN_FLIGHT);
	assert_int_equal(m->deadline[index], least);
	m->state[index] = SLOT_EXPIRED;
}

static void model_apply(struct group *g, struct model *m, struct random *r, int64_t now)
{
	uint32_t index = (uint32_t)random_below(r, PATHCHECK_GROUP_SLOTS);
	struct slot *s = &g->slots[index];
	enum op op = (enum op)random_below(r, OP_EXPIRE);
	enum slot_state to = leads_to[op][m->state[index]];

	if (to == ABORTS)
		return;
	s->timeout_us = 1 + (int64_t)random_below(r, 3000);
	if (op == OP_LAUNCH) {
		if (m->state[index] == SLOT_QUEUED)
			m->deadline[index] = now + s->timeout_us;
		(void)group_launch(g, s, (struct mono){ now });
	} else {
		apply(g, s, op);
	}
	m->state[index] = to;
}

static void as_the_model(void **state)
{
	static struct model m;
	struct group *g = *state;
	struct random r = { 4711 };
	int64_t now = 1;

	for (uint32_t step = 0; step < 40000; step++) {
		uint64_t dice = random_below(&r, 8);

		/* Full and empty groups occur too: now and then the more likely operation
		 * changes. */
		if (dice < (step / 5000 % 2 == 0 ? 5U : 1U))
			model_take(g, &m, step);
		else if (dice == 7)
			model_expire(g, &m, now += (int64_t)random_below(&r, 20));
		else
			model_apply(g, &m, &r, now);
		group_assert(g);
		compare(g, &m);
	}
}

/* --- slots and lists --- */

static void slots_are_conserved(void **state)
{
	struct group *g = *state;
	struct random r = { 5 };

	for (int round = 0; round < 20; round++) {
		bool seen[PATHCHECK_GROUP_SLOTS] = { false };
		uint32_t left = PATHCHECK_GROUP_SLOTS;

		for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
			struct slot *s = group_take(g, i, 1);

			assert_non_null(s);
			assert_false(seen[group_index(g, s)]);
			seen[group_index(g, s)] = true;
		}
		assert_null(group_take(g, 1, 1));
		assert_int_equal(group_used(g), PATHCHECK_GROUP_SLOTS);
		while (left > 0) {
			uint32_t i = (uint32_t)random_below(&r, PATHCHECK_GROUP_SLOTS);

			if (!seen[i])
				continue;
			seen[i] = false;
			group_finish(g, &g->slots[i]);
			left--;
		}
		group_assert(g);
		assert_int_equal(group_used(g), 0);
	}
}

static void lists_keep_the_order(void **state)
{
	struct group *g = *state;
	struct slot_list l;

	slot_list_init(&l);
	assert_true(slot_list_empty(&l));
	assert_null(slot_list_take(&l));
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 5; i++)
			slot_list_append(&l, &g->slots[i]);
		assert_false(slot_list_empty(&l));
		for (uint32_t i = 0; i < 2; i++)
			assert_ptr_equal(slot_list_take(&l), &g->slots[i]);
		slot_list_append(&l, &g->slots[9]);
		for (uint32_t i = 2; i < 5; i++)
			assert_ptr_equal(slot_list_take(&l), &g->slots[i]);
		assert_ptr_equal(slot_list_take(&l), &g->slots[9]);
		assert_null(g->slots[9].next);
		assert_true(slot_list_empty(&l));
		assert_null(slot_list_take(&l));
	}
}

/* Nothing was written to them, so they take no memory. */
static bool slots_are_blank(const struct group *g)
{
	const unsigned char *bytes = (const unsigned char *)g->slots;
	unsigned char any = 0;

	for (size_t i = 0; i < PATHCHECK_GROUP_SLOTS * sizeof(struct slot); i++)
		any |= bytes[i];
	return any == 0;
}

static void unused_slots_are_not_written_to(void **state)
{
	struct group g;

	(void)state; /* no fixture */
	assert_int_equal(group_init(&g, 0, &with), 0);
	group_assert(&g);
	assert_true(slots_are_blank(&g));
	group_fill(&g);
	assert_int_equal(g.slots[PATHCHECK_GROUP_SLOTS - 1].fd, -1); /* all of them */
	group_finish(&g, group_take(&g, 1, 1));
	group_fill(&g); /* once only */
	assert_int_equal(g.slots[0].heap_at, NO_POSITION);
	group_assert(&g);
	group_deinit(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_cell, setup, teardown),
		cmocka_unit_test_setup_teardown(take_takes_only_free_ones, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(flags_follow_the_state, setup, teardown),
		cmocka_unit_test_setup_teardown(a_taken_slot_is_not_cancelled, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(expires_at_the_deadline_and_not_before,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(silence_of_before_counts, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(says_when_the_reaper_has_to_be_woken,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(deadlines_do_not_overflow, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(earliest_first_and_all_of_one_moment,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(as_the_model, setup, teardown),
		cmocka_unit_test_setup_teardown(slots_are_conserved, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_keep_the_order, setup, teardown),
		cmocka_unit_test(unused_slots_are_not_written_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
