/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which part explains changes that came together, and how long changes are gathered. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "checkerd/core/gather.h"

#define SEC   USEC_PER_SEC
#define PATHS 256

static struct gather *gathered;
static struct device *devices[PATHS];
static uint32_t n_devices;
static const struct mono t0 = { 1000 * SEC };

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int setup(void **state)
{
	(void)state;
	n_devices = 0;
	return gather_new(&gathered, PATHS);
}

static int teardown(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < n_devices; i++)
		devices[i] = device_unref(devices[i]);
	gathered = gather_free(gathered);
	return 0;
}

/* NULL: unknown. Returns the item. */
static uint32_t add(const char *host, const char *target, const char *product)
{
	char name[16], node[32];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .host = host,
		                          .target = target,
		                          .vendor = "VENDOR",
		                          .product = product };

	(void)snprintf(name, sizeof(name), "sd%u", n_devices);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n_devices);
	assert_int_equal(device_new(&devices[n_devices], &spec), 0);
	causes_path_added(gather_causes(gathered), devices[n_devices]);
	return n_devices++;
}

static void add_many(unsigned n, const char *host, const char *target,
                     const char *product)
{
	for (unsigned i = 0; i < n; i++)
		(void)add(host, target, product);
}

static void gather_at(uint32_t item, enum cause_turn turn, struct mono now)
{
	const struct gather_change c = { .turn = turn, .from = PATH_UP, .changed = true };

	gather_put(gathered, item, devices[item], &c, now);
}

static void gather_many(uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++)
		gather_at(i, TURN_DOWN, t0);
}

/* The part that explains the failures best, as "NAME: members of total". */
static const char *best(void)
{
	static char text[CAUSE_TEXT_MAX + 32];
	char name[CAUSE_TEXT_MAX];
	struct cause cause;
	uint32_t i = 0;

	if (!causes_best(gather_causes(gathered), TURN_DOWN,
	                 gather_count(gathered, TURN_DOWN), &cause))
		return "none";
	while (!gather_has(gathered, i) || !cause_has(&cause, devices[i]))
		i++;
	(void)snprintf(text, sizeof(text), "%s: %u of %u",
	               cause_format(&cause, devices[i], name, sizeof(name)),
	               cause.gathered[TURN_DOWN], cause.total);
	return text;
}

/* Takes what the best part explains. */
static void take(void)
{
	struct cause cause;

	assert_true(causes_best(gather_causes(gathered), TURN_DOWN,
	                        gather_count(gathered, TURN_DOWN), &cause));
	for (uint32_t i = 0; i < n_devices; i++)
		if (gather_has(gathered, i) && cause_has(&cause, devices[i]))
			gather_drop(gathered, i, devices[i]);
}

/* Two HBAs, two targets, one array: 8 paths for each pair; and another array. */
static void make_fabric(void)
{
	add_many(8, "host1", "A", "ARRAY"); /* 0 */
	add_many(8, "host1", "B", "ARRAY"); /* 8 */
	add_many(8, "host2", "A", "ARRAY"); /* 16 */
	add_many(8, "host2", "B", "ARRAY"); /* 24 */
	add_many(8, "host2", "C", "OTHER"); /* 32 */
}

static void the_smallest_part_that_explains_all_is_named(void **state)
{
	(void)state;
	make_fabric();
	gather_many(0, 8);
	assert_string_equal(best(), "target A through host1: 8 of 8");
	gather_many(8, 8);
	assert_string_equal(best(), "host1: 16 of 16");
	gather_many(16, 16);
	assert_string_equal(best(), "array VENDOR ARRAY: 32 of 32");
}

static void a_target_is_named_for_all_of_its_ways(void **state)
{
	(void)state;
	make_fabric();
	gather_many(0, 8);
	gather_many(16, 8);
	assert_string_equal(best(), "target A: 16 of 16");
}

/* A path of another HBA failed at the same time, by chance. */
static void one_more_path_changes_nothing(void **state)
{
	(void)state;
	make_fabric();
	gather_many(0, 16);
	gather_many(20, 1);
	assert_string_equal(best(), "host1: 16 of 16");
	take();
	assert_int_equal(gather_count(gathered, TURN_DOWN), 1);
	assert_string_equal(best(), "none");
}

static void two_parts_are_two_events(void **state)
{
	(void)state;
	make_fabric();
	gather_many(0, 16);
	gather_many(32, 8);
	assert_string_equal(best(), "host1: 16 of 16");
	take();
	assert_string_equal(best(), "target C through host2: 8 of 8");
	take();
	assert_int_equal(gather_count(gathered, TURN_DOWN), 0);
}

static void few_paths_have_no_part(void **state)
{
	(void)state;
	add_many(3, "host1", "A", "ARRAY");
	gather_many(0, 3);
	assert_string_equal(best(), "none");
	(void)add("host1", "A", "ARRAY");
	gather_many(3, 1);
	assert_string_equal(best(), "target A through host1: 4 of 4");
}

static void less_than_half_of_a_part_is_not_its_fault(void **state)
{
	(void)state;
	add_many(16, "host1", "A", "ARRAY");
	gather_many(0, 7);
	assert_string_equal(best(), "none");
	gather_many(7, 1);
	assert_string_equal(best(), "target A through host1: 8 of 16");
}

static void what_is_unknown_is_no_part(void **state)
{
	(void)state;
	add_many(8, NULL, NULL, NULL);
	gather_many(0, 8);
	assert_string_equal(best(), "none");
}

/* Arrays of one kind differ in the first digits of NAA 6 WWIDs. */
static void arrays_of_one_kind_are_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		char name[16], node[32], wwid[40];
		const struct device_spec spec = { .name = name,
			                          .node = node,
			                          .vendor = "DGC",
			                          .product = "VRAID",
			                          .wwid = wwid };

		(void)snprintf(name, sizeof(name), "sd%u", i);
		(void)snprintf(node, sizeof(node), "/dev/sd%u", i);
		(void)snprintf(wwid, sizeof(wwid), "360060160abcdef%02u%016u", i / 8, i);
		assert_int_equal(strlen(wwid), 33);
		assert_int_equal(device_new(&devices[n_devices++], &spec), 0);
		causes_path_added(gather_causes(gathered), devices[i]);
	}
	gather_many(8, 8);
	assert_string_equal(best(), "array DGC VRAID (WWIDs 360060160abcdef01…): 8 of 8");
}

static void a_removed_path_counts_for_its_part(void **state)
{
	const struct gather_change c = { .turn = TURN_GONE };
	struct cause cause;

	(void)state;
	add_many(8, "host1", "A", "ARRAY");
	for (uint32_t i = 0; i < 6; i++) {
		causes_path_removed(gather_causes(gathered), devices[i]);
		assert_int_not_equal(gather_put_gone(gathered, devices[i], NULL, &c, t0),
		                     GATHER_NONE);
	}
	assert_true(causes_best(gather_causes(gathered), TURN_GONE, 6, &cause));
	assert_int_equal(cause.gathered[TURN_GONE], 6);
	assert_int_equal(cause.total, 8);
	assert_int_equal(gather_find_gone(gathered, "sd3"), PATHS + 3);
	assert_int_equal(gather_find_gone(gathered, "sd7"), GATHER_NONE);
}

/* Parts that find no room are not named, and nothing else happens. */
static void a_full_table_names_fewer_parts(void **state)
{
	char host[16], target[16];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < PATHS; i++) {
			(void)snprintf(host, sizeof(host), "host%u", i / 4);
			(void)snprintf(target, sizeof(target), "t%u", i);
			(void)add(host, target, "ARRAY");
		}
		gather_many(0, 4);
		assert_string_equal(best(), "host0: 4 of 4");
		gather_many(PATHS - 4, 4);
		assert_string_equal(best(), "host0: 4 of 4");
		for (unsigned i = 0; i < PATHS; i++) {
			if (gather_has(gathered, i))
				gather_drop(gathered, i, devices[i]);
			causes_path_removed(gather_causes(gathered), devices[i]);
			devices[i] = device_unref(devices[i]);
		}
		n_devices = 0;
	}
	/* Everything was given back. */
	add_many(4, "host1", "A", "ARRAY");
	gather_many(0, 4);
	assert_string_equal(best(), "target A through host1: 4 of 4");
}

static void assert_due(int64_t us)
{
	assert_int_equal(gather_due(gathered, TURN_DOWN).us, at(us).us);
}

static void a_change_alone_waits_half_a_second(void **state)
{
	(void)state;
	make_fabric();
	assert_true(mono_is_never(gather_due(gathered, TURN_DOWN)));
	gather_at(0, TURN_DOWN, t0);
	gather_at(8, TURN_DOWN, at(400000));
	gather_at(16, TURN_DOWN, at(450000));
	assert_due(GATHER_ALONE_US);
	assert_true(mono_is_never(gather_due(gathered, TURN_BACK)));
}

static void company_waits_for_more_but_not_for_ever(void **state)
{
	(void)state;
	make_fabric();
	for (unsigned i = 0; i < 4; i++)
		gather_at(i, TURN_DOWN, at(i * 100000));
	assert_due(300000 + GATHER_QUIET_US);
	gather_at(4, TURN_DOWN, at(9500000));
	assert_due(GATHER_LONGEST_US);
}

/* When all paths of a part failed, and no others, no more can come. */
static void a_complete_part_does_not_wait(void **state)
{
	(void)state;
	make_fabric();
	for (unsigned i = 0; i < 7; i++)
		gather_at(i, TURN_DOWN, at(i));
	assert_due(6 + GATHER_QUIET_US);
	gather_at(7, TURN_DOWN, at(7));
	assert_due(7 + GATHER_ALONE_US);
	gather_at(8, TURN_DOWN, at(8)); /* another target */
	assert_due(8 + GATHER_QUIET_US);
}

static void what_is_left_keeps_its_time(void **state)
{
	(void)state;
	make_fabric();
	gather_at(0, TURN_DOWN, t0);
	gather_at(1, TURN_DOWN, at(400000));
	gather_drop(gathered, 0, devices[0]);
	gather_reported(gathered, TURN_DOWN, at(400000));
	assert_due(400000 + GATHER_ALONE_US);
	gather_drop(gathered, 1, devices[1]);
	assert_true(mono_is_never(gather_due(gathered, TURN_DOWN)));
}

static void a_change_that_goes_on_is_counted_once(void **state)
{
	(void)state;
	make_fabric();
	for (unsigned i = 0; i < 4; i++) {
		gather_at(i, TURN_DOUBT, t0);
		gather_at(i, TURN_DOUBT, t0);
		gather_at(i, TURN_DOWN, t0);
	}
	assert_int_equal(gather_count(gathered, TURN_DOUBT), 0);
	assert_int_equal(gather_count(gathered, TURN_DOWN), 4);
	assert_string_equal(best(), "target A through host1: 4 of 8");
}

static void what_is_gathered_comes_out_as_it_was(void **state)
{
	static const int64_t times[] = { 0,           999,           1000,
		                         100 * SEC,   131071000,     3600 * SEC,
		                         86400 * SEC, 9999999 * SEC, 3000000000 * SEC };
	struct gather_change c = { .turn = TURN_BACK,
		                   .from = PATH_DISCONNECTED,
		                   .changed = true,
		                   .commanded = true };

	(void)state;
	(void)add("host1", "A", "ARRAY");
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct gather_change got;
		int64_t off;

		c.lasted_us = times[i];
		c.foreign = i % 2 != 0;
		gather_put(gathered, 0, devices[0], &c, t0);
		got = gather_get(gathered, 0);
		off = times[i] - got.lasted_us;
		assert_in_range(off, 0, times[i] <= 131071000 ? 999 : times[i] / 65536);
		assert_int_equal(got.from, PATH_DISCONNECTED);
		assert_int_equal(got.turn, TURN_BACK);
		assert_true(got.changed && got.commanded);
		assert_int_equal(got.foreign, c.foreign);
	}
}

static void removed_paths_have_a_limit(void **state)
{
	const struct gather_change c = { .turn = TURN_GONE, .changed = true };

	(void)state;
	(void)add("host1", "A", "ARRAY");
	for (unsigned i = 0; i < GATHER_GONE_MAX; i++)
		assert_int_equal(gather_put_gone(gathered, devices[0], NULL, &c, t0),
		                 PATHS + i);
	assert_int_equal(gather_due(gathered, TURN_GONE).us,
	                 t0.us); /* there is no more room */
	assert_int_equal(gather_put_gone(gathered, devices[0], NULL, &c, t0),
	                 GATHER_NONE);
	gather_drop(gathered, PATHS + 7, devices[0]);
	assert_int_equal(gather_put_gone(gathered, devices[0], NULL, &c, t0), PATHS + 7);
}

static void visits_are_limited(void **state)
{
	uint32_t cursor = 0, visits = 10;

	(void)state;
	make_fabric();
	gather_many(3, 1);
	gather_many(20, 1);
	assert_int_equal(gather_next(gathered, TURN_DOWN, &cursor, &visits), 3);
	assert_int_equal(gather_next(gathered, TURN_DOWN, &cursor, &visits), GATHER_NONE);
	assert_int_equal(visits, 0);
	assert_int_equal(cursor, 10);
	visits = 100000;
	assert_int_equal(gather_next(gathered, TURN_BACK, &cursor, &visits), GATHER_NONE);
	cursor = 10;
	assert_int_equal(gather_next(gathered, TURN_DOWN, &cursor, &visits), 20);
	assert_int_equal(gather_next(gathered, TURN_DOWN, &cursor, &visits), GATHER_NONE);
	assert_int_equal(cursor, gather_end(gathered));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_smallest_part_that_explains_all_is_named),
		TEST(a_target_is_named_for_all_of_its_ways),
		TEST(one_more_path_changes_nothing),
		TEST(two_parts_are_two_events),
		TEST(few_paths_have_no_part),
		TEST(less_than_half_of_a_part_is_not_its_fault),
		TEST(what_is_unknown_is_no_part),
		TEST(arrays_of_one_kind_are_apart),
		TEST(a_removed_path_counts_for_its_part),
		TEST(a_full_table_names_fewer_parts),
		TEST(a_change_alone_waits_half_a_second),
		TEST(company_waits_for_more_but_not_for_ever),
		TEST(a_complete_part_does_not_wait),
		TEST(what_is_left_keeps_its_time),
		TEST(a_change_that_goes_on_is_counted_once),
		TEST(what_is_gathered_comes_out_as_it_was),
		TEST(removed_paths_have_a_limit),
		TEST(visits_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
