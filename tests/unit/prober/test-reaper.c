/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reaper makes of answers, deadlines and orphans. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <unistd.h>

#include "libcheck/checkers/directio_judge.h"
#include "tests/unit/prober/reaper-bed.h"

/* --- answers --- */

static void an_answer_is_a_result(void **state)
{
	static const struct {
		int64_t result;
		enum pathcheck_verdict verdict;
		int error;
	} cases[] = {
		{ BLOCK, PATHCHECK_OK, 0 },
		{ BLOCK - 512, PATHCHECK_FAILED, ENODATA },
		{ BLOCK + 512, PATHCHECK_FAILED, ENODATA },
		{ 0, PATHCHECK_FAILED, ENODATA },
		{ -ENXIO, PATHCHECK_FAILED, ENXIO },
		{ -ENODEV, PATHCHECK_FAILED, ENODEV },
		{ -ETIMEDOUT, PATHCHECK_FAILED, ETIMEDOUT },
		{ -ENOLINK, PATHCHECK_FAILED, ENOLINK },
		{ -ENODATA, PATHCHECK_DEVICE_ERROR, ENODATA },
		{ -EILSEQ, PATHCHECK_DEVICE_ERROR, EILSEQ },
		{ -EPERM, PATHCHECK_NOT_JUDGED, EPERM },
	};
	struct bed *b = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot *s = in_flight(b, i);
		struct mono wake = answer(b, s, cases[i].result, START_US + 5);

		/* There was no pause. */
		assert_int_equal(wake.us, START_US + 5 + TIMEOUT_US / 2);
		expect(b, i, cases[i].verdict, cases[i].error, false, START_US + 5);
		no_result(b);
		assert_int_equal(s->state, SLOT_FREE);
		/* Its name is looked at again, unless the device has answered. */
		assert_int_equal(atomic_load(&b->prober.paths[i].flags),
		                 cases[i].verdict == PATHCHECK_OK ||
		                                 cases[i].verdict ==
		                                         PATHCHECK_DEVICE_ERROR
		                         ? 0
		                         : PATH_LOOK_AGAIN);
	}
}

static void the_caller_is_woken_once(void **state)
{
	struct bed *b = *state;
	uint64_t count = 0;

	answer(b, in_flight(b, 1), BLOCK, START_US);
	answer(b, in_flight(b, 2), BLOCK, START_US);
	assert_int_equal(read(b->shared.caller_fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1); /* it has not said that it sleeps again */
	shared_going_to_wait(&b->shared.header->caller_waits);
	answer(b, in_flight(b, 3), BLOCK, START_US);
	assert_int_equal(read(b->shared.caller_fd, &count, sizeof(count)), sizeof(count));
}

/* The kernel was faster than the submitter's bookkeeping. */
static void an_answer_before_the_launch(void **state)
{
	struct bed *b = *state;
	struct slot *s = queued(b, 3);

	s->started = (struct mono){ START_US };
	answer(b, s, BLOCK, START_US);
	expect(b, 3, PATHCHECK_OK, 0, false, START_US);
	assert_false(s->in_kernel);
	assert_int_equal(s->state, SLOT_FREE);
}

/* A check that waits long for a rescuer is deferred: reported once, counted until it starts. */
static void what_waits_is_deferred(void **state)
{
	struct bed *b = *state;
	struct shared_header *h = b->shared.header;
	struct slot *s = in_flight(b, 4);
	int64_t at = START_US + 1 + DEFER_AFTER_US;

	(void)answer(b, s, -EAGAIN, START_US + 1);
	assert_int_equal(reaper_step(b->g, NULL, 0, (struct mono){ at - 1 }).us, at);
	no_result(b);
	assert_true(mono_is_never(reaper_step(b->g, NULL, 0, (struct mono){ at })));
	expect(b, 4, PATHCHECK_DEFERRED, 0, false, at);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&h->deferred_now), 1);
	assert_int_equal(atomic_load(&h->deferred_total), 1);
	group_assert(b->g);

	/* It starts, would block once more, and waits again: that is not reported again. */
	pthread_mutex_lock(&b->g->lock);
	(void)group_launch(b->g, s, (struct mono){ at });
	pthread_mutex_unlock(&b->g->lock);
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	(void)answer(b, s, -EAGAIN, at);
	(void)reaper_step(b->g, NULL, 0, (struct mono){ at + DEFER_AFTER_US });
	no_result(b);
	assert_int_equal(atomic_load(&h->deferred_now), 1);
	assert_int_equal(atomic_load(&h->deferred_max), 1);
	pthread_mutex_lock(&b->g->lock);
	group_orphan(b->g, s);
	pthread_mutex_unlock(&b->g->lock);
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	group_assert(b->g);
}

static void what_would_block_goes_to_a_rescuer(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 4);

	assert_int_equal(answer(b, s, -EAGAIN, START_US + 1).us,
	                 START_US + 1 + DEFER_AFTER_US);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[4].flags), 0);

	/* Its time starts again with the rescuer. EAGAIN from there is no answer either:
	 * that check ends without a verdict. */
	s->engine = PATHCHECK_ENGINE_SYNC;
	(void)group_launch(b->g, s, (struct mono){ START_US });
	s->result = -EAGAIN;
	group_answer(b->g, s);
	round_at(b, START_US + 9);
	expect(b, 4, PATHCHECK_NOT_JUDGED, EAGAIN, false, START_US + 9);
}

static void who_refuses_nowait_is_remembered(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 4);

	answer(b, s, -EOPNOTSUPP, START_US + 1);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[4].flags), PATH_BLOCKS);
	for (uint32_t i = 0; i < b->prober.limits.ids; i++)
		if (i != 4)
			assert_int_equal(atomic_load(&b->prober.paths[i].flags), 0);
}

static void no_memory_defers(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 6);

	b->shared.header->submitter_waits = 1;
	answer(b, s, -ENOMEM, START_US + 1);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_true(slot_list_empty(&b->prober.posts.inbox));
	assert_true(s->resource);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_int_equal(atomic_load(&b->prober.paths[6].flags), 0);
	assert_true(submitter_was_woken(b));
}

/*
 * Its open timed out, and found no descriptor then: it waits again, of which nothing is
 * reported.
 */
static void a_late_check_is_not_deferred(void **state)
{
	struct bed *b = *state;
	struct slot *s = queued(b, 4);

	group_leave(b->g, s);
	s->late = true;
	(void)group_wait(b->g, s, (struct mono){ START_US });
	round_at(b, START_US + DEFER_AFTER_US);
	no_result(b);
	assert_true(s->deferred);
	assert_int_equal(atomic_load(&b->shared.header->deferred_now), 1);
}

/* An open that found no descriptor: whatever its errno was, it is to be done again. */
static void no_descriptor_defers(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 6);

	s->stage = PATHCHECK_STAGE_OPEN;
	s->engine = PATHCHECK_ENGINE_SYNC;
	s->result = -EMFILE;
	group_answer(b->g, s);
	round_at(b, START_US + 1);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_int_equal(s->state, SLOT_QUEUED);
	assert_true(s->resource);
	assert_int_equal(s->result, -EMFILE); /* to be reported with DEFERRED */
}

/* A target may answer so when it has no such unit any more: it is asked, once. */
static void a_target_error_is_asked_about(void **state)
{
	static const struct {
		struct sense sense;
		enum pathcheck_verdict verdict;
	} cases[] = { { { .valid = false }, PATHCHECK_DEVICE_ERROR },
		      { { true, 0x05, 0x25, 0x00 }, PATHCHECK_DISCONNECTED } };
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct slot *s = in_flight(b, 3);

		answer(b, s, -EREMOTEIO, START_US + 4);
		no_result(b);
		assert_int_equal(s->state, SLOT_QUEUED);
		assert_int_equal(s->command, DIRECTIO_TEST_UNIT);
		assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
		assert_int_equal(s->job.kind, JOB_COMMAND);
		s->command = CHECKER_NO_COMMAND;
		s->replied = CHECKER_REPLIED;
		s->sense = cases[i].sense;
		group_answer(b->g, s);
		round_at(b, START_US + 900);
		/* The read took no longer because of that. */
		expect(b, 3, cases[i].verdict, EREMOTEIO, false, START_US + 4);
		assert_null(rescue(b, CLASS_READ));
	}
}

/* The size of its blocks may have changed: learned again, and read again, once. */
static void a_size_that_is_wrong(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 3);

	answer(b, s, -EINVAL, START_US + 4);
	no_result(b);
	assert_ptr_equal(slot_list_take(&b->prober.posts.inbox), s);
	assert_true(s->learn);
	s->learn = false;
	(void)group_launch(b->g, s, (struct mono){ START_US });
	answer(b, s, -EINVAL, START_US + 9);
	expect(b, 3, PATHCHECK_NOT_JUDGED, EINVAL, false, START_US + 9);
	assert_true(slot_list_empty(&b->prober.posts.inbox));
}

static void an_interrupted_read_is_read_again(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 3);

	answer(b, s, -EINTR, START_US + 4);
	no_result(b);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	assert_int_equal(s->job.kind, JOB_READ);
}

static void an_open_that_failed_is_a_result(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 7);
	struct wire_result w;

	s->stage = PATHCHECK_STAGE_OPEN;
	s->engine = PATHCHECK_ENGINE_SYNC;
	s->result = -ENXIO;
	group_answer(b->g, s);
	round_at(b, START_US + 2);
	w = next(b);
	assert_int_equal(w.verdict, PATHCHECK_FAILED);
	assert_int_equal(w.stage, PATHCHECK_STAGE_OPEN);
	assert_int_equal(w.engine, PATHCHECK_ENGINE_SYNC);
	assert_int_equal(w.error, ENXIO);
}

/* --- deadlines --- */

static void exactly_at_the_deadline(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	assert_int_equal(round_at(b, START_US).us, DUE_US);
	assert_int_equal(b->g->asleep_until.us, DUE_US);
	assert_int_equal(round_at(b, DUE_US - 1).us, DUE_US);
	no_result(b);
	assert_int_equal(s->state, SLOT_IN_FLIGHT);
	assert_true(mono_is_never(round_at(b, DUE_US)));
	expect(b, 1, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, DUE_US);
	assert_int_equal(s->state, SLOT_EXPIRED);
	no_result(b);
}

/* In one round, the kernel's word counts before the clock's. */
static void an_answer_at_the_deadline_is_in_time(void **state)
{
	struct bed *b = *state;

	answer(b, in_flight(b, 1), BLOCK, DUE_US + 50);
	expect(b, 1, PATHCHECK_OK, 0, false, DUE_US + 50);
	no_result(b);
}

static void a_late_answer_is_an_answer(void **state)
{
	struct bed *b = *state;
	struct slot *good = in_flight(b, 1), *bad = in_flight(b, 2);

	round_at(b, DUE_US);
	(void)next(b);
	(void)next(b);
	for (int64_t t = DUE_US; t < DUE_US + 10 * TIMEOUT_US; t += TIMEOUT_US / 3)
		assert_true(mono_is_never(round_at(b, t)));
	no_result(b); /* timed out: said once */
	answer(b, good, BLOCK, DUE_US * 4);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US * 4);
	answer(b, bad, -ENOLINK, DUE_US * 5);
	expect(b, 2, PATHCHECK_FAILED, ENOLINK, true, DUE_US * 5);
	assert_int_equal(good->state, SLOT_FREE);
	assert_int_equal(bad->state, SLOT_FREE);
}

/* It expired, came back to be done in another way, and hangs there too. */
static void timed_out_only_once(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	round_at(b, DUE_US);
	expect(b, 1, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, DUE_US);
	answer(b, s, -EAGAIN, DUE_US + 1);
	assert_int_equal(s->state, SLOT_EXPIRED);
	assert_ptr_equal(rescue(b, CLASS_READ), &s->job);
	s->engine = PATHCHECK_ENGINE_SYNC;
	assert_false(group_launch(b->g, s, (struct mono){ START_US }));
	round_at(b, DUE_US * 9);
	no_result(b);
	s->result = BLOCK;
	group_answer(b->g, s);
	round_at(b, DUE_US * 10);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US * 10);
}

/* The same check in a new slot, after a shortage of memory. */
static void timed_out_only_once_in_two_slots(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	s->late = true;
	round_at(b, DUE_US);
	no_result(b);
	assert_int_equal(s->state, SLOT_EXPIRED);
	answer(b, s, BLOCK, DUE_US + 1);
	expect(b, 1, PATHCHECK_OK, 0, true, DUE_US + 1);
}

/* --- orphans --- */

static void an_orphan_gives_no_result(void **state)
{
	static const int64_t results[] = { BLOCK,   0,           -ENOLINK,
		                           -EAGAIN, -EOPNOTSUPP, -ENOMEM };
	struct bed *b = *state;

	for (uint32_t i = 0; i < ARRAY_LEN(results); i++) {
		struct slot *s = in_flight(b, i);

		group_orphan(b->g, s);
		assert_true(mono_is_never(round_at(b, DUE_US)));
		no_result(b); /* neither that it timed out */
		answer(b, s, results[i], DUE_US);
		no_result(b);
		assert_int_equal(s->state, SLOT_FREE);
		assert_int_equal(atomic_load(&b->prober.paths[i].flags), 0);
		assert_true(slot_list_empty(&b->prober.posts.inbox));
		assert_null(rescue(b, CLASS_READ));
		assert_null(rescue(b, CLASS_OPEN));
		assert_null(rescue(b, CLASS_CLOSE));
	}
}

static void its_descriptor_is_closed_by_a_rescuer(void **state)
{
	struct bed *b = *state;
	struct slot *s = in_flight(b, 1);

	group_orphan(b->g, s);
	s->fd = 1234; /* its own now; never used here */
	answer(b, s, BLOCK, START_US);
	assert_int_equal(s->state, SLOT_ORPHANED);
	assert_ptr_equal(rescue(b, CLASS_CLOSE), &s->job);
	assert_int_equal(s->job.kind, JOB_CLOSE);
	s->fd = -1; /* closed */
	group_answer(b->g, s);
	round_at(b, START_US);
	assert_int_equal(s->state, SLOT_FREE);
	no_result(b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_is_a_result),
		T(the_caller_is_woken_once),
		T(an_answer_before_the_launch),
		T(what_would_block_goes_to_a_rescuer),
		T(what_waits_is_deferred),
		T(a_late_check_is_not_deferred),
		T(who_refuses_nowait_is_remembered),
		T(no_memory_defers),
		T(no_descriptor_defers),
		T(a_target_error_is_asked_about),
		T(a_size_that_is_wrong),
		T(an_interrupted_read_is_read_again),
		T(an_open_that_failed_is_a_result),
		T(exactly_at_the_deadline),
		T(an_answer_at_the_deadline_is_in_time),
		T(a_late_answer_is_an_answer),
		T(timed_out_only_once),
		T(timed_out_only_once_in_two_slots),
		T(an_orphan_gives_no_result),
		T(its_descriptor_is_closed_by_a_rescuer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
