/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many paths that change together are one event with all their names, and each has its history. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/loss.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_todo.h"
#include "checkerd/paths/outage_gather.h"
#include "checkerd/paths/outage_maps.h"
#include "tests/unit/paths/checks-bed.h"

#define KEPT 1024

/* What was reported: events, and records of members. */
static struct event kept[KEPT], records[KEPT];
static unsigned n_kept, n_records, n_names;
static char names[KEPT * 8];

static void keep(const struct event *e)
{
	if (e->part == EVENT_WHOLE)
		kept[n_kept++] = *e;
	else if (e->part == EVENT_MEMBER)
		records[n_records++] = *e;
	else
		strcat(names, e->message);
	for (const char *s = e->message; e->part == EVENT_NAMES && *s != '\0'; s++)
		n_names += *s == EVENT_NAME_END;
}

static void forget(void)
{
	n_kept = n_records = n_names = 0;
	names[0] = '\0';
}

static const struct path_settings at_once = {
	.interval_us = 5 * SEC,
	.max_interval_grid = 5 * SEC / PATH_GRID_US,
	.timeout_us = 2 * SEC,
	.fail_checks = 1,
	.recover_checks = 1,
};

static int begin(void **state)
{
	int r = setup(state);

	forget();
	on_event = keep;
	port_is_full = false;
	return r;
}

static int end(void **state)
{
	on_event = NULL;
	return teardown(state);
}

/* Path n: 8:n, up, with its first check. */
static uint32_t add_up(unsigned n, const char *host, const char *target)
{
	const struct outcome started = { .kind = OUTCOME_STARTED };
	const struct outcome ok = { .kind = OUTCOME_OK, .stage = STAGE_READ };
	char name[16], node[32];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .devt_major = 8,
		                          .devt_minor = n,
		                          .host = host,
		                          .target = target,
		                          .vendor = "VENDOR",
		                          .product = "ARRAY" };
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &at_once, t0, &index), 0);
	device_unref(d);
	(void)checks_step(&checks, index, path(index), &started, t0);
	(void)checks_step(&checks, index, path(index), &ok, t0);
	return index;
}

static void add_many(unsigned from, unsigned n, const char *host, const char *target)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(add_up(from + i, host, target), from + i);
}

static void fail_with(uint32_t index, int error, struct mono now)
{
	const struct outcome o = { .kind = OUTCOME_FAILED,
		                   .stage = STAGE_READ,
		                   .error = error };

	(void)checks_step(&checks, index, path(index), &o, now);
}

static void recover(uint32_t index, struct mono now)
{
	const struct outcome o = { .kind = OUTCOME_OK, .stage = STAGE_READ };

	(void)checks_step(&checks, index, path(index), &o, now);
}

static void a_fabric_outage_is_one_event(void **state)
{
	(void)state;
	add_many(0, 128, "host3", "A");
	add_many(128, 128, "host4", "B");
	forget();
	for (unsigned i = 0; i < 128; i++)
		fail_with(i, EIO, at(SEC + (int64_t)i * 1000));
	assert_int_equal(n_kept, 0);
	run_outage(at(SEC + 127000 + GATHER_ALONE_US - 1));
	assert_int_equal(n_kept, 0);
	run_outage(at(SEC + 127000 + GATHER_ALONE_US));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].type, EVENT_CAUSE);
	assert_int_equal(kept[0].priority, LOG_ERR);
	assert_string_equal(kept[0].message,
	                    "target A through host3: 128 of 128 paths are down: read: "
	                    "Input/output error (EIO)");
	assert_string_equal(kept[0].map, "target A through host3");
	assert_string_equal(kept[0].from, "up");
	assert_string_equal(kept[0].to, "down");
	assert_string_equal(kept[0].reason, "read: Input/output error (EIO)");
	assert_int_equal(kept[0].members, 128);
	assert_int_equal(n_names, 128);
	assert_true(strstr(names, "sd0\x1fsd1\x1fsd2\x1f") == names);
	assert_int_equal(n_records, 128);
	for (unsigned i = 0; i < 128; i++) {
		assert_string_equal(records[i].path, device_name(path(i)->device));
		assert_string_equal(records[i].from, "up");
		assert_string_equal(records[i].to, "down");
		assert_int_equal(records[i].lasted_us, SEC + i * 1000);
		assert_int_equal(records[i].why.error, EIO);
		assert_int_equal(records[i].group, kept[0].group);
	}
	/* The way back. */
	forget();
	for (unsigned i = 0; i < 128; i++)
		recover(i, at(31 * SEC + (int64_t)i * 1000));
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].priority, LOG_NOTICE);
	assert_string_equal(kept[0].message,
	                    "target A through host3: 128 of 128 paths are up again, "
	                    "after up to 30.0 s");
	assert_int_equal(n_records, 128);
	assert_int_equal(events.causes_total[CAUSE_TARGET_OF_HOST][TURN_DOWN], 1);
	assert_int_equal(events.causes_total[CAUSE_TARGET_OF_HOST][TURN_BACK], 1);
	assert_true(mono_is_never(outage_next(&outage)));
}

static void one_path_is_reported_soon_as_ever(void **state)
{
	(void)state;
	add_many(0, 8, "host3", "A");
	forget();
	fail_with(2, EIO, at(SEC));
	assert_int_equal(n_kept, 0);
	assert_int_equal(outage_next(&outage).us, at(SEC + GATHER_ALONE_US).us);
	run_outage(at(SEC + GATHER_ALONE_US));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].type, EVENT_PATH_STATE);
	assert_string_equal(kept[0].message,
	                    "sd2: up -> down: read: Input/output error (EIO)");
	assert_int_equal(kept[0].lasted_us, SEC);
	assert_int_equal(n_records, 0);
}

/* Paths are checked one after the other, and each is noticed at its own time. */
/* A daemon that ends reports what is gathered, with the time when it happened. */
static void the_end_reports_what_happened_when_it_did(void **state)
{
	const struct mono down = at(10 * SEC), stop = at(10 * SEC + 200000);
	struct timespec ts;
	int64_t realtime_us;

	(void)state;
	add_many(0, 1, "host3", "t0");
	forget();
	fail_with(0, EIO, down);
	assert_int_equal(n_kept, 0);
	outage_finish(&outage, stop);
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	realtime_us = ts.tv_sec * SEC + ts.tv_nsec / 1000;
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].to, "down");
	assert_true(kept[0].realtime_us <= realtime_us - 200000);
	assert_true(kept[0].realtime_us > realtime_us - 5 * SEC);
	outage_finish(&outage, stop);
	assert_int_equal(n_kept, 1);
}

/* What the kernel did to a path has the time at which it was seen, not that of its report. */
static void a_change_in_a_map_has_its_own_time(void **state)
{
	const struct mono seen = at(10 * SEC), stop = at(10 * SEC + 400000);
	struct gather_change c;
	struct timespec ts;
	int64_t realtime_us;

	(void)state;
	add_many(0, 2, "host3", "t0");
	forget();
	assert_true(outage_foreign(&events, 0, path(0), seen));
	c = gather_get(events.gathered, 0);
	assert_int_equal(c.mapped.us, seen.us);
	/* A second change does not move it. */
	assert_true(outage_commanded(&events, 0, path(0), true, at(10 * SEC + 300000)));
	c = gather_get(events.gathered, 0);
	assert_int_equal(c.mapped.us, seen.us);
	assert_true(outage_commanded(&events, 1, path(1), true, at(10 * SEC + 250000)));
	c = gather_get(events.gathered, 1);
	assert_int_equal(c.mapped.us, at(10 * SEC + 250000).us);
	outage_finish(&outage, stop);
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	realtime_us = ts.tv_sec * SEC + ts.tv_nsec / 1000;
	assert_int_equal(n_kept, 3);
	assert_int_equal(kept[0].type, EVENT_DM);
	for (unsigned i = 0; i < 3; i++)
		assert_true(kept[i].realtime_us <=
		            realtime_us -
		                    (strcmp(kept[i].path, "sd1") == 0 ? 150000 : 400000));
}

static void mark(uint32_t index, bool on, struct mono now)
{
	holds_mark(&checks.holds, index, path(index), MARK_PORT_STATE, on, now);
}

static void holds_of_one_part_are_one_event(void **state)
{
	(void)state;
	add_many(0, 8, "host3", "A");
	add_many(8, 8, "host4", "B");
	forget();
	for (unsigned i = 0; i < 8; i++)
		mark(i, true, at(SEC + (int64_t)i * 100000));
	assert_int_equal(n_kept, 0);
	run_outage(at(SEC + 700000 + GATHER_QUIET_US - 1));
	assert_int_equal(n_kept, 0);
	run_outage(at(SEC + 700000 + GATHER_QUIET_US));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].type, EVENT_HOLD);
	assert_int_equal(kept[0].priority, LOG_WARNING);
	assert_string_equal(kept[0].message,
	                    "target A through host3: 8 of 8 paths are held: port_state");
	assert_true(event_has_cause(&kept[0]));
	assert_string_equal(kept[0].map, "target A through host3");
	assert_string_equal(kept[0].from, "");
	assert_string_equal(kept[0].to, "port_state");
	assert_int_equal(kept[0].members, 8);
	assert_int_equal(n_names, 8);
	assert_int_equal(events.causes_total[CAUSE_TARGET_OF_HOST][TURN_HELD], 1);
	forget();
	for (unsigned i = 0; i < 8; i++)
		mark(i, false, at(60 * SEC));
	run_outage(at(70 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].priority, LOG_NOTICE);
	assert_string_equal(kept[0].message, "target A through host3: 8 of 8 paths are "
	                                     "held no longer: port_state");
	assert_string_equal(kept[0].from, "port_state");
	assert_int_equal(events.holds.n, 0);
	assert_true(mono_is_never(outage_next(&outage)));
}

/* A few holds are reported one by one, and nothing of a path is out of order. */
static void a_hold_alone_is_reported_alone(void **state)
{
	(void)state;
	add_many(0, 16, "host3", "A");
	forget();
	mark(0, true, at(SEC));
	mark(1, true, at(SEC));
	run_outage(at(SEC + GATHER_ALONE_US - 1));
	assert_int_equal(n_kept, 0);
	run_outage(at(SEC + GATHER_ALONE_US));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[0].to, "port_state");
	assert_false(event_has_cause(&kept[0]));
	/* Begin and end within a moment. */
	forget();
	mark(2, true, at(10 * SEC));
	mark(2, false, at(10 * SEC + 100000));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].to, "port_state");
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].from, "port_state");
	/* The path goes before its hold is reported. */
	forget();
	mark(3, true, at(30 * SEC));
	assert_int_equal(membership_remove(&checks, 3, true, at(30 * SEC + 1000)), 0);
	assert_int_equal(kept[0].type, EVENT_HOLD);
	assert_string_equal(kept[0].path, "sd3");
	assert_int_equal(events.holds.n, 0);
	/* The daemon ends. */
	run_outage(at(39 * SEC));
	forget();
	mark(4, true, at(40 * SEC));
	outage_finish(&outage, at(40 * SEC));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].path, "sd4");
}

/* More than there is room for: the others are reported at once, and none is lost. */
static void many_holds_have_room(void **state)
{
	(void)state;
	add_many(0, HOLD_GATHER_MAX + 10, "host3", "A");
	forget();
	for (unsigned i = 0; i < HOLD_GATHER_MAX + 10; i++)
		mark(i, true, at(SEC));
	assert_int_equal(n_kept, 10);
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 11);
	assert_int_equal(kept[10].members, HOLD_GATHER_MAX);
	assert_int_equal(n_names, HOLD_GATHER_MAX);
}

/* Away and back within a moment: two events, and none from a state to the same one. */
static void a_state_that_returns_is_two_events(void **state)
{
	const struct outcome silent = { .kind = OUTCOME_TIMED_OUT, .stage = STAGE_READ };

	(void)state;
	add_many(0, 1, "host3", "t0");
	path(0)->settings.fail_checks = 5;
	fail_with(0, EIO, at(10 * SEC));
	run_outage(at(12 * SEC));
	forget();
	(void)checks_step(&checks, 0, path(0), &silent, at(13 * SEC));
	fail_with(0, EIO, at(13 * SEC + 100000));
	run_outage(at(15 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[0].from, "shaky");
	assert_string_equal(kept[0].to, "timeout");
	assert_string_equal(kept[1].from, "timeout");
	assert_string_equal(kept[1].to, "shaky");
}

static void a_slow_outage_is_one_event_too(void **state)
{
	(void)state;
	add_many(0, 32, "host3", "A");
	add_many(32, 32, "host3", "B");
	forget();
	for (unsigned i = 0; i < 64; i++) {
		struct mono now = at(SEC + (int64_t)i * 120000);

		run_outage(now);
		fail_with(i, EIO, now);
	}
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].members, 64);
	assert_string_equal(kept[0].map, "host3");
}

/* The second path of a target makes the others be checked, once. */
static void the_other_paths_of_a_suspect_part_are_checked(void **state)
{
	(void)state;
	add_many(0, 8, "host3", "A");
	add_many(8, 8, "host3", "B");
	add_many(16, 8, "host4", "B");
	fail_with(0, EIO, at(SEC));
	run_outage(at(SEC));
	assert_int_equal(engine.n_asked, 0);
	fail_with(1, EIO, at(SEC + 1000));
	run_outage(at(SEC + 1000));
	assert_int_equal(engine.n_asked, 6);
	for (unsigned i = 2; i < 8; i++)
		assert_true(path(i)->outstanding);
	/* The HBA, at the fourth path. Those that are being checked are not checked again. */
	fail_with(2, EIO, at(SEC + 2000));
	run_outage(at(SEC + 2000));
	assert_int_equal(engine.n_asked, 6);
	fail_with(3, EIO, at(SEC + 3000));
	run_outage(at(SEC + 3000));
	assert_int_equal(engine.n_asked, 6 + 8);
	for (unsigned i = 16; i < 24; i++)
		assert_false(path(i)->outstanding);
	fail_with(4, EIO, at(SEC + 4000));
	run_outage(at(SEC + 4000));
	assert_int_equal(engine.n_asked, 6 + 8);
}

static void an_hba_is_suspect_after_more_changes(void **state)
{
	(void)state;
	add_many(0, 8, "host3", NULL);
	add_many(8, 8, "host4", NULL);
	for (unsigned i = 0; i < 3; i++)
		fail_with(i, EIO, at(SEC));
	run_outage(at(SEC));
	assert_int_equal(engine.n_asked, 0);
	fail_with(3, EIO, at(SEC));
	run_outage(at(SEC));
	assert_int_equal(engine.n_asked, 4);
}

static void two_outages_are_two_events(void **state)
{
	(void)state;
	add_many(0, 16, "host3", "A");
	add_many(16, 16, "host4", "B");
	add_many(32, 64, "host5", "C");
	forget();
	for (unsigned i = 0; i < 33; i++)
		fail_with(i, i < 16 ? EIO : ETIMEDOUT, at(SEC));
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 3);
	assert_int_equal(kept[0].members + kept[1].members, 32);
	assert_string_not_equal(kept[0].map, kept[1].map);
	assert_int_equal(kept[2].type, EVENT_PATH_STATE);
	assert_string_equal(kept[2].path, "sd32");
}

static void a_path_that_comes_back_at_once_has_both_events(void **state)
{
	(void)state;
	add_many(0, 8, "host3", "A");
	forget();
	fail_with(2, EIO, at(SEC));
	recover(2, at(SEC + 100000));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].message,
	                    "sd2: up -> down: read: Input/output error (EIO)");
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].message, "sd2: down -> up after 0.1 s");
}

/* Most reasons are the same, and the message says that not all are. */
static void the_reason_of_most_is_named(void **state)
{
	(void)state;
	add_many(0, 16, "host3", "A");
	forget();
	for (unsigned i = 0; i < 16; i++)
		fail_with(i, i % 5 == 0 ? ENOLINK : EIO, at(SEC));
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 1);
	assert_non_null(strstr(kept[0].message, ": mostly read: Input/output error"));
}

/* Programs learn from `to` what happened, also when the paths differ, or only their maps changed. */
static void every_cause_has_a_new_state(void **state)
{
	const struct outcome silent = { .kind = OUTCOME_TIMED_OUT, .stage = STAGE_READ };

	(void)state;
	add_many(0, 16, "host3", "A");
	forget();
	for (unsigned i = 0; i < 16; i++) {
		path(i)->settings.fail_checks = 5;
		if (i % 2 == 0)
			(void)checks_step(&checks, i, path(i), &silent, at(SEC));
		else
			fail_with(i, EIO, at(SEC));
	}
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].to, "shaky");
	forget();
	for (unsigned i = 0; i < 16; i++)
		assert_true(outage_foreign(&events, i, path(i), at(30 * SEC)));
	run_outage(at(50 * SEC));
	assert_int_equal(n_kept, 1);
	assert_non_null(strstr(kept[0].message, "failed in their maps, by the kernel"));
	assert_string_equal(kept[0].to, "failed");
}

/* The control thread is slow: nothing is dropped. */
static void a_full_ring_delays_and_loses_nothing(void **state)
{
	struct mono when;

	(void)state;
	add_many(0, 300, "host3", "A");
	forget();
	for (unsigned i = 0; i < 300; i++)
		fail_with(i, EIO, at(SEC));
	outage_run(&outage, at(2 * SEC));
	assert_int_equal(n_records, OUTAGE_RECORDS); /* a slice */
	assert_int_equal(n_kept, 0);
	port_is_full = true;
	outage_run(&outage, at(2 * SEC));
	assert_int_equal(n_records, OUTAGE_RECORDS);
	when = outage_next(&outage);
	assert_int_equal(when.us, at(2 * SEC + OUTAGE_RETRY_US).us);
	outage_run(&outage, at(2 * SEC + 1));
	port_is_full = false;
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(n_records, 300);
	assert_int_equal(n_names, 300);
}

static void removed_paths_are_one_event(void **state)
{
	(void)state;
	add_many(0, 16, "host3", "A");
	add_many(16, 16, "host4", "B");
	forget();
	for (unsigned i = 0; i < 17; i++) {
		struct device *d = device_ref(path(i)->device);

		assert_int_equal(membership_remove(&checks, i, true, at(SEC)), 0);
		assert_true(outage_reports_removal(&events, d));
		device_unref(d);
	}
	run_outage(at(60 * SEC));
	assert_int_equal(n_records, 16);
	assert_string_equal(records[0].to, "removed");
	assert_int_equal(n_kept, 3);
	assert_string_equal(kept[0].message,
	                    "target A through host3: 16 of 16 paths are gone, their "
	                    "devices were removed");
	/* The other one has its two events. */
	assert_string_equal(kept[1].to, "removed");
	assert_string_equal(kept[1].path, "sd16");
	assert_int_equal(kept[2].type, EVENT_PATH_REMOVED);
	assert_string_equal(kept[2].message, "sd16: its device is gone");
}

/* The story of a name goes on in its order. */
static void a_path_that_is_added_again_ends_the_wait(void **state)
{
	(void)state;
	add_many(0, 1, "host3", "A");
	forget();
	assert_int_equal(membership_remove(&checks, 0, true, at(SEC)), 0);
	assert_int_equal(n_kept, 0);
	(void)add_up(0, "host3", "A");
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].to, "removed");
	assert_int_equal(gather_count(events.gathered, TURN_GONE), 0);
}

/* --- maps --- */

static void make_map(unsigned n, uint32_t left, uint32_t right)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	char name[16];
	const struct map_path of[] = { { 8, left, 1, 0, true },
		                       { 8, right, 1, 0, true } };
	const struct map_spec spec = { .devt_major = 254,
		                       .devt_minor = n,
		                       .name = name,
		                       .uuid = "",
		                       .n_groups = 1,
		                       .n_paths = 2,
		                       .groups = &group,
		                       .paths = of };
	struct map *map;
	unsigned change;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "map%u", n);
	assert_int_equal(map_new(&map, &spec), 0);
	assert_int_equal(maps_update(maps, map, true, t0, &index, &change), 0);
	(void)map_unref(map);
	outage_map(&events, index, t0);
}

static void report_maps(struct mono now)
{
	for (uint32_t i = 0; i < maps_end(maps); i++)
		outage_map(&events, i, now);
}

static void maps_of_an_outage_are_one_event(void **state)
{
	(void)state;
	add_many(0, 64, "host3", "A");
	add_many(64, 64, "host4", "B");
	for (unsigned i = 0; i < 64; i++)
		make_map(i, i, 64 + i);
	run_outage(at(SEC));
	forget();
	for (unsigned i = 0; i < 64; i++)
		fail_with(i, EIO, at(SEC));
	report_maps(at(SEC));
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[0].message,
	                    "target A through host3: 64 of 64 paths are down: read: "
	                    "Input/output error (EIO); maps: 64 last");
	assert_int_equal(kept[1].type, EVENT_MAP);
	assert_string_equal(kept[1].message, "64 maps have one usable path left");
	assert_string_equal(kept[1].to, "last");
	assert_int_equal(kept[1].members, 64);
	assert_int_equal(n_names, 128);
	assert_non_null(strstr(names, "map63\x1f"));
	forget();
	for (unsigned i = 0; i < 64; i++)
		recover(i, at(70 * SEC));
	report_maps(at(70 * SEC));
	run_outage(at(100 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].message, "64 maps have all their paths");
	assert_true(mono_is_never(outage_next(&outage)));
}

/* The last path of a map is never kept waiting for company; the others of the same moment are. */
static void the_first_last_path_is_reported_at_once(void **state)
{
	(void)state;
	add_many(0, 16, "host3", "A");
	add_many(16, 16, "host4", "B");
	for (unsigned i = 0; i < 16; i++)
		make_map(i, i, 16 + i);
	run_outage(at(SEC));
	for (unsigned i = 0; i < 16; i++)
		fail_with(16 + i, EIO, at(SEC));
	report_maps(at(SEC));
	run_outage(at(60 * SEC));
	forget();
	for (unsigned i = 0; i < 16; i++)
		fail_with(i, EIO, at(61 * SEC));
	report_maps(at(61 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[0].path, "sd0");
	assert_int_equal(kept[1].type, EVENT_MAP);
	assert_string_equal(kept[1].to, "none");
	run_outage(at(120 * SEC));
	assert_int_equal(n_kept, 4);
	assert_int_equal(kept[2].members, 15);
	assert_string_equal(kept[3].message, "15 maps have no usable path");
	assert_int_equal(kept[3].priority, LOG_ERR);
}

static void a_map_that_is_full_again_was_never_worth_a_word(void **state)
{
	(void)state;
	add_many(0, 2, "host3", "A");
	make_map(0, 0, 1);
	run_outage(at(SEC));
	forget();
	fail_with(0, EIO, at(SEC));
	report_maps(at(SEC));
	recover(0, at(SEC + 1000));
	report_maps(at(SEC + 1000));
	run_outage(at(60 * SEC));
	assert_int_equal(n_kept, 2); /* the path's own */
	assert_string_equal(kept[0].to, "down");
	assert_string_equal(kept[1].to, "up");
}

/* --- loss --- */

static void disconnect(uint32_t index, struct mono now)
{
	const struct outcome o = { .kind = OUTCOME_DISCONNECTED, .stage = STAGE_READ };

	(void)checks_step(&checks, index, path(index), &o, now);
}

/* What the loop does for maps that changed. */
static void report_changed(struct mono now)
{
	uint32_t i;

	while ((i = maps_todo_take_map(maps)) != MAPS_NONE)
		outage_map(&events, i, now);
}

static void lose_map(uint32_t left, uint32_t right, struct mono now)
{
	fail_with(left, EIO, now);
	fail_with(right, EIO, now);
	report_changed(now);
}

static void a_map_without_a_path_is_reported_after_its_time(void **state)
{
	(void)state;
	map_losses_set_time(events.losses, 60 * SEC);
	add_many(0, 2, "host3", "A");
	make_map(0, 0, 1);
	run_outage(at(SEC));
	lose_map(0, 1, at(SEC));
	run_outage(at(61 * SEC - 1));
	forget();
	run_outage(at(61 * SEC));
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].type, EVENT_MAP);
	assert_int_equal(kept[0].priority, LOG_CRIT);
	assert_string_equal(kept[0].message,
	                    "map map0: no usable path for 60 s: I/O fails");
	assert_string_equal(kept[0].to, "lost");
	/* Both paths turn out to be gone for good. */
	forget();
	disconnect(0, at(70 * SEC));
	report_changed(at(70 * SEC));
	run_outage(at(75 * SEC));
	assert_int_equal(n_kept, 1); /* the path's own */
	assert_int_equal(kept[0].loss, LOSS_PERMANENT);
	disconnect(1, at(80 * SEC));
	report_changed(at(80 * SEC));
	run_outage(at(80 * SEC));
	assert_int_equal(n_kept, 3);
	assert_string_equal(kept[2].message,
	                    "map map0: all paths are gone for good: I/O fails");
	run_outage(at(85 * SEC));
	forget();
	recover(1, at(96 * SEC));
	report_changed(at(96 * SEC));
	run_outage(at(200 * SEC));
	/* The loss, the path, and the redundancy. */
	assert_int_equal(n_kept, 3);
	assert_string_equal(kept[0].message,
	                    "map map0: usable again after 95 s without a path");
	assert_string_equal(kept[0].to, "usable");
	assert_true(mono_is_never(outage_next(&outage)));
}

static void many_lost_maps_are_one_event(void **state)
{
	(void)state;
	map_losses_set_time(events.losses, 60 * SEC);
	add_many(0, 32, "host3", "A");
	for (unsigned i = 0; i < 16; i++)
		make_map(i, i, 16 + i);
	run_outage(at(SEC));
	for (unsigned i = 0; i < 16; i++)
		lose_map(i, 16 + i, at(SEC));
	run_outage(at(30 * SEC));
	forget();
	run_outage(at(100 * SEC));
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].message,
	                    "16 maps: no usable path for 60 s: I/O fails");
	assert_int_equal(kept[0].members, 16);
	forget();
	for (unsigned i = 0; i < 16; i++)
		recover(i, at(101 * SEC));
	report_changed(at(101 * SEC));
	run_outage(at(101 * SEC + MAP_LOSS_BACK_US));
	assert_int_equal(kept[n_kept - 1].priority, LOG_NOTICE);
	assert_string_equal(kept[n_kept - 1].message,
	                    "16 maps: usable again after up to 100 s without a path");
}

/* A path that an administrator disabled may work. */
static void a_disabled_path_is_no_loss(void **state)
{
	(void)state;
	map_losses_set_time(events.losses, 60 * SEC);
	add_many(0, 2, "host3", "A");
	make_map(0, 0, 1);
	maps_disable(maps, 1, MAPS_DISABLED, false);
	report_changed(at(SEC));
	fail_with(0, EIO, at(SEC));
	report_changed(at(SEC));
	run_outage(at(200 * SEC));
	for (unsigned i = 0; i < n_kept; i++)
		assert_string_not_equal(kept[i].to, "lost");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fabric_outage_is_one_event),
		TEST(one_path_is_reported_soon_as_ever),
		TEST(the_end_reports_what_happened_when_it_did),
		TEST(a_state_that_returns_is_two_events),
		TEST(holds_of_one_part_are_one_event),
		TEST(a_hold_alone_is_reported_alone),
		TEST(many_holds_have_room),
		TEST(a_change_in_a_map_has_its_own_time),
		TEST(a_slow_outage_is_one_event_too),
		TEST(the_other_paths_of_a_suspect_part_are_checked),
		TEST(an_hba_is_suspect_after_more_changes),
		TEST(two_outages_are_two_events),
		TEST(a_path_that_comes_back_at_once_has_both_events),
		TEST(the_reason_of_most_is_named),
		TEST(every_cause_has_a_new_state),
		TEST(a_full_ring_delays_and_loses_nothing),
		TEST(removed_paths_are_one_event),
		TEST(a_path_that_is_added_again_ends_the_wait),
		TEST(maps_of_an_outage_are_one_event),
		TEST(the_first_last_path_is_reported_at_once),
		TEST(a_map_that_is_full_again_was_never_worth_a_word),
		TEST(a_map_without_a_path_is_reported_after_its_time),
		TEST(many_lost_maps_are_one_event),
		TEST(a_disabled_path_is_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
