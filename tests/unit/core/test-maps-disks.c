/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Another disk under the number of a map's path is barred from that map; released paths are
 * reinstated.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/core/maps.h"
#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "util/macro.h"

#define SEC   USEC_PER_SEC
#define PATHS 8
#define SD    8
#define DM    254

/* Two WWIDs of one form, and texts of other forms. */
#define WWID_A   "3600140500000000000000000000000aa"
#define WWID_B   "3600140500000000000000000000000bb"
#define KERNEL_A 0xa
#define KERNEL_B 0xb

static const struct mono t0 = { 1000 * SEC };
static struct maps *maps;

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int setup(void **state)
{
	(void)state;
	if (maps_new(&maps, PATHS) < 0)
		return -1;
	maps_set_control(maps, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	maps = maps_free(maps);
	return 0;
}

/* The map of the paths 8:0 to 8:n-1; those of `failed` as bits are failed. */
static void tell(const char *uuid, unsigned n, unsigned failed, struct mono now)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[PATHS] = { { 0 } };
	const struct map_spec spec = {
		.devt_major = DM,
		.name = "m",
		.uuid = uuid,
		.n_groups = 1,
		.groups = &group,
		.n_paths = n,
		.paths = paths,
	};
	struct map *m;
	uint32_t index;
	unsigned change;

	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ SD, i, 1, 0, (failed >> i & 1) == 0 };
	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, true, now, &index, &change), 0);
	map_unref(m);
}

/* Path n, 8:n, with what is known of its disk. */
static struct device *disk(unsigned n, uint64_t diskseq, uint64_t kernel_id,
                           const char *wwid, bool udev)
{
	static const char *const nodes[] = { "/dev/sda", "/dev/sdb" };
	const struct device_spec spec = {
		.name = nodes[n] + strlen("/dev/"),
		.node = nodes[n],
		.devt_major = SD,
		.devt_minor = n,
		.diskseq = diskseq,
		.kernel_id = kernel_id,
		.wwid = wwid,
		.udev_wwid = wwid != NULL && udev,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void add_of(unsigned n, uint64_t diskseq, uint64_t kernel_id, const char *wwid,
                   bool udev)
{
	struct device *d = disk(n, diskseq, kernel_id, wwid, udev);

	maps_path_added(maps, n, d);
	device_unref(d);
}

static void add(unsigned n, uint64_t diskseq, uint64_t kernel_id, const char *wwid)
{
	add_of(n, diskseq, kernel_id, wwid, true);
}

static void change(unsigned n, uint64_t diskseq, uint64_t kernel_id, const char *wwid)
{
	struct device *d = disk(n, diskseq, kernel_id, wwid, true);

	maps_path_changed(maps, n, d);
	device_unref(d);
}

static void good(unsigned n, struct mono now)
{
	maps_path_checked(maps, n, VERDICT_USABLE, true, now);
}

/* Both paths are of disk A and work. */
static void two_of_one(void)
{
	tell("", 2, 0, t0);
	add(0, 1, KERNEL_A, WWID_A);
	add(1, 2, KERNEL_A, WWID_A);
	good(0, t0);
	good(1, t0);
}

static enum agreement_step next(struct mono now, struct maps_order *o)
{
	while (maps_next(maps, now, o))
		if (o->step != STEP_NOTHING && o->step != STEP_WAIT)
			return o->step;
	return STEP_NOTHING;
}

static void expect(enum agreement_step step, uint32_t minor, struct mono now)
{
	enum agreement_command c;
	struct maps_order o;

	assert_int_equal(next(now, &o), step);
	assert_int_equal(maps_path(maps, o.entry)->devt_minor, minor);
	if (step != STEP_FAIL && step != STEP_REINSTATE)
		return;
	maps_sent(maps, &o);
	assert_int_equal(maps_answered(maps, o.token, 0, now, &c), o.entry);
}

static void expect_nothing(struct mono now)
{
	struct maps_order o;

	assert_int_equal(next(now, &o), STEP_NOTHING);
}

/* It is barred, failed, and nothing brings it back. */
static void expect_barred(uint32_t minor, bool was_active)
{
	assert_true(maps_is_barred(maps, minor));
	if (was_active)
		expect(STEP_FAIL, minor, at(SEC));
	for (int i = 2; i < 5; i++) {
		maps_path_checked(maps, minor, VERDICT_UNUSABLE, false, at(i * SEC));
		good(minor, at(i * SEC));
		maps_force(maps, minor, false, false);
		expect_nothing(at(i * SEC));
	}
	assert_int_equal(maps_usable(maps, maps_get(maps, 0)),
	                 maps_get(maps, 0)->map->n_paths - 1);
}

static void a_change_of_disks_is_seen(void **state)
{
	(void)state;
	two_of_one();
	expect_nothing(t0);
	change(1, 2, KERNEL_B, WWID_B);
	expect_barred(1, true);
}

static void any_wwid_that_differs_is_enough(void **state)
{
	(void)state;
	two_of_one();
	change(1, 2, KERNEL_A, WWID_B); /* the kernel has not read it again */
	expect_barred(1, true);
}

static void a_bar_outlives_path_and_table(void **state)
{
	(void)state;
	two_of_one();
	maps_path_removed(maps, 1, true);
	expect(STEP_FAIL, 1, t0);
	add(1, 3, KERNEL_B, WWID_B);
	expect_barred(1, false);
	/* The original disk is barred as well. */
	maps_path_removed(maps, 1, true);
	add(1, 4, KERNEL_A, WWID_A);
	tell("", 2, 1 << 1, at(5 * SEC));
	assert_true(maps_is_barred(maps, 1));
	/* It ends when the path leaves the table. */
	tell("", 1, 0, at(6 * SEC));
	assert_false(maps_is_barred(maps, 1));
	tell("", 2, 0, at(7 * SEC));
	good(1, at(7 * SEC));
	expect_nothing(at(7 * SEC));
	assert_false(maps_is_barred(maps, 1));
}

static void the_last_path_is_no_exception(void **state)
{
	(void)state;
	tell("", 1, 0, t0);
	add(0, 1, KERNEL_A, NULL);
	good(0, t0);
	expect_nothing(t0);
	change(0, 1, KERNEL_B, NULL);
	expect_barred(0, true);
	assert_false(maps_is_needed(maps, 0));
}

static void another_disk_is_nothing_to_go_on_with(void **state)
{
	(void)state;
	two_of_one();
	expect_nothing(t0);
	maps_set_control(maps, false);
	change(1, 2, KERNEL_B, NULL);
	maps_path_checked(maps, 0, VERDICT_UNUSABLE, false, t0);
	expect_nothing(t0);
	maps_set_control(maps, true);
	expect(STEP_KEEP, 0, t0);
	expect(STEP_FAIL, 1, t0);
}

static void the_same_disk_that_comes_back_is_the_same(void **state)
{
	(void)state;
	two_of_one();
	maps_path_removed(maps, 1, true);
	add(1, 99, KERNEL_A, WWID_A); /* a new number of the kernel's */
	assert_false(maps_is_barred(maps, 1));
	/* What is not known for a moment says nothing. */
	change(1, 99, 0, NULL);
	change(1, 99, KERNEL_A, WWID_A);
	assert_false(maps_is_barred(maps, 1));
	/* What was known before is remembered meanwhile. */
	change(1, 99, 0, NULL);
	change(1, 99, KERNEL_B, NULL);
	assert_true(maps_is_barred(maps, 1));
}

static void without_wwids_the_sequence_number_decides(void **state)
{
	(void)state;
	tell("", 2, 0, t0);
	add(0, 1, 0, NULL);
	add(1, 2, 0, NULL);
	good(0, t0);
	good(1, t0);
	maps_path_removed(maps, 1, true);
	expect(STEP_FAIL, 1, t0);
	add(1, 3, 0, NULL);
	expect_barred(1, false);
}

static void a_map_says_whose_paths_it_wants(void **state)
{
	(void)state;
	add(0, 1, 0, WWID_A);
	add(1, 2, 0, WWID_B);
	good(0, t0);
	good(1, t0);
	tell("mpath-" WWID_A, 2, 0, t0);
	assert_false(maps_is_barred(maps, 0));
	change(1, 2, 0, WWID_B);
	expect_barred(1, true);
}

/* The disk was exchanged and scanned again before the map was made, without an event. */
static void what_is_older_than_the_map_bars_nothing(void **state)
{
	static const struct {
		const char *map;
		bool kernels; /* discovery's text is the kernel's, not udev's */
		struct disk_read read;
		bool expedited, barred;
	} rows[] = {
		/* It is the map's; one of another number says nothing. */
		{ WWID_B, false, { SD, 1, 2, 0, false, false }, true, false },
		{ WWID_B, true, { SD, 1, 2, 0, false, false }, true, false },
		/* A third disk: neither the map's nor the one that discovery knows. */
		{ WWID_B, true, { SD, 1, 2, 0xc, false, false }, true, true },
		/* Discovery is right: the map is of another disk. */
		{ WWID_B, false, { SD, 1, 2, KERNEL_A, false, false }, true, true },
		{ WWID_B, true, { SD, 1, 2, KERNEL_A, false, false }, true, true },
		/* Nobody knows whose map it is. */
		{ NULL, false, { SD, 1, 2, KERNEL_B, false, false }, false, false },
		{ "LVM-x", false, { SD, 1, 2, KERNEL_B, false, false }, false, false },
		{ "LVM-x", false, { SD, 1, 2, KERNEL_A, false, false }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct disk_read read = rows[i].read;
		char uuid[80] = "";
		struct maps_order o;

		if (rows[i].map != NULL)
			(void)snprintf(uuid, sizeof(uuid), "mpath-%s", rows[i].map);
		if (i < 2)
			read.kernel_id = disk_id_checksum(WWID_B);
		add_of(1, 2, KERNEL_A, WWID_A, !rows[i].kernels);
		good(1, t0);
		tell(uuid, 2, 0, t0);
		assert_false(maps_is_barred(maps, 1));
		assert_true(maps_is_to_be_identified(maps, 1));
		assert_int_equal(next(t0, &o) == STEP_RECHECK, rows[i].expedited);
		expect_nothing(t0); /* once */
		maps_path_asked(maps, 1, true);
		maps_path_read(maps, 1, &read);
		assert_int_equal(maps_is_barred(maps, 1), rows[i].barred);
		if (!rows[i].barred) {
			/* Discovery comes, late at first. */
			change(1, 3, KERNEL_A, WWID_A);
			change(1, 2, read.kernel_id,
			       read.kernel_id == KERNEL_A ? WWID_A : NULL);
			assert_false(maps_is_barred(maps, 1));
			assert_false(maps_is_to_be_identified(maps, 1));
			/* From now on it is remembered. */
			change(1, 2, 0xd, NULL);
			assert_true(maps_is_barred(maps, 1));
		}
		maps_path_removed(maps, 1, true);
		maps_remove(maps, 0);
	}
}

/* udev knows the new disk, and discovery has yet to read what the kernel knows. */
static void udev_is_ahead_of_the_kernel(void **state)
{
	const struct disk_read old = { SD, 1, 2, KERNEL_A, false, false };

	(void)state;
	add(1, 2, KERNEL_A, WWID_B);
	good(1, t0);
	tell("mpath-" WWID_B, 2, 0, t0);
	assert_true(maps_is_to_be_identified(maps, 1));
	expect_nothing(t0);
	maps_path_removed(maps, 1, true);
	add(1, 3, KERNEL_B, WWID_B);
	good(1, t0);
	assert_false(maps_is_barred(maps, 1));
	assert_false(maps_is_to_be_identified(maps, 1));
	/* All that discovery knew was the map's. */
	maps_remove(maps, 0);
	change(1, 3, disk_id_checksum(WWID_B), WWID_B);
	tell("mpath-" WWID_B, 2, 0, t0);
	assert_false(maps_is_to_be_identified(maps, 1));
	maps_path_read(maps, 1, &old);
	expect_barred(1, true);
}

/* Discovery has come first. */
static void discovery_lists_anew_before_the_disk_answers(void **state)
{
	const struct disk_read other = { SD, 1, 2, 0xd, false, false };

	(void)state;
	add(1, 2, KERNEL_A, WWID_A);
	good(1, t0);
	tell("mpath-" WWID_B, 2, 0, t0);
	change(1, 2, KERNEL_B, WWID_B);
	assert_false(maps_is_to_be_identified(maps, 1));
	expect_nothing(t0);
	maps_path_read(maps, 1, &other);
	expect_barred(1, true);
}

/* A check that does not ask, and a disk that does not answer, prove nothing. */
static void what_says_nothing_proves_nothing(void **state)
{
	const struct disk_read plain = { SD, 1, 2, 0, false, false };
	const struct disk_read opened = { SD, 1, 2, 0, false, true };
	const struct disk_read unreadable = { SD, 1, 2, 0, true, false };
	const struct disk_read elsewhere = { SD, 7, 2, KERNEL_A, false, false };

	(void)state;
	add(1, 2, KERNEL_A, WWID_A);
	tell("mpath-" WWID_B, 2, 1 << 1, t0);
	expect(STEP_RECHECK, 1, t0);
	maps_path_asked(maps, 1, false);
	maps_path_read(maps, 1, &plain);
	maps_path_asked(maps, 1, true);
	maps_path_read(maps, 1, &opened);
	maps_path_read(maps, 1, &unreadable);
	maps_path_read(maps, 1, &elsewhere);
	good(1, at(1));
	assert_false(maps_is_barred(maps, 1));
	assert_true(maps_is_to_be_identified(maps, 1));
	expect_nothing(at(2)); /* it is not given back */
	/* It was asked, and has no WWID: its number says that discovery is right. */
	maps_path_read(maps, 1, &plain);
	expect_barred(1, false);
}

/* Read twice, and another one each time, while discovery is still behind. */
static void another_disk_between_two_checks(void **state)
{
	const struct disk_read first = { SD, 1, 2, KERNEL_B, false, false };
	const struct disk_read second = { SD, 1, 2, 0xd, false, false };
	const struct disk_read opened = { SD, 1, 2, 0, false, true };
	const struct disk_read none = { SD, 1, 2, 0, false, false };

	(void)state;
	add(1, 2, KERNEL_A, WWID_A);
	tell("", 2, 0, t0);
	maps_path_read(maps, 1, &first);
	assert_false(maps_is_barred(maps, 1));
	/* The check only opened the disk, or read no WWID: the earlier identity stays. */
	maps_path_read(maps, 1, &opened);
	maps_path_read(maps, 1, &none);
	assert_true(maps_is_to_be_identified(maps, 1));
	maps_path_read(maps, 1, &second);
	assert_true(maps_is_barred(maps, 1));
}

static void only_what_is_of_one_form_differs(void **state)
{
	static const struct {
		const char *map, *path;
		bool barred;
	} rows[] = {
		{ "mpath-" WWID_A, WWID_A, false },
		{ "mpath-" WWID_A, WWID_B, true },
		{ "LVM-" WWID_A, WWID_B, false },
		{ "mpath-0x600140500000000000000000000000aa", WWID_B, false },
		{ "mpath-" WWID_A, "35000c500a1b2c3d4", false },
		{ "mpath-35000c500a1b2c3d5", "35000c500a1b2c3d4", true },
		{ "mpath-eui.00a0a0a0a0a0a0a1", "eui.00a0a0a0a0a0a0a2", true },
		{ "mpath-eui.00a0a0a0a0a0a0a1", WWID_B, false },
		{ "mpath-SATA_DISK_1", "SATA_DISK_2", false },
		{ "mpath-3short", "3other", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tell(rows[i].map, 1, 0, t0);
		add(0, 0, 0, rows[i].path);
		assert_int_equal(maps_is_barred(maps, 0), rows[i].barred);
		maps_path_removed(maps, 0, true);
		maps_remove(maps, 0);
	}
	(void)state;
}

/* --- what the disk itself says --- */

static void what_is_given_back_is_identified(void **state)
{
	const struct disk_read same = { SD, 1, 2, KERNEL_A, false, false };
	const struct disk_read unreadable = { SD, 1, 2, 0, true, false };

	(void)state;
	two_of_one();
	assert_false(maps_is_to_be_identified(maps, 1));
	tell("", 2, 1 << 1, at(1));
	assert_true(maps_is_to_be_identified(maps, 1));
	expect(STEP_RECHECK, 1, at(1));
	maps_path_read(maps, 1, &unreadable);
	good(1, at(2));
	expect_nothing(at(3)); /* the next good check is waited for */
	maps_path_read(maps, 1, &same);
	good(1, at(4));
	expect(STEP_REINSTATE, 1, at(5));
	assert_false(maps_is_to_be_identified(maps, 1));
}

/* It was begun before the path was seen to be failed, in the same microsecond. */
static void a_check_that_does_not_ask_does_not_count(void **state)
{
	(void)state;
	two_of_one();
	maps_path_asked(maps, 1, false);
	tell("", 2, 1 << 1, at(1));
	expect(STEP_RECHECK, 1, at(1));
	good(1, at(1));
	expect(STEP_RECHECK, 1, at(2));
	maps_path_asked(maps, 1, true);
	good(1, at(2));
	expect(STEP_REINSTATE, 1, at(3));
}

static void another_disk_without_any_event_is_seen(void **state)
{
	const struct disk_read other = { SD, 1, 2, KERNEL_B, false, false };

	(void)state;
	two_of_one();
	tell("", 2, 1 << 1, at(1));
	expect(STEP_RECHECK, 1, at(1));
	maps_path_read(maps, 1, &other);
	good(1, at(2));
	expect_barred(1, false);
	assert_false(maps_is_to_be_identified(maps, 1));
	assert_int_equal(maps_path(maps, maps_first_of_path(maps, 1))->bar, BAR_READ);
}

/* What the disk says when nothing is known but its sequence number, or something is of
 * another kind. */
static void what_was_read_is_weighed(void **state)
{
	static const struct {
		uint64_t kernel_id; /* known before */
		struct disk_read read;
		bool barred, given_back;
	} rows[] = {
		{ 0, { SD, 1, 2, 0, false, false }, false, true },
		{ 0, { SD, 1, 3, 0, false, false }, true, false },
		{ 0, { 0, 0, 0, 0, false, false }, false, true }, /* it knows nothing */
		{ 0,
		  { SD, 7, 2, 0, false, false },
		  false,
		  false }, /* the name leads elsewhere */
		{ KERNEL_A,
		  { SD, 1, 3, 0, false, false },
		  false,
		  false }, /* discovery comes */
		{ KERNEL_A, { SD, 1, 3, KERNEL_A, false, false }, false, true },
		{ 0,
		  { SD, 1, 2, KERNEL_B, false, false },
		  false,
		  true }, /* and is remembered */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct maps_order o;

		tell("", 2, 1 << 1, t0);
		add(1, 2, rows[i].kernel_id, NULL);
		maps_path_read(maps, 1, &rows[i].read);
		good(1, at(1));
		assert_int_equal(maps_is_barred(maps, 1), rows[i].barred);
		assert_int_equal(next(at(2), &o) == STEP_REINSTATE, rows[i].given_back);
		maps_path_removed(maps, 1, true);
		maps_remove(maps, 0);
	}
}

/* --- letting go --- */

static void fail_path_1(void)
{
	two_of_one();
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	expect(STEP_FAIL, 1, t0);
	expect_nothing(t0);
}

static void what_is_let_go_is_given_back(void **state)
{
	(void)state;
	maps_set_give_back(maps, true);
	fail_path_1();
	maps_path_removed(maps, 1, false);
	expect(STEP_REINSTATE, 1, at(1));
	expect_nothing(at(2));
}

static void or_is_kept_as_it_is(void **state)
{
	(void)state;
	maps_set_give_back(maps, false);
	fail_path_1();
	maps_let_go(maps, 1, true);
	maps_set_control(maps, false);
	maps_path_removed(maps, 1, false);
	expect_nothing(at(1));
}

static void what_is_gone_or_barred_or_not_ours_is_not(void **state)
{
	(void)state;
	maps_set_give_back(maps, true);
	fail_path_1();
	maps_path_removed(maps, 1, true);
	maps_release(maps, MAPS_NONE, true);
	expect_nothing(at(1));
	add(1, 3, KERNEL_B, NULL);
	maps_path_removed(maps, 1, false);
	expect_nothing(at(1));
	tell("", 2, 3, at(2)); /* somebody else fails path 0 */
	maps_path_removed(maps, 0, false);
	expect_nothing(at(3));
}

static void off_gives_back_whatever_is_decided_later(void **state)
{
	enum agreement_command c;
	struct maps_order o;

	(void)state;
	maps_set_give_back(maps, true);
	two_of_one();
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, t0);
	assert_int_equal(next(t0, &o), STEP_FAIL);
	maps_sent(maps, &o);
	maps_set_control(maps, false);
	(void)maps_answered(maps, o.token, 0, t0, &c);
	maps_path_checked(maps, 1, VERDICT_USABLE, false, at(1));
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, at(2));
	expect(STEP_REINSTATE, 1, at(3));
	expect_nothing(at(4));
	maps_set_control(maps, true);
	expect(STEP_FAIL, 1, at(5));
}

static void off_gives_back_whatever_is_asked_for(void **state)
{
	enum agreement_command c;
	struct maps_order o;

	(void)state;
	maps_set_give_back(maps, true);
	two_of_one();
	maps_force(maps, 1, true, false);
	assert_int_equal(next(t0, &o), STEP_FAIL);
	maps_sent(maps, &o);
	maps_set_control(maps, false);
	maps_force(maps, 1, false, false);
	(void)maps_answered(maps, o.token, 0, t0, &c);
	expect(STEP_REINSTATE, 1, at(1));
	expect_nothing(at(2));
}

static void one_that_is_not_checked_is_given_back_until_it_is(void **state)
{
	(void)state;
	maps_set_give_back(maps, true);
	fail_path_1();
	maps_let_go(maps, 1, true);
	expect(STEP_REINSTATE, 1, at(1));
	expect_nothing(at(1));
	maps_let_go(maps, 1, false);
	expect(STEP_FAIL, 1, at(2));
}

static void what_is_released_is_left_alone_until_the_next_decision(void **state)
{
	(void)state;
	fail_path_1();
	maps_release(maps, 1, true);
	expect(STEP_REINSTATE, 1, at(1));
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, at(2));
	expect_nothing(at(2));
	good(1, at(3));
	maps_path_checked(maps, 1, VERDICT_UNUSABLE, false, at(4));
	expect(STEP_FAIL, 1, at(4));
	/* All at once. */
	maps_release(maps, MAPS_NONE, true);
	expect(STEP_REINSTATE, 1, at(5));
	expect_nothing(at(5));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_change_of_disks_is_seen),
		TEST(any_wwid_that_differs_is_enough),
		TEST(a_bar_outlives_path_and_table),
		TEST(the_last_path_is_no_exception),
		TEST(another_disk_is_nothing_to_go_on_with),
		TEST(the_same_disk_that_comes_back_is_the_same),
		TEST(without_wwids_the_sequence_number_decides),
		TEST(a_map_says_whose_paths_it_wants),
		TEST(what_is_older_than_the_map_bars_nothing),
		TEST(udev_is_ahead_of_the_kernel),
		TEST(discovery_lists_anew_before_the_disk_answers),
		TEST(what_says_nothing_proves_nothing),
		TEST(another_disk_between_two_checks),
		TEST(only_what_is_of_one_form_differs),
		TEST(what_is_given_back_is_identified),
		TEST(a_check_that_does_not_ask_does_not_count),
		TEST(another_disk_without_any_event_is_seen),
		TEST(what_was_read_is_weighed),
		TEST(what_is_let_go_is_given_back),
		TEST(or_is_kept_as_it_is),
		TEST(what_is_gone_or_barred_or_not_ours_is_not),
		TEST(off_gives_back_whatever_is_decided_later),
		TEST(off_gives_back_whatever_is_asked_for),
		TEST(one_that_is_not_checked_is_given_back_until_it_is),
		TEST(what_is_released_is_left_alone_until_the_next_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
