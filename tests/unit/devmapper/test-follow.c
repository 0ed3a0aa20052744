/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of maps that come, change, go, cannot be read, or are too many. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/devmapper/follow.h"
#include "tests/unit/devmapper/fake-dm.h"

/* What was emitted, a word a record: "+name:paths -name ok error=2 left=1" */
static char told[1024];
static int emit_says, between_says;
/* Records that emit() takes before it fails; negative: all. */
static int emits_left;
static unsigned betweens;
static void (*between_does)(void);

static struct follow f;

static int emit(_unused_ void *arg, struct dm_record *n)
{
	size_t used = strlen(told);
	char *at = told + used;
	size_t room = sizeof(told) - used;
	const char *blank = used > 0 ? " " : "";

	switch (n->op) {
	case DM_RECORD_MAP:
		used = (size_t)snprintf(at, room, "%s+%s:", blank, n->map->name);
		for (uint32_t i = 0; i < n->map->n_paths; i++)
			at[used++] = n->map->paths[i].active ? 'A' : 'F';
		at[used] = '\0';
		break;
	case DM_RECORD_GONE:
		(void)snprintf(at, room, "%s-%s", blank, n->map->name);
		break;
	case DM_RECORD_SYNC:
		(void)snprintf(at, room, "%serror=%d,left=%u", blank, n->error,
		               n->no_room);
		break;
	case DM_RECORD_DONE:
	default:
		fail();
	}
	map_unref(n->map);
	return emits_left-- == 0 ? emit_says : 0;
}

static int between(_unused_ void *arg)
{
	betweens++;
	if (between_does != NULL)
		between_does();
	return between_says;
}

static void begin(uint32_t max_maps)
{
	fake_dm_reset();
	told[0] = '\0';
	emit_says = between_says = 0;
	emits_left = -1;
	betweens = 0;
	between_does = NULL;
	assert_int_equal(follow_init(&f, max_maps), 0);
	f.backend = fake_dm();
	f.emit = emit;
	f.between = between;
}

static int setup(_unused_ void **state)
{
	begin(8);
	return 0;
}

static int teardown(_unused_ void **state)
{
	follow_deinit(&f);
	return 0;
}

static void tells(const char *expected, bool all)
{
	told[0] = '\0';
	assert_int_equal(follow_update(&f, all), 0);
	assert_string_equal(told, expected);
}

static void tells_all_there_is_then_sync(_unused_ void **state)
{
	fake_dm_add(3, "c", 2);
	fake_dm_add(1, "a", 1);
	fake_dm_create(2, "b", "");
	fake_dm_load_other(2);
	fake_dm_create(4, "d", "");
	tells("+a:A +c:AA error=0,left=0", true);
	tells("", true);
	tells("", false);
}

static void tells_again_when_asked(_unused_ void **state)
{
	fake_dm_add(3, "c", 2);
	fake_dm_add(1, "a", 1);
	tells("+a:A +c:AA error=0,left=0", true);
	follow_report_again(&f);
	assert_int_equal(follow_due(&f).us, 0);
	tells("+a:A +c:AA", false);
	tells("", false);
}

static void tells_what_changed(_unused_ void **state)
{
	fake_dm_add(1, "a", 2);
	fake_dm_add(2, "b", 2);
	tells("+a:AA +b:AA error=0,left=0", true);
	fake_dm_path(2, 1, false);
	tells("+b:AF", false);
	fake_dm_path(2, 1, true);
	fake_dm_path(2, 0, false);
	tells("+b:FA", false);
	fake_dm_rename(1, "other");
	tells("+other:AA", false);
	fake_dm_remove(1);
	fake_dm_add(7, "new", 1);
	tells("-other +new:A", false);
}

/* A command's answer came in between: the loop takes the path for failed. */
static void tells_what_changed_and_changed_back(_unused_ void **state)
{
	fake_dm_add(1, "a", 2);
	tells("+a:AA error=0,left=0", true);
	fake_dm_path(1, 1, false);
	fake_dm_path(1, 1, true);
	tells("+a:AA", false);
	/* A new table forgets how often a path failed: it reads like the old one then. */
	fake_dm_load(1, 2);
	fake_dm_path(1, 1, false);
	fake_dm_path(1, 1, true);
	tells("+a:AA", false);
	tells("", false);
}

/* The error is serious, but is reported once. */
static void compares_names_as_they_are_told(_unused_ void **state)
{
	fake_dm_add(1, "\x1b[2J", 2);
	tells("+\\x1b[2J:AA error=0,left=0", true);
	fake_dm_rename(1, "\x1b[3J");
	tells("+\\x1b[3J:AA", false);
	fake_dm_add(2, "b", 1);
	tells("+b:A", false);
}

/* A table under an old number is seen by a sweep, which any event brings. */
static void sees_a_new_table_without_a_number(_unused_ void **state)
{
	fake_dm_add(1, "a", 2);
	fake_dm_add(2, "b", 2);
	tells("+a:AA +b:AA error=0,left=0", true);
	fake_dm_load(1, 3);
	fake_dm_path(2, 0, false);
	tells("+b:FA +a:AAA", false);
}

static void sees_the_first_table(_unused_ void **state)
{
	fake_dm_create(1, "a", "mpath-1");
	tells("error=0,left=0", true);
	fake_dm_load(1, 2);
	tells("+a:AA", false);
}

static void sees_a_suspended_map_when_asked_to_look(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	tells("+a:A error=0,left=0", true);
	fake_dm_suspend(1, true);
	tells("+a:A", true);
	tells("", true);
}

/* Others are not asked again for every event; but when asked to look. */
static void leaves_other_targets_alone(_unused_ void **state)
{
	fake_dm_create(1, "a", "LVM-x");
	fake_dm_load_other(1);
	tells("error=0,left=0", true);
	assert_int_equal(fake_dm_reads(1), 1);
	fake_dm_rename(1, "b");
	tells("", false);
	assert_int_equal(fake_dm_reads(1), 1);
	fake_dm_load(1, 1);
	tells("+b:A", true);
	assert_int_equal(fake_dm_reads(1), 2);
	fake_dm_load_other(1);
	tells("-b", false);
	fake_dm_load(1, 2);
	tells("+b:AA", true);
}

static void takes_a_number_used_again_for_another_map(_unused_ void **state)
{
	fake_dm_create(1, "a", "mpath-1");
	fake_dm_load(1, 1);
	tells("+a:A error=0,left=0", true);
	fake_dm_remove(1);
	fake_dm_create(1, "a", "mpath-2");
	fake_dm_load(1, 1);
	tells("-a +a:A", false);
}

static void tells_what_goes_before_what_comes(_unused_ void **state)
{
	fake_dm_add(5, "e", 1);
	fake_dm_add(6, "f", 1);
	tells("+e:A +f:A error=0,left=0", true);
	fake_dm_remove(5);
	fake_dm_remove(6);
	fake_dm_add(1, "e", 1);
	tells("-e -f +e:A", false);
}

static void goes_on_when_one_cannot_be_read(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	fake_dm_read_says(1, -ENOMEM);
	tells("+b:A error=0,left=0", true);
	fake_dm_read_says(1, 0);
	fake_dm_event();
	tells("+a:A", false);
	/* The reported map stays. */
	fake_dm_read_says(1, -EIO);
	fake_dm_path(1, 0, false);
	fake_dm_path(2, 0, false);
	tells("+b:F", false);
	fake_dm_read_says(1, 0);
	tells("+a:F", false);
}

static void remove_first(void)
{
	fake_dm_after_list(NULL);
	fake_dm_remove(1);
}

static void takes_one_that_goes_meanwhile_for_gone_the_next_time(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	tells("+a:A +b:A error=0,left=0", true);
	fake_dm_path(1, 0, false);
	fake_dm_after_list(remove_first);
	tells("", false);
	tells("-a", false);
}

static void reads_what_happens_after_the_list_the_next_time(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_read_says(1, -EAGAIN);
	tells("error=0,left=0", true);
	assert_true(f.armed);
	fake_dm_read_says(1, 0);
	tells("+a:A", false);
}

static void says_when_there_is_no_device_mapper(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_open_says(-ENOENT);
	tells("error=2,left=0", true);
	assert_false(f.armed);
	tells("", true);
	fake_dm_open_says(-EACCES);
	tells("error=13,left=0", true);
	fake_dm_open_says(0);
	tells("+a:A error=0,left=0", true);
	assert_true(f.armed);
}

static void keeps_what_it_told_while_it_cannot_list(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	tells("+a:A error=0,left=0", true);
	fake_dm_list_says(-ENOMEM);
	fake_dm_add(2, "b", 1);
	tells("error=12,left=0", false);
	assert_true(f.armed); /* the next event tries again */
	tells("", false);
	fake_dm_arm_says(-EPERM);
	tells("error=1,left=0", false);
	assert_false(f.armed);
	fake_dm_arm_says(0);
	fake_dm_list_says(0);
	fake_dm_remove(1);
	tells("-a +b:A error=0,left=0", false);
}

static void leaves_out_what_is_too_many(_unused_ void **state)
{
	follow_deinit(&f);
	begin(2);
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	fake_dm_add(3, "c", 1);
	fake_dm_add(4, "d", 1);
	tells("+a:A +b:A error=0,left=2", true);
	fake_dm_event();
	tells("", false);
	assert_int_equal(fake_dm_reads(3), 1);
	fake_dm_remove(1);
	tells("-a +c:A error=0,left=1", false);
	fake_dm_remove(4);
	tells("error=0,left=0", false);
}

/* So many devices of other kinds that a map finds no place. */
static void counts_devices_without_a_place(_unused_ void **state)
{
	f.max_known = 2;
	fake_dm_create(1, "x", "");
	fake_dm_create(2, "y", "");
	fake_dm_add(3, "c", 1);
	tells("+c:A error=0,left=1", true); /* the fake lists the last one first */
	fake_dm_remove(2);
	tells("error=0,left=0", false);
}

/* Ten times as long as it took. */
static void puts_sweeps_off(_unused_ void **state)
{
	fake_dm_clock(1000, 50);
	fake_dm_add(1, "a", 2);
	fake_dm_add(2, "b", 1);
	tells("+a:AA +b:A error=0,left=0", true);
	assert_true(mono_is_never(follow_due(&f)));
	fake_dm_event();
	tells("", false); /* sweeps: two reads are 100 us */
	assert_true(mono_is_never(follow_due(&f)));
	assert_int_equal(fake_dm_reads(1), 2);
	fake_dm_path(1, 0, false);
	fake_dm_load(2, 2);
	tells("+a:FA", false); /* what has a number is read at once */
	assert_int_equal(fake_dm_reads(2), 2);
	assert_int_equal(follow_due(&f).us, 1200 + 1000);
	fake_dm_clock_add(follow_due(&f).us - fake_dm()->now(fake_dm()).us - 1);
	tells("", false);
	fake_dm_clock_add(1);
	tells("+b:AA", false);
	assert_true(mono_is_never(follow_due(&f)));
}

/* A clock on which reads take so long that the next sweep is far away. */
static void begin_without_sweeps(void)
{
	fake_dm_clock(1000, 10 * USEC_PER_SEC);
	fake_dm_add(1, "a", 1);
	tells("+a:A error=0,left=0", true);
	fake_dm_event();
	tells("", false);
}

static void sees_without_a_sweep_what_is_certain(_unused_ void **state)
{
	begin_without_sweeps();
	/* A first table. */
	fake_dm_create(2, "b", "");
	tells("", false);
	fake_dm_load(2, 2);
	tells("+b:AA", false);
	/* What could not be read. */
	fake_dm_load(1, 2);
	fake_dm_read_says(1, -EIO);
	tells("", true);
	fake_dm_read_says(1, 0);
	tells("+a:AA", false);
	/* Another name under the same numbers. */
	fake_dm_remove(2);
	fake_dm_add(2, "c", 1);
	tells("+c:A", false);
	/* When asked to look. */
	fake_dm_load(2, 2);
	tells("", false);
	tells("+c:AA", true);
}

static void owes_nothing_when_it_cannot_list(_unused_ void **state)
{
	begin_without_sweeps();
	fake_dm_suspend(1, true);
	tells("+a:A", true);
	fake_dm_event();
	tells("", false);
	assert_true(f.sweep_owed);
	fake_dm_list_says(-ENOMEM);
	fake_dm_clock_add(USEC_PER_SEC * 1000);
	tells("error=12,left=0", false);
	assert_false(f.sweep_owed);
	assert_true(mono_diff(follow_due(&f), fake_dm()->now(fake_dm())) > 0);
}

/* Nothing tells of its resume: it is read after a moment that is doubled each time. */
static void reads_a_suspended_map_again(_unused_ void **state)
{
	int64_t pause = FOLLOW_AGAIN_MIN_US;
	unsigned reads;

	begin_without_sweeps();
	fake_dm_suspend(1, true);
	tells("+a:A", true);
	reads = fake_dm_reads(1);
	fake_dm_clock(0, 0); /* before the next sweep */
	for (int i = 0; i < 14; i++) {
		int64_t now = follow_due(&f).us;

		fake_dm_clock(now - 1, 0);
		tells("", false);
		assert_int_equal(fake_dm_reads(1), reads);
		assert_int_equal(follow_due(&f).us, now);
		f.sweep_from = MONO_NEVER;
		fake_dm_clock(now, 0);
		tells("", false);
		assert_int_equal(fake_dm_reads(1), ++reads);
		pause = MIN(pause * 2, FOLLOW_AGAIN_MAX_US);
		assert_int_equal(follow_due(&f).us, now + pause);
	}
	assert_int_equal(pause, FOLLOW_AGAIN_MAX_US);
	/* Another number restarts both. */
	fake_dm_create(2, "b", "");
	fake_dm_load(2, 1);
	fake_dm_suspend(2, true);
	tells("+b:A", false);
	assert_int_equal(follow_due(&f).us,
	                 fake_dm()->now(fake_dm()).us + FOLLOW_AGAIN_MIN_US);
	fake_dm_suspend(1, false);
	fake_dm_suspend(2, false);
	fake_dm_clock(follow_due(&f).us, 0);
	tells("+a:A +b:A", false);
	/* A little while longer, and then no more. */
	for (int i = 0; i < 7; i++) {
		fake_dm_clock(follow_due(&f).us, 0);
		tells("", false);
	}
	f.sweep_owed = false;
	assert_true(mono_is_never(follow_due(&f)));
}

static void queues(const char *expected, bool queueing)
{
	fake_dm_queue(1, queueing);
	f.sweep_from = MONO_NEVER; /* what is seen is not seen by a sweep */
	fake_dm_clock(follow_due(&f).us, 0);
	tells(expected, false);
}

/* Whether a map without a path queues is changed without an event; and once more when its
 * paths are back. */
static void reads_a_map_without_a_path_again(_unused_ void **state)
{
	struct mono begin;

	begin_without_sweeps();
	fake_dm_path(1, 0, false);
	tells("+a:F", false);
	assert_int_equal(follow_due(&f).us,
	                 fake_dm()->now(fake_dm()).us + FOLLOW_AGAIN_MIN_US);
	queues("+a:F", false);
	queues("", false);
	queues("+a:F", true);
	queues("+a:F", false);
	/* Whoever reinstates it says after that that it queues. */
	fake_dm_path(1, 0, true);
	tells("+a:A", false);
	tells("", true);
	begin = fake_dm()->now(fake_dm());
	assert_int_equal(follow_due(&f).us, begin.us + FOLLOW_AGAIN_MIN_US);
	fake_dm_read_says(1, -ENOMEM);
	queues("", false);
	fake_dm_read_says(1, 0);
	for (int i = 0; i < 5; i++)
		queues("", false);
	queues("+a:A", true);
	assert_true(mono_is_never(follow_due(&f)));
	assert_in_range(mono_diff(fake_dm()->now(fake_dm()), begin),
	                FOLLOW_AGAIN_AFTER_US, 2 * FOLLOW_AGAIN_AFTER_US);
}

static void reads_again_one_that_comes_without_a_path(_unused_ void **state)
{
	begin_without_sweeps();
	fake_dm_add(2, "b", 0);
	tells("+b:", false);
	assert_int_equal(follow_due(&f).us,
	                 fake_dm()->now(fake_dm()).us + FOLLOW_AGAIN_MIN_US);
}

static void begins_anew_when_it_is_suspended_too(_unused_ void **state)
{
	begin_without_sweeps();
	fake_dm_path(1, 0, false);
	tells("+a:F", false);
	queues("+a:F", false);
	fake_dm_suspend(1, true);
	tells("+a:F", true);
	assert_int_equal(follow_due(&f).us,
	                 fake_dm()->now(fake_dm()).us + FOLLOW_AGAIN_MIN_US);
}

static void tries_again_what_cannot_be_read_again(_unused_ void **state)
{
	begin_without_sweeps();
	fake_dm_suspend(1, true);
	tells("+a:A", true);
	fake_dm_read_says(1, -ENOMEM);
	f.sweep_from = MONO_NEVER;
	fake_dm_clock(follow_due(&f).us, 0);
	tells("", false);
	fake_dm_read_says(1, 0);
	fake_dm_suspend(1, false);
	f.sweep_owed = false;
	assert_false(mono_is_never(follow_due(&f)));
	fake_dm_clock(follow_due(&f).us, 0);
	tells("+a:A", false);
}

static void forgets_a_suspended_map_that_is_gone(_unused_ void **state)
{
	begin_without_sweeps();
	fake_dm_suspend(1, true);
	tells("+a:A", true);
	fake_dm_remove(1);
	tells("-a", false);
	f.sweep_owed = false;
	assert_true(mono_is_never(follow_due(&f)));
}

static void reads_what_is_marked(_unused_ void **state)
{
	fake_dm_clock(1000, 50);
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	tells("+a:A +b:A error=0,left=0", true);
	fake_dm_event();
	tells("", false);
	fake_dm_load(1, 2);
	follow_mark(&f, 254, 1);
	assert_int_equal(follow_due(&f).us, 0);
	tells("+a:AA", false);
	assert_int_equal(fake_dm_reads(2), 2);
	assert_int_not_equal(follow_due(&f).us, 0);
	/* One that is not there is nothing to do. */
	follow_mark(&f, 254, 9);
	follow_mark(&f, 8, 1);
	assert_int_not_equal(follow_due(&f).us, 0);
}

static void mark_first(void)
{
	between_does = NULL;
	follow_mark(&f, 254, 1);
}

/* Marked while an update is under way: after it was read, perhaps. */
static void reads_again_what_is_marked_meanwhile(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	tells("+a:A error=0,left=0", true);
	between_does = mark_first;
	tells("", true);
	assert_int_equal(follow_due(&f).us, 0);
	tells("", false);
	assert_true(mono_is_never(follow_due(&f)));
}

static void asks_before_each_device(_unused_ void **state)
{
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	tells("+a:A +b:A error=0,left=0", true);
	assert_int_equal(betweens, 2);
	between_says = -ECANCELED;
	assert_int_equal(follow_update(&f, true), -ECANCELED);
	assert_int_equal(fake_dm_reads(1), 1);
}

static void ends_when_nobody_listens(_unused_ void **state)
{
	emit_says = -ECANCELED;
	fake_dm_add(1, "a", 1);
	fake_dm_add(2, "b", 1);
	emits_left = 1;
	assert_int_equal(follow_update(&f, true), -ECANCELED);
	assert_string_equal(told, "+a:A +b:A");
	emits_left = 0;
	told[0] = '\0';
	fake_dm_remove(1);
	fake_dm_remove(2);
	assert_int_equal(follow_update(&f, true), -ECANCELED);
	assert_string_equal(told, "-a");
	emits_left = -1;
	tells("-b error=0,left=0", true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_all_there_is_then_sync),
		TEST(tells_again_when_asked),
		TEST(tells_what_changed),
		TEST(tells_what_changed_and_changed_back),
		TEST(compares_names_as_they_are_told),
		TEST(sees_a_new_table_without_a_number),
		TEST(sees_the_first_table),
		TEST(sees_a_suspended_map_when_asked_to_look),
		TEST(leaves_other_targets_alone),
		TEST(takes_a_number_used_again_for_another_map),
		TEST(tells_what_goes_before_what_comes),
		TEST(goes_on_when_one_cannot_be_read),
		TEST(takes_one_that_goes_meanwhile_for_gone_the_next_time),
		TEST(reads_what_happens_after_the_list_the_next_time),
		TEST(says_when_there_is_no_device_mapper),
		TEST(keeps_what_it_told_while_it_cannot_list),
		TEST(leaves_out_what_is_too_many),
		TEST(counts_devices_without_a_place),
		TEST(puts_sweeps_off),
		TEST(sees_without_a_sweep_what_is_certain),
		TEST(owes_nothing_when_it_cannot_list),
		TEST(reads_a_suspended_map_again),
		TEST(reads_a_map_without_a_path_again),
		TEST(reads_again_one_that_comes_without_a_path),
		TEST(begins_anew_when_it_is_suspended_too),
		TEST(tries_again_what_cannot_be_read_again),
		TEST(forgets_a_suspended_map_that_is_gone),
		TEST(reads_what_is_marked),
		TEST(reads_again_what_is_marked_meanwhile),
		TEST(asks_before_each_device),
		TEST(ends_when_nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
