/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is asked of a disk in one check: read again, asked for its unit, opened for the check
 * and closed after it.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "libcheck/region/opened.h"
#include "tests/unit/prober/direct-files.h"
#include "tests/unit/prober/disks-bed.h"
#include "util/hash.h"

#define WATCHDOG_SEC 600
#define RESCUERS     8

static struct bed *const b = &disks_bed;

/* --- what is asked again --- */

static void a_unit_that_is_gone(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EREMOTEIO);
	disks_check(1);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].device, 1);
	assert_int_equal(b->of[1].last.error, EREMOTEIO);
	assert_int_equal(disk_units(1), 1);
	disk_unit_says(1, DISK_UNIT_GONE);
	disks_check(1);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].disconnected, 1);
	assert_int_equal(b->of[1].last.has_sense, 1);
	assert_int_equal(b->of[1].last.sense_key, 0x05);
	assert_int_equal(b->of[1].last.sense_code, 0x25);
	assert_int_equal(b->of[1].last.sense_qualifier, 0x00);
	assert_int_equal(disk_units(1), 2);
	/* LIO's answer to a read of a unit that is not there. */
	disk_read_says(1, -EIO);
	disks_check(1);
	bed_final(b, 1, 4);
	assert_int_equal(b->of[1].disconnected, 2);
	assert_int_equal(b->of[1].last.error, EIO);
	assert_int_equal(disk_units(1), 3);
	/* The unit is there: the verdict is no better than the read. */
	disk_unit_says(1, DISK_UNIT_READY);
	disks_check(1);
	bed_final(b, 1, 5);
	assert_int_equal(b->of[1].failed, 1);
	assert_int_equal(b->of[1].last.error, EIO);
	assert_int_equal(disk_units(1), 4);
	/* Other errors ask nothing. */
	disk_read_says(1, -EILSEQ);
	disks_check(1);
	bed_final(b, 1, 6);
	assert_int_equal(b->of[1].device, 2);
	assert_int_equal(disk_units(1), 4);
	disks_end();
}

/* A driver that knows no SCSI commands is asked once a path, also when each check opens it. */
static void a_device_that_knows_no_scsi(void **state)
{
	(void)state; /* no fixture */
	for (int closing = 0; closing < 2; closing++) {
		disks_begin(64, RESCUERS, -EAGAIN);
		disk_unit_says(1, DISK_NO_SCSI);
		b->flags[1] = closing ? PATHCHECK_PATH_CLOSE : 0;
		disks_add_open(1, 1, 0);
		b->flags[1] = 0;
		disk_read_says(1, -EIO);
		for (unsigned n = 2; n < 6; n++) {
			disks_check(1);
			bed_final(b, 1, n);
			assert_int_equal(disk_units(1), 1);
		}
		assert_int_equal(b->of[1].failed, 4);
		disks_end();
	}
}

/* Another device is under the name, and may know them. */
static void another_device_is_asked_again(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disk_unit_says(1, DISK_NO_SCSI);
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EIO);
	disks_check(1);
	bed_final(b, 1, 2);
	disk_unit_says(1, DISK_UNIT_GONE);
	disks_check(1);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].failed, 2);
	disk_is_another(1, true);
	disks_check(1);
	bed_final(b, 1, 4);
	assert_int_equal(b->of[1].disconnected, 1);
	assert_int_equal(disk_units(1), 2);
	disks_end();
}

/* The answer to the read is reported by the deadline, whatever the unit does. */
static void a_unit_that_does_not_answer(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EIO);
	disk_units_hang(1, true);
	disks_check(1);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].failed, 1);
	assert_int_equal(b->of[1].last.error, EIO);
	assert_int_equal(b->of[1].timed_out, 0);
	assert_int_equal(b->of[1].deferred, 0);
	/* Its next check waits for the rescuer that still asks. */
	assert_true(disk_wait_hung(1, 1));
	disks_check(1);
	bed_until(b, &b->of[1].deferred, 1);
	disk_units_hang(1, false);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].failed, 2);
	disks_end();
}

/* No rescuer is free to ask the unit: the failure of the read is reported nevertheless. */
static void nobody_is_free_to_ask_the_unit(void **state)
{
	(void)state; /* no fixture */
	bed_defer_after_us = 50 * USEC_PER_MSEC;
	disks_begin(64, RESCUERS, 0);
	bed_defer_after_us = LONG_US;
	for (uint32_t id = 1; id <= RESCUERS; id++)
		disks_add_open(id, id, 1);
	for (uint32_t id = 1; id <= RESCUERS; id++) {
		disk_units_hang(id, true);
		fake_event_says(-EIO);
		disks_check(id);
	}
	for (uint32_t id = 1; id <= RESCUERS; id++) {
		bed_final(b, id, 2);
		assert_int_equal(b->of[id].failed, 1);
		assert_int_equal(b->of[id].last.error, EIO);
		assert_int_equal(b->of[id].timed_out, 0);
	}
	for (uint32_t id = 1; id <= RESCUERS; id++)
		disk_units_hang(id, false);
	disks_end();
}

/* It has another block size than when it was opened: learned, and read again. */
static void a_block_size_that_changed(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_read_says_once(1, -EINVAL);
	disks_check(1);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].ok, 2);
	assert_int_equal(disk_looks(1), 1);
	disk_read_says(1, -EINVAL);
	disks_check(1);
	bed_final(b, 1, 3);
	assert_int_equal(b->of[1].not_judged, 1);
	assert_int_equal(b->of[1].last.error, EINVAL);
	assert_int_equal(disk_looks(1), 2);
	disks_end();
}

/* The check waits for memory or a descriptor, and says for which. */
static void a_shortage_is_named(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, 0);
	disk_open_says(1, -EMFILE);
	disks_add(1, 1, 0);
	disks_check(1);
	bed_until(b, &b->of[1].deferred, 1);
	assert_int_equal(b->of[1].last.error, EMFILE);
	disk_open_says(1, 0);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	disks_end();
}

/* --- which device it is --- */

static void assert_opened(uint32_t id, unsigned disk, uint64_t diskseq,
                          enum pathcheck_wwid state, const char *wwid)
{
	struct pathcheck_opened o;

	assert_int_equal(b->of[id].last.opened, 1);
	assert_true(opened_get(&b->shared, id, &o));
	assert_int_equal(o.devt_major, 7);
	assert_int_equal(o.devt_minor, disk);
	assert_int_equal(o.diskseq, diskseq);
	assert_int_equal(o.wwid_state, state);
	assert_int_equal(o.wwid, wwid == NULL ? 0 : hash_wwid(wwid));
}

static void identify(uint32_t id, unsigned n)
{
	bed_identify(b, id, LONG_US);
	bed_final(b, id, n);
}

/* A device error shows that the path works, but not which disk answered: it is not judged. */
static void not_identified_without_its_unit(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EREMOTEIO);
	disk_units_hang(1, true);
	identify(1, 2);
	assert_int_equal(b->of[1].not_judged, 1);
	assert_int_equal(b->of[1].last.error, EREMOTEIO);
	assert_int_equal(b->of[1].device, 0);
	disk_units_hang(1, false);
	disks_end();
}

static void each_open_says_what_it_is(void **state)
{
	struct pathcheck_opened o;

	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, 0);
	disk_seq_is(1, 77);
	disks_add(1, 1, 0);
	assert_false(opened_get(&b->shared, 1, &o)); /* not opened yet */
	disks_check(1);
	bed_final(b, 1, 1);
	assert_opened(1, 1, 77, PATHCHECK_WWID_NOT_ASKED, NULL);
	disks_check(1);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].last.opened, 0); /* it is open */
	assert_int_equal(disk_wwids(1), 0);
	disks_end();
}

static void a_wwid_is_asked_for(void **state)
{
	(void)state; /* no fixture */
	for (int aio = 0; aio < 2; aio++) {
		disks_begin(64, RESCUERS, aio ? 0 : -EAGAIN);
		disk_seq_is(1, 78);
		disk_wwid_is(1, "3600abc");
		disks_add_open(1, 1, 0);
		identify(1, 2);
		assert_int_equal(b->of[1].ok, 2);
		assert_opened(1, 1, 78, PATHCHECK_WWID_READ, "3600abc");
		assert_int_equal(b->of[1].last.engine,
		                 aio ? PATHCHECK_ENGINE_AIO : PATHCHECK_ENGINE_SYNC);
		/* Another disk in its place, and no event. */
		disk_wwid_is(1, "3600def");
		identify(1, 3);
		assert_opened(1, 1, 78, PATHCHECK_WWID_READ, "3600def");
		disk_wwid_is(1, "");
		identify(1, 4);
		assert_opened(1, 1, 78, PATHCHECK_WWID_NONE, NULL);
		disk_wwid_is(1, NULL);
		identify(1, 5);
		assert_opened(1, 1, 78, PATHCHECK_WWID_UNREADABLE, NULL);
		assert_int_equal(disk_wwids(1), 4);
		disks_check(1);
		bed_final(b, 1, 6);
		assert_int_equal(b->of[1].last.opened, 0);
		assert_int_equal(disk_wwids(1), 4);
		disks_end();
	}
}

/*
 * The device has answered, with an error of its own: it is asked. Nobody answered: it is not.
 */
static void asked_for_after_an_answer_only(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	disk_wwid_is(1, "3600abc");
	disks_add_open(1, 1, 0);
	disk_read_says(1, -EREMOTEIO);
	identify(1, 2);
	assert_int_equal(b->of[1].device, 1);
	assert_int_equal(disk_units(1), 1);
	assert_opened(1, 1, 0, PATHCHECK_WWID_READ, "3600abc");
	disk_unit_says(1, DISK_UNIT_GONE);
	identify(1, 3);
	assert_int_equal(b->of[1].disconnected, 1);
	assert_int_equal(b->of[1].last.opened, 0);
	disk_read_says(1, -ENOLINK);
	identify(1, 4);
	assert_int_equal(b->of[1].failed, 1);
	assert_int_equal(disk_wwids(1), 1);
	disks_end();
}

/* The check begins again after a shortage, and still asks. */
static void asked_for_after_a_shortage(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, 0);
	disk_wwid_is(1, "3600abc");
	disk_open_says(1, -EMFILE);
	disks_add(1, 1, 0);
	bed_identify(b, 1, LONG_US);
	bed_until(b, &b->of[1].deferred, 1);
	disk_open_says(1, 0);
	bed_final(b, 1, 1);
	assert_opened(1, 1, 0, PATHCHECK_WWID_READ, "3600abc");
	disks_end();
}

/* --- opened for each check --- */

static void add_closing(uint32_t id, unsigned disk, uint32_t host)
{
	b->flags[id] = PATHCHECK_PATH_CLOSE;
	disks_add(id, disk, host);
	b->flags[id] = 0;
}

/* Read by AIO or by a rescuer, well or badly: nothing is open afterwards. */
static void opened_and_closed_each_time(void **state)
{
	static const int answers[] = { 0, -EIO, -EILSEQ, -EREMOTEIO, -EINVAL, 0 };

	(void)state; /* no fixture */
	for (int aio = 0; aio < 2; aio++) {
		unsigned open;

		disks_begin(64, RESCUERS, aio ? 0 : -EAGAIN);
		open = files_open();
		add_closing(1, 1, 0);
		for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
			disk_read_says(1, answers[i]);
			disks_check(1);
			bed_final(b, 1, i + 1);
			BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
			assert_int_equal(files_open(), open);
			assert_int_equal(disk_opens(1), i + 1);
			group_assert(&b->prober.groups[0]);
		}
		assert_int_equal(b->of[1].deferred + b->of[1].timed_out, 0);
		assert_int_equal(b->of[1].last.engine,
		                 aio ? PATHCHECK_ENGINE_AIO : PATHCHECK_ENGINE_SYNC);
		disks_end();
	}
}

/* While the close of a path hangs, its next check waits, and other paths do not. */
static void a_hung_close_holds_one_rescuer(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, 0);
	add_closing(1, 1, 0);
	disk_closes_hang(1, true);
	disks_check(1);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	assert_true(disk_wait_hung(1, 1));
	disks_check(1);
	bed_until(b, &b->of[1].deferred, 1);
	assert_int_equal(disk_opens(1), 1);
	for (uint32_t id = 10; id < 30; id++)
		disks_add_open(id, 2, 0);
	/* A descriptor that closes is no orphan: the kernel has no request for it. */
	assert_int_equal(atomic_load(&b->shared.groups[0].orphans), 0);
	disk_closes_hang(1, false);
	bed_final(b, 1, 2);
	assert_int_equal(b->of[1].ok, 2);
	assert_int_equal(b->of[1].last.started_us > 0, 1);
	disks_end();
}

/* Removed while it is read, and while it is closed. */
static void removed_before_it_was_closed(void **state)
{
	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	add_closing(1, 1, 0);
	disk_reads_hang(1, true);
	disks_check(1);
	bed_flush(b);
	assert_true(disk_wait_hung(1, 1));
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	disk_reads_hang(1, false);
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);

	add_closing(1, 1, 0);
	disk_closes_hang(1, true);
	disks_check(1);
	bed_final(b, 1, 1);
	assert_true(disk_wait_hung(1, 1));
	bed_remove(b, 1);
	bed_until(b, &b->of[1].released, 1);
	add_closing(1, 1, 0);
	disk_closes_hang(1, false);
	disks_check(1);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].ok, 1);
	disks_end();
}

/* A late answer closes it, too. */
static void closed_after_a_late_answer(void **state)
{
	unsigned open;

	(void)state; /* no fixture */
	disks_begin(64, RESCUERS, -EAGAIN);
	open = files_open();
	add_closing(1, 1, 0);
	disk_reads_hang(1, true);
	bed_check(b, 1, USEC_PER_MSEC);
	bed_until(b, &b->of[1].timed_out, 1);
	disk_reads_hang(1, false);
	bed_final(b, 1, 1);
	assert_int_equal(b->of[1].late, 1);
	BED_UNTIL(b, homes_slots_used(&b->prober.homes) == 0);
	assert_int_equal(files_open(), open);
	disks_end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_that_is_gone),
		cmocka_unit_test(a_device_that_knows_no_scsi),
		cmocka_unit_test(another_device_is_asked_again),
		cmocka_unit_test(a_unit_that_does_not_answer),
		cmocka_unit_test(nobody_is_free_to_ask_the_unit),
		cmocka_unit_test(a_block_size_that_changed),
		cmocka_unit_test(a_shortage_is_named),
		cmocka_unit_test(each_open_says_what_it_is),
		cmocka_unit_test(a_wwid_is_asked_for),
		cmocka_unit_test(asked_for_after_an_answer_only),
		cmocka_unit_test(not_identified_without_its_unit),
		cmocka_unit_test(asked_for_after_a_shortage),
		cmocka_unit_test(opened_and_closed_each_time),
		cmocka_unit_test(a_hung_close_holds_one_rescuer),
		cmocka_unit_test(removed_before_it_was_closed),
		cmocka_unit_test(closed_after_a_late_answer),
	};

	(void)alarm(WATCHDOG_SEC);
	(void)files_no_limit(); /* 1,024 are enough, too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
