/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rescuers while memory, threads, descriptors or rescuers are short; and descriptors that stay
 * open.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/disks-bed.h"

#define WATCHDOG_SEC 600
#define RESCUERS     9
#define FOR_READS    4 /* two for reads alone, and two that all kinds of work share */
#define FOR_ONE_HOST (RESCUERS / 4)

static struct bed *const b = &disks_bed;

static void begin(uint32_t paths, int setup)
{
	disks_begin(paths, RESCUERS, setup);
}

/* --- shortages --- */

/* All that may read are held by hung ones: the next checks are deferred, and it shows. */
static void none_is_free(void **state)
{
	const struct shared_header *h;

	(void)state; /* no fixture */
	bed_defer_after_us = USEC_PER_MSEC;
	begin(64, -EAGAIN);
	h = b->shared.header;
	for (uint32_t id = 1; id <= FOR_READS + 3; id++)
		disks_add_open(id, 1, 0);
	disk_reads_hang(1, true);
	for (uint32_t id = 1; id <= FOR_READS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_READS));
	for (uint32_t id = FOR_READS + 1; id <= FOR_READS + 3; id++) {
		unsigned before = b->of[id].deferred;

		disks_check(id);
		bed_until(b, &b->of[id].deferred, before + 1);
		assert_int_equal(b->of[id].last.engine, PATHCHECK_ENGINE_NONE);
		assert_int_equal(b->of[id].last.error, 0);
	}
	assert_int_equal(atomic_load(&h->deferred_now), 3);
	assert_true(atomic_load(&h->deferred_max) >= 3);
	assert_true(atomic_load(&h->deferred_total) >= 3);
	/* One of them goes before it was done. */
	bed_remove(b, FOR_READS + 3);
	bed_until(b, &b->of[FOR_READS + 3].released, 1);
	assert_int_equal(atomic_load(&h->deferred_now), 2);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= FOR_READS + 2; id++) {
		bed_final(b, id, 2);
		assert_int_equal(b->of[id].ok, 2);
		assert_int_equal(b->of[id].failed + b->of[id].timed_out, 0);
	}
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	bed_defer_after_us = LONG_US;
	disks_end();
}

/* What its host's share held up comes before what was asked later. */
static void the_oldest_first(void **state)
{
	static const unsigned hung[FOR_ONE_HOST] = { 5, 6 };
	enum { OLD = 11, OTHERS = 12, NEW = 14 };

	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	for (uint32_t id = 1; id <= FOR_ONE_HOST; id++)
		disks_add_open(id, hung[id - 1], 1);
	disks_add_open(OLD, 2, 1);
	disks_add_open(OTHERS, 3, 0);
	disks_add_open(OTHERS + 1, 3, 0);
	disks_add_open(NEW, 4, 1);
	for (unsigned disk = 2; disk <= 8; disk++)
		disk_reads_hang(disk, true);
	for (uint32_t id = 1; id <= FOR_ONE_HOST; id++) {
		disks_check(id);
		bed_flush(b);
		assert_true(disk_wait_hung(hung[id - 1], 1));
	}
	disks_check(OLD);
	assert_true(bed_pulse(b)); /* it was looked at, and left aside */
	disks_check(OTHERS);
	disks_check(OTHERS + 1);
	bed_flush(b);
	assert_true(disk_wait_hung(3, 2));
	disks_check(NEW);
	disk_reads_hang(5, false);
	bed_final(b, 1, 2);
	assert_true(disk_wait_hung(2, 1));
	assert_int_equal(disk_hung(4), 0);
	for (unsigned disk = 2; disk <= 8; disk++)
		disk_reads_hang(disk, false);
	bed_final(b, NEW, 2);
	bed_final(b, OLD, 2);
	disks_end();
}

static void no_descriptor(void **state)
{
	(void)state; /* no fixture */
	static const int shortages[] = { -EMFILE, -ENFILE, -ENOMEM };

	begin(64, 0);
	for (uint32_t i = 0; i < ARRAY_LEN(shortages); i++) {
		uint32_t id = 1 + i;

		disk_open_says(1, shortages[i]);
		disks_add(id, 1, 0);
		disks_check(id);
		bed_until(b, &b->of[id].deferred, 1);
		assert_int_equal(b->of[id].failed, 0);
		assert_true(bed_pulse(b));
		disk_open_says(1, 0);
		bed_final(b, id, 1);
		assert_int_equal(b->of[id].ok, 1);
		assert_int_equal(b->of[id].deferred, 1);
	}
	disks_end();
}

/* Again and again, but now and then only, and DEFERRED is said once. */
static void no_descriptor_for_long(void **state)
{
	int64_t begun_us;

	(void)state; /* no fixture */
	begin(64, 0);
	begun_us = mono_now().us;
	disk_open_says(1, -EMFILE);
	disks_add(1, 1, 0);
	disks_check(1);
	bed_until(b, &b->of[1].deferred, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_true(bed_pulse(b));
	assert_true(disk_wait_tried(1, 3));
	for (unsigned i = 0; i < 100; i++) /* each has the submitter look at all it has */
		assert_true(bed_pulse(b));
	assert_true(disk_tried(1) <= 2 + (mono_now().us - begun_us) / SHORTAGE_RETRY_US);
	disk_open_says(1, 0);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	assert_int_equal(b->of[1].deferred, 1);
	disks_end();
}

/* Memory fails after the time limit: no DEFERRED any more, and the answer is a late one. */
static void no_memory_after_the_timeout(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_reads_hang(1, true);
	bed_check(b, 1, USEC_PER_MSEC);
	bed_until(b, &b->of[1].timed_out, 1);
	disk_read_says(1, -ENOMEM);
	disk_reads_hang(1, false);
	BED_UNTIL(b, atomic_load(&b->shared.header->deferred_now) == 1);
	disk_read_says(1, 0);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.verdict, PATHCHECK_OK);
	assert_int_equal(b->of[1].late, 1);
	assert_int_equal(b->of[1].timed_out, 1);
	assert_int_equal(b->of[1].deferred, 0);
	disks_end();
}

/* No thread for a reaper: the checks wait, and begin by themselves when there is one. */
static void no_thread_for_a_group(void **state)
{
	struct pathcheck_options o = bed_options(64);

	(void)state; /* no fixture */
	disks_reset();
	bed_start(b, &o);
	threads_refuse("pc-reaper");
	for (uint32_t id = 1; id < 10; id++) {
		disks_add(id, 2, 0);
		disks_check(id);
	}
	bed_until(b, &b->all.deferred, 9);
	assert_int_equal(atomic_load(&b->shared.header->groups_end), 0);
	bed_remove(b, 9); /* it has no slot and no descriptor */
	bed_until(b, &b->of[9].released, 1);
	threads_refuse(NULL);
	bed_until(b, &b->all.ok, 8);
	assert_int_equal(bed_group(b, 0), PATHCHECK_GROUP_READY);
	bed_stop(b);
}

static void no_thread_at_the_start(void **state)
{
	static const char *const names[] = { "pc-rescuer", "pc-submitter" };
	struct pathcheck_options o = bed_options(64);
	static struct prober p;
	struct shared s;
	unsigned descriptors;

	(void)state; /* no fixture */
	disks_reset();
	descriptors = files_open();
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(shared_create(&s, &o, false), 0);
		threads_refuse(names[i]);
		assert_int_equal(prober_start(&p, &s, &backends_fake), -EAGAIN);
		threads_refuse(NULL);
		shared_deinit(&s);
	}
	assert_int_equal(files_open(), descriptors);
}

/* --- descriptors --- */

/* After a failure the open one is looked at, and kept if it is still the same. */
static void looks_again_after_a_failure(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EIO);
	disks_check(1);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.error, EIO);
	assert_int_equal(disk_looks(1), 0);
	disks_check(1);
	bed_final(b, 1, 3);
	assert_int_equal(disk_looks(1), 1);
	disk_read_says(1, 0);
	disks_check(1);
	bed_final(b, 1, 4);
	assert_int_equal(disk_looks(1), 2);
	disks_check(1); /* that was good */
	bed_final(b, 1, 5);
	assert_int_equal(disk_looks(1), 2);
	assert_int_equal(disk_opens(1), 1);

	/* Removed while the look hangs: closed, once. */
	disk_read_says(1, -EIO);
	disks_check(1);
	bed_final(b, 1, 6);
	disk_looks_hang(1, true);
	disks_check(1);
	bed_flush(b);
	assert_true(disk_wait_hung(1, 1));
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	disk_looks_hang(1, false);
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	disks_end();
}

/* What is not the same any more is opened, by a rescuer that opens. */
static void a_look_that_finds_another(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	disks_add_open(1, 1, 0);
	disks_fail_once(1, 1);
	disk_is_another(1, true);
	disk_opens_hang(1, true);
	bed_check(b, 1, USEC_PER_MSEC);
	bed_until(b, &b->of[1].timed_out, 1);
	assert_int_equal(b->of[1].last.stage, PATHCHECK_STAGE_OPEN);
	assert_int_equal(b->prober.jobs.busy[CLASS_LOOK], 0);
	disk_opens_hang(1, false);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].ok, 2);
	assert_int_equal(disk_looks(1), 0);
	assert_int_equal(disk_opens(1), 2);
	disks_end();
}

/* Removed at every moment of a check, over and over: all is given back. */
static void removed_at_any_moment(void **state)
{
	enum { TIMES = 3000 };

	(void)state; /* no fixture */
	for (int setup = -EAGAIN; setup <= 0; setup += EAGAIN) {
		begin(64, setup);
		for (unsigned i = 0; i < TIMES; i++) {
			disks_add(1, 1 + i % 2, i % 3);
			disks_check(1);
			if (i % 5 != 0)
				bed_flush(b);
			if (i % 7 == 0)
				bed_final(b, 1, 1);
			if (i % 7 == 1)
				assert_true(bed_pulse(b));
			if (i % 2 == 0)
				disk_read_says(1, i % 4 == 0 ? -EIO : 0);
			bed_remove(b, 1);
			bed_until(b, &b->of[1].released, 1);
		}
		BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
		assert_int_equal(atomic_load(&b->shared.header->emergency_now), 0);
		disks_end();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_free),
		cmocka_unit_test(the_oldest_first),
		cmocka_unit_test(no_descriptor),
		cmocka_unit_test(no_descriptor_for_long),
		cmocka_unit_test(no_memory_after_the_timeout),
		cmocka_unit_test(no_thread_for_a_group),
		cmocka_unit_test(no_thread_at_the_start),
		cmocka_unit_test(looks_again_after_a_failure),
		cmocka_unit_test(a_look_that_finds_another),
		cmocka_unit_test(removed_at_any_moment),
	};

	(void)alarm(WATCHDOG_SEC);
	(void)files_no_limit(); /* 1,024 are enough, too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
