/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the maps do with a path that is held: fail it, but never as the last usable one. */
#include "tests/unit/unit.h"

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_holds.h"
#include "tests/unit/core/maps-bed.h"
#include "util/macro.h"

static void hold(uint32_t path, bool on, struct mono now)
{
	struct hold h = { .phase = on ? HOLD_PHASE_TIMED : HOLD_PHASE_NONE,
		          .why = HOLD_FLAPPING,
		          .mark = on ? hold_time_of(now) : 0 };

	maps_hold(maps, path, &h);
}

/* Paths 0 and 1 of map 0, both good. */
static void two_paths(bool keep)
{
	static const uint32_t minors[] = { 0, 1 };

	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	(void)tell_n(0, 2, minors, 0, keep, t0);
	expect_nothing(t0);
}

static void is_failed(uint32_t path, struct mono now)
{
	struct maps_order o;

	expect(STEP_FAIL, path, now, &o);
	answer(&o, 0, now);
}

static void is_reinstated(uint32_t path, struct mono now)
{
	struct maps_order o;

	expect(STEP_REINSTATE, path, now, &o);
	answer(&o, 0, now);
}

static void good(uint32_t path, struct mono now)
{
	maps_path_checked(maps, path, VERDICT_USABLE, true, now);
}

static void down(uint32_t path, struct mono now)
{
	maps_path_checked(maps, path, VERDICT_UNUSABLE, false, now);
}

static void the_end_of_a_hold_wants_a_check(void **state)
{
	struct maps_order o;

	(void)state;
	two_paths(true);
	hold(1, true, t0);
	is_failed(1, t0);
	expect_nothing(at(SEC));
	hold(1, false, at(SEC));
	expect(STEP_RECHECK, 1, at(SEC), &o);
	good(1, at(2 * SEC));
	is_reinstated(1, at(2 * SEC));
	expect_nothing(at(2 * SEC));
}

static void the_last_usable_path_is_never_taken(void **state)
{
	(void)state;
	for (unsigned keep = 0; keep < 2; keep++) {
		two_paths(keep == 1);
		hold(0, true, t0);
		hold(1, true, t0);
		expect_nothing(t0);
		assert_true(maps_path(maps, maps_first_of_path(maps, 0))->spared);
		(void)teardown(NULL);
		assert_int_equal(setup(NULL), 0);
	}
	two_paths(false);
	down(0, t0);
	is_failed(0, t0);
	hold(1, true, t0);
	expect_nothing(t0);
}

/* A held path is used when the others are lost, and is out again when one of them is back. */
static void a_held_path_helps_out(void **state)
{
	static const bool keeps[] = { true, false };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keeps); i++) {
		two_paths(keeps[i]);
		hold(1, true, t0);
		is_failed(1, t0);
		good(1, at(SEC));
		expect_nothing(at(SEC));
		down(0, at(2 * SEC));
		is_reinstated(1, at(2 * SEC));
		is_failed(0, at(2 * SEC));
		expect_nothing(at(2 * SEC));
		good(0, at(3 * SEC));
		is_reinstated(0, at(3 * SEC));
		is_failed(1, at(3 * SEC));
		expect_nothing(at(3 * SEC));
		(void)teardown(NULL);
		assert_int_equal(setup(NULL), 0);
	}
}

static void it_says_once_that_a_held_path_is_used(void **state)
{
	struct maps_order o;
	unsigned said = 0;

	(void)state;
	two_paths(true);
	hold(0, true, t0);
	while (maps_next(maps, t0, &o))
		said += o.spared;
	assert_int_equal(said, 0);
	(void)teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	two_paths(true);
	hold(0, true, t0);
	hold(1, true, t0);
	for (unsigned i = 0; i < 3; i++) {
		while (maps_next(maps, t0, &o))
			said += o.spared;
		hold(0, true, at(SEC));
	}
	assert_int_equal(said, 2);
}

/* The kernel fails the last path again and again. */
static void a_held_path_is_not_reused_at_once(void **state)
{
	static const uint32_t minors[] = { 0 };
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	(void)tell_n(0, 1, minors, 0, true, t0);
	(void)tell_n(0, 1, minors, 1, true, t0);
	hold(0, true, t0);
	expect(STEP_RECHECK, 0, t0, &o);
	good(0, at(1));
	expect_nothing(at(POLICY_REUSE_US - 1));
	assert_true(maps_wake(maps).us <= at(POLICY_REUSE_US).us);
	is_reinstated(0, at(POLICY_REUSE_US));
}

static void a_hold_is_of_every_map_of_the_path(void **state)
{
	static const uint32_t minors[] = { 1, 2 };
	struct maps_order o;

	(void)state;
	two_paths(true);
	hold(1, true, t0);
	is_failed(1, t0);
	know(2, VERDICT_USABLE);
	(void)tell_n(1, 2, minors, 0, true, t0);
	is_failed(1, t0);
	/* It comes back under another name, which is not held. */
	maps_path_removed(maps, 1, false);
	know(1, VERDICT_USABLE);
	expect(STEP_REINSTATE, 1, t0, &o);
	expect(STEP_REINSTATE, 1, t0, &o);
}

static void a_held_path_helps_no_other_one(void **state)
{
	static const uint32_t minors[] = { 0, 1, 2 };
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	for (uint32_t i = 0; i < 3; i++)
		know(i, VERDICT_USABLE);
	(void)tell_n(0, 3, minors, 0, true, t0);
	hold(0, true, t0);
	is_failed(0, t0);
	hold(1, true, t0);
	is_failed(1, t0);
	hold(2, true, t0);
	/* Now all are wanted. */
	expect(STEP_RECHECK, 0, t0, &o);
	expect(STEP_RECHECK, 1, t0, &o);
	expect_nothing(t0);
	good(0, at(SEC));
	is_reinstated(0, at(SEC));
	good(1, at(SEC));
	is_reinstated(1, at(SEC));
	expect_nothing(at(SEC));
}

static void without_control_nothing_is_sent(void **state)
{
	(void)state;
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	hold(1, true, t0);
	expect_nothing(t0);
	assert_false(maps_path(maps, maps_first_of_path(maps, 1))->spared);
}

static void a_held_path_that_is_failed_does_not_count(void **state)
{
	struct maps_map *m;

	(void)state;
	two_paths(true);
	m = maps_get(maps, 0);
	assert_int_equal(maps_redundancy(maps, m), REDUNDANCY_FULL);
	hold(1, true, t0);
	is_failed(1, t0);
	assert_int_equal(maps_redundancy(maps, m), REDUNDANCY_LAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_end_of_a_hold_wants_a_check),
		TEST(the_last_usable_path_is_never_taken),
		TEST(a_held_path_helps_out),
		TEST(it_says_once_that_a_held_path_is_used),
		TEST(a_held_path_is_not_reused_at_once),
		TEST(a_hold_is_of_every_map_of_the_path),
		TEST(a_held_path_helps_no_other_one),
		TEST(without_control_nothing_is_sent),
		TEST(a_held_path_that_is_failed_does_not_count),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
