/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps: copied contents, references, what is refused, and equality of every field. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/map.h"
#include "checkerd/core/redundancy.h"

static const struct map_path paths[] = {
	{ 8, 0, 1, 0, true },
	{ 8, 16, 1, 2, false },
	{ 8, 32, 2, 0, true },
};
static const enum map_group_state groups[] = { MAP_GROUP_ACTIVE, MAP_GROUP_ENABLED };
static const struct map_spec full = {
	.devt_major = 254,
	.devt_minor = 1,
	.event_nr = 7,
	.queueing = true,
	.suspended = true,
	.n_groups = 2,
	.n_paths = 3,
	.name = "mpatha",
	.uuid = "mpath-3600a0b80",
	.groups = groups,
	.paths = paths,
};

static struct map *make(const struct map_spec *spec)
{
	struct map *m;

	assert_int_equal(map_new(&m, spec), 0);
	return m;
}

static void keeps_every_field(void **state)
{
	struct map *m = make(&full);

	(void)state; /* no fixture */
	assert_int_equal(m->devt_major, 254);
	assert_int_equal(m->devt_minor, 1);
	assert_int_equal(m->event_nr, 7);
	assert_true(m->queueing);
	assert_true(m->suspended);
	assert_string_equal(m->name, "mpatha");
	assert_string_equal(m->uuid, "mpath-3600a0b80");
	assert_string_equal(m->wwid, "3600a0b80");
	assert_int_equal(m->n_groups, 2);
	assert_int_equal(m->groups[1], MAP_GROUP_ENABLED);
	assert_int_equal(m->n_paths, 3);
	assert_memory_equal(m->paths, paths, sizeof(paths));
	assert_ptr_not_equal(m->paths, paths);
	assert_null(map_unref(m));
}

static void knows_no_wwid_of_other_uuids(void **state)
{
	struct map_spec spec = full;
	struct map *m;

	(void)state; /* no fixture */
	spec.uuid = "LVM-abc";
	m = make(&spec);
	assert_null(m->wwid);
	(void)map_unref(m); /* NULL, always */
}

static void counts_references(void **state)
{
	struct map *m = make(&full);

	(void)state; /* no fixture */
	assert_ptr_equal(map_ref(m), m);
	assert_null(map_unref(m));
	assert_string_equal(m->name, "mpatha");
	assert_null(map_unref(m));
	assert_null(map_unref(NULL));
}

static void refuses_what_is_no_map(void **state)
{
	struct map_path stray[] = { { 8, 0, 3, 0, true } };
	char name[MAP_NAME_MAX + 1];
	struct map_spec spec = full;
	struct map *m;

	(void)state; /* no fixture */
	spec.name = "";
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	spec.name = NULL;
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	memset(name, 'x', MAP_NAME_MAX);
	name[MAP_NAME_MAX] = '\0';
	spec.name = name;
	assert_int_equal(map_new(&m, &spec), -ENAMETOOLONG);
	spec = full;
	spec.paths = stray;
	spec.n_paths = 1;
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	stray[0].group = 0;
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	/* Numbers that no device has. */
	stray[0] = (struct map_path){ 1 << MAP_MAJOR_BITS, 0, 1, 0, true };
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	stray[0] = (struct map_path){ 0, 1 << MAP_MINOR_BITS, 1, 0, true };
	assert_int_equal(map_new(&m, &spec), -EINVAL);
	spec = full;
	spec.n_paths = MAP_PATHS_MAX + 1;
	assert_int_equal(map_new(&m, &spec), -EINVAL);
}

/* Each change of one field makes another map. */
static void compares_every_field(void **state)
{
	enum map_group_state other_groups[] = { MAP_GROUP_ACTIVE, MAP_GROUP_DISABLED };
	struct map_path other[3];
	struct map_spec spec[12];
	struct map *m = make(&full), *same = make(&full);

	(void)state; /* no fixture */
	assert_true(map_equal(m, same));
	(void)map_unref(same); /* NULL, always */
	for (size_t i = 0; i < 12; i++) {
		struct map *changed;

		spec[i] = full;
		memcpy(other, paths, sizeof(paths));
		spec[i].paths = other;
		switch (i) {
		case 0:
			spec[i].devt_major++;
			break;
		case 1:
			spec[i].devt_minor++;
			break;
		case 2:
			spec[i].queueing = false;
			break;
		case 3:
			spec[i].suspended = false;
			break;
		case 4:
			spec[i].name = "mpathb";
			break;
		case 5:
			spec[i].uuid = "mpath-4";
			break;
		case 6:
			spec[i].n_paths = 2;
			break;
		case 7:
			other[1].active = true;
			break;
		case 8:
			other[1].fail_count++;
			break;
		case 9:
			other[2].group = 1;
			break;
		case 10:
			other[0].devt_minor = 1;
			break;
		default:
			spec[i].groups = other_groups;
		}
		changed = make(&spec[i]);
		assert_false(map_equal(m, changed));
		(void)map_unref(changed); /* NULL, always */
	}
	(void)map_unref(m); /* NULL, always */
}

static void redundancy_counts_usable_paths_without_disabled_ones(void **state)
{
	static const struct {
		uint32_t paths, disabled, usable;
		const char *name;
	} rows[] = {
		{ 0, 0, 0, "none" },     { 1, 0, 0, "none" }, { 4, 0, 0, "none" },
		{ 1, 0, 1, "full" },     { 2, 0, 1, "last" }, { 3, 0, 2, "degraded" },
		{ 3, 0, 3, "full" },     { 2, 1, 1, "last" }, { 2, 2, 0, "none" },
		{ 4, 1, 3, "full" },     { 4, 3, 1, "last" }, { 4, 2, 0, "none" },
		{ 4, 1, 2, "degraded" },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		        redundancy_name(redundancy_of(rows[i].paths, rows[i].disabled,
		                                      rows[i].usable)),
		        rows[i].name);
}

static void a_ghost_is_a_spare_of_an_observed_map(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(redundancy_observed(0, 0, 0), 0);
	assert_int_equal(redundancy_observed(2, 0, 0), 2);
	assert_int_equal(redundancy_observed(1, 1, 0), 2);
	assert_int_equal(redundancy_observed(0, 2, 0), 0);
	assert_int_equal(redundancy_observed(0, 2, 1), 2);
	assert_int_equal(redundancy_observed(0, 0, 1), 0);
}

static void has_room_for_a_map_of_two_paths_each(void **state)
{
	(void)state;
	assert_int_equal(map_room(10240), 10240);
	assert_true(map_room(1) > 1);
	assert_int_equal(map_path_room(10240), 10240 + MAP_PATHS_MAX);
	assert_int_equal(map_path_room(1), MAP_PATHS_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_every_field),
		cmocka_unit_test(knows_no_wwid_of_other_uuids),
		cmocka_unit_test(counts_references),
		cmocka_unit_test(refuses_what_is_no_map),
		cmocka_unit_test(compares_every_field),
		cmocka_unit_test(redundancy_counts_usable_paths_without_disabled_ones),
		cmocka_unit_test(a_ghost_is_a_spare_of_an_observed_map),
		cmocka_unit_test(has_room_for_a_map_of_two_paths_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
