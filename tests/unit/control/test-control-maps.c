/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What replies say of device-mapper's maps. */
#include <errno.h>

#include "control-fixture.h"
#include "util/macro.h"

/* In the order of a table: a group of one, a group of none, a group of two, of which the last
 * is not one of ours. */
static void add_map(struct snapshot *s)
{
	const enum map_group_state groups[] = { MAP_GROUP_ACTIVE, MAP_GROUP_DISABLED,
		                                MAP_GROUP_ENABLED };
	const struct map_path paths[] = {
		{ .devt_major = 8, .devt_minor = 2, .group = 1, .active = true },
		{ .devt_major = 8, .devt_minor = 1, .group = 3, .fail_count = 2 },
		{ .devt_major = 8, .devt_minor = 99, .group = 3, .active = true },
	};
	const struct map_spec spec = {
		.devt_major = 253,
		.devt_minor = 4,
		.queueing = true,
		.name = "mpatha",
		.uuid = "mpath-3600",
		.n_groups = ARRAY_LEN(groups),
		.groups = groups,
		.n_paths = ARRAY_LEN(paths),
		.paths = paths,
	};
	struct snap_map *m = &s->maps[s->n_maps++];

	*m = (struct snap_map){ .first_path = s->n_map_paths,
		                .paths_up = 2,
		                .paths_expected = 5 };
	if (map_new(&m->map, &spec) < 0)
		abort();
	s->paths[2].in_map = s->n_map_paths;
	s->map_paths[s->n_map_paths++] = (struct snap_map_path){
		.path = 2,
		.map = s->n_maps - 1,
		.active = true,
		.kept = true,
		.barred = true,
		.spared = true,
	};
	s->paths[1].in_map = s->n_map_paths;
	s->map_paths[s->n_map_paths++] = (struct snap_map_path){
		.path = 1,
		.map = s->n_maps - 1,
		.active = false,
		.pending = true,
		.error = EBUSY,
	};
	s->map_paths[s->n_map_paths++] =
	        (struct snap_map_path){ .path = REGISTRY_NONE, .active = true };
	s->paths[1].forced = true;
	s->paths[1].status.state = PATH_UP;
	s->paths[1].held_why = HOLD_FLAPPING;
	s->paths[1].hold_failures = 6;
	s->taken.us -= s->taken.us % HOLD_TICK_US;
	s->paths[1].held_since = hold_time_of(mono_add(s->taken, -20 * USEC_PER_SEC));
	s->paths[1].held_until = hold_time_of(mono_add(s->taken, 40 * USEC_PER_SEC));
	s->paths[2].held_why = HOLD_BY_HAND;
}

static void add_empty_map(struct snapshot *s)
{
	struct snap_map *m = &s->maps[s->n_maps++];

	*m = (struct snap_map){ .first_path = s->n_map_paths };
	if (map_new(&m->map, &(struct map_spec){ .devt_major = 253,
	                                         .suspended = true,
	                                         .name = "empty",
	                                         .uuid = "" }) < 0)
		abort();
}

static void decorate(struct loop *l, struct snapshot *s)
{
	(void)l;
	add_map(s);
	add_empty_map(s);
	s->dm_control = s->dm_known = true;
	s->maps_left_out = 1;
	s->dm_failed = 2;
	s->dm_reinstated = 3;
	s->dm_refused = 4;
	s->purge_deleted = 5;
	s->purge_failed = 6;
}

static int setup_maps(void **state)
{
	(void)setup(state);
	t.loop.decorate = decorate;
	start(4);
	return 0;
}

static void test_list(void **state)
{
	static const struct expected empty[] = {
		{ "name", "\"empty\"" },    { "devt", "\"253:0\"" },
		{ "uuid", "null" },         { "wwid", "null" },
		{ "dm", "\"dm-0\"" },       { "paths_total", "0" },
		{ "paths_up", "0" },        { "paths_disabled", "0" },
		{ "paths_overdue", "0" },   { "paths_expected", "0" },
		{ "paths_unchecked", "0" }, { "redundancy", "\"none\"" },
		{ "queueing", "false" },    { "suspended", "true" },
		{ "paths", "[]" },          { "kept_path", "null" },
		{ "barred", "[]" },         { "groups", "[]" },
	};
	static const struct expected full[] = {
		{ "name", "\"mpatha\"" },
		{ "devt", "\"253:4\"" },
		{ "uuid", "\"mpath-3600\"" },
		{ "wwid", "\"3600\"" },
		{ "dm", "\"dm-4\"" },
		{ "paths_total", "3" },
		{ "paths_up", "2" },
		{ "paths_disabled", "0" },
		{ "paths_overdue", "0" },
		{ "paths_unchecked", "1" },
		{ "paths_expected", "5" },
		{ "redundancy", "\"degraded\"" },
		{ "queueing", "true" },
		{ "suspended", "false" },
		{ "paths", "[\"sd2\",\"sd1\",\"8:99\"]" },
		{ "kept_path", "\"sd2\"" },
		{ "barred", "[\"sd2\"]" },
	};
	struct json_object *o = call(fd, "ListMaps", "{}");

	(void)state;
	assert_int_equal(json_object_array_length(get(o, "maps")), 2);
	expect(get(o, "maps[0]"), empty, ARRAY_LEN(empty));
	expect(get(o, "maps[1]"), full, ARRAY_LEN(full));
	json_object_put(o);
}

static void test_groups(void **state)
{
	static const struct expected all[] = {
		{ "groups[0].group", "1" },
		{ "groups[0].state", "\"active\"" },
		{ "groups[0].paths[0]",
		  "{\"path\":\"sd2\",\"devt\":\"8:2\",\"dm_state\":\"active\",\"fail_"
		  "count\":0,\"pending\":false,\"kept\":true,\"barred\":true,\"held_for_"
		  "s\":null,\"held\":true,\"error\":null}" },
		{ "groups[1].group", "2" },
		{ "groups[1].state", "\"disabled\"" },
		{ "groups[1].paths", "[]" },
		{ "groups[2].group", "3" },
		{ "groups[2].state", "\"enabled\"" },
		{ "groups[2].paths[0]",
		  "{\"path\":\"sd1\",\"devt\":\"8:1\",\"dm_state\":\"failed\",\"fail_"
		  "count\":2,\"pending\":true,\"kept\":false,\"barred\":false,\"held_for_"
		  "s\":40,\"held\":true,\"error\":\"EBUSY\"}" },
		{ "groups[2].paths[1]",
		  "{\"path\":null,\"devt\":\"8:99\",\"dm_state\":\"active\",\"fail_"
		  "count\":0,\"pending\":false,\"kept\":false,\"barred\":false,\"held_"
		  "for_s\":null,\"held\":false,\"error\":null}" },
	};
	struct json_object *o = call(fd, "ListMaps", "{\"maps\":[\"mpatha\"]}");

	(void)state;
	assert_int_equal(json_object_array_length(get(o, "maps[0].groups")), 3);
	expect(get(o, "maps[0]"), all, ARRAY_LEN(all));
	expect_described(get(o, "maps[0]"), "type Map (");
	expect_described(get(o, "maps[0].groups[0]"), "type MapGroup (");
	expect_described(get(o, "maps[0].groups[0].paths[0]"), "type MapPath (");
	json_object_put(o);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"mpatha", "dm-4", "253:4", "3600", "mpath-3600", "/dev/mapper/mpatha"
	};
	struct json_object *o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char parameters[128];

		(void)snprintf(parameters, sizeof(parameters), "{\"maps\":[\"%s\"]}",
		               names[i]);
		o = call(fd, "ListMaps", parameters);
		assert_int_equal(json_object_array_length(get(o, "maps")), 1);
		assert_string_equal(get_string(o, "maps[0].name"), "mpatha");
		json_object_put(o);
	}
	call_fails(fd, "ListMaps", "{\"maps\":[\"mpatha\",\"mpathb\"]}",
	           "io.checkerd.Control.NoSuchMap", "mpathb");
}

static void test_paths(void **state)
{
	struct json_object *o = call(fd, "ListPaths", "{}");

	(void)state;
	assert_null(get(o, "paths[0].map"));
	assert_null(get(o, "paths[0].dm_state"));
	assert_string_equal(get_string(o, "paths[1].map"), "mpatha");
	assert_string_equal(get_string(o, "paths[1].dm_state"), "failed");
	assert_string_equal(get_string(o, "paths[2].dm_state"), "active");
	assert_true(json_object_get_boolean(get(o, "paths[1].forced")));
	assert_false(json_object_get_boolean(get(o, "paths[2].forced")));
	assert_string_equal(get_string(o, "paths[1].reason"),
	                    "held (flapping) for 40 s at least; ends when no check has "
	                    "failed for its time");
	assert_true(json_object_get_boolean(get(o, "paths[1].marginal")));
	assert_string_equal(get_string(o, "paths[1].marginal_reason"), "flapping");
	assert_int_equal(get_int(o, "paths[1].hold_failures"), 6);
	assert_non_null(get(o, "paths[1].hold_since"));
	assert_non_null(get(o, "paths[1].hold_until"));
	assert_false(json_object_get_boolean(get(o, "paths[1].hold_used")));
	assert_true(json_object_get_boolean(get(o, "paths[2].hold_used")));
	assert_null(get(o, "paths[2].hold_until"));
	assert_int_equal(get_int(o, "paths[1].held_for_s"), 40);
	assert_false(json_object_get_boolean(get(o, "paths[1].barred")));
	assert_string_equal(get_string(o, "paths[2].reason"),
	                    "another disk is there: barred from its map");
	assert_null(get(o, "paths[2].held_for_s"));
	assert_true(json_object_get_boolean(get(o, "paths[2].barred")));
	json_object_put(o);
}

static void test_status(void **state)
{
	static const struct expected dm[] = {
		{ "maps_known", "true" },    { "error", "null" },
		{ "maps_left_out", "1" },    { "failed_total", "2" },
		{ "reinstated_total", "3" }, { "refused_total", "4" },
	};
	struct json_object *o = call(fd, "GetStatus", "{}");

	(void)state;
	assert_string_equal(get_string(o, "dm_control"), "on");
	expect(get(o, "dm"), dm, ARRAY_LEN(dm));
	assert_int_equal(get_int(o, "purge.deleted_total"), 5);
	assert_int_equal(get_int(o, "purge.failed_total"), 6);
	assert_int_equal(get_int(o, "maps.total"), 2);
	assert_int_equal(get_int(o, "maps.degraded"), 1);
	assert_int_equal(get_int(o, "maps.none"), 1);
	json_object_put(o);
}

static void test_metrics(void **state)
{
	struct json_object *o = call(fd, "GetMetrics", "{}");
	const char *text = get_string(o, "metrics");

	(void)state;
	assert_non_null(
	        strstr(text, "\ncheckerd_path_up{path=\"sd1\",map=\"mpatha\"} 1\n"));
	assert_non_null(strstr(text, "\ncheckerd_path_up{path=\"sd0\"} 1\n"));
	assert_non_null(strstr(
	        text, "\ncheckerd_map_paths{map=\"mpatha\",state=\"unchecked\"} 1\n"
	              "checkerd_map_paths{map=\"mpatha\",state=\"up\"} 2\n"
	              "checkerd_map_paths{map=\"mpatha\",state=\"down\"} 0\n"));
	assert_non_null(strstr(text, "\ncheckerd_map_redundancy{map=\"empty\"} 0\n"));
	assert_non_null(
	        strstr(text, "\ncheckerd_dm_commands_total{result=\"failed\"} 2\n"));
	assert_non_null(strstr(text, "\ncheckerd_purges_total{result=\"deleted\"} 5\n"
	                             "checkerd_purges_total{result=\"failed\"} 6\n"));
	json_object_put(o);
}

/* Thousands of paths in one map: the reply is written in pieces. */
static void decorate_large(struct loop *l, struct snapshot *s)
{
	static struct map_path paths[MAP_PATHS_MAX];
	static enum map_group_state groups[MAP_GROUPS_MAX];
	struct snap_map *m = &s->maps[s->n_maps++];

	(void)l;
	*m = (struct snap_map){ .first_path = 0 };
	for (uint32_t i = 0; i < MAP_PATHS_MAX; i++) {
		paths[i].group = i + 1;
		s->map_paths[s->n_map_paths++] =
		        (struct snap_map_path){ .path = REGISTRY_NONE };
	}
	if (map_new(&m->map, &(struct map_spec){ .name = "large",
	                                         .uuid = "",
	                                         .n_groups = MAP_GROUPS_MAX,
	                                         .groups = groups,
	                                         .n_paths = MAP_PATHS_MAX,
	                                         .paths = paths }) < 0)
		abort();
}

static int setup_large(void **state)
{
	(void)setup(state);
	t.loop.decorate = decorate_large;
	start(1);
	return 0;
}

static void test_large(void **state)
{
	struct json_object *o =
	        call(fd, "ListMaps", "{\"maps\":[\"large\",\"large\",\"large\"]}");

	(void)state;
	assert_int_equal(json_object_array_length(get(o, "maps[2].paths")),
	                 MAP_PATHS_MAX);
	assert_int_equal(json_object_array_length(get(o, "maps[2].groups")),
	                 MAP_GROUPS_MAX);
	assert_int_equal(json_object_array_length(get(o, "maps[2].groups[1023].paths")),
	                 1);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_status, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup_maps, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup_large, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
