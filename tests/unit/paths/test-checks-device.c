/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device of a path: how it is opened, and what is reported to its maps. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/core/maps_entries.h"
#include "checkerd/paths/outcome.h"
#include "checkerd/paths/overdue_watch.h"
#include "tests/unit/disk.h"
#include "tests/unit/paths/checks-bed.h"

/* A result of a check that opened the device 8:devt_minor. */
static void answer_opened(uint32_t p, uint32_t devt_minor, enum pathcheck_verdict v,
                          int error, struct mono now)
{
	engine.opened = (struct pathcheck_opened){ .devt_major = devt_minor > 0 ? 8 : 0,
		                                   .devt_minor = devt_minor };
	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[path(p)->engine_id],
		.id = path(p)->engine_id,
		.verdict = v,
		.stage = PATHCHECK_STAGE_READ,
		.error = error,
		.opened = 1,
		.started_us = now.us - 100,
		.finished_us = now.us,
	};
	assert_false(results_collect(&checks, now));
}

/* The path's name leads to another device than the path's: the verdict is not about the path. */
static void the_answer_of_another_device_is_dropped(void **state)
{
	const struct device_spec spec = {
		.name = "link", .node = "/dev/link", .devt_major = 8, .devt_minor = 16
	};
	struct device *d;
	uint32_t p;

	(void)state;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &usual, t0, &p), 0);
	device_unref(d);
	run_until(at(SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_false(checks.relist);
	for (uint32_t other = 0; other <= 32; other += 32) { /* a file, another disk */
		checks_expedite(&checks, p, at(2 * SEC));
		answer_opened(p, other, PATHCHECK_FAILED, EIO, at(2 * SEC));
		assert_int_equal(path(p)->status.state, PATH_UP);
		assert_int_equal(path(p)->counters.failures, 0);
		assert_int_equal(checks.outstanding, 0);
		assert_true(checks.relist);
		checks.relist = false;
	}
	assert_int_equal(checks.other_device, 2);
	/* The listener gets ESTALE: the check was not about that path. */
	assert_int_equal(completed_error, ESTALE);
}

static void an_unknown_number_is_requested_once(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_true(checks.relist);
	checks.relist = false;
	checks_expedite(&checks, p, at(2 * SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(2 * SEC));
	assert_false(checks.relist);
}

/* expected: a letter each for keep_open auto, yes and no. o: the descriptor stays open; c: it is
 * closed after each check. */
static void assert_opened(const char *name, const char *protocol, const char *expected)
{
	struct device_spec spec = { .name = name,
		                    .node = "/dev/x",
		                    .protocol = protocol };
	struct path_settings s = usual;
	struct device *d;
	uint32_t p;

	assert_int_equal(device_new(&d, &spec), 0);
	for (int keep = KEEP_OPEN_AUTO; keep <= KEEP_OPEN_NO; keep++) {
		s.keep_open = (uint8_t)keep;
		assert_int_equal(membership_add(&checks, d, &s, t0, &p), 0);
		assert_int_equal(engine.flags[path(p)->engine_id],
		                 expected[keep] == 'c' ? PATHCHECK_PATH_CLOSE : 0);
		assert_int_equal(membership_remove(&checks, p, false, t0), 0);
	}
	device_unref(d);
}

static void only_scsi_nvme_and_dasd_stay_open(void **state)
{
	(void)state;
	assert_opened("sda", "scsi:fcp", "ooc");
	assert_opened("nvme0n1", "nvme:tcp", "ooc");
	assert_opened("dasda", "ccw", "ooc");
	assert_opened("vda", "virtio", "coc");
	assert_opened("loop0", NULL, "coc");
	assert_opened("file", NULL, "coc");
}

static void another_keep_open_keeps_the_state(void **state)
{
	struct path_settings s = usual;
	uint32_t p = add(0), id = path(p)->engine_id;
	struct mono due;

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	due = path(p)->due;
	checks_expedite(&checks, p, at(SEC));
	assert_int_equal(checks.outstanding, 1);
	s.keep_open = KEEP_OPEN_YES;
	/* The engine accepts no commands now: nothing changes until the next attempt. */
	engine.room = 0;
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, at(SEC)),
	                 -EAGAIN);
	assert_int_equal(path(p)->engine_id, id);
	engine.room = 1;
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, at(SEC)),
	                 -EAGAIN);
	assert_int_equal(checks.outstanding, 0);
	engine.room = UINT32_MAX;
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, at(SEC)), 0);
	assert_int_not_equal(path(p)->engine_id, id);
	assert_int_equal(engine.flags[path(p)->engine_id], 0);
	assert_int_equal(engine.removed, 1);
	/* It is the same path, and its interrupted check was restarted. */
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->due.us, due.us);
	assert_int_equal(checks.outstanding, 1);
	assert_int_equal(path(p)->counters.checks, 3);
	/* The same settings leave the path in the engine as it is. */
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, at(SEC)), 0);
	assert_int_equal(engine.removed, 1);
}

static void the_engine_gets_the_checker(void **state)
{
	static const struct {
		enum checker_kind kind;
		enum pathcheck_checker checker;
	} rows[] = {
		{ CHECKER_DIRECTIO, PATHCHECK_DIRECTIO },
		{ CHECKER_TUR, PATHCHECK_TUR },
		{ CHECKER_ALUA, PATHCHECK_ALUA },
		{ CHECKER_TUR_DIRECTIO, PATHCHECK_TUR_DIRECTIO },
		{ CHECKER_READSECTOR0, PATHCHECK_READSECTOR0 },
		{ CHECKER_RDAC, PATHCHECK_RDAC },
		{ CHECKER_EMC_CLARIION, PATHCHECK_EMC_CLARIION },
		{ CHECKER_HP_SW, PATHCHECK_HP_SW },
		{ CHECKER_CCISS_TUR, PATHCHECK_CCISS_TUR },
		{ CHECKER_NVME, PATHCHECK_NVME },
		{ CHECKER_NONE, PATHCHECK_DIRECTIO },
	};
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct path_settings s = usual;
		uint32_t id = path(p)->engine_id;
		bool same = engine.checker[id] == rows[i].checker;

		s.checker = rows[i].kind;
		assert_int_equal(
		        membership_change(&checks, p, path(p)->device, &s, at(SEC)), 0);
		assert_int_equal(path(p)->engine_id == id, same);
		assert_int_equal(engine.checker[path(p)->engine_id], rows[i].checker);
		assert_int_equal(path(p)->status.state, PATH_UP);
	}
}

static void another_read_every_is_for_the_engine(void **state)
{
	struct path_settings s = usual;
	uint32_t p, id;

	(void)state;
	s.checker = CHECKER_TUR_DIRECTIO;
	s.read_every = 60;
	assert_int_equal(try_add(0, &s, &p), 0);
	id = path(p)->engine_id;
	assert_int_equal(engine.read_every[id], 60);
	s.read_every = 1;
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, t0), 0);
	assert_int_not_equal(path(p)->engine_id, id);
	assert_int_equal(engine.read_every[path(p)->engine_id], 1);
}

/* The answer to a TEST UNIT READY, by its sense data. */
static void answer_sense(uint32_t p, enum pathcheck_verdict v, uint8_t qualifier,
                         struct mono now)
{
	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[path(p)->engine_id],
		.id = path(p)->engine_id,
		.verdict = v,
		.stage = PATHCHECK_STAGE_READ,
		.engine = PATHCHECK_ENGINE_SG,
		.started_us = now.us - 100,
		.finished_us = now.us,
		.request = PATHCHECK_REQUEST_TEST_UNIT,
		.said = PATHCHECK_SAID_SENSE,
		.has_sense = 1,
		.sense_key = 2,
		.sense_code = 4,
		.sense_qualifier = qualifier,
	};
	assert_false(results_collect(&checks, now));
}

static void assert_is(uint32_t p, enum path_state state, const char *reason)
{
	char text[REASON_TEXT_MAX];

	assert_int_equal(path(p)->status.state, state);
	assert_string_equal(reason_format(&path(p)->status.reason, text, sizeof(text)),
	                    reason);
}

static void a_passive_port_is_a_ghost_with_its_reason(void **state)
{
	const struct outcome passive = { .kind = OUTCOME_PASSIVE };
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer_sense(p, PATHCHECK_GHOST, 0xb, at(SEC));
	assert_is(p, PATH_GHOST, "TEST UNIT READY: not ready, standby (02/04/0b)");
	assert_int_equal(path(p)->good.us, at(SEC).us);
	assert_int_equal(path(p)->counters.failures, 0);
	assert_int_equal(path(p)->engine, PATHCHECK_ENGINE_SG);
	/* As long as it stays one, sysfs is not read for it. */
	assert_false(outcome_wants_state(path(p), &passive));
	checks_expedite(&checks, p, at(2 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(2 * SEC));
	assert_is(p, PATH_UP, "");
	assert_true(outcome_wants_state(path(p), &passive));
}

/* Nothing is decided: a new path stays pending, a known one what it was, until it is overdue. */
static void a_port_in_transition_decides_nothing(void **state)
{
	const struct overdue_engine runs = { false, false };
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer_sense(p, PATHCHECK_PENDING, 0xa, at(SEC));
	assert_is(p, PATH_PENDING,
	          "TEST UNIT READY: not ready, access state changes (02/04/0a)");
	checks_expedite(&checks, p, at(2 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(2 * SEC));
	assert_is(p, PATH_UP, "");
	checks_expedite(&checks, p, at(3 * SEC));
	answer_sense(p, PATHCHECK_PENDING, 0xa, at(3 * SEC));
	assert_is(p, PATH_UP, "");
	assert_int_equal(path(p)->last.us, at(2 * SEC).us);
	assert_int_equal(overdue_watch_why(path(p), &runs).cause, OVERDUE_TRANSITION);
	checks_expedite(&checks, p, at(4 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(4 * SEC));
	assert_int_not_equal(overdue_watch_why(path(p), &runs).cause, OVERDUE_TRANSITION);
}

/* Adds a map with one path, 8:5, that is failed. */
static struct maps_path *map_of_one(void)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	static const struct map_path in = { 8, 5, 1, 0, false };
	const struct map_spec spec = {
		.devt_major = 254,
		.name = "m",
		.uuid = "",
		.n_groups = 1,
		.n_paths = 1,
		.groups = &group,
		.paths = &in,
	};
	struct map *m;
	uint32_t index;
	unsigned change;

	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), 0);
	map_unref(m);
	return maps_path(maps, maps_get(maps, index)->first);
}

static struct device *numbered(uint32_t devt_minor)
{
	const struct device_spec spec = {
		.name = "p0",
		.node = "/p0",
		.devt_major = devt_minor > 0 ? 8 : 0,
		.devt_minor = devt_minor,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void verdicts_are_reported_to_the_maps(void **state)
{
	struct device *without = numbered(0), *with = numbered(5);
	const struct maps_path *e;
	uint32_t p;

	(void)state;
	if (checks.sys_dev_block >= 0)
		close(checks.sys_dev_block); /* the machine of the test has no such disk */
	checks.sys_dev_block = -1;
	e = map_of_one();
	/* The path is configured before its device exists. */
	assert_int_equal(membership_add(&checks, without, &usual, t0, &p), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(membership_change(&checks, p, with, &usual, t0), 0);
	assert_int_equal(e->path, p);
	assert_int_equal(e->verdict, VERDICT_NONE);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	assert_int_equal(e->verdict, VERDICT_USABLE);
	/* That check started after the map was read with the path failed: no doubt is left. */
	assert_int_equal(e->agreement.unchecked_since.us, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e->verdict,
		                 VERDICT_USABLE); /* one failure decides nothing */
		run_until(checks_next(&checks));
		answer(p, PATHCHECK_FAILED, EIO, false, path(p)->started);
	}
	assert_int_equal(e->verdict, VERDICT_UNUSABLE);
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_OK, 0, false, path(p)->started);
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_int_equal(membership_change(&checks, p, without, &usual, t0), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(e->verdict, VERDICT_NONE);
	assert_int_equal(membership_change(&checks, p, with, &usual, t0), 0);
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_int_equal(membership_remove(&checks, p, true, at(60 * SEC)), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(e->verdict, VERDICT_UNUSABLE);
	device_unref(with);
	device_unref(without);
}

/* A successful result that identifies the disk 8:5. */
static void answer_of(uint32_t p, uint64_t wwid, enum pathcheck_wwid state,
                      struct mono now)
{
	engine.opened = (struct pathcheck_opened){
		.devt_major = 8,
		.devt_minor = 5,
		.wwid = wwid,
		.wwid_state = state,
	};
	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[path(p)->engine_id],
		.id = path(p)->engine_id,
		.verdict = PATHCHECK_OK,
		.stage = PATHCHECK_STAGE_READ,
		.started_us = now.us - 100,
		.finished_us = now.us,
		.opened = 1,
	};
	assert_false(results_collect(&checks, now));
}

/* A path that is failed in its map is reinstated only after it was identified. */
static void a_failed_path_is_identified(void **state)
{
	const struct device_spec spec = { .name = "p0",
		                          .node = "/p0",
		                          .devt_major = 8,
		                          .devt_minor = 5,
		                          .kernel_id = 0xa };
	struct device *d;
	const struct maps_path *e;
	uint32_t p;

	(void)state;
	assert_int_equal(device_new(&d, &spec), 0);
	e = map_of_one(); /* failed there */
	assert_int_equal(membership_add(&checks, d, &usual, t0, &p), 0);
	run_until(at(SEC));
	assert_int_equal(engine.n_identified, 1);
	answer_of(p, 0, PATHCHECK_WWID_UNREADABLE, at(SEC));
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_true(e->agreement.unchecked_since.us > 0);
	run_until(checks_next(&checks));
	assert_int_equal(engine.n_identified, 2);
	answer_of(p, 0xa, PATHCHECK_WWID_READ, path(p)->started);
	assert_int_equal(e->agreement.unchecked_since.us, 0);
	assert_int_equal(e->bar, BAR_NONE);
	run_until(checks_next(&checks));
	answer_of(p, 0xb, PATHCHECK_WWID_READ, path(p)->started);
	assert_int_equal(e->bar, BAR_READ);
	/* A barred path is checked without identification. */
	run_until(checks_next(&checks));
	assert_int_equal(engine.n_identified, 3);
	device_unref(d);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_answer_of_another_device_is_dropped),
		TEST(an_unknown_number_is_requested_once),
		TEST(only_scsi_nvme_and_dasd_stay_open),
		TEST(another_keep_open_keeps_the_state),
		TEST(the_engine_gets_the_checker),
		TEST(another_read_every_is_for_the_engine),
		TEST(a_passive_port_is_a_ghost_with_its_reason),
		TEST(a_port_in_transition_decides_nothing),
		TEST(verdicts_are_reported_to_the_maps),
		TEST(a_failed_path_is_identified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
