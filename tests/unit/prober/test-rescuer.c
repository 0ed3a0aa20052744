/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rescuers with disks that hang in open and read. Only jobs of the hanging disk are
 * delayed; no kind of job, HBA or device takes all rescuers. The groups have no AIO except
 * where a test says so.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/disks-bed.h"

#define WATCHDOG_SEC 600
#define RESCUERS     9
/* Two for reads, one for each other kind; all kinds share the last two. */
#define FOR_READS    4
#define FOR_OPENS    3
#define FOR_LOOKS    3
#define FOR_ONE_HOST (RESCUERS / 4)

static struct bed *const b = &disks_bed;

static void begin(uint32_t paths, int setup)
{
	disks_begin(paths, RESCUERS, setup);
	assert_int_equal(b->prober.limits.rescuers_least[CLASS_READ] +
	                         b->prober.limits.rescuers_shared,
	                 FOR_READS);
	assert_int_equal(b->prober.limits.rescuers_least[CLASS_OPEN] +
	                         b->prober.limits.rescuers_shared,
	                 FOR_OPENS);
	assert_int_equal(b->prober.limits.rescuers_host, FOR_ONE_HOST);
}

/* --- what hangs holds up nothing else --- */

static void a_hung_open(void **state)
{
	(void)state; /* no fixture */
	begin(64, 0);
	disk_opens_hang(1, true);
	disks_add(1, 1, 0);
	bed_check(b, 1, USEC_PER_MSEC);
	bed_until(b, &b->of[1].timed_out, 1);
	assert_int_equal(b->of[1].last.stage, PATHCHECK_STAGE_OPEN);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_NONE);
	for (uint32_t id = 10; id < 30; id++)
		disks_add_open(id, 2, 0);
	disk_opens_hang(1, false);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].last.stage, PATHCHECK_STAGE_READ);
	assert_int_equal(b->of[1].last.engine, PATHCHECK_ENGINE_AIO);
	assert_int_equal(b->of[1].late, 1);
	disks_end();
}

/* The same device, removed and added while its open hangs: one rescuer, not two. */
static void a_device_holds_one_rescuer(void **state)
{
	(void)state; /* no fixture */
	begin(64, 0);
	disk_opens_hang(1, true);
	for (unsigned i = 0; i < 30; i++) {
		bed_add(b, 1, "/1.same", 0);
		disks_check(1);
		bed_flush(b);
		assert_true(disk_wait_hung(1, 1));
		assert_true(bed_pulse(b));
		bed_remove(b, 1);
		bed_until(b, &b->of[1].released, 1);
	}
	bed_add(b, 1, "/1.same", 0);
	disks_check(1);
	assert_true(bed_pulse(b));
	assert_int_equal(disk_hung(1), 1);
	disks_add_open(2, 2, 0);
	disk_opens_hang(1, false);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	/* Those that were removed before they began were not opened at all. */
	assert_int_equal(disk_opens(1), 2);
	disks_end();
}

/* An open that returns after its path was removed: the descriptor is closed. */
static void an_orphaned_open(void **state)
{
	(void)state; /* no fixture */
	begin(64, 0);
	disk_opens_hang(1, true);
	disks_add(1, 1, 0);
	disks_check(1);
	bed_flush(b);
	assert_true(disk_wait_hung(1, 1));
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	assert_int_equal(atomic_load(&b->shared.groups[0].orphans), 1);
	disk_opens_hang(1, false);
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	assert_int_equal(disk_opens(1), 1);
	assert_int_equal(files_open(),
	                 disks_descriptors + 8); /* region's 2, groups' 3, 1 context,
	                                                    the submitter's timer, the pulse */
	disks_end();
}

/* --- no kind takes them all --- */

static void reads_leave_some_for_opens(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	for (uint32_t id = 1; id <= 20; id++)
		disks_add_open(id, 1, 0);
	disk_reads_hang(1, true);
	for (uint32_t id = 1; id <= 20; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_READS));
	/* A path that cannot be opened is still reported; no more reads have begun. */
	disk_open_says(2, -ENXIO);
	for (uint32_t id = 21; id < 40; id++) {
		disks_add(id, 2, 0);
		disks_check(id);
		bed_final(b, id, 1);
		assert_int_equal(b->of[id].last.error, ENXIO);
	}
	assert_int_equal(disk_hung(1), FOR_READS);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= 20; id++)
		bed_final(b, id, 2);
	assert_int_equal(b->all.failed, 19);
	assert_int_equal(b->all.ok, 40);
	disks_end();
}

static void opens_leave_some_for_reads(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	disk_opens_hang(1, true);
	for (uint32_t id = 1; id <= 20; id++) {
		disks_add(id, 1, 0);
		disks_check(id);
	}
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_OPENS));
	for (int i = 0; i < 20; i++) /* it is open */
		assert_true(bed_pulse(b));
	assert_int_equal(disk_hung(1), FOR_OPENS);
	disk_opens_hang(1, false);
	for (uint32_t id = 1; id <= 20; id++)
		bed_final(b, id, 1);
	assert_int_equal(b->all.ok, 20);
	disks_end();
}

/* Also of the same host: it has used up its share with them. */
static void opens_leave_one_for_looks(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	disks_add_open(1, 2, 7);
	disks_add_open(2, 3, 0);
	disk_opens_hang(1, true);
	for (uint32_t id = 10; id < 30; id++) {
		disks_add(id, 1, id < 20 ? 7 : 0);
		disks_check(id);
	}
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_OPENS));
	for (unsigned i = 1; i <= 5; i++) {
		disks_fail_once(1, 2);
		disks_fail_once(2, 3);
		disks_check(1);
		disks_check(2);
		bed_final(b, 1, 1 + 2 * i);
		bed_final(b, 2, 1 + 2 * i);
		assert_int_equal(b->of[1].ok, 1 + i);
		assert_int_equal(b->of[2].ok, 1 + i);
		assert_int_equal(disk_looks(2), i);
	}
	assert_int_equal(disk_hung(1), FOR_OPENS);
	disk_opens_hang(1, false);
	for (uint32_t id = 10; id < 30; id++)
		bed_final(b, id, 1);
	disks_end();
}

/* A path that is opened for each check does not wait for opens of paths that never opened. */
static void opens_leave_one_for_those_that_open(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	b->flags[1] = PATHCHECK_PATH_CLOSE;
	disks_add(1, 2, 0);
	b->flags[1] = 0;
	disks_check(1);
	bed_flush(b);
	bed_final(b, 1, 1);
	disk_opens_hang(1, true);
	for (uint32_t id = 10; id < 30; id++) {
		disks_add(id, 1, 0);
		disks_check(id);
	}
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_OPENS));
	for (unsigned i = 1; i <= 5; i++) {
		disks_check(1);
		bed_flush(b);
		bed_final(b, 1, 1 + i);
		assert_int_equal(b->of[1].ok, 1 + i);
	}
	assert_int_equal(disk_hung(1), FOR_OPENS);
	disk_opens_hang(1, false);
	for (uint32_t id = 10; id < 30; id++)
		bed_final(b, id, 1);
	disks_end();
}

static void looks_leave_the_rest(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	for (uint32_t id = 1; id <= 20; id++) {
		disks_add_open(id, 1, 0);
		disks_fail_once(id, 1);
	}
	disk_looks_hang(1, true);
	for (uint32_t id = 1; id <= 20; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_LOOKS));
	for (uint32_t id = 21; id < 40; id++)
		disks_add_open(id, 2, 0);
	assert_int_equal(disk_hung(1), FOR_LOOKS);
	disk_looks_hang(1, false);
	for (uint32_t id = 1; id <= 20; id++)
		bed_final(b, id, 3);
	disks_end();
}

/* Each group's io_setup hangs, and there are more of them than rescuers. */
static void setups_leave_some(void **state)
{
	enum { GROUPS = 3, PATHS = GROUPS * PATHCHECK_GROUP_SLOTS };
	struct pathcheck_options o = bed_options(PATHS);

	(void)state; /* no fixture */
	o.rescuers = PATHCHECK_RESCUERS_MIN;
	o.setup_timeout_us = USEC_PER_MSEC;
	disks_reset();
	bed_start(b, &o);
	fake_setup_says(FAKE_HANGS);
	for (uint32_t id = 0; id < PATHS; id++)
		disks_add(id, 2, 0);
	for (uint32_t id = 0; id < PATHS; id += 100)
		disks_check(id);
	for (uint32_t id = 0; id < PATHS; id += 100) {
		bed_final(b, id, 1);
		assert_int_equal(b->of[id].last.engine, PATHCHECK_ENGINE_SYNC);
	}
	assert_int_equal(bed_group(b, GROUPS - 1), PATHCHECK_GROUP_FALLBACK);
	assert_int_equal(fake_setups(), 0);
	fake_setup_says(0);
	b->pulse = 0;
	BED_UNTIL(b, fake_setups() == GROUPS);
	bed_stop(b);
}

/* --- no host takes them all --- */

static void an_hba_has_a_quarter(void **state)
{
	enum { PATHS = 600 };

	(void)state; /* no fixture */
	begin(PATHS + 50, -EAGAIN);
	for (uint32_t id = 1; id <= PATHS; id++)
		disks_add_open(id, 1, 7);
	disks_add_open(PATHS + 1, 2, 8);
	disk_reads_hang(1, true);
	for (uint32_t id = 1; id <= PATHS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_ONE_HOST));
	/* Another host's read is found behind all of those that may not begin. */
	for (unsigned i = 0; i < 5; i++) {
		disks_check(PATHS + 1);
		bed_final(b, PATHS + 1, 2 + i);
	}
	assert_true(bed_pulse(b));
	assert_int_equal(disk_hung(1), FOR_ONE_HOST);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= PATHS; id++)
		bed_final(b, id, 2);
	disks_end();
}

/* A far end that two hosts lead to: no more than a quarter, whichever host asks. */
static void a_target_has_a_quarter(void **state)
{
	enum { PATHS = 40 };
	char name[32];

	(void)state; /* no fixture */
	begin(PATHS + 8, -EAGAIN);
	for (uint32_t id = 1; id <= PATHS + 1; id++) {
		(void)snprintf(name, sizeof(name), "/%u.%u", id <= PATHS ? 1U : 2U, id);
		bed_add_to(b, id, name, 1 + id % 2, id <= PATHS ? 9 : 10);
		disks_check(id);
		bed_final(b, id, 1);
	}
	disk_reads_hang(1, true);
	for (uint32_t id = 1; id <= PATHS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_ONE_HOST));
	/* Another target behind the same hosts is not held up. */
	disks_check(PATHS + 1);
	bed_final(b, PATHS + 1, 2);
	assert_true(bed_pulse(b));
	assert_int_equal(disk_hung(1), FOR_ONE_HOST);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= PATHS; id++)
		bed_final(b, id, 2);
	disks_end();
}

/* The only HBA: most rescuers stay free, for its paths as well when it works again. */
static void the_only_hba_has_a_quarter(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	for (uint32_t id = 1; id <= RESCUERS; id++)
		disks_add(id, 1, 7);
	disk_opens_hang(1, true);
	for (uint32_t id = 1; id <= RESCUERS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_ONE_HOST - 1));
	assert_true(bed_pulse(b));
	assert_int_equal(disk_hung(1), FOR_ONE_HOST - 1);
	disk_opens_hang(1, false);
	for (uint32_t id = 1; id <= RESCUERS; id++)
		bed_final(b, id, 1);
	disks_end();
}

/* A path of an unknown HBA has no share; the limit of its kind of work holds. */
static void unknown_hbas_share_nothing(void **state)
{
	(void)state; /* no fixture */
	begin(64, -EAGAIN);
	for (uint32_t id = 1; id <= 2 * RESCUERS; id++)
		disks_add_open(id, 1, 0);
	disk_reads_hang(1, true);
	for (uint32_t id = 1; id <= 2 * RESCUERS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_READS));
	disks_add(2 * RESCUERS + 1, 2, 0); /* there is one to open another */
	disks_check(2 * RESCUERS + 1);
	bed_flush(b);
	assert_true(disk_wait_tried(2, 1));
	assert_int_equal(disk_hung(1), FOR_READS);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= 2 * RESCUERS; id++)
		bed_final(b, id, 2);
	disks_end();
}

/* --- reads that would block --- */

/* Those that no rescuer is free for are submitted again; those that one has wait there. */
static void what_would_block_is_tried_again(void **state)
{
	enum { PATHS = 100 };
	const struct shared_header *h;

	(void)state; /* no fixture */
	bed_defer_after_us = USEC_PER_MSEC;
	begin(PATHS + 8, 0);
	h = b->shared.header;
	for (uint32_t id = 1; id <= PATHS; id++)
		disks_add_open(id, 1, 7);
	assert_true(bed_pulse(b));
	for (uint32_t id = 1; id <= PATHS; id++)
		b->of[id].deferred = 0; /* an open may have waited for a millisecond */
	disk_reads_hang(1, true);
	fake_event_says(-EAGAIN);
	for (uint32_t id = 1; id <= PATHS; id++)
		disks_check(id);
	bed_flush(b);
	assert_true(disk_wait_hung(1, FOR_ONE_HOST));
	bed_until(b, &b->of[PATHS].deferred, 1);
	assert_int_equal(b->all.failed + b->all.timed_out, 0);
	fake_event_says(0);
	for (unsigned n = 0; n < PATHS - FOR_ONE_HOST; n = 0) {
		for (uint32_t id = 1; id <= PATHS; id++)
			n += b->of[id].ok == 2;
		if (n >= PATHS - FOR_ONE_HOST)
			break;
		assert_true(bed_pulse(b));
	}
	assert_int_equal(disk_hung(1), FOR_ONE_HOST);
	assert_int_equal(atomic_load(&h->deferred_now), 0);
	disk_reads_hang(1, false);
	for (uint32_t id = 1; id <= PATHS; id++) {
		bed_final(b, id, 2);
		assert_int_equal(b->of[id].ok, 2);
		assert_true(b->of[id].deferred <= 1); /* however often it was tried */
	}
	assert_true(atomic_load(&h->deferred_total) <= 3 * (PATHS + 8));
	bed_defer_after_us = LONG_US;
	disks_end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hung_open),
		cmocka_unit_test(a_device_holds_one_rescuer),
		cmocka_unit_test(an_orphaned_open),
		cmocka_unit_test(reads_leave_some_for_opens),
		cmocka_unit_test(opens_leave_some_for_reads),
		cmocka_unit_test(opens_leave_one_for_looks),
		cmocka_unit_test(opens_leave_one_for_those_that_open),
		cmocka_unit_test(looks_leave_the_rest),
		cmocka_unit_test(setups_leave_some),
		cmocka_unit_test(an_hba_has_a_quarter),
		cmocka_unit_test(a_target_has_a_quarter),
		cmocka_unit_test(the_only_hba_has_a_quarter),
		cmocka_unit_test(unknown_hbas_share_nothing),
		cmocka_unit_test(what_would_block_is_tried_again),
	};

	(void)alarm(WATCHDOG_SEC);
	(void)files_no_limit(); /* 1,024 are enough, too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
