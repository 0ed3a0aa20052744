/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of maps: who is in which map, whichever comes first; what goes; what is kept;
 * and a random world in which, whatever happens, the rules hold and the kernel agrees once
 * it is quiet. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/core/maps.h"
#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_todo.h"
#include "tests/unit/random.h"
#include "util/macro.h"

#define SEC   USEC_PER_SEC
#define PATHS 32
#define DM    254
#define SD    8

static const struct mono t0 = { 1000 * SEC };
static struct maps *maps;
static bool suspended;          /* what is made is */
static struct device_spec disk; /* what is known of the disks that are added */
static const char *uuid;        /* of the maps that are made */

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int setup(void **state)
{
	(void)state;
	suspended = false;
	disk = (struct device_spec){ 0 };
	uuid = "";
	return maps_new(&maps, PATHS);
}

static int teardown(void **state)
{
	(void)state;
	maps = maps_free(maps);
	return 0;
}

/* A map of the paths with these minors; those of `failed` as bits are failed. */
static struct map *make(uint32_t minor, unsigned n, const uint32_t *minors,
                        uint32_t failed)
{
	struct map_path paths[MAP_PATHS_MAX] = { { 0 } };
	const enum map_group_state group = MAP_GROUP_ACTIVE;
	char name[16];
	const struct map_spec spec = {
		.devt_major = DM,
		.devt_minor = minor,
		.name = name,
		.uuid = uuid,
		.n_groups = 1,
		.groups = &group,
		.n_paths = n,
		.suspended = suspended,
		.paths = paths,
	};
	struct map *m;

	(void)snprintf(name, sizeof(name), "m%u", minor);
	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ SD, minors[i], 1, 0,
			                      minors[i] >= 32 ||
			                              (failed >> minors[i] & 1) == 0 };
	assert_int_equal(map_new(&m, &spec), 0);
	return m;
}

static unsigned last_change;

static uint32_t tell_n(uint32_t minor, unsigned n, const uint32_t *minors,
                       uint32_t failed, bool keep, struct mono now)
{
	struct map *m = make(minor, n, minors, failed);
	uint32_t index;

	assert_int_equal(maps_update(maps, m, keep, now, &index, &last_change), 0);
	assert_int_equal(atomic_load(&m->refs), 2);
	map_unref(m);
	return index;
}

/* The usual one: paths 0 and 1, kept. */
static uint32_t tell(uint32_t failed, struct mono now)
{
	static const uint32_t minors[] = { 0, 1 };

	return tell_n(0, 2, minors, failed, true, now);
}

static struct device *make_device(uint32_t path, uint32_t major, uint32_t minor)
{
	struct device_spec spec = disk;
	char node[32];
	struct device *d;

	(void)snprintf(node, sizeof(node), "/dev/sd%u", path);
	spec.node = node;
	spec.name = node + strlen("/dev/");
	spec.devt_major = major;
	spec.devt_minor = minor;
	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void add_path(uint32_t path, uint32_t major, uint32_t minor)
{
	struct device *d = make_device(path, major, minor);

	maps_path_added(maps, path, d);
	assert_int_equal(atomic_load(&d->refs), 2);
	device_unref(d);
}

static void know(uint32_t path, enum path_verdict v)
{
	add_path(path, SD, path);
	if (v != VERDICT_NONE)
		maps_path_checked(maps, path, v, v == VERDICT_USABLE, t0);
}

static uint32_t minor_of(uint32_t entry)
{
	return maps_path(maps, entry)->devt_minor;
}

/* The next thing to be done, whatever needs nothing left out; NOTHING: there is none. */
static enum agreement_step next(struct mono now, struct maps_order *o)
{
	while (maps_next(maps, now, o))
		if (o->step != STEP_NOTHING && o->step != STEP_WAIT)
			return o->step;
	return STEP_NOTHING;
}

static void expect(enum agreement_step step, uint32_t minor, struct mono now,
                   struct maps_order *ret)
{
	assert_int_equal(next(now, ret), step);
	assert_int_equal(minor_of(ret->entry), minor);
	if (step == STEP_FAIL || step == STEP_REINSTATE)
		maps_sent(maps, ret);
}

static void expect_nothing(struct mono now)
{
	struct maps_order o;

	assert_int_equal(next(now, &o), STEP_NOTHING);
}

static void answer(const struct maps_order *o, int error, struct mono now)
{
	enum agreement_command c;

	assert_int_equal(maps_answered(maps, o->token, error, now, &c), o->entry);
}

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
	expect_nothing(t0); /* and told once */
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
	/* Another device with that number: nothing is known of it. */
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
	maps_disable(maps, 0, true);
	assert_int_equal(maps_todo_take_map(maps), 0); /* its redundancy is another one */
	maps_disable(maps, 0, true);
	assert_int_equal(maps_todo_take_map(maps), MAPS_NONE);
	assert_int_equal(maps_disabled(maps, map), 1);
	assert_int_equal(maps_usable(maps, map), 1);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_LAST);
	maps_disable(maps, 1, true);
	assert_int_equal(maps_usable(maps, map), 0);
	assert_int_equal(maps_redundancy(maps, map), REDUNDANCY_NONE);
	expect_nothing(t0); /* device-mapper is left alone */
	/* Nobody knows whether the disabled one works: the other one is the last. */
	maps_disable(maps, 1, false);
	assert_true(maps_is_needed(maps, 1));
	maps_disable(maps, 0, false);
	assert_false(maps_is_needed(maps, 1));
	maps_disable(maps, 1, true);
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
	maps_force(maps, 0, true);
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
	maps_force(maps, 0, false);
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
	maps_force(maps, 0, true); /* before it is in a map */
	tell(0, t0);
	expect(STEP_FAIL, 0, t0, &o);
	answer(&o, 0, t0);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, at(SEC));
	maps_force(maps, 0, false);
	expect_nothing(at(SEC));
	maps_path_checked(maps, 0, VERDICT_USABLE, true, at(2 * SEC));
	expect(STEP_REINSTATE, 0, at(2 * SEC), &o);
	/* one that goes is forgotten */
	maps_force(maps, 1, true);
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

/* --- a world in which anything may happen --- */

#define WORLD_MAPS  6
#define WORLD_EACH  4
#define WORLD_STEPS 60000

/* The kernel: what is told of it comes later, in order with the answers. */
struct world {
	struct random random;
	struct mono now;
	bool active[WORLD_MAPS][WORLD_EACH];
	bool there[WORLD_MAPS];
	bool good[WORLD_MAPS * WORLD_EACH];  /* what a check finds */
	bool known[WORLD_MAPS * WORLD_EACH]; /* the daemon has it as a path */
	enum path_verdict verdict[WORLD_MAPS * WORLD_EACH];
	bool to_check[WORLD_MAPS * WORLD_EACH];
	bool on, quiet, keep;
	struct {
		bool is_answer;
		uint32_t map, failed; /* news: as it was read */
		bool gone;
		struct maps_order order;
		int error;
	} ring[256];
	unsigned head, tail, flying[WORLD_MAPS * WORLD_EACH], sent;
};

static struct world w;

static bool roll(uint64_t n)
{
	return random_below(&w.random, n) == 0;
}

/* The dm thread reads a map and tells of it. */
static void read_map(uint32_t map)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < WORLD_EACH; i++)
		failed |= (uint32_t)!w.active[map][i] << (map * WORLD_EACH + i);
	w.ring[w.tail].is_answer = false;
	w.ring[w.tail].map = map;
	w.ring[w.tail].gone = !w.there[map];
	w.ring[w.tail++ % ARRAY_LEN(w.ring)].failed = failed;
	w.tail %= ARRAY_LEN(w.ring);
	assert_true(w.tail != w.head);
}

/* The kernel does what it was told, or not. */
static void execute(const struct maps_order *o)
{
	uint32_t minor = minor_of(o->entry), map = minor / WORLD_EACH;
	bool *active = &w.active[map][minor % WORLD_EACH];
	unsigned actives = 0;
	int error = !w.there[map] ? ENXIO : !w.quiet && roll(4) ? EBUSY : 0;

	assert_true(w.on);
	for (unsigned i = 0; i < WORLD_EACH; i++)
		actives += w.active[map][i];
	if (error == 0 && o->step == STEP_FAIL && w.keep && *active && w.quiet)
		assert_true(actives > 1);
	if (error == 0)
		*active = o->step == STEP_REINSTATE;
	w.ring[w.tail].is_answer = true;
	w.ring[w.tail].order = *o;
	w.ring[w.tail].map = minor;
	w.ring[w.tail].error = error;
	w.tail = (w.tail + 1) % ARRAY_LEN(w.ring);
	assert_true(w.tail != w.head);
	if (error == 0)
		read_map(map);
}

static void deliver(void)
{
	uint32_t minors[WORLD_EACH], map = w.ring[w.head].map, index;
	enum agreement_command c;

	if (w.head == w.tail)
		return;
	if (w.ring[w.head].is_answer) {
		w.flying[map]--;
		(void)maps_answered(maps, w.ring[w.head].order.token,
		                    w.ring[w.head].error, w.now, &c);
	} else if (w.ring[w.head].gone) {
		index = maps_find(maps, DM, map);
		if (index != MAPS_NONE)
			maps_remove(maps, index);
	} else {
		for (uint32_t i = 0; i < WORLD_EACH; i++)
			minors[i] = map * WORLD_EACH + i;
		(void)tell_n(map, WORLD_EACH, minors, w.ring[w.head].failed, w.keep,
		             w.now);
	}
	w.head = (w.head + 1) % ARRAY_LEN(w.ring);
}

/* With keep_last_path no command may leave a map without an active path, as far as can be
 * known: what was told, less what is on its way. */
static void assert_not_the_last(const struct maps_order *o)
{
	const struct maps_path *e = maps_path(maps, o->entry);
	const struct maps_map *m = maps_get(maps, e->map);
	unsigned left = 0;

	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(maps, i)->next)
		left += i != o->entry && maps_path(maps, i)->agreement.active &&
		        maps_path(maps, i)->path != MAPS_NONE &&
		        maps_path(maps, i)->verdict == VERDICT_USABLE &&
		        maps_path(maps, i)->agreement.in_flight != COMMAND_FAIL;
	assert_true(left > 0);
}

static void settle(unsigned limit)
{
	struct maps_order o;

	while (limit-- > 0 && maps_next(maps, w.now, &o)) {
		uint32_t minor = minor_of(o.entry);

		if (o.step == STEP_RECHECK)
			w.to_check[maps_path(maps, o.entry)->path] = true;
		if (o.step != STEP_FAIL && o.step != STEP_REINSTATE)
			continue;
		if (!w.quiet && roll(5)) {
			maps_put_back(maps, &o);
			break;
		}
		if (o.step == STEP_FAIL && w.keep)
			assert_not_the_last(&o);
		maps_sent(maps, &o);
		w.sent++;
		w.flying[minor]++;
		execute(&o);
	}
}

static void check(uint32_t path)
{
	w.to_check[path] = false;
	if (!w.known[path])
		return;
	w.verdict[path] = w.good[path] ? VERDICT_USABLE : VERDICT_UNUSABLE;
	maps_path_checked(maps, path, w.verdict[path], w.good[path], w.now);
}

static void disturb(void)
{
	uint32_t path = (uint32_t)random_below(&w.random, WORLD_MAPS * WORLD_EACH);
	uint32_t map = path / WORLD_EACH;
	bool gone;

	switch (random_below(&w.random, 8)) {
	case 0: /* the kernel, or another program, turns a path */
		w.active[map][path % WORLD_EACH] ^= true;
		read_map(map);
		break;
	case 1:
		w.there[map] ^= true;
		for (unsigned i = 0; i < WORLD_EACH; i++)
			w.active[map][i] = true;
		read_map(map);
		break;
	case 2:
		gone = roll(2);
		if (w.known[path])
			maps_path_removed(maps, path, gone);
		else
			add_path(path, SD, path);
		w.known[path] ^= true;
		w.verdict[path] = VERDICT_NONE;
		break;
	case 3:
		w.on ^= true;
		maps_set_control(maps, w.on);
		break;
	case 4:
		check(path);
		break;
	default:
		w.good[path] ^= true;
		check(path);
		break;
	}
}

/* Nothing happens any more but what has to: everybody comes to agree. */
static void quieten(void)
{
	w.quiet = true;
	for (unsigned n = 0; n < 2000; n++) {
		w.now = mono_add(w.now, SEC);
		for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++)
			if (n == 0 || w.to_check[p])
				check(p);
		settle(1000);
		while (w.head != w.tail)
			deliver();
	}
	w.quiet = false;
}

/* Another path of the map that works and is active. */
static bool another_works(uint32_t path)
{
	uint32_t map = path / WORLD_EACH;

	for (uint32_t i = 0; i < WORLD_EACH; i++) {
		uint32_t p = map * WORLD_EACH + i;

		if (p != path && w.known[p] && w.active[map][i] &&
		    w.verdict[p] == VERDICT_USABLE)
			return true;
	}
	return false;
}

static void assert_agreement(void)
{
	for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++) {
		uint32_t map = p / WORLD_EACH;
		bool active = w.active[map][p % WORLD_EACH];

		assert_int_equal(w.flying[p], 0);
		if (!w.there[map] || !w.known[p] || !w.on)
			continue;
		if (w.verdict[p] == VERDICT_USABLE)
			assert_true(active);
		else if (!w.keep || another_works(p))
			assert_false(active);
	}
}

static void a_world(uint64_t seed, bool keep)
{
	unsigned sent;

	w = (struct world){ .random = { seed }, .now = t0, .on = true, .keep = keep };
	maps_set_control(maps, true);
	memset(w.active, true, sizeof(w.active));
	for (unsigned n = 0; n < WORLD_STEPS; n++) {
		w.now = mono_add(w.now, (int64_t)random_below(&w.random, SEC / 10));
		if (roll(3))
			disturb();
		settle((unsigned)random_below(&w.random, 4));
		for (uint32_t p = 0; p < WORLD_MAPS * WORLD_EACH; p++)
			if (w.to_check[p] && roll(3))
				check(p);
		if (roll(2) || (w.tail + ARRAY_LEN(w.ring) - w.head) % ARRAY_LEN(w.ring) >
		                       ARRAY_LEN(w.ring) / 2)
			deliver();
		if (n % 5000 == 4999) {
			quieten();
			assert_agreement();
			sent = w.sent;
			quieten(); /* and then there is nothing more to send */
			assert_int_equal(w.sent, sent);
		}
	}
	assert_true(w.sent > 1000);
}

static void whatever_happens_the_rules_hold(void **state)
{
	(void)state;
	a_world(1, true);
}

static void whatever_happens_without_keeping(void **state)
{
	(void)state;
	a_world(2, false);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(they_find_each_other_in_either_order),
		TEST(a_path_may_be_in_two_maps),
		TEST(two_names_of_one_device_stand_in_for_each_other),
		TEST(a_new_table_keeps_who_stays),
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
		TEST(whatever_happens_the_rules_hold),
		TEST(whatever_happens_without_keeping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
