/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What replies say of paths, maps, groups and the daemon, over the socket. */
#include <errno.h>
#include <unistd.h>

#include "checkerd/control/document_path.h"
#include "control-fixture.h"

static void known_spec(uint32_t i, struct device_spec *ret, char name[64], char node[64])
{
	plain_spec(i, ret, name, node);
	if (i == 1) {
		*ret = (struct device_spec){
			.alias = NULL
		}; /* for example a regular file */
		return;
	}
	ret->alias = "left";
	ret->map = "demo";
	ret->wwid = "3600";
	ret->hcil = "1:0:0:1";
	ret->vendor = "ACME";
	ret->product = "Disk";
	ret->revision = "1.0";
	ret->serial = "S1";
	ret->protocol = "scsi:fcp";
	ret->host = "host1";
	ret->target = "0x5000";
	ret->sysfs_state = "created"; /* the state at discovery */
}

static void decorate_paths(struct loop *l, struct snapshot *s)
{
	static const char places[] = "/etc/a.conf:3\0/etc/b.conf:7\0";
	struct snap_path *p = &s->paths[0];

	(void)l;
	s->taken_realtime_us = 1000 * USEC_PER_SEC;
	/* Times of holds are in tenths of a second. */
	s->taken.us -= s->taken.us % HOLD_TICK_US;
	s->paths[1].status.since = mono_add(s->taken, -10 * USEC_PER_SEC);
	p->status.state = PATH_DOWN;
	p->status.reason = (struct reason){ .kind = OUTCOME_FAILED,
		                            .stage = STAGE_READ,
		                            .error = EIO };
	p->sysfs.device = sysfs_word(SYSFS_DEVICE, "running");
	p->sysfs.access = sysfs_word(SYSFS_ACCESS, "standby");
	p->status.since = mono_add(s->taken, -1500 * USEC_PER_MSEC);
	p->last = mono_add(s->taken, -2 * USEC_PER_SEC);
	p->due = mono_add(s->taken, 3500 * USEC_PER_MSEC);
	p->started = mono_add(s->taken, -250 * USEC_PER_MSEC);
	p->outstanding = true;
	p->group = 7;
	p->interval_us = 2500 * USEC_PER_MSEC;
	p->overdue = true;
	p->why = (struct overdue_why){ .cause = OVERDUE_NO_PROBER };
	p->heard = mono_add(s->taken, -40 * USEC_PER_SEC);
	p->good = p->heard;
	p->counters = (struct path_counters){ .checks = UINT32_MAX,
		                              .failures = 2,
		                              .device_errors = 6,
		                              .timeouts = 3,
		                              .transitions = 4,
		                              .deferred = 7 };
	p->status.streak = -2;
	p->share = (struct error_share){ .checks = 8, .failed = 1 };
	p->held_why = HOLD_SAN_PATH_ERR;
	p->held_since = hold_time_of(mono_add(s->taken, -5 * USEC_PER_SEC));
	p->held_until = hold_time_of(mono_add(s->taken, 100 * USEC_PER_SEC));
	p->has_latency = true;
	p->slow = true;
	p->last_us = 10;
	p->p50_us = 20;
	p->p99_us = 30;
	p->max_us = UINT32_MAX;
	p->cells[0] = 9;
	p->cells[HISTOGRAM_CELLS - 1] = UINT16_MAX;

	p = &s->paths[1];
	p->status.state = PATH_UNCHECKED;
	p->last = (struct mono){ 0 };
	p->engine = PATHCHECK_ENGINE_NONE;
	p->group = PATH_GROUP_NONE;
	p->enabled = false;
	p->due = mono_add(s->taken, 60 * USEC_PER_SEC);
	p->heard = mono_add(s->taken, -20 * USEC_PER_SEC);
	p->window = 2;
	assert_int_equal(text_new(&s->window_places, places, sizeof(places) - 1), 0);
}

static const struct expected known_path[] = {
	{ "name", "\"sd0\"" },
	{ "device", "\"/dev/checkerd-test/sd0\"" },
	{ "devt", "\"8:0\"" },
	{ "alias", "\"left\"" },
	{ "map", "\"demo\"" },
	{ "wwid", "\"3600\"" },
	{ "hcil", "\"1:0:0:1\"" },
	{ "vendor", "\"ACME\"" },
	{ "product", "\"Disk\"" },
	{ "revision", "\"1.0\"" },
	{ "serial", "\"S1\"" },
	{ "protocol", "\"scsi:fcp\"" },
	{ "host", "\"host1\"" },
	{ "target", "\"0x5000\"" },
	{ "state", "\"down\"" },
	{ "state_since", "\"1970-01-01T00:16:38.500000Z\"" },
	{ "errno", "5" },
	{ "dm_state", "null" },
	{ "sysfs_state", "\"running\"" },
	{ "access_state", "\"standby\"" },
	{ "checker", "\"directio\"" },
	{ "checker_why", "\"configured\"" },
	{ "engine", "\"aio\"" },
	{ "group", "7" },
	{ "enabled", "true" },
	{ "disabled_by", "null" },
	{ "disabled_since", "null" },
	{ "disabled_until", "null" },
	{ "slow", "true" },
	{ "marginal", "true" },
	{ "marginal_reason", "\"san_path_err\"" },
	{ "hold_since", "\"1970-01-01T00:16:35.000000Z\"" },
	{ "hold_until", "\"1970-01-01T00:18:20.000000Z\"" },
	{ "hold_used", "false" },
	{ "hold_failures", "0" },
	{ "interval_s", "2.5" },
	{ "timeout_s", "30" },
	{ "last_check", "\"1970-01-01T00:16:38.000000Z\"" },
	{ "next_check_in_s", "3.5" },
	{ "in_flight_s", "0.25" },
	{ "overdue", "true" },
	{ "overdue_since", "\"1970-01-01T00:16:33.500000Z\"" },
	{ "last_good", "\"1970-01-01T00:16:00.000000Z\"" },
	{ "checks_total", "4294967295" },
	{ "failures_total", "2" },
	{ "timeouts_total", "3" },
	{ "device_errors_total", "6" },
	{ "deferred_total", "7" },
	{ "transitions_total", "4" },
	{ "failures_in_row", "2" },
	{ "error_share_percent", "12.5" },
	{ "error_share_checks", "8" },
	{ "latency_us", "{\"last\":10,\"p50\":20,\"p99\":30,\"max\":4294967295}" },
	{ "latency_counts", "[9,0,0,0,0,0,0,0,0,0,0,0,0,0,0,65535]" },
	{ "forced", "false" },
	{ "barred", "false" },
	{ "held_for_s", "100" },
};

static const struct expected unknown_path[] = {
	{ "name", "\"sd1\"" },
	{ "device", "\"/dev/checkerd-test/sd1\"" },
	{ "devt", "null" },
	{ "alias", "null" },
	{ "map", "null" },
	{ "wwid", "null" },
	{ "hcil", "null" },
	{ "vendor", "null" },
	{ "product", "null" },
	{ "revision", "null" },
	{ "serial", "null" },
	{ "protocol", "null" },
	{ "host", "null" },
	{ "target", "null" },
	{ "state", "\"disabled\"" },
	{ "state_since", "\"1970-01-01T00:16:30.000000Z\"" },
	{ "reason", "null" },
	{ "errno", "null" },
	{ "dm_state", "null" },
	{ "sysfs_state", "null" },
	{ "access_state", "null" },
	{ "checker", "\"directio\"" },
	{ "checker_why", "\"configured\"" },
	{ "engine", "\"none\"" },
	{ "group", "null" },
	{ "enabled", "false" },
	{ "disabled_by", "\"window /etc/b.conf:7\"" },
	{ "disabled_since", "\"1970-01-01T00:16:20.000000Z\"" },
	{ "disabled_until", "\"1970-01-01T00:17:40.000000Z\"" },
	{ "slow", "false" },
	{ "marginal", "false" },
	{ "marginal_reason", "null" },
	{ "hold_since", "null" },
	{ "hold_until", "null" },
	{ "hold_used", "false" },
	{ "hold_failures", "0" },
	{ "interval_s", "5" },
	{ "timeout_s", "30" },
	{ "last_check", "null" },
	{ "next_check_in_s", "60" },
	{ "in_flight_s", "null" },
	{ "overdue", "false" },
	{ "overdue_since", "null" },
	{ "last_good", "null" },
	{ "checks_total", "0" },
	{ "failures_total", "0" },
	{ "timeouts_total", "0" },
	{ "device_errors_total", "0" },
	{ "deferred_total", "0" },
	{ "transitions_total", "0" },
	{ "failures_in_row", "0" },
	{ "error_share_percent", "null" },
	{ "error_share_checks", "0" },
	{ "latency_us", "{\"last\":null,\"p50\":null,\"p99\":null,\"max\":null}" },
	{ "latency_counts", "null" },
	{ "forced", "false" },
	{ "barred", "false" },
	{ "held_for_s", "null" },
};

static void test_values_of_a_path(void **state)
{
	const struct reason r = { .kind = OUTCOME_FAILED,
		                  .stage = STAGE_READ,
		                  .error = EIO };
	char reason[REASON_TEXT_MAX], text[REASON_TEXT_MAX + 64];
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_paths;
	start_with(2, known_spec);
	o = call(fd, "ListPaths", "{}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 2);
	expect(get(o, "paths[0]"), known_path, ARRAY_LEN(known_path));
	expect(get(o, "paths[1]"), unknown_path, ARRAY_LEN(unknown_path));
	(void)snprintf(text, sizeof(text),
	               "not checked for 40 s: no prober is running; before: %s",
	               reason_format(&r, reason, sizeof(reason)));
	assert_string_equal(get_string(o, "paths[0].reason"), text);
	json_object_put(o);
}

/* Each key alone has the value that it has among all keys. */
static void test_fields_of_a_path(void **state)
{
	struct json_object *all, *o, *path;
	char parameters[128];

	(void)state;
	t.loop.decorate = decorate_paths;
	start_with(2, known_spec);
	all = call(fd, "ListPaths", "{\"fields\":null}");
	path = get(all, "paths[0]");
	assert_int_equal(json_object_object_length(path), DOCUMENT_PATH_KEYS);
	json_object_object_foreach(path, key, value)
	{
		struct json_object *one;

		(void)snprintf(parameters, sizeof(parameters), "{\"fields\":[\"%s\"]}",
		               key);
		o = call(fd, "ListPaths", parameters);
		one = get(o, "paths[0]");
		assert_int_equal(json_object_array_length(get(o, "paths")), 2);
		assert_int_equal(json_object_object_length(one), 1);
		assert_string_equal(json_object_to_json_string(get(one, key)),
		                    json_object_to_json_string(value));
		json_object_put(o);
	}
	json_object_put(all);
	/* In the order of the interface, each once, whatever the order of the request is. */
	o = call(fd, "ListPaths",
	         "{\"fields\":[\"state\",\"name\",\"held_for_s\",\"name\"],"
	         "\"paths\":[\"sd0\"]}");
	assert_string_equal(
	        json_object_to_json_string_ext(get(o, "paths"), JSON_C_TO_STRING_PLAIN),
	        "[{\"name\":\"sd0\",\"state\":\"down\",\"held_for_s\":100}]");
	json_object_put(o);
}

static void test_fields_that_there_are_not(void **state)
{
	static const char *const bad[] = {
		"[]",
		"[\"nme\"]",
		"[\"name\",\"latency_us.p50\"]",
		"[\"\"]",
		"[\"name\\u0000\"]",
		"[1]",
		"\"name\"",
		"{}",
		"[null]",
	};
	char parameters[128];

	(void)state;
	start_with(1, known_spec);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(parameters, sizeof(parameters), "{\"fields\":%s}", bad[i]);
		call_fails(fd, "ListPaths", parameters,
		           "org.varlink.service.InvalidParameter", "fields");
	}
}

/* A path that could never be checked says so before it is overdue. */
static void decorate_not_judged(struct loop *l, struct snapshot *s)
{
	(void)l;
	s->paths[0].status.state = s->paths[1].status.state = PATH_PENDING;
	s->paths[0].why = (struct overdue_why){ .cause = OVERDUE_NOT_JUDGED,
		                                .stage = STAGE_OPEN,
		                                .error = EACCES };
}

static void test_a_path_that_cannot_be_checked(void **state)
{
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_not_judged;
	start_with(2, known_spec);
	o = call(fd, "ListPaths", "{}");
	assert_string_equal(get_string(o, "paths[0].reason"),
	                    "not checked: open: Permission denied (EACCES)");
	assert_null(get(o, "paths[1].reason"));
	json_object_put(o);
}

static void observed_spec(uint32_t i, struct device_spec *ret, char name[64],
                          char node[64])
{
	plain_spec(i, ret, name, node);
	ret->kind = DEVICE_OBSERVED;
	ret->map = "nvme0n1";
	ret->devt_major = ret->devt_minor = 0;
}

static void decorate_observed(struct loop *l, struct snapshot *s)
{
	(void)l;
	s->dm_known = s->dm_decides = true;
	s->paths[0].checker = CHECKER_NONE;
	s->paths[0].engine = PATHCHECK_ENGINE_NONE;
	s->paths[0].status.state = PATH_GHOST;
	s->paths[0].sysfs.device = sysfs_word(SYSFS_CONTROLLER, "live");
	s->paths[0].sysfs.access = sysfs_word(SYSFS_ANA, "inaccessible");
	s->paths[0].map_lost_since = 1;
}

/* The paths of native NVMe multipathing. */
static void test_an_observed_path(void **state)
{
	static const struct expected path[] = {
		{ "devt", "null" },
		{ "map", "\"nvme0n1\"" },
		{ "state", "\"ghost\"" },
		{ "dm_state", "null" },
		{ "sysfs_state", "\"live\"" },
		{ "access_state", "\"inaccessible\"" },
		{ "checker", "\"ana\"" },
		{ "checker_why", "null" },
		{ "engine", "\"none\"" },
		{ "marginal", "false" },
		{ "hold_since", "null" },
	};
	static const struct expected map[] = {
		{ "name", "\"nvme0n1\"" }, { "devt", "null" },
		{ "dm", "null" },          { "paths_total", "1" },
		{ "paths_up", "0" },       { "redundancy", "\"none\"" },
		{ "queueing", "null" },    { "paths", "[\"sd0\"]" },
	};
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_observed;
	start_with(1, observed_spec);
	o = call(fd, "ListPaths", "{}");
	expect(get(o, "paths[0]"), path, ARRAY_LEN(path));
	json_object_put(o);
	o = call(fd, "ListMaps", "{}");
	expect(get(o, "maps[0]"), map, ARRAY_LEN(map));
	assert_non_null(get(o, "maps[0].lost_since"));
	json_object_put(o);
}

static void test_names_of_a_path(void **state)
{
	static const char *const names[] = { "sd0", "/dev/checkerd-test/sd0", "8:0",
		                             "left" };
	struct json_object *o;

	(void)state;
	start_with(2, known_spec);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char parameters[128];

		(void)snprintf(parameters, sizeof(parameters), "{\"paths\":[\"%s\"]}",
		               names[i]);
		o = call(fd, "ListPaths", parameters);
		assert_int_equal(json_object_array_length(get(o, "paths")), 1);
		assert_string_equal(get_string(o, "paths[0].name"), "sd0");
		json_object_put(o);
	}
	/* The order is that of the request. An empty list selects nothing, null everything. */
	o = call(fd, "ListPaths", "{\"paths\":[\"sd1\",\"left\"]}");
	assert_string_equal(get_string(o, "paths[0].name"), "sd1");
	assert_string_equal(get_string(o, "paths[1].name"), "sd0");
	json_object_put(o);
	o = call(fd, "ListPaths", "{\"paths\":[]}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 0);
	json_object_put(o);
	o = call(fd, "ListPaths", "{\"paths\":null}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 2);
	json_object_put(o);
	call_fails(fd, "ListPaths", "{\"paths\":[\"\"]}",
	           "io.checkerd.Control.NoSuchPath", "");
	call_fails(fd, "ListPaths", "{\"paths\":[\"0:0\"]}",
	           "io.checkerd.Control.NoSuchPath", "0:0");
}

/* A device may have any name: in a reply it is a string. */
static void strange_spec(uint32_t i, struct device_spec *ret, char name[64],
                         char node[64])
{
	static char huge[8][4096];

	plain_spec(i, ret, name, node);
	strcpy(name, "s\xff\"\\\n\x1b[31m");
	ret->vendor = "\xe2\x82";
	/* The worst case for the buffer: all bytes are escaped, all strings are long. */
	for (size_t k = 0; k < ARRAY_LEN(huge); k++)
		memset(huge[k], 1, sizeof(huge[k]) - 1);
	ret->alias = huge[0];
	ret->map = huge[1];
	ret->wwid = ret->hcil = ret->product = ret->revision = huge[2];
	ret->serial = ret->protocol = ret->host = ret->target = ret->sysfs_state =
	        huge[3];
}

static void test_strange_names(void **state)
{
	struct json_object *o;

	(void)state;
	start_with(1, strange_spec);
	o = call(fd, "ListPaths", "{}");
	assert_string_equal(get_string(o, "paths[0].name"),
	                    "s\xef\xbf\xbd\"\\\n\x1b[31m");
	assert_string_equal(get_string(o, "paths[0].vendor"), "\xef\xbf\xbd\xef\xbf\xbd");
	assert_int_equal(strlen(get_string(o, "paths[0].alias")), 512);
	json_object_put(o);
	o = call(fd, "ListMaps", "{}");
	assert_int_equal(get_int(o, "maps[0].paths_total"), 1);
	json_object_put(o);
	call_fails(fd, "ListPaths", "{\"paths\":[\"\\u001b\\\"\xff\"]}",
	           "io.checkerd.Control.NoSuchPath", "\x1b\"\xef\xbf\xbd");
}

static void map_spec(uint32_t i, struct device_spec *ret, char name[64], char node[64])
{
	/* Paths with an even number are up. */
	static const char *const maps[] = { "b", "c", "b",  "d", "a",
		                            "a", "a", NULL, "e", NULL };

	plain_spec(i, ret, name, node);
	ret->map = maps[i];
	ret->wwid = "w";
}

/* By name, each name once. */
static const struct expected named_maps[] = {
	{ "maps[0].name", "\"a\"" },
	{ "maps[0].paths_total", "3" },
	{ "maps[0].paths_up", "2" },
	{ "maps[0].redundancy", "\"degraded\"" },
	{ "maps[0].paths", "[\"sd4\",\"sd5\",\"sd6\"]" },
	{ "maps[1].name", "\"b\"" },
	{ "maps[1].paths_total", "2" },
	{ "maps[1].paths_up", "2" },
	{ "maps[1].redundancy", "\"full\"" },
	{ "maps[1].paths", "[\"sd0\",\"sd2\"]" },
	{ "maps[2].name", "\"c\"" },
	{ "maps[2].paths_total", "1" },
	{ "maps[2].paths_up", "0" },
	{ "maps[2].redundancy", "\"none\"" },
	{ "maps[2].paths", "[\"sd1\"]" },
	{ "maps[3].name", "\"d\"" },
	{ "maps[3].paths_total", "1" },
	{ "maps[3].paths_up", "0" },
	{ "maps[3].redundancy", "\"none\"" },
	{ "maps[3].paths", "[\"sd3\"]" },
	{ "maps[4].name", "\"e\"" },
	{ "maps[4].paths_total", "1" },
	{ "maps[4].paths_up", "1" },
	{ "maps[4].redundancy", "\"full\"" },
	{ "maps[4].paths", "[\"sd8\"]" },
};

/* What only device-mapper knows. */
static const struct expected named_map[] = {
	{ "devt", "null" },     { "uuid", "null" },        { "wwid", "\"w\"" },
	{ "dm", "null" },       { "paths_disabled", "0" }, { "paths_overdue", "0" },
	{ "queueing", "null" }, { "suspended", "null" },   { "kept_path", "null" },
	{ "barred", "[]" },     { "groups", "null" },      { "paths_expected", "3" },
};

static void test_maps(void **state)
{
	struct json_object *o;

	(void)state;
	start_with(10, map_spec);
	o = call(fd, "ListMaps", "{}");
	assert_int_equal(json_object_array_length(get(o, "maps")), 5);
	expect(o, named_maps, ARRAY_LEN(named_maps));
	expect(get(o, "maps[0]"), named_map, ARRAY_LEN(named_map));
	json_object_put(o);
	o = call(fd, "ListMaps", "{\"maps\":[\"e\",\"b\"]}");
	assert_int_equal(json_object_array_length(get(o, "maps")), 2);
	assert_string_equal(get_string(o, "maps[0].name"), "e");
	assert_string_equal(get_string(o, "maps[1].paths[1]"), "sd2");
	json_object_put(o);
	call_fails(fd, "ListMaps", "{\"maps\":[\"bb\"]}", "io.checkerd.Control.NoSuchMap",
	           "bb");
}

static void one_up(struct loop *l, struct snapshot *s)
{
	(void)l;
	for (uint32_t i = 0; i < s->n_paths; i++)
		s->paths[i].status.state = i == 4 ? PATH_GHOST : PATH_SHAKY;
}

static void test_last_path_of_a_map(void **state)
{
	struct json_object *o;

	(void)state;
	t.loop.decorate = one_up;
	start_with(10, map_spec);
	o = call(fd, "ListMaps", "{\"maps\":[\"a\"]}");
	assert_string_equal(get_string(o, "maps[0].redundancy"), "last");
	assert_int_equal(get_int(o, "maps[0].paths_up"), 1);
	json_object_put(o);
}

static void decorate_rest(struct loop *l, struct snapshot *s)
{
	(void)l;
	s->groups[s->n_groups++] = (struct pathcheck_group){
		.kind = PATHCHECK_GROUP_AIO,
		.state = PATHCHECK_GROUP_READY,
		.slots = 1024,
		.queued = 1,
		.in_flight = 2,
		.expired = 3,
		.orphans = 4,
	};
	s->groups[s->n_groups++] = (struct pathcheck_group){
		.id = 1,
		.kind = PATHCHECK_GROUP_SYNC,
		.state = PATHCHECK_GROUP_FALLBACK,
	};
	s->engine.deferred_now = 1;
	s->engine.deferred_max = 2;
	s->engine.deferred_total = 3;
	s->engine.emergency_now = 4;
	s->engine.emergency_max = 5;
	s->engine.emergency_total = 6;
	s->engine.rescuers = 16;
	s->engine.rescuers_busy = 7;
	s->engine.rescuers_stuck = 8;
	s->engine.rescuers_stuck_max = 9;
	s->aio_nr = 2048;
	s->engine.io_setup_failures = 10;
	s->engine.lanes_stuck = 1;
	s->engine.lane_replacements = 17;
	s->engine.blockers = 19;
	s->started_realtime_us = 0;
	s->lag_last_us = 1000;
	s->lag_max_us = 2000;
	s->engine.oldest_in_flight_us = 1500000;
	s->bound_bytes = 11;
	s->locked_bytes = 12;
	s->sealed_allocations = 16;
	s->engine.prober_pid = 13;
	s->engine.prober_restarts = 14;
	s->engine.probers_lingering = 17;
	strcpy(s->prober_end, "exit status 2");
	s->n_overdue = 18;
	strcpy(s->overdue_text, "nobody looks");
	s->engine.heartbeat_age_us = 15;
	s->n_warnings = 1;
	strcpy(s->warnings[0], "mind the gap");
	if (text_new(&s->memory_text, "{\"bound\":{\"x\":1}}", 17) < 0 ||
	    text_new(&s->rules_text, "{\"filters\":[{}],\"hardware\":[]}", 30) < 0)
		abort();
}

static const struct expected groups[] = {
	{ "groups[0]",
	  "{\"id\":0,\"kind\":\"aio\",\"slots\":1024,\"queued\":1,\"in_flight\":"
	  "2,\"expired\":3,\"orphans\":4,\"state\":\"aio\"}" },
	{ "groups[1]",
	  "{\"id\":1,\"kind\":\"sync\",\"slots\":0,\"queued\":0,\"in_flight\":0,"
	  "\"expired\":0,\"orphans\":0,\"state\":\"sync\"}" },
	{ "deferred", "{\"now\":1,\"max\":2,\"total\":3}" },
	{ "emergency", "{\"now\":4,\"max\":5,\"total\":6}" },
	{ "rescuers", "{\"size\":16,\"busy\":7,\"stuck\":8,\"stuck_max\":9}" },
	{ "aio_nr", "2048" },
	{ "aio_max_nr", "null" },
	{ "io_setup_failures_total", "10" },
	{ "lanes", "{\"stuck\":1,\"replaced_total\":17,\"blockers\":19}" },
};

static void test_groups(void **state)
{
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_rest;
	start_with(4, map_spec);
	o = call(fd, "GetGroups", "{}");
	expect(o, groups, ARRAY_LEN(groups));
	json_object_put(o);
}

static const struct expected status[] = {
	{ "started", "\"1970-01-01T00:00:00.000000Z\"" },
	{ "ready", "true" },
	{ "paths", "{\"total\":4,\"unchecked\":0,\"pending\":0,\"up\":2,\"down\":"
	           "2,\"timeout\":0,\"ghost\":0,\"shaky\":0,\"delayed\":0,"
	           "\"removed\":0,\"disconnected\":0,\"disabled\":0}" },
	{ "maps", "{\"total\":3,\"full\":1,\"degraded\":0,\"last\":0,\"none\":2}" },
	{ "lag_s", "{\"last\":0.001,\"max\":0.002}" },
	{ "oldest_in_flight_s", "1.5" },
	{ "memory", "{\"bound_bytes\":11,\"locked_bytes\":12,\"sealed_"
	            "allocations_total\":16}" },
	{ "prober", "{\"pid\":13,\"restarts_total\":14,\"heartbeat_age_s\":0."
	            "000015,\"last_end\":\"exit status 2\",\"lingering\":17}" },
	{ "dm_control", "\"off\"" },
	{ "warnings", "[\"mind the gap\"]" },
	{ "dm", "{\"maps_known\":null,\"error\":null,\"maps_left_out\":0,\"failed_"
	        "total\":0,\"reinstated_total\":0,\"refused_total\":0}" },
	{ "purge", "{\"deleted_total\":0,\"failed_total\":0}" },
	{ "overdue", "{\"paths\":18,\"message\":\"nobody looks\"}" },
};

static void test_status(void **state)
{
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_rest;
	start_with(4, map_spec);
	o = call(fd, "GetStatus", "{}");
	expect(o, status, ARRAY_LEN(status));
	assert_int_equal(get_int(o, "pid"), getpid());
	assert_non_null(get_string(o, "version"));
	json_object_put(o);
	o = call(fd, "GetMemory", "{}");
	assert_int_equal(get_int(o, "memory.bound.x"), 1);
	json_object_put(o);
	o = call(fd, "GetRules", "{}");
	assert_int_equal(json_object_array_length(get(o, "rules.filters")), 1);
	json_object_put(o);
}

static void test_interface_describes_what_is_sent(void **state)
{
	struct json_object *o;

	(void)state;
	t.loop.decorate = decorate_rest;
	start_with(4, map_spec);
	loop_do(&t.loop, loop_emit, &(unsigned){ 1 });
	o = call(fd, "ListPaths", "{}");
	expect_described(get(o, "paths[0]"), "type Path (");
	expect_described(get(o, "paths[0].latency_us"), "type Latency (");
	json_object_put(o);
	o = call(fd, "ListMaps", "{}");
	expect_described(get(o, "maps[0]"), "type Map (");
	json_object_put(o);
	o = call(fd, "GetGroups", "{}");
	expect_described(o, "method GetGroups() -> (");
	expect_described(get(o, "groups[0]"), "type Group (");
	expect_described(get(o, "deferred"), "type Gauge (");
	expect_described(get(o, "rescuers"), "type Rescuers (");
	expect_described(get(o, "lanes"), "type Lanes (");
	json_object_put(o);
	o = call(fd, "GetStatus", "{}");
	expect_described(o, "method GetStatus() -> (");
	expect_described(get(o, "paths"), "type PathCounts (");
	expect_described(get(o, "maps"), "type MapCounts (");
	expect_described(get(o, "lag_s"), "type Lag (");
	expect_described(get(o, "memory"), "type Memory (");
	expect_described(get(o, "prober"), "type Prober (");
	expect_described(get(o, "dm"), "type DeviceMapper (");
	expect_described(get(o, "overdue"), "type Overdue (");
	json_object_put(o);
	o = call(fd, "ListEvents", "{}");
	expect_described(get(o, "events[0]"), "type Event (");
	json_object_put(o);
	o = call(fd, "ListHistory", "{\"paths\":[\"sd1\"]}");
	expect_described(get(o, "histories[0]"), "type History (");
	expect_described(get(o, "histories[0].changes[0]"), "type Change (");
	json_object_put(o);
	o = call(fd, "Check", "{\"paths\":[\"sd0\"]}");
	expect_described(get(o, "results[0]"), "type CheckResult (");
	json_object_put(o);
}

static void test_what_is_not_known_is_null(void **state)
{
	struct json_object *o;

	(void)state;
	start(0);
	o = call(fd, "GetStatus", "{}");
	assert_null(get(o, "oldest_in_flight_s"));
	assert_null(get(o, "prober.pid"));
	assert_null(get(o, "prober.heartbeat_age_s"));
	json_object_put(o);
	o = call(fd, "GetConfig", "{}");
	assert_string_equal(get_string(o, "config"), "");
	json_object_put(o);
	o = call(fd, "GetMemory", "{}");
	assert_true(json_object_is_type(get(o, "memory"), json_type_object));
	json_object_put(o);
	o = call(fd, "GetRules", "{}");
	assert_int_equal(json_object_array_length(get(o, "rules.hardware")), 0);
	json_object_put(o);
	o = call(fd, "ListPaths", "{}");
	assert_int_equal(json_object_array_length(get(o, "paths")), 0);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_of_a_path),
		TEST(test_fields_of_a_path),
		TEST(test_fields_that_there_are_not),
		TEST(test_an_observed_path),
		TEST(test_a_path_that_cannot_be_checked),
		TEST(test_names_of_a_path),
		TEST(test_strange_names),
		TEST(test_maps),
		TEST(test_last_path_of_a_map),
		TEST(test_groups),
		TEST(test_status),
		TEST(test_interface_describes_what_is_sent),
		TEST(test_what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
