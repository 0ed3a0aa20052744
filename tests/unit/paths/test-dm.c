/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop's side of device-mapper over a fake device-mapper thread: which commands it sends, which
 * checks it expedites, and what it reports. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/paths/outage.h"
#include "tests/unit/paths/dm-bed.h"
#include "tests/unit/disk.h"

static struct dm dm;
static struct maps *maps;
static struct checks checks;
static struct events events;
static struct outage outage;
static const struct mono t0 = { 1000 * SEC };

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static void configure(bool control, bool keep)
{
	const struct config c = {
		.dm_control = control,
		.keep_last_path = keep,
		.dm_release = DM_RELEASE_REINSTATE,
		.discovery = DISCOVERY_UDEV,
	};

	dm_configure(&dm, &c, dm.generation + 1);
}

static int setup(void **state)
{
	struct events_options of_events = {
		.port = &port,
		.log = &log_thread,
		.level = LOG_DEBUG,
		.max_paths = PATHS,
	};
	struct dm_parts parts = {
		.devmapper = &thread,
		.checks = &checks,
		.events = &events,
	};

	const struct store_options of_store = { .max_paths = PATHS };
	struct persist_parts kept = { .max_paths = PATHS };

	(void)state;
	thread = (struct devmapper){ .room = UINT32_MAX };
	n_reported = n_expedited = 0;
	checks = (struct checks){ .sys_dev_block = -1 };
	if (registry_new(&checks.registry, PATHS) < 0 || maps_new(&maps, PATHS) < 0)
		return -1;
	of_events.maps = parts.maps = checks.maps = kept.maps = maps;
	kept.registry = checks.registry;
	checks.holds.persist = &checks.persist;
	if (events_init(&events, &of_events) < 0)
		return -1;
	kept.gathered = events.gathered;
	kept.losses = events.losses;
	kept.holds = &events.holds;
	if (store_new(&kept.store, &of_store, t0) < 0 ||
	    persist_init(&checks.persist, &kept) < 0)
		return -1;
	checks.events = &events;
	outage_init(&outage, &checks);
	dm_init(&dm, &parts, t0);
	configure(true, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (thread.taken < thread.n_news)
		map_unref(thread.news[thread.taken++].map);
	events_deinit(&events);
	maps = maps_free(maps);
	(void)store_free(checks.persist.store, 0); /* It has no thread. */
	persist_deinit(&checks.persist);
	checks.registry = registry_free(checks.registry);
	return 0;
}

/* Path n: "sdN", 8:N, in the registry. */
static void add_path(uint32_t n, enum path_verdict v)
{
	static const struct path_settings usual = { .interval_us = SEC };
	struct device *d = disk_new(n, NULL);
	uint32_t index;

	assert_int_equal(registry_add(checks.registry, d, &usual, t0, &index), 0);
	device_unref(d);
	maps_path_added(dm.maps, index, registry_get(checks.registry, index)->device);
	if (v != VERDICT_NONE)
		maps_path_checked(dm.maps, index, v, v == VERDICT_USABLE, t0);
}

static void decide(uint32_t path, enum path_verdict v, struct mono now)
{
	struct path *p = registry_get(checks.registry, path);

	p->status.verdict = v;
	p->status.reason = (struct reason){
		.kind = v == VERDICT_USABLE ? OUTCOME_OK : OUTCOME_FAILED,
		.stage = STAGE_READ,
		.error = v == VERDICT_USABLE ? 0 : EIO,
	};
	maps_path_checked(dm.maps, path, v, v == VERDICT_USABLE, now);
}

static void push(struct dm_record n)
{
	thread.news[thread.n_news++] = n;
}

/* Map `minor` has n paths from number `first` on. Bit i of `failed`: the i-th of them is failed. */
static void push_map(uint32_t minor, const char *name, uint32_t first, unsigned n,
                     unsigned failed, enum dm_record_type op)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[MAP_PATHS_MAX];
	const struct map_spec spec = {
		.devt_major = 254,
		.devt_minor = minor,
		.name = name,
		.uuid = "",
		.n_groups = 1,
		.n_paths = n,
		.groups = &group,
		.paths = paths,
	};
	struct dm_record news = { .op = op };

	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ 8, first + i, 1, 0,
			                      i >= 32 || (failed >> i & 1) == 0 };
	assert_int_equal(map_new(&news.map, &spec), 0);
	push(news);
}

/* Reports what is held, as at a later time. */
static void report(struct mono now)
{
	struct mono later = mono_add(now, GATHER_LONGEST_US);

	while (!mono_before(later, outage_next(&outage)))
		outage_run(&outage, later);
}

/* One round of the loop. */
static void round_of(struct mono now)
{
	bool more;

	do
		more = dm_take(&dm, now);
	while (more);
	dm_complete_round(&dm, now);
	report(now);
}

static void push_answer(const struct dm_command *c, int error)
{
	push((struct dm_record){ .op = DM_RECORD_DONE, .command = *c, .error = error });
}

static const struct dm_command *last_command(void)
{
	assert_true(thread.n_commands > 0);
	return &thread.commands[thread.n_commands - 1];
}

/* The n-th command is the last one, and this one. */
static void expect_command(unsigned n, enum dm_verb verb, uint32_t path_minor)
{
	assert_int_equal(thread.n_commands, n);
	assert_int_equal(last_command()->verb, verb);
	assert_int_equal(last_command()->path_minor, path_minor);
}

static void expect_reported(unsigned n, const char *message)
{
	assert_true(n < n_reported);
	assert_string_equal(reported[n].message, message);
}

/* Two paths that are up in map m. Discards what was reported about them. */
static void two_paths(void)
{
	add_path(0, VERDICT_USABLE);
	add_path(1, VERDICT_USABLE);
	push((struct dm_record){ .op = DM_RECORD_SYNC });
	push_map(3, "m", 0, 2, 0, DM_RECORD_MAP);
	round_of(t0);
	assert_int_equal(thread.n_commands, 0);
	expect_reported(0, "map m: found, with 2 paths");
	assert_int_equal(n_reported, 1); /* full redundancy is not reported */
	n_reported = 0;
}

static void a_decision_is_sent_in_the_same_round(void **state)
{
	(void)state;
	two_paths();
	decide(1, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	expect_command(1, DM_FAIL_PATH, 1);
	assert_int_equal(last_command()->map_major, 254);
	assert_int_equal(last_command()->map_minor, 3);
	assert_int_equal(last_command()->path_major, 8);
	expect_reported(0, "map m: full -> last: 1 of 2 paths usable");
	assert_int_equal(reported[0].type, EVENT_MAP);
	assert_string_equal(reported[0].from, "full");
	assert_string_equal(reported[0].to, "last");
	push_answer(last_command(), 0);
	round_of(at(2));
	expect_reported(1,
	                "sd1 (map m): failed in its map: read: Input/output error (EIO)");
	assert_int_equal(reported[1].type, EVENT_DM);
	assert_string_equal(reported[1].map, "m");
	assert_string_equal(reported[1].to, "failed");
	assert_int_equal(dm.failed, 1);
	/* The kernel's notification of our own command reports nothing. */
	push_map(3, "m", 0, 2, 1 << 1, DM_RECORD_MAP);
	round_of(at(3));
	assert_int_equal(n_reported, 2);
	decide(1, VERDICT_USABLE, at(4));
	round_of(at(4));
	assert_int_equal(last_command()->verb, DM_REINSTATE_PATH);
	push_answer(last_command(), 0);
	round_of(at(5));
	expect_reported(2, "sd1 (map m): reinstated in its map");
	expect_reported(3, "map m: last -> full: 2 of 2 paths usable");
	assert_int_equal(dm.reinstated, 1);
	assert_true(mono_is_never(dm_next(&dm)));
}

static void without_control_it_reports_and_sends_no_command(void **state)
{
	(void)state;
	configure(false, true);
	two_paths();
	decide(1, VERDICT_UNUSABLE, at(1));
	push_map(3, "m", 0, 2, 1 << 0, DM_RECORD_MAP);
	round_of(at(1));
	round_of(at(1000 * SEC));
	assert_int_equal(thread.n_commands, 0);
	expect_reported(
	        0, "sd0 (map m): failed in its map, by the kernel or another program: "
	           "it is checked now");
	expect_reported(1, "map m: full -> none: 0 of 2 paths usable");
	assert_int_equal(reported[1].priority, LOG_ERR);
	assert_int_equal(n_expedited, 1);
	assert_int_equal(expedited, 0);
	assert_true(mono_is_never(dm_next(&dm)));
	configure(true, true);
	dm_complete_round(&dm, at(1001 * SEC));
	/* Path 0 is the last active one, and unchecked. */
	assert_int_equal(thread.n_commands, 0);
}

static void the_kernels_own_failure_is_checked_then_undone(void **state)
{
	(void)state;
	two_paths();
	push_map(3, "m", 0, 2, 1 << 1, DM_RECORD_MAP);
	round_of(at(1));
	assert_int_equal(expedited, 1);
	assert_int_equal(n_expedited, 1);
	assert_int_equal(thread.n_commands, 0);
	maps_path_checked(dm.maps, 1, VERDICT_USABLE, true, at(0)); /* started before */
	round_of(at(2));
	assert_int_equal(n_expedited, 2);
	assert_int_equal(thread.n_commands, 0);
	maps_path_checked(dm.maps, 1, VERDICT_USABLE, true, at(2));
	round_of(at(3));
	assert_int_equal(last_command()->verb, DM_REINSTATE_PATH);
}

static void refusals_are_reported_once_and_retried(void **state)
{
	(void)state;
	two_paths();
	decide(1, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	n_reported = 0;
	for (int i = 1; i <= 4; i++) {
		push_answer(last_command(), EINVAL);
		round_of(at(i * 60 * SEC));
		assert_false(mono_is_never(dm_next(&dm)));
		dm_complete_round(&dm, dm_next(&dm));
		assert_int_equal(thread.n_commands, i + 1);
	}
	expect_reported(0,
	                "sd1 (map m): fail_path was refused: Invalid argument: checkerd "
	                "tries again");
	assert_int_equal(n_reported, 1);
	assert_int_equal(dm.refused, 4);
	/* A missing permission is reported once for all paths. */
	push_answer(last_command(), EPERM);
	round_of(at(600 * SEC));
	dm_complete_round(&dm, dm_next(&dm));
	push_answer(last_command(), EPERM);
	round_of(at(700 * SEC));
	assert_int_equal(n_reported, 2);
	assert_non_null(strstr(reported[1].message, "CAP_SYS_ADMIN"));
	assert_string_equal(dm.trouble, reported[1].message);
	dm_complete_round(&dm, dm_next(&dm));
	push_answer(last_command(), 0);
	round_of(at(800 * SEC));
	assert_string_equal(dm.trouble, "");
}

static void the_last_path_is_kept_and_reported(void **state)
{
	(void)state;
	two_paths();
	decide(0, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	decide(1, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	expect_command(1, DM_FAIL_PATH, 0);
	expect_reported(1,
	                "sd1 (map m): it is down, but is kept in its map: its last path");
	expect_reported(2, "map m: last -> none: 0 of 2 paths usable");
	configure(true, false);
	round_of(at(2));
	expect_command(2, DM_FAIL_PATH, 1);
}

static void another_disk_is_reported_once_and_failed(void **state)
{
	const struct disk_read first = { 8, 1, 1, 0xa, false, false };
	const struct disk_read second = { 8, 1, 1, 0xb, false, false };

	(void)state;
	two_paths();
	decide(0, VERDICT_UNUSABLE, at(1)); /* path 1 is the last one */
	round_of(at(1));
	push_answer(last_command(), 0);
	round_of(at(1));
	n_reported = 0;
	maps_path_read(dm.maps, 1, &first);
	maps_path_read(dm.maps, 1, &second);
	round_of(at(2));
	expect_command(2, DM_FAIL_PATH, 1);
	expect_reported(0,
	                "sd1 (map m): another disk is under 8:1: WWID of the map: not "
	                "known; WWID "
	                "of the disk: another one, says the disk; barred until the path "
	                "leaves the map: remove it from the map");
	assert_int_equal(reported[0].priority, LOG_CRIT);
	assert_true(checks.relist); /* discovery does not know the new disk */
	push_answer(last_command(), 0);
	round_of(at(3));
	decide(1, VERDICT_USABLE, at(4));
	round_of(at(4));
	assert_int_equal(thread.n_commands, 2);
	for (unsigned i = 1; i < n_reported; i++)
		assert_null(strstr(reported[i].message, "barred"));
}

static void failed_paths_are_reinstated_when_control_ends(void **state)
{
	(void)state;
	two_paths();
	decide(1, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	push_answer(last_command(), 0);
	round_of(at(2));
	configure(false, true);
	n_reported = 0;
	round_of(at(3));
	expect_command(2, DM_REINSTATE_PATH, 1);
	push_answer(last_command(), 0);
	round_of(at(4));
	expect_reported(0, "sd1 (map m): reinstated in its map, and released");
}

static void changes_of_maps_are_reported(void **state)
{
	(void)state;
	two_paths();
	push_map(3, "n", 0, 2, 0, DM_RECORD_MAP);
	push_map(3, "n", 0, 3, 0, DM_RECORD_MAP);
	push_map(3, "n", 0, 3, 0, DM_RECORD_GONE);
	push_map(4, "x", 0, 1, 0, DM_RECORD_GONE); /* a map without room */
	round_of(at(1));
	expect_reported(0, "map n: renamed from m");
	expect_reported(1, "map n: has another table, with 3 paths");
	expect_reported(2, "map n: removed");
	assert_int_equal(n_reported, 3);
	assert_int_equal(maps_count(dm.maps), 0);
}

static void a_map_without_room_is_repeated_when_there_is_some(void **state)
{
	(void)state;
	push((struct dm_record){ .op = DM_RECORD_SYNC });
	push_map(1, "a", 0, MAP_PATHS_MAX, 0, DM_RECORD_MAP);
	push_map(2, "b", 0, MAP_PATHS_MAX, 0, DM_RECORD_MAP);
	push_map(3, "c", 0, MAP_PATHS_MAX - 1, 0, DM_RECORD_MAP);
	round_of(t0);
	assert_int_equal(maps_count(dm.maps), 2);
	assert_non_null(strstr(dm.trouble, "map c"));
	push_map(4, "d", 0, 1, 0, DM_RECORD_GONE); /* an unknown map */
	round_of(at(1));
	assert_int_equal(thread.again, 0);
	push_map(1, "a", 0, 1, 0, DM_RECORD_MAP); /* a smaller table */
	round_of(at(2));
	assert_int_equal(thread.again, 1);
	assert_string_equal(dm.trouble, "");
	push_map(3, "c", 0, MAP_PATHS_MAX - 1, 0, DM_RECORD_MAP);
	push_map(5, "e", 0, MAP_PATHS_MAX, 0, DM_RECORD_MAP);
	round_of(at(3));
	assert_int_equal(maps_count(dm.maps), 3);
	push_map(2, "b", 0, MAP_PATHS_MAX, 0, DM_RECORD_GONE);
	round_of(at(4));
	assert_int_equal(thread.again, 2);
}

static void a_full_ring_is_waited_for(void **state)
{
	(void)state;
	two_paths();
	configure(true, false);
	decide(0, VERDICT_UNUSABLE, at(1));
	decide(1, VERDICT_UNUSABLE, at(1));
	thread.room = 1;
	round_of(at(1));
	assert_int_equal(thread.n_commands, 1);
	assert_true(dm.blocked);
	/* Until an answer comes, the loop is not woken for it. */
	dm.look = false;
	assert_true(mono_is_never(dm_next(&dm)));
	thread.room = 1;
	push_answer(last_command(), 0);
	round_of(at(2));
	assert_int_equal(thread.n_commands, 2);
}

static void commands_are_sent_in_slices(void **state)
{
	(void)state;
	configure(true, false);
	for (uint32_t i = 0; i < 2 * DM_SLICE + 1; i++)
		add_path(i, VERDICT_UNUSABLE);
	push_map(3, "m", 0, 2 * DM_SLICE + 1, 0, DM_RECORD_MAP);
	round_of(t0);
	assert_int_equal(thread.n_commands, DM_SLICE);
	assert_int_equal(dm_next(&dm).us, 0);
	dm_complete_round(&dm, t0);
	dm_complete_round(&dm, t0);
	assert_int_equal(thread.n_commands, 2 * DM_SLICE + 1);
}

static void maps_are_reported_in_slices(void **state)
{
	(void)state;
	configure(false, true);
	for (uint32_t i = 0; i < DM_SLICE + 1; i++)
		push_map(i, "m", i, 1, 1, DM_RECORD_MAP);
	round_of(t0);
	assert_int_equal(dm_next(&dm).us, 0);
	dm_complete_round(&dm, t0);
	report(t0);
	/* Each map is found. The first one without a path is reported at once, the others together,
	 * once for each round. */
	assert_int_equal(events.seq, DM_SLICE + 1 + 3);
}

static void a_map_is_reported_when_it_stays_busy(void **state)
{
	(void)state;
	two_paths();
	decide(1, VERDICT_UNUSABLE, at(1));
	round_of(at(1));
	n_reported = 0;
	for (int i = 1; i <= 6; i++) {
		assert_int_equal(n_reported, 0);
		push_answer(last_command(), EBUSY);
		round_of(at(i * 60 * SEC));
		dm_complete_round(&dm, dm_next(&dm));
	}
	assert_int_equal(n_reported, 1);
}

static void ready_waits_for_the_maps_for_a_limited_time(void **state)
{
	(void)state;
	dm_complete_round(&dm, t0);
	assert_false(dm_is_ready(&dm));
	assert_int_equal(dm_next(&dm).us, at(DM_PATIENCE_US).us);
	dm_complete_round(&dm, at(DM_PATIENCE_US));
	assert_true(dm_is_ready(&dm));
	assert_true(mono_is_never(dm_next(&dm)));
}

static void without_device_mapper_there_is_one_line(void **state)
{
	(void)state;
	configure(false, true);
	push((struct dm_record){ .op = DM_RECORD_SYNC, .error = EACCES });
	round_of(t0);
	assert_true(dm_is_ready(&dm));
	assert_false(dm_decides(&dm));
	assert_int_equal(n_reported, 1);
	assert_int_equal(reported[0].priority, LOG_INFO);
	/* With dm_control the priority is higher. */
	configure(true, true);
	assert_int_equal(n_reported, 2);
	assert_int_equal(reported[1].priority, LOG_WARNING);
	assert_non_null(strstr(reported[1].message, "CAP_SYS_ADMIN"));
	push((struct dm_record){ .op = DM_RECORD_SYNC });
	round_of(at(1));
	assert_string_equal(dm.trouble, "");
	assert_true(dm_decides(&dm));
	push((struct dm_record){ .op = DM_RECORD_SYNC, .no_room = 7 });
	round_of(at(2));
	assert_non_null(strstr(dm.trouble, "7 device-mapper devices are excluded"));
}

/* SCSI disk n; with: the kernel shows its access state. */
static void add_scsi(const char *sys, uint32_t n, bool with)
{
	static const struct path_settings usual = { .interval_us = SEC };
	char name[16], node[32], file[256];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .hcil = "0:0:0:0",
		                          .devt_major = 8,
		                          .devt_minor = n };
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	(void)snprintf(file, sizeof(file), "%s/8:%u", sys, n);
	assert_int_equal(mkdir(file, 0700), 0);
	(void)snprintf(file, sizeof(file), "%s/8:%u/device", sys, n);
	assert_int_equal(mkdir(file, 0700), 0);
	(void)snprintf(file, sizeof(file), "%s/8:%u/device/access_state", sys, n);
	assert_true(!with || mkdir(file, 0700) == 0);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(registry_add(checks.registry, d, &usual, t0, &index), 0);
	maps_path_added(dm.maps, index, d);
	device_unref(d);
}

static void push_handled(uint32_t minor, uint32_t first)
{
	push_map(minor, minor == 3 ? "m" : "n", first, 2, 0, DM_RECORD_MAP);
	thread.news[thread.n_news - 1].map->handled = true;
}

static unsigned reported_handlers(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_reported; i++)
		n += strstr(reported[i].message, "has no access_state") != NULL;
	return n;
}

/* The table names a hardware handler, and a device has none: reported once per map. */
static void a_missing_handler_is_reported_once(void **state)
{
	char sys[] = "/tmp/test-dm-XXXXXX", remove[64];

	(void)state;
	assert_non_null(mkdtemp(sys));
	checks.sys_dev_block = open(sys, O_PATH | O_DIRECTORY);
	assert_true(checks.sys_dev_block >= 0);
	for (uint32_t n = 0; n < 4; n++)
		add_scsi(sys, n, n != 1);
	configure(false, true);
	push_handled(3, 0);
	push_handled(4, 2);
	round_of(t0);
	assert_int_equal(reported_handlers(), 0); /* no command can be wrong */
	configure(true, true);
	round_of(at(1));
	assert_int_equal(reported_handlers(), 1);
	assert_string_equal(reported[n_reported - 1].map, "m");
	assert_non_null(
	        strstr(reported[n_reported - 1].message, "path sd1 has no access_state"));
	push_map(3, "m", 0, 2, 1, DM_RECORD_MAP);
	round_of(at(2));
	assert_int_equal(reported_handlers(), 1);
	(void)close(checks.sys_dev_block);
	(void)snprintf(remove, sizeof(remove), "rm -r %s", sys);
	assert_int_equal(system(remove), 0); /* NOLINT: a name of this test */
}

static void many_uevents_are_one_look(void **state)
{
	(void)state;
	two_paths();
	for (int i = 0; i < 10; i++) {
		dm_look(&dm);
		dm_complete_round(&dm, at(i));
	}
	assert_int_equal(thread.looks, 1);
	assert_int_equal(dm_next(&dm).us, at(DM_LOOK_US).us);
	dm_complete_round(&dm, at(DM_LOOK_US));
	assert_int_equal(thread.looks, 2);
	assert_true(mono_is_never(dm_next(&dm)));
}

static void a_flapping_path_does_not_fill_the_log(void **state)
{
	(void)state;
	configure(false, true);
	two_paths();
	log_thread.events = 0;
	for (unsigned i = 0; i < 100; i++) {
		push_map(3, "m", 0, 2, i % 2, DM_RECORD_MAP);
		round_of(at(i));
	}
	assert_in_range(log_thread.events, 4, 20);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_decision_is_sent_in_the_same_round),
		TEST(without_control_it_reports_and_sends_no_command),
		TEST(the_kernels_own_failure_is_checked_then_undone),
		TEST(refusals_are_reported_once_and_retried),
		TEST(the_last_path_is_kept_and_reported),
		TEST(another_disk_is_reported_once_and_failed),
		TEST(failed_paths_are_reinstated_when_control_ends),
		TEST(changes_of_maps_are_reported),
		TEST(a_map_without_room_is_repeated_when_there_is_some),
		TEST(a_full_ring_is_waited_for),
		TEST(commands_are_sent_in_slices),
		TEST(maps_are_reported_in_slices),
		TEST(a_map_is_reported_when_it_stays_busy),
		TEST(ready_waits_for_the_maps_for_a_limited_time),
		TEST(without_device_mapper_there_is_one_line),
		TEST(a_missing_handler_is_reported_once),
		TEST(many_uevents_are_one_look),
		TEST(a_flapping_path_does_not_fill_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
