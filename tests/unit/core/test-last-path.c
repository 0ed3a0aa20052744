/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which maps lose their last usable path when several paths are taken together. */
#include "tests/unit/unit.h"

#include "checkerd/core/last_path.h"
#include "tests/unit/core/maps-bed.h"

static struct registry *registry;
static struct last_path last;

/* Path i is up. map: the map that its device names; NULL: none. */
static void add(uint32_t i, const char *map)
{
	const struct path_settings s = { .interval_us = SEC, .timeout_us = SEC };
	struct device_spec spec = { .devt_major = SD, .devt_minor = i, .map = map };
	char node[32];
	struct device *d;
	uint32_t index;

	(void)snprintf(node, sizeof(node), "/dev/sd%u", i);
	spec.node = node;
	spec.name = node + strlen("/dev/");
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(registry_add(registry, d, &s, t0, &index), 0);
	assert_int_equal(index, i);
	registry_get(registry, i)->status.state = PATH_UP;
	maps_path_added(maps, i, d);
	maps_path_checked(maps, i, VERDICT_USABLE, true, t0);
	device_unref(d);
}

static int begin(void **state)
{
	assert_int_equal(setup(state), 0);
	assert_int_equal(registry_new(&registry, PATHS), 0);
	last = (struct last_path){ .registry = registry, .maps = maps };
	return 0;
}

static int end(void **state)
{
	registry = registry_free(registry);
	return teardown(state);
}

/* Picks these paths: bits of those that are the last ones of a map. Each answer is given twice, and
 * nothing stays behind. */
static uint32_t losers(uint32_t picked)
{
	uint32_t lost = 0, map;

	for (unsigned i = 0; i < PATHS; i++)
		if (picked >> i & 1)
			last_path_pick(&last, i);
	for (unsigned i = 0; i < PATHS; i++)
		if ((picked >> i & 1) && last_path_loses(&last, i, &map)) {
			assert_true(last_path_loses(&last, i, &map));
			lost |= UINT32_C(1) << i;
		}
	for (unsigned i = 0; i < PATHS; i++)
		if (picked >> i & 1)
			last_path_drop(&last, i);
	for (unsigned i = 0; i < registry_end(registry); i++) {
		const struct path *p = registry_get(registry, i);

		assert_false(p->picked || p->judged || p->loses);
	}
	for (unsigned i = 0; i < maps_end(maps); i++)
		assert_false(maps_get(maps, i)->judged || maps_get(maps, i)->loses);
	return lost;
}

/* Two maps of four paths, of which 0, 2, 4 and 6 go through one HBA. */
static void two_maps(void)
{
	static const uint32_t first[] = { 0, 1, 2, 3 }, second[] = { 4, 5, 6, 7 };

	for (uint32_t i = 0; i < 8; i++)
		add(i, NULL);
	tell_n(0, 4, first, 0, true, t0);
	tell_n(1, 4, second, 0, false, t0);
}

static void test_together(void **state)
{
	(void)state;
	two_maps();
	assert_int_equal(losers(0x55), 0);
	assert_int_equal(losers(0x0f), 0x0f); /* all of the first map */
	assert_int_equal(losers(0x7f), 0x0f); /* and three of the second one */
	assert_int_equal(losers(0), 0);
}

/* What is not usable does not save a map, and is not missed. */
static void test_only_usable_paths_count(void **state)
{
	static const uint32_t second[] = { 4, 5, 6, 7 };

	(void)state;
	two_maps();
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	maps_disable(maps, 3, MAPS_DISABLED, false);
	assert_int_equal(losers(0x0f), 0x05); /* 1 is down, 3 is disabled */
	assert_int_equal(losers(0x01), 0);
	maps_disable(maps, 0, MAPS_DISABLED, false);
	maps_force(maps, 2, true, false);
	assert_int_equal(losers(0x0f), 0);     /* there is nothing left to lose */
	tell_n(1, 4, second, 0xa0, false, t0); /* 5 and 7 are failed in the kernel */
	assert_int_equal(losers(0x10), 0);
	assert_int_equal(losers(0x50), 0x50);
}

/* A path that is in two maps is the last one of one of them. */
static void test_two_maps_of_a_path(void **state)
{
	static const uint32_t other[] = { 0, 9 };

	(void)state;
	two_maps();
	tell_n(2, 2, other, 0x200, false, t0); /* 9 is failed */
	assert_int_equal(losers(0x01), 0x01);
	assert_int_equal(losers(0x03), 0x01);
}

/* A map that only the devices name: the states count. */
static void test_named_maps(void **state)
{
	uint32_t map = 7;

	(void)state;
	add(0, "a");
	add(1, "a");
	add(2, "b");
	add(3, "b");
	add(4, "b");
	add(5, NULL);
	assert_int_equal(losers(0x01), 0);
	assert_int_equal(losers(0x2f), 0x03);
	registry_get(registry, 4)->status.verdict = VERDICT_UNUSABLE;
	assert_int_equal(losers(0x0d), 0x0c);
	registry_get(registry, 3)->enabled = false;
	assert_int_equal(losers(0x04), 0x04);
	last.maps_decide = true; /* these maps do not exist */
	assert_int_equal(losers(0x04), 0);
	last.maps_decide = false;
	last_path_pick(&last, 2);
	assert_true(last_path_loses(&last, 2, &map));
	assert_int_equal(map, MAPS_NONE);
	last_path_drop(&last, 2);
}

/* The index by map follows paths that come, go and change. */
static void test_index_by_map(void **state)
{
	struct device *d = make_device(1, SD, 1);
	uint32_t i = REGISTRY_NONE, n = 0;

	(void)state;
	for (uint32_t k = 0; k < PATHS; k++)
		add(k, k % 2 == 0 ? "a" : "b");
	registry_update_device(registry, 1, d); /* it names no map any more */
	device_unref(d);
	registry_remove(registry, 3);
	registry_remove(registry, 31);
	registry_remove(registry, 30);
	while ((i = registry_next_of_map(registry, "b", i)) != REGISTRY_NONE) {
		assert_true(i % 2 == 1 && i != 1 && i != 3 && i != 31);
		n++;
	}
	assert_int_equal(n, 13);
	for (n = 0; (i = registry_next_of_map(registry, "a", i)) != REGISTRY_NONE; n++)
		assert_true(i % 2 == 0 && i != 30);
	assert_int_equal(n, 15);
	assert_int_equal(registry_next_of_map(registry, "c", REGISTRY_NONE),
	                 REGISTRY_NONE);
}

/* A path that is disabled and emptied is failed in its map, and stays so while it is down. */
static void test_emptied(void **state)
{
	struct maps_order o;

	(void)state;
	two_maps();
	maps_set_control(maps, true);
	maps_disable(maps, 4, MAPS_DISABLED_EMPTIED, false);
	expect(STEP_FAIL, 4, t0, &o);
	answer(&o, 0, t0);
	expect_nothing(t0);
	/* Enabled: it needs a good check first. */
	maps_disable(maps, 4, MAPS_ENABLED, false);
	expect(STEP_RECHECK, 4, t0, &o);
	maps_path_checked(maps, 4, VERDICT_USABLE, true, at(1));
	expect(STEP_REINSTATE, 4, at(2), &o);
	answer(&o, 0, at(2));
}

/* With even_last the last path of a map is failed in spite of keep_last_path. */
static void test_even_last(void **state)
{
	static const uint32_t one[] = { 0 };
	struct maps_order o;

	(void)state;
	add(0, NULL);
	tell_n(0, 1, one, 0, true, t0);
	maps_set_control(maps, true);
	maps_force(maps, 0, true, false);
	expect(STEP_KEEP, 0, t0, &o);
	maps_force(maps, 0, true, true);
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, 0, t0);
	maps_force(maps, 0, false, false);
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(1));
	expect(STEP_REINSTATE, 0, at(2), &o);
	answer(&o, 0, at(2));
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(3));
	expect(STEP_KEEP, 0, at(3), &o); /* even_last has ended */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_together, begin, end),
		cmocka_unit_test_setup_teardown(test_only_usable_paths_count, begin, end),
		cmocka_unit_test_setup_teardown(test_two_maps_of_a_path, begin, end),
		cmocka_unit_test_setup_teardown(test_named_maps, begin, end),
		cmocka_unit_test_setup_teardown(test_index_by_map, begin, end),
		cmocka_unit_test_setup_teardown(test_emptied, begin, end),
		cmocka_unit_test_setup_teardown(test_even_last, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
