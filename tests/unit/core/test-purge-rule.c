/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the disk of a path may be deleted, and each reason to keep it. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/core/purge_rule.h"
#include "tests/unit/core/maps-bed.h"

#define N 3 /* paths: sd0, sd1, sd2 in a map */

static struct registry *registry;
static struct mono now;

static struct path *path_at(uint32_t i)
{
	return registry_get(registry, i);
}

/* One outcome of a check, at this time. */
static void hear(uint32_t i, enum outcome_kind kind)
{
	const struct path_policy policy = { 1, 1 };
	const struct outcome o = { .kind = kind, .stage = STAGE_READ, .error = EIO };
	struct path *p = path_at(i);

	(void)path_status_step(&p->status, &o, &policy, SEC, now, &p->status);
	if (kind != OUTCOME_TIMED_OUT && kind != OUTCOME_DEFERRED)
		p->last = now;
	maps_path_checked(maps, i, p->status.verdict, kind == OUTCOME_OK, now);
}

static void pass(int64_t us)
{
	now = mono_add(now, us);
}

/* The usual answers: three of them in 10 s. */
static void disconnect(uint32_t i)
{
	const struct mono before = now;

	for (unsigned n = 0; n < 3; n++) {
		hear(i, OUTCOME_DISCONNECTED);
		if (n < 2)
			pass(5 * SEC);
	}
	if (before.us == now.us)
		fail();
}

/* The kernel's view: bits of the failed paths. */
static void map_has(unsigned n, uint32_t failed)
{
	static const uint32_t minors[] = { 0, 1, 2, 3 };

	tell_n(0, n, minors, failed, false, now);
}

static enum purge_answer rule(uint32_t i)
{
	return purge_rule(registry, maps, i, now);
}

static void add(uint32_t i, const char *hcil, uint64_t diskseq)
{
	const struct path_settings s = { .interval_us = 5 * SEC, .purge = 1 };
	struct device *d;
	uint32_t index;

	disk = (struct device_spec){ .hcil = hcil, .diskseq = diskseq };
	d = make_device(i, SD, i);
	assert_int_equal(registry_add(registry, d, &s, now, &index), 0);
	assert_int_equal(index, i);
	maps_path_added(maps, i, d);
	device_unref(d);
}

/* sd0 is disconnected, and failed in the map; the others work. */
static int make_all(void **state)
{
	if (setup(state) < 0 || registry_new(&registry, PATHS) < 0)
		return -1;
	now = t0;
	for (uint32_t i = 0; i < N; i++)
		add(i, "3:0:0:1", 100 + i);
	map_has(N, 1);
	for (uint32_t i = 0; i < N; i++)
		hear(i, OUTCOME_OK);
	pass(SEC);
	disconnect(0);
	return 0;
}

static int free_all(void **state)
{
	registry = registry_free(registry);
	return teardown(state);
}

static void it_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(rule(0), PURGE_ALLOWED);
	assert_int_equal(rule(1), PURGE_NOT_CONFIRMED);
}

static void only_where_it_is_wanted(void **state)
{
	(void)state;
	path_at(0)->settings.purge = 0;
	assert_int_equal(rule(0), PURGE_NOT_WANTED);
}

static void not_before_three_checks_and_ten_seconds(void **state)
{
	(void)state;
	hear(0, OUTCOME_OK);
	for (unsigned n = 0; n < 9; n++) { /* each second */
		hear(0, OUTCOME_DISCONNECTED);
		pass(SEC);
		assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
	}
	hear(0, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
	pass(SEC);
	hear(0, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_ALLOWED);

	hear(0, OUTCOME_OK);
	for (unsigned n = 0; n < 2; n++) { /* each 20 s */
		hear(0, OUTCOME_DISCONNECTED);
		assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
		pass(20 * SEC);
	}
	hear(0, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_ALLOWED);
}

static void each_other_outcome_starts_again(void **state)
{
	static const enum outcome_kind others[] = { OUTCOME_OK, OUTCOME_FAILED,
		                                    OUTCOME_DEVICE_ERROR,
		                                    OUTCOME_TIMED_OUT, OUTCOME_GONE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		hear(0, others[i]);
		assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
		for (unsigned n = 0; n < 2; n++) {
			pass(20 * SEC);
			hear(0, OUTCOME_DISCONNECTED);
			assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
		}
		pass(20 * SEC);
		hear(0, OUTCOME_DISCONNECTED);
		assert_int_equal(rule(0), PURGE_ALLOWED);
	}
}

static void a_check_that_was_not_made_is_no_answer(void **state)
{
	(void)state;
	hear(0, OUTCOME_OK);
	for (unsigned n = 0; n < 2; n++) {
		hear(0, OUTCOME_DISCONNECTED);
		pass(20 * SEC);
		hear(0, OUTCOME_DEFERRED);
		hear(0, OUTCOME_NOT_JUDGED);
		assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
	}
	hear(0, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_ALLOWED);
}

static void an_old_answer_is_no_reason(void **state)
{
	(void)state;
	pass(PURGE_FRESH_US);
	assert_int_equal(rule(0), PURGE_ALLOWED);
	pass(1);
	assert_int_equal(rule(0), PURGE_NOT_CONFIRMED);
}

static void what_an_administrator_holds_stays(void **state)
{
	(void)state;
	path_at(0)->enabled = false;
	assert_int_equal(rule(0), PURGE_HELD);
	path_at(0)->enabled = true;
	maps_force(maps, 0, true, false);
	assert_int_equal(rule(0), PURGE_HELD);
	maps_force(maps, 0, false, false);
	assert_int_equal(rule(0), PURGE_ALLOWED);
}

static void a_disk_without_address_or_number_stays(void **state)
{
	(void)state;
	add(3, NULL, 103); /* NVMe */
	add(4, "3:0:0:4", 0);
	hear(3, OUTCOME_DISCONNECTED);
	hear(4, OUTCOME_DISCONNECTED);
	for (uint32_t i = 3; i <= 4; i++)
		disconnect(i);
	hear(3, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(3), PURGE_NOT_SCSI);
	assert_int_equal(rule(4), PURGE_NO_NUMBER);
}

static void a_path_without_a_map_stays(void **state)
{
	(void)state;
	add(3, "3:0:0:4", 103);
	disconnect(3);
	assert_int_equal(rule(3), PURGE_NO_MAP);
}

static void a_path_that_the_kernel_uses_stays(void **state)
{
	(void)state;
	map_has(N, 0);
	assert_int_equal(rule(0), PURGE_IN_USE);
	map_has(N, 1);
	assert_int_equal(rule(0), PURGE_ALLOWED);
	/* Also when only one of its maps uses it. */
	tell_n(1, 1, (const uint32_t[]){ 0 }, 0, false, now);
	assert_int_equal(rule(0), PURGE_IN_USE);
}

static void a_command_that_waits(void **state)
{
	struct maps_order o;

	(void)state;
	maps_set_control(maps, true);
	map_has(N, 0);
	expect(STEP_FAIL, 0, now, &o);
	map_has(N, 1);
	assert_int_equal(rule(0), PURGE_IN_USE);
	answer(&o, 0, now);
	assert_int_equal(rule(0), PURGE_ALLOWED);
}

static void a_barred_path_stays(void **state)
{
	(void)state;
	maps_path(maps, maps_first_of_path(maps, 0))->bar = BAR_READ;
	assert_int_equal(rule(0), PURGE_BARRED);
}

static void without_a_path_that_works_it_stays(void **state)
{
	(void)state;
	hear(1, OUTCOME_FAILED);
	assert_int_equal(rule(0), PURGE_ALLOWED);
	hear(2, OUTCOME_FAILED);
	assert_int_equal(rule(0), PURGE_LAST);
	/* The kernel does not use the path that works. */
	hear(2, OUTCOME_OK);
	map_has(N, 1 | 4);
	assert_int_equal(rule(0), PURGE_LAST);
	map_has(N, 1);
	assert_int_equal(rule(0), PURGE_ALLOWED);
	/* A disabled path counts for nothing. */
	path_at(2)->enabled = false;
	maps_disable(maps, 2, MAPS_DISABLED, false);
	assert_int_equal(rule(0), PURGE_LAST);
}

static void all_paths_are_disconnected(void **state)
{
	(void)state;
	map_has(N, 7);
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(rule(0), PURGE_LAST);
		for (uint32_t i = 0; i < N; i++)
			hear(i, OUTCOME_DISCONNECTED);
		if (n < 2) {
			pass(5 * SEC);
			hear(0, OUTCOME_DISCONNECTED);
		}
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(rule(i), PURGE_ALLOWED);
	/* One of them is deleted, then another one. */
	for (uint32_t i = N - 1; i > 0; i--) {
		maps_path_removed(maps, i, true);
		registry_remove(registry, i);
		assert_int_equal(rule(0), PURGE_ALLOWED);
	}
}

static void a_path_that_is_held_is_not_lost(void **state)
{
	(void)state;
	map_has(N, 7);
	disconnect(1);
	disconnect(2);
	hear(0, OUTCOME_DISCONNECTED);
	hear(1, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_ALLOWED);
	maps_force(maps, 1, true, false);
	assert_int_equal(rule(0), PURGE_LAST);
	maps_force(maps, 1, false, false);
	path_at(1)->enabled = false;
	assert_int_equal(rule(0), PURGE_LAST);
}

static void a_path_that_is_not_ours_may_work(void **state)
{
	(void)state;
	map_has(N + 1, 15);
	disconnect(1);
	disconnect(2);
	hear(0, OUTCOME_DISCONNECTED);
	assert_int_equal(rule(0), PURGE_LAST);
	map_has(N, 7);
	assert_int_equal(rule(0), PURGE_ALLOWED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_all, free_all)
	static const struct CMUnitTest tests[] = {
		TEST(it_is_allowed),
		TEST(only_where_it_is_wanted),
		TEST(not_before_three_checks_and_ten_seconds),
		TEST(each_other_outcome_starts_again),
		TEST(a_check_that_was_not_made_is_no_answer),
		TEST(an_old_answer_is_no_reason),
		TEST(what_an_administrator_holds_stays),
		TEST(a_disk_without_address_or_number_stays),
		TEST(a_path_without_a_map_stays),
		TEST(a_path_that_the_kernel_uses_stays),
		TEST(a_command_that_waits),
		TEST(a_barred_path_stays),
		TEST(without_a_path_that_works_it_stays),
		TEST(all_paths_are_disconnected),
		TEST(a_path_that_is_held_is_not_lost),
		TEST(a_path_that_is_not_ours_may_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
