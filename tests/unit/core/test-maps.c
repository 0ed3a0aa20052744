/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of maps: which paths are in which map, what leaves, and which path is kept. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_todo.h"
#include "tests/unit/core/maps-bed.h"
#include "util/macro.h"

static void they_find_each_other_in_either_order(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_UNUSABLE);
	assert_null(maps_of(maps, 0));
	(void)tell(0, t0);
	assert_true(last_change & MAPS_NEW);
	assert_string_equal(maps_of(maps, 0)->name, "m0");
	/* The other one is nothing to go on with: it is not ours. */
	assert_int_equal(next(t0, &o), STEP_KEEP);
	know(1, VERDICT_NONE);
	assert_string_equal(maps_of(maps, 1)->name, "m0");
	assert_int_equal(maps_path(maps, maps_first_of_path(maps, 1))->path, 1);
	expect_nothing(t0); /* and not checked yet */
	maps_path_checked(maps, 1, VERDICT_USABLE, true, t0);
	expect(STEP_FAIL, 0, t0, &o);
	expect_nothing(t0);
	/* A file has no number, and is in no map. */
	add_path(2, 0, 0);
	add_path(3, 0, 0);
	maps_path_removed(maps, 2, true);
	assert_null(maps_of(maps, 3));
}

static void a_path_may_be_in_two_maps(void **state)
{
	static const uint32_t minors[] = { 1, 2 };
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	know(2, VERDICT_USABLE);
	(void)tell(0, t0);
	(void)tell_n(1, 2, minors, 0, true, t0);
	assert_int_equal(maps_count(maps), 2);
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	expect(STEP_FAIL, 1, t0, &o);
	expect(STEP_FAIL, 1, t0, &o);
	expect_nothing(t0);
}

static void two_names_of_one_device_stand_in_for_each_other(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	assert_int_equal(maps_twin(maps, 0), MAPS_NONE);
	add_path(5, SD, 0);
	assert_int_equal(maps_twin(maps, 0), 5);
	assert_int_equal(maps_twin(maps, 5), 0);
	maps_path_checked(maps, 5, VERDICT_UNUSABLE, false, t0);
	expect_nothing(t0);
	maps_path_removed(maps, 0, false);
	assert_string_equal(maps_of(maps, 5)->name, "m0");
	expect(STEP_FAIL, 0, t0, &o);
}

static void a_new_table_keeps_who_stays(void **state)
{
	static const uint32_t other[] = { 3, 1 };
	struct maps_order o;
	uint32_t index, entry;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	know(3, VERDICT_USABLE);
	index = tell(0, t0);
	assert_int_equal(tell(0, t0), index);
	assert_int_equal(last_change, 0);
	expect_nothing(t0);
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	expect(STEP_FAIL, 1, t0, &o);
	assert_int_equal(tell_n(0, 2, other, 0, true, t0), index);
	assert_int_equal(last_change, MAPS_PATHS);
	entry = maps_get(maps, index)->first;
	assert_int_equal(minor_of(entry), 3);
	assert_int_equal(maps_path(maps, entry)->next, o.entry);
	assert_null(maps_of(maps, 0));
	/* The same device twice, and none at all. */
	(void)tell_n(0, 2, (const uint32_t[]){ 1, 1 }, 0, true, t0);
	assert_int_equal(maps_usable(maps, maps_get(maps, index)), 0);
	(void)tell_n(0, 0, NULL, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->first, MAPS_NONE);
}

/* What a map has lost is remembered, until an administrator says that it is right. */
static void the_most_paths_are_expected(void **state)
{
	static const uint32_t minors[] = { 0, 1, 3 };
	uint32_t index;

	(void)state;
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	index = tell_n(0, 2, minors, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->expected, 2);
	(void)tell_n(0, 3, minors, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->expected, 3);
	assert_false(maps_lacks_paths(maps, 0));
	(void)tell_n(0, 1, minors, 0, true, t0);
	(void)tell_n(1, 2, minors, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->expected, 3);
	assert_true(maps_lacks_paths(maps, 0));
	assert_false(maps_lacks_paths(maps, 1)); /* it has left that map */
	maps_accept(maps, 0);
	assert_int_equal(maps_get(maps, index)->expected, 1);
	assert_false(maps_lacks_paths(maps, 0));
	(void)tell_n(0, 2, minors, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->expected, 2);
	/* Another map with the same number. */
	maps_remove(maps, index);
	index = tell_n(0, 1, minors, 0, true, t0);
	assert_int_equal(maps_get(maps, index)->expected, 1);
}

static void answers_of_the_past_are_dropped(void **state)
{
	static const uint32_t alone[] = { 1 };
	enum agreement_command c;
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_UNUSABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	expect(STEP_FAIL, 0, t0, &o);
	(void)tell_n(0, 1, alone, 0, true, t0);
	(void)tell(0, t0); /* it comes back, most likely to the same place */
	assert_int_equal(maps_answered(maps, o.token, 0, t0, &c), MAPS_NONE);
	expect(STEP_FAIL, 0, t0, &o);
	maps_remove(maps, maps_find(maps, DM, 0));
	assert_int_equal(maps_count(maps), 0);
	assert_int_equal(maps_answered(maps, o.token, 0, t0, &c), MAPS_NONE);
	expect_nothing(t0);
}

static void the_last_path_is_kept_until_another_comes_up(void **state)
{
	struct maps_order o, kept;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, t0);
	expect(STEP_FAIL, 0, t0, &o);
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	/* It is kept already while the other's command is on its way. */
	expect(STEP_KEEP, 1, t0, &kept);
	assert_true(maps_path(maps, kept.entry)->kept);
	answer(&o, 0, t0);
	expect_nothing(t0); /* reported once */
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(1));
	expect(STEP_REINSTATE, 0, at(1), &o);
	expect_nothing(at(1));
	answer(&o, 0, at(2));
	expect(STEP_FAIL, 1, at(2), &o);
	assert_false(maps_path(maps, kept.entry)->kept);
}

/* Neither is known to work when the other one is failed. */
static void two_that_go_down_together_are_both_kept(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, t0);
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	expect(STEP_KEEP, 0, t0, &o);
	expect(STEP_KEEP, 1, t0, &o);
	maps_path_checked(maps, 1, VERDICT_USABLE, true, at(1));
	expect(STEP_FAIL, 0, at(1), &o);
	/* One that works while the command that fails it is on its way is nothing either. */
	answer(&o, 0, at(2));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(3));
	expect(STEP_REINSTATE, 0, at(3), &o);
	answer(&o, 0, at(4));
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(5));
	expect(STEP_FAIL, 0, at(5), &o);
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(6));
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, at(6));
	expect(STEP_KEEP, 1, at(6), &o);
}

static void one_that_is_kept_and_comes_up_is_as_before(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_NONE);
	know(1, VERDICT_UNUSABLE);
	(void)tell(1, t0);
	expect(STEP_KEEP, 1, t0, &o);
	maps_path_checked(maps, 1, VERDICT_USABLE, true, at(1));
	expect_nothing(at(1));
	assert_false(maps_path(maps, o.entry)->kept);
	/* With no promise to keep any, and when there is none any more. */
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, at(2));
	expect(STEP_KEEP, 1, at(2), &o);
	maps_set_keep(maps, maps_find(maps, DM, 0), false);
	expect(STEP_FAIL, 1, at(2), &o);
}

static void what_is_gone_is_failed_and_what_is_not_configured_left_alone(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_USABLE);
	know(1, VERDICT_UNUSABLE);
	(void)tell(1 << 1, t0);
	maps_path_removed(maps, 1, false);
	expect_nothing(t0);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	maps_path_removed(maps, 0, true);
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, 0, t0);
	/* Another device with that number: its state is unknown. */
	know(0, VERDICT_NONE);
	expect_nothing(t0);
}

static void what_is_disabled_counts_for_nothing(void **state)
{
	const struct maps_map *map;

	(void)state;
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	tell(0, t0);
	map = maps_get(maps, 0);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_FULL);
	while (maps_todo_take_map(maps) != MAPS_NONE)
		;
	maps_disable(maps, 0, MAPS_DISABLED, false);
	assert_int_equal(maps_todo_take_map(maps), 0); /* its redundancy is another one */
	maps_disable(maps, 0, MAPS_DISABLED, false);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
	assert_int_equal(maps_disabled(maps, map), 1);
	assert_int_equal(maps_usable(maps, map), 1);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_LAST);
	maps_disable(maps, 1, MAPS_DISABLED, false);
	assert_int_equal(maps_usable(maps, map), 0);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_NONE);
	expect_nothing(t0); /* device-mapper is left alone */
	/* Nobody knows whether the disabled one works: the other one is the last. */
	maps_disable(maps, 1, MAPS_ENABLED, false);
	assert_true(maps_is_needed(maps, 1));
	maps_disable(maps, 0, MAPS_ENABLED, false);
	assert_false(maps_is_needed(maps, 1));
	maps_disable(maps, 1, MAPS_DISABLED, false);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_LAST);
}

static void what_is_forced_is_failed_whatever_its_checks_find(void **state)
{
	struct maps_order o;

	(void)state;
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	maps_set_control(maps, true);
	tell(0, t0);
	expect_nothing(t0);
	assert_false(maps_is_forced(maps, 0));
	assert_false(maps_is_needed(maps, 0));
	maps_force(maps, 0, true, false);
	assert_true(maps_is_forced(maps, 0));
	assert_true(maps_is_needed(maps, 1)); /* before the command is sent */
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, 0, t0);
	expect_nothing(t0);
	assert_int_equal(maps_usable(maps, maps_get(maps, 0)), 1);
	assert_false(maps_is_needed(maps, 0)); /* it is failed already */
	/* good checks, bad ones, and another program that gives it back */
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(SEC));
	expect_nothing(at(SEC));
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(2 * SEC));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(3 * SEC));
	expect_nothing(at(3 * SEC));
	tell(1, at(3 * SEC)); /* as it was answered */
	expect_nothing(at(3 * SEC));
	tell(0, at(4 * SEC));
	expect(STEP_FAIL, 0, at(4 * SEC), &o);
	answer(&o, 0, at(4 * SEC));
	/* and taken back: as soon as a check that begins now finds it good */
	maps_force(maps, 0, false, false);
	assert_false(maps_is_forced(maps, 0));
	expect(STEP_RECHECK, 0, at(5 * SEC), &o);
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(5 * SEC));
	expect(STEP_REINSTATE, 0, at(5 * SEC), &o);
}

static void what_is_forced_and_down_waits_for_a_good_check(void **state)
{
	struct maps_order o;

	(void)state;
	know(0, VERDICT_USABLE);
	know(1, VERDICT_USABLE);
	maps_set_control(maps, true);
	maps_force(maps, 0, true, false); /* before it is in a map */
	tell(0, t0);
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, 0, t0);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(SEC));
	maps_force(maps, 0, false, false);
	expect_nothing(at(SEC));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(2 * SEC));
	expect(STEP_REINSTATE, 0, at(2 * SEC), &o);
	/* one that goes is forgotten */
	maps_force(maps, 1, true, false);
	maps_path_removed(maps, 1, false);
	assert_false(maps_is_forced(maps, 1));
	add_path(1, SD, 1);
	assert_false(maps_is_forced(maps, 1));
}

static void nothing_is_sent_when_off_and_all_when_on(void **state)
{
	struct maps_order o;

	(void)state;
	know(0, VERDICT_UNUSABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	expect_nothing(at(100 * SEC));
	maps_set_control(maps, true);
	expect(STEP_FAIL, 0, at(100 * SEC), &o);
	maps_set_control(maps, false);
	answer(&o, EBUSY, at(100 * SEC));
	expect_nothing(at(200 * SEC));
}

static void what_waits_wakes_in_time(void **state)
{
	struct maps_order o;

	(void)state;
	assert_true(mono_is_never(maps_wake(maps)));
	maps_set_control(maps, true);
	know(0, VERDICT_UNUSABLE);
	know(1, VERDICT_USABLE);
	(void)tell(0, t0);
	assert_int_equal(maps_wake(maps).us, 0);
	expect(STEP_FAIL, 0, t0, &o);
	assert_true(maps_next(maps, t0, &o)); /* the other one, which needs nothing */
	assert_true(mono_is_never(maps_wake(maps)));
	answer(&(struct maps_order){ .entry = 0, .token = UINT64_C(1) << 32 }, EBUSY, t0);
	expect_nothing(t0);
	assert_int_equal(maps_wake(maps).us, at(AGREEMENT_REFUSED_US).us);
	expect_nothing(at(AGREEMENT_REFUSED_US - 1));
	expect(STEP_FAIL, 0, at(AGREEMENT_REFUSED_US), &o);
	/* One that was put back comes again. */
	answer(&o, 0, at(SEC));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(SEC));
	assert_int_equal(next(at(SEC), &o), STEP_REINSTATE);
	maps_put_back(maps, &o);
	expect(STEP_REINSTATE, 0, at(SEC), &o);
}

static void the_first_that_waits_wakes(void **state)
{
	struct maps_order first, second;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_UNUSABLE);
	know(1, VERDICT_UNUSABLE);
	(void)tell_n(0, 2, (const uint32_t[]){ 0, 1 }, 0, false, t0);
	expect(STEP_FAIL, 0, t0, &first);
	expect(STEP_FAIL, 1, t0, &second);
	answer(&first, EBUSY, t0);
	answer(&second, EBUSY, at(50));
	expect_nothing(at(50));
	assert_int_equal(maps_wake(maps).us, at(AGREEMENT_REFUSED_US).us);
	expect(STEP_FAIL, 0, at(AGREEMENT_REFUSED_US), &first);
	expect(STEP_FAIL, 1, maps_wake(maps), &second);
}

static void resuming_and_deciding_end_the_waiting(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	know(0, VERDICT_UNUSABLE);
	know(1, VERDICT_USABLE);
	suspended = true;
	(void)tell(0, t0);
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, EBUSY, t0);
	expect_nothing(at(1));
	suspended = false;
	(void)tell(0, at(2));
	assert_int_equal(last_change, MAPS_SUSPENDED);
	expect(STEP_FAIL, 0, at(2), &o);
	answer(&o, EBUSY, at(2));
	expect_nothing(at(3));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(3));
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(4));
	expect(STEP_FAIL, 0, at(4), &o);
	answer(&o, EBUSY, at(5));
	maps_path_removed(maps, 0, true);
	expect(STEP_FAIL, 0, at(6), &o);
}

static void there_is_room_for_so_many(void **state)
{
	static uint32_t minors[MAP_PATHS_MAX];
	struct map *m;
	uint32_t index;
	unsigned change;

	(void)state;
	for (unsigned i = 0; i < MAP_PATHS_MAX; i++)
		minors[i] = i;
	m = make(1, MAP_PATHS_MAX, minors, 0);
	(void)tell_n(0, PATHS + 1, minors, 0, true, t0);
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), -ENOSPC);
	assert_int_equal(maps_count(maps), 1);
	maps_remove(maps, maps_find(maps, DM, 0));
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), 0);
	map_unref(m);
	maps_remove(maps, index);
	for (unsigned i = 0; i < map_room(PATHS); i++)
		(void)tell_n(i, 1, minors, 0, true, t0);
	m = make(map_room(PATHS), 1, minors, 0);
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), -ENOSPC);
	map_unref(m);
}

static void what_is_to_be_told_is_given_once(void **state)
{
	uint32_t index = tell(0, t0);

	(void)state;
	assert_int_equal(maps_todo_take_map(maps), index);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
	know(0, VERDICT_UNUSABLE);
	assert_int_equal(maps_todo_take_map(maps), index);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, t0);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
	maps_path_checked(maps, 0, VERDICT_USABLE, true, t0);
	maps_remove(maps, index);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
	index = tell(0, t0);
	maps_remove(maps, index);
	assert_int_equal(tell(0, t0), index); /* the same place */
	assert_int_equal(maps_todo_take_map(maps), index);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(they_find_each_other_in_either_order),
		TEST(a_path_may_be_in_two_maps),
		TEST(two_names_of_one_device_stand_in_for_each_other),
		TEST(a_new_table_keeps_who_stays),
		TEST(the_most_paths_are_expected),
		TEST(answers_of_the_past_are_dropped),
		TEST(the_last_path_is_kept_until_another_comes_up),
		TEST(two_that_go_down_together_are_both_kept),
		TEST(one_that_is_kept_and_comes_up_is_as_before),
		TEST(what_is_gone_is_failed_and_what_is_not_configured_left_alone),
		TEST(what_is_disabled_counts_for_nothing),
		TEST(what_is_forced_is_failed_whatever_its_checks_find),
		TEST(what_is_forced_and_down_waits_for_a_good_check),
		TEST(nothing_is_sent_when_off_and_all_when_on),
		TEST(what_waits_wakes_in_time),
		TEST(the_first_that_waits_wakes),
		TEST(resuming_and_deciding_end_the_waiting),
		TEST(there_is_room_for_so_many),
		TEST(what_is_to_be_told_is_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
