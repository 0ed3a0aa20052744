/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent so that the kernel agrees: every cell of view, decision and command on its
 * way, and when something stands in the way. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/core/agreement.h"
#include "util/macro.h"

#define SEC USEC_PER_SEC

static const struct mono t0 = { 1000 * SEC };

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static enum agreement_step next(const struct agreement *a, enum path_verdict v,
                                struct mono now)
{
	const struct agreement_wish w = { .verdict = v, .control = true };

	return agreement_next(a, &w, now);
}

static void every_cell(void **state)
{
	static const struct {
		enum path_verdict verdict;
		bool active;
		enum agreement_step on, off, kept;
	} rows[] = {
		{ VERDICT_NONE, false, STEP_NOTHING, STEP_NOTHING, STEP_NOTHING },
		{ VERDICT_NONE, true, STEP_NOTHING, STEP_NOTHING, STEP_NOTHING },
		{ VERDICT_USABLE, false, STEP_REINSTATE, STEP_NOTHING, STEP_REINSTATE },
		{ VERDICT_USABLE, true, STEP_NOTHING, STEP_NOTHING, STEP_NOTHING },
		{ VERDICT_UNUSABLE, false, STEP_NOTHING, STEP_NOTHING, STEP_NOTHING },
		{ VERDICT_UNUSABLE, true, STEP_FAIL, STEP_NOTHING, STEP_KEEP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agreement a = { .active = rows[i].active };
		struct agreement_wish w = { .verdict = rows[i].verdict, .control = true };

		assert_int_equal(agreement_next(&a, &w, t0), rows[i].on);
		w.keep = true;
		assert_int_equal(agreement_next(&a, &w, t0), rows[i].kept);
		w.control = false;
		assert_int_equal(agreement_next(&a, &w, t0), rows[i].off);
		w = (struct agreement_wish){ .verdict = rows[i].verdict,
			                     .control = true };
		/* Never a second one beside the first. */
		a.in_flight = COMMAND_FAIL;
		assert_int_equal(agreement_next(&a, &w, t0), STEP_NOTHING);
		a.in_flight = COMMAND_REINSTATE;
		assert_int_equal(agreement_next(&a, &w, t0), STEP_NOTHING);
	}
}

static void an_answer_is_the_kernels_view(void **state)
{
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	agreement_sent(&a, COMMAND_FAIL);
	assert_int_equal(agreement_answered(&a, 0, t0), COMMAND_FAIL);
	assert_false(a.active);
	assert_true(a.ours);
	assert_int_equal(next(&a, VERDICT_UNUSABLE, t0), STEP_NOTHING);
	/* Another decision meanwhile: the next command follows a good check. */
	agreement_forget_refusals(&a);
	assert_int_equal(next(&a, VERDICT_USABLE, t0), STEP_RECHECK);
	assert_true(agreement_checked(&a, t0, true));
	assert_int_equal(next(&a, VERDICT_USABLE, t0), STEP_REINSTATE);
	agreement_sent(&a, COMMAND_REINSTATE);
	assert_int_equal(agreement_answered(&a, 0, t0), COMMAND_REINSTATE);
	assert_true(a.active);
	assert_false(a.ours);
}

static void refusals_are_answered_later_and_later(void **state)
{
	struct agreement a;
	struct mono now = t0;
	int64_t wait = AGREEMENT_REFUSED_US;

	(void)state;
	agreement_init(&a, true, now);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(next(&a, VERDICT_UNUSABLE, now), STEP_FAIL);
		agreement_sent(&a, COMMAND_FAIL);
		(void)agreement_answered(&a, EBUSY, now);
		assert_int_equal(a.error, EBUSY);
		assert_true(a.active);
		assert_int_equal(next(&a, VERDICT_UNUSABLE, now), STEP_WAIT);
		assert_int_equal(mono_diff(a.not_before, now), wait);
		now = a.not_before;
		wait = MIN(2 * wait, AGREEMENT_REFUSED_MAX_US);
	}
	assert_int_equal(wait, AGREEMENT_REFUSED_MAX_US);
	agreement_sent(&a, COMMAND_FAIL);
	(void)agreement_answered(&a, EBUSY, now);
	/* The map was resumed, or another decision was made: at once. */
	agreement_forget_refusals(&a);
	assert_int_equal(next(&a, VERDICT_UNUSABLE, now), STEP_FAIL);
	agreement_sent(&a, COMMAND_FAIL);
	(void)agreement_answered(&a, EBUSY, now);
	assert_int_equal(mono_diff(a.not_before, now), AGREEMENT_REFUSED_US);
}

static void a_failure_of_the_kernels_wants_a_good_check(void **state)
{
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	assert_int_equal(agreement_update(&a, true, t0), FOREIGN_NONE);
	assert_int_equal(agreement_update(&a, false, at(10)), FOREIGN_FAILED);
	assert_int_equal(next(&a, VERDICT_USABLE, at(10)), STEP_RECHECK);
	a.recheck_requested = true;
	assert_int_equal(next(&a, VERDICT_USABLE, at(11)), STEP_NOTHING);
	/* One that was on its way before says nothing. */
	assert_true(agreement_checked(&a, at(9), true));
	assert_int_equal(next(&a, VERDICT_USABLE, at(12)), STEP_RECHECK);
	a.recheck_requested = true;
	assert_true(agreement_checked(&a, at(12), true));
	assert_int_equal(next(&a, VERDICT_USABLE, at(13)), STEP_REINSTATE);
	/* Successful checks of a path without a doubt change nothing. */
	assert_false(agreement_checked(&a, at(14), true));
	/* The next time it is asked for again. */
	agreement_sent(&a, COMMAND_REINSTATE);
	(void)agreement_answered(&a, 0, at(15));
	(void)agreement_update(&a, false, at(16));
	assert_int_equal(next(&a, VERDICT_USABLE, at(16)), STEP_RECHECK);
}

static void also_when_it_is_found_failed(void **state)
{
	struct agreement a;

	(void)state;
	agreement_init(&a, false, t0);
	assert_int_equal(next(&a, VERDICT_USABLE, t0), STEP_RECHECK);
	agreement_init(&a, false, t0);
	assert_int_equal(next(&a, VERDICT_NONE, t0), STEP_NOTHING);
	assert_true(agreement_checked(&a, at(1), true));
	assert_int_equal(next(&a, VERDICT_USABLE, at(1)), STEP_REINSTATE);
	/* Also of one that is down: its next good check has to begin now, and to identify it. */
	agreement_init(&a, false, t0);
	assert_int_equal(next(&a, VERDICT_USABLE, t0), STEP_RECHECK);
}

static void a_disk_that_does_not_say_which_it_is_waits_for_the_next_check(void **state)
{
	struct agreement a;

	(void)state;
	agreement_init(&a, false, t0);
	a.recheck_requested = true;
	assert_true(agreement_checked(&a, at(1), false));
	assert_int_equal(next(&a, VERDICT_USABLE, at(2)), STEP_NOTHING);
	assert_true(agreement_checked(&a, at(3), true));
	assert_int_equal(next(&a, VERDICT_USABLE, at(4)), STEP_REINSTATE);
	/* Nor is it given back when the last one did not, and one before did. */
	assert_true(agreement_checked(&a, at(5), false));
	assert_int_equal(next(&a, VERDICT_USABLE, at(6)), STEP_NOTHING);
	assert_true(agreement_checked(&a, at(7), true));
	assert_int_equal(next(&a, VERDICT_USABLE, at(8)), STEP_REINSTATE);
}

static void without_control_it_is_checked_and_left_alone(void **state)
{
	const struct agreement_wish w = { .verdict = VERDICT_USABLE };
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	(void)agreement_update(&a, false, at(1));
	assert_int_equal(agreement_next(&a, &w, at(1)), STEP_RECHECK);
	(void)agreement_checked(&a, at(2), true);
	assert_int_equal(agreement_next(&a, &w, at(3)), STEP_NOTHING);
}

/* A path that is used although it is held. */
static void a_reinstatement_may_have_to_wait(void **state)
{
	struct agreement_wish w = { .verdict = VERDICT_USABLE,
		                    .control = true,
		                    .reinstate_at = at(SEC) };
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	(void)agreement_update(&a, false, t0);
	(void)agreement_checked(&a, t0, true);
	assert_int_equal(agreement_next(&a, &w, at(SEC - 1)), STEP_WAIT);
	assert_int_equal(agreement_next(&a, &w, at(SEC)), STEP_REINSTATE);
	/* Failing never waits. */
	(void)agreement_update(&a, true, t0);
	w.verdict = VERDICT_UNUSABLE;
	assert_int_equal(agreement_next(&a, &w, t0), STEP_FAIL);
}

static void what_is_let_go_is_given_back_if_it_was_ours(void **state)
{
	const struct agreement_wish w = { .verdict = VERDICT_UNUSABLE, .released = true };
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	assert_int_equal(agreement_next(&a, &w, t0), STEP_NOTHING);
	agreement_sent(&a, COMMAND_FAIL);
	assert_int_equal(agreement_next(&a, &w, t0), STEP_NOTHING);
	(void)agreement_answered(&a, 0, t0);
	/* Unchecked, and without control. */
	assert_int_equal(agreement_next(&a, &w, t0), STEP_REINSTATE);
	agreement_sent(&a, COMMAND_REINSTATE);
	(void)agreement_answered(&a, EBUSY, t0);
	assert_int_equal(agreement_next(&a, &w, t0), STEP_WAIT);
	assert_int_equal(agreement_next(&a, &w, a.not_before), STEP_REINSTATE);
	/* What others failed is theirs. */
	(void)agreement_update(&a, true, t0);
	(void)agreement_update(&a, false, t0);
	assert_false(a.ours);
	assert_int_equal(agreement_next(&a, &w, at(60 * SEC)), STEP_NOTHING);
}

static void a_view_between_command_and_answer_is_its_doing(void **state)
{
	struct agreement a;

	(void)state;
	agreement_init(&a, true, t0);
	agreement_sent(&a, COMMAND_FAIL);
	assert_int_equal(agreement_update(&a, false, t0), FOREIGN_NONE);
	(void)agreement_answered(&a, 0, t0);
	agreement_forget_refusals(&a);
	agreement_sent(&a, COMMAND_REINSTATE);
	assert_int_equal(agreement_update(&a, true, t0), FOREIGN_NONE);
	(void)agreement_answered(&a, 0, t0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(an_answer_is_the_kernels_view),
		cmocka_unit_test(refusals_are_answered_later_and_later),
		cmocka_unit_test(a_failure_of_the_kernels_wants_a_good_check),
		cmocka_unit_test(also_when_it_is_found_failed),
		cmocka_unit_test(without_control_it_is_checked_and_left_alone),
		cmocka_unit_test(
		        a_disk_that_does_not_say_which_it_is_waits_for_the_next_check),
		cmocka_unit_test(a_reinstatement_may_have_to_wait),
		cmocka_unit_test(what_is_let_go_is_given_back_if_it_was_ours),
		cmocka_unit_test(a_view_between_command_and_answer_is_its_doing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
