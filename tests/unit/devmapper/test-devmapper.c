/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device-mapper thread: news and commands through its rings, its stop, its waiting. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/devmapper/backend_libdm.h"
#include "checkerd/devmapper/follow.h"
#include "tests/unit/devmapper/fake-dm.h"
#include "util/seal.h"

#define LIMIT_MS 60000 /* nothing takes that long unless it hangs */
#define LIMIT_US (LIMIT_MS * USEC_PER_MSEC)

static struct devmapper *d;

static void begin(uint32_t max_maps)
{
	const struct devmapper_options o = { .max_maps = max_maps };

	assert_int_equal(devmapper_new_on(&d, &o, fake_dm()), 0);
}

static int setup(_unused_ void **state)
{
	fake_dm_reset();
	return 0;
}

static int teardown(_unused_ void **state)
{
	fake_dm_release();
	assert_true(devmapper_free(d, LIMIT_US));
	d = NULL;
	assert_true(fake_dm_freed());
	assert_int_equal(seal_broken(), 0); /* commands allocate nothing */
	return 0;
}

/* Waits for the next news. */
static struct dm_record next(void)
{
	struct dm_record n;

	while (!devmapper_next(d, &n)) {
		struct pollfd fd = { .fd = devmapper_fd(d), .events = POLLIN };

		assert_int_equal(poll(&fd, 1, LIMIT_MS), 1);
		devmapper_clear(d);
	}
	return n;
}

static void next_is_sync(int error, uint32_t no_room)
{
	struct dm_record n = next();

	assert_int_equal(n.op, DM_RECORD_SYNC);
	assert_int_equal(n.error, error);
	assert_int_equal(n.no_room, no_room);
	assert_null(n.map);
}

/* paths: "AF" */
static void next_is_map(const char *name, const char *paths)
{
	struct dm_record n = next();

	assert_int_equal(n.op, DM_RECORD_MAP);
	assert_string_equal(n.map->name, name);
	assert_int_equal(n.map->n_paths, strlen(paths));
	for (uint32_t i = 0; i < n.map->n_paths; i++)
		assert_int_equal(n.map->paths[i].active, paths[i] == 'A');
	(void)map_unref(n.map); /* NULL, always */
}

static void next_is_gone(const char *name)
{
	struct dm_record n = next();

	assert_int_equal(n.op, DM_RECORD_GONE);
	assert_string_equal(n.map->name, name);
	(void)map_unref(n.map); /* NULL, always */
}

static void next_is_done(uint64_t token, int error)
{
	struct dm_record n = next();

	assert_int_equal(n.op, DM_RECORD_DONE);
	assert_int_equal(n.command.token, token);
	assert_int_equal(n.error, error);
	assert_null(n.map);
}

static bool command(enum dm_verb verb, uint32_t map, uint32_t path, uint64_t token)
{
	const struct dm_command c = { verb, 254, map, 8, path, token };

	return devmapper_command(d, &c);
}

static void follows_maps(_unused_ void **state)
{
	fake_dm_add(1, "a", 2);
	begin(8);
	next_is_map("a", "AA");
	next_is_sync(0, 0);
	fake_dm_path(1, 1, false);
	next_is_map("a", "AF");
	fake_dm_add(2, "b", 1);
	next_is_map("b", "A");
	fake_dm_rename(2, "c");
	next_is_map("c", "A");
	fake_dm_remove(1);
	next_is_gone("a");
	fake_dm_load(2, 3);
	next_is_map("c", "AAA");
}

/* Nothing is due: it does not look by itself. */
static void sleeps_when_nothing_happens(_unused_ void **state)
{
	unsigned lists;

	begin(8);
	next_is_sync(0, 0);
	fake_dm_event();
	fake_dm_add(1, "a", 1);
	next_is_map("a", "A");
	assert_true(command(DM_FAIL_PATH, 1, 7, 1));
	next_is_done(1, EINVAL);
	/* From here on only what was commanded. */
	assert_true(command(DM_REINSTATE_PATH, 1, 0, 2));
	next_is_done(2, 0);
	lists = fake_dm_lists();
	for (uint64_t i = 3; i < 100; i++) {
		assert_true(command(DM_REINSTATE_PATH, 1, 0, i));
		next_is_done(i, 0);
	}
	/* The event, and the failed command, may have been looked after meanwhile. */
	assert_in_range(fake_dm_lists(), lists, lists + 2);
}

static void looks_when_asked(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	begin(8);
	next_is_map("a", "A");
	next_is_sync(0, 0);
	fake_dm_suspend(1, true);
	for (int i = 0; i < 100; i++)
		devmapper_look(d);
	next_is_map("a", "A");
	fake_dm_suspend(1, false);
	devmapper_look(d);
	next_is_map("a", "A");
}

static void tries_again_when_asked_to_look(_unused_ void **state)
{
	fake_dm_open_says(-EACCES);
	fake_dm_add(1, "a", 1);
	begin(8);
	next_is_sync(EACCES, 0);
	fake_dm_open_says(0);
	devmapper_look(d);
	next_is_map("a", "A");
	next_is_sync(0, 0);
	/* It is awake to events now. */
	fake_dm_path(1, 0, false);
	next_is_map("a", "F");
}

/* Without arm() an event does not wake the thread. */
static void does_not_listen_unarmed(_unused_ void **state)
{
	begin(8);
	next_is_sync(0, 0);
	fake_dm_arm_says(-EPERM);
	fake_dm_event();
	next_is_sync(EPERM, 0);
	for (uint64_t i = 0; i < 100; i++) {
		assert_true(command(DM_FAIL_PATH, 1, 0, i));
		next_is_done(i, ENXIO);
	}
	assert_int_equal(fake_dm_opens(), 2);
	fake_dm_arm_says(0);
	fake_dm_add(1, "a", 1);
	devmapper_look(d);
	next_is_map("a", "A");
	next_is_sync(0, 0);
}

static void leaves_out_what_is_too_many(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	begin(1);
	next_is_map("a", "A");
	next_is_sync(0, 1);
}

static void answers_commands(_unused_ void **state)
{
	fake_dm_add(1, "a", 2);
	begin(8);
	next_is_map("a", "AA");
	next_is_sync(0, 0);
	assert_true(command(DM_FAIL_PATH, 1, 1, 77));
	next_is_done(77, 0);
	next_is_map("a", "AF");
	assert_true(command(DM_REINSTATE_PATH, 1, 1, 78));
	next_is_done(78, 0);
	next_is_map("a", "AA");
	assert_int_equal(fake_dm_message(0, NULL), 1);
	assert_int_equal(fake_dm_message(1, NULL), -2);
}

/* Every field comes back; the error is the kernel's, and the map is looked at again. */
static void answers_with_errors(_unused_ void **state)
{
	const struct dm_command c = { DM_REINSTATE_PATH, 254, 1, 8, 3, UINT64_MAX };
	struct dm_record n;

	fake_dm_add(1, "a", 4);
	begin(8);
	next_is_map("a", "AAAA");
	next_is_sync(0, 0);
	fake_dm_suspend(1, true);
	assert_true(devmapper_command(d, &c));
	n = next();
	assert_int_equal(n.op, DM_RECORD_DONE);
	assert_int_equal(n.error, EBUSY);
	assert_int_equal(n.command.verb, DM_REINSTATE_PATH);
	assert_int_equal(n.command.map_major, 254);
	assert_int_equal(n.command.map_minor, 1);
	assert_int_equal(n.command.path_major, 8);
	assert_int_equal(n.command.path_minor, 3);
	assert_int_equal(n.command.token, UINT64_MAX);
	next_is_map("a", "AAAA"); /* suspended: no other event reports it */
	assert_true(command(DM_FAIL_PATH, 9, 0, 1));
	next_is_done(1, ENXIO);
	fake_dm_message_says(-EPERM);
	assert_true(command(DM_FAIL_PATH, 1, 0, 2));
	next_is_done(2, EPERM);
}

/* The thread hangs in a read while commands pile up: all of them are done, in order, before
 * the next device is read. */
static void does_commands_in_order_and_first(_unused_ void **state)
{
	unsigned reads;

	for (uint32_t i = 0; i < 8; i++)
		fake_dm_add(i, "m", 4);
	fake_dm_hold();
	begin(8);
	assert_true(fake_dm_wait_held());
	for (uint64_t i = 0; i < DEVMAPPER_COMMANDS; i++)
		assert_true(command(i % 8 < 4 ? DM_FAIL_PATH : DM_REINSTATE_PATH, 3,
		                    (uint32_t)(i % 4), i));
	assert_false(command(DM_FAIL_PATH, 3, 0, 0));
	fake_dm_release();
	next_is_map("m", "AAAA"); /* the one it hung in */
	for (uint64_t i = 0; i < DEVMAPPER_COMMANDS; i++) {
		next_is_done(i, 0);
		assert_int_equal(fake_dm_message((unsigned)i, &reads),
		                 i % 8 < 4 ? (int64_t)(i % 4) : -1 - (int64_t)(i % 4));
		assert_int_equal(reads, 1);
	}
	for (uint32_t i = 1; i < 8; i++)
		next_is_map("m", "AAAA");
	assert_int_equal(fake_dm_messages(), DEVMAPPER_COMMANDS);
}

/* An answer that was not taken takes the place of a command. */
static void has_room_again_with_each_answer_taken(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	begin(8);
	next_is_map("a", "A");
	next_is_sync(0, 0);
	for (uint64_t i = 0; i < DEVMAPPER_COMMANDS; i++)
		assert_true(command(DM_REINSTATE_PATH, 1, 0, i));
	for (uint64_t i = 0; i < 10; i++) {
		assert_false(command(DM_REINSTATE_PATH, 1, 0, 0));
		next_is_done(i, 0);
		assert_true(command(DM_REINSTATE_PATH, 1, 0, DEVMAPPER_COMMANDS + i));
	}
	for (uint64_t i = 10; i < DEVMAPPER_COMMANDS + 10; i++)
		next_is_done(i, 0);
}

/* Fills the ring with records of one map; one record more has no room. */
static void fill_ring(void)
{
	fake_dm_add(1, "a", 1);
	begin(8);
	next_is_map("a", "A");
	next_is_sync(0, 0);
	for (uint32_t i = 0; i <= DEVMAPPER_COMMANDS; i++) {
		unsigned reads = fake_dm_reads(1);

		fake_dm_suspend(1, i % 2 == 0);
		devmapper_look(d);
		assert_true(fake_dm_wait_reads(1, reads + 1));
	}
}

/* The loop takes nothing: news wait, commands are done and their answers have room. */
static void does_commands_while_the_ring_is_full(_unused_ void **state)
{
	struct dm_record n;
	uint32_t maps = 0;
	uint64_t done = 0;

	fill_ring();
	for (uint64_t i = 0; i < DEVMAPPER_COMMANDS; i++)
		assert_true(command(DM_FAIL_PATH, 9, 0, i));
	assert_true(fake_dm_wait_messages(DEVMAPPER_COMMANDS));
	while (done < DEVMAPPER_COMMANDS) {
		n = next();
		if (n.op == DM_RECORD_MAP) {
			maps++;
			(void)map_unref(n.map); /* NULL, always */
			continue;
		}
		assert_int_equal(n.op, DM_RECORD_DONE);
		assert_int_equal(n.command.token, done++);
		assert_int_equal(n.error, ENXIO);
	}
	assert_int_equal(maps, DEVMAPPER_COMMANDS);
	next_is_map("a", "A");
}

static void stops_with_news_nobody_took(_unused_ void **state)
{
	for (uint32_t i = 0; i < 32; i++)
		fake_dm_add(i, "m", 1);
	begin(32);
	assert_true(fake_dm_wait_lists(1));
	for (uint64_t i = 0; i < 32; i++)
		assert_true(command(DM_FAIL_PATH, 1, 0, i));
}

/*
 * The thread waits for room in the ring at its end: it must free the record that it could
 * not emit.
 */
static void stops_while_the_ring_is_full(_unused_ void **state)
{
	fill_ring();
}

/* The exit does not wait for an ioctl that hangs. */
static void is_left_behind_when_it_hangs(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_hold();
	begin(8);
	assert_true(fake_dm_wait_held());
	assert_false(devmapper_free(d, 1));
	assert_false(fake_dm_freed());
	/* Let go, it ends; teardown joins it. */
}

static void frees_nothing(_unused_ void **state)
{
	assert_true(devmapper_free(NULL, 0));
}

/* The memory bound grows with the limits, and is at least the memory in use. */
static void says_how_many_bytes(_unused_ void **state)
{
	uint64_t none = devmapper_bytes(0, 0), some = devmapper_bytes(1024, 16384);

	assert_true(none >= follow_bytes(0) + backend_libdm_bytes(FOLLOW_OTHERS_MAX) +
	                            DEVMAPPER_COMMANDS * (sizeof(struct dm_record) +
	                                                  sizeof(struct dm_command)));
	assert_true(some - none >=
	            2 * (1024 * (sizeof(struct map) + MAP_NAME_MAX + MAP_UUID_MAX) +
	                 16384 * sizeof(struct map_path)));
	assert_true(some < 8 * 1024 * 1024);
	assert_true(devmapper_bytes(1024, 0) - none >=
	            2 * 1024 * (sizeof(struct map) + MAP_NAME_MAX + MAP_UUID_MAX) +
	                    follow_bytes(1024) - follow_bytes(0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(follows_maps),
		TEST(sleeps_when_nothing_happens),
		TEST(looks_when_asked),
		TEST(tries_again_when_asked_to_look),
		TEST(does_not_listen_unarmed),
		TEST(leaves_out_what_is_too_many),
		TEST(answers_commands),
		TEST(answers_with_errors),
		TEST(does_commands_in_order_and_first),
		TEST(has_room_again_with_each_answer_taken),
		TEST(does_commands_while_the_ring_is_full),
		TEST(stops_with_news_nobody_took),
		TEST(stops_while_the_ring_is_full),
		TEST(is_left_behind_when_it_hangs),
		cmocka_unit_test(frees_nothing),
		cmocka_unit_test(says_how_many_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
