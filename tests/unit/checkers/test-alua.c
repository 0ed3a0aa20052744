/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The alua checker: which command follows which answer, what is kept, what each state means; and the
 * two answers it reads, cut at each byte and with wrong lengths.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "libcheck/checkers/port_groups.h"
#include "libcheck/checkers/scsi_judge.h"
#include "tests/unit/checkers/scsi-bed.h"

/* Of alua.c: a reader of the trace of a check needs them, too. */
enum { FIRST, INQUIRY, PORT_GROUPS, TEST_UNIT };
#define NO_UNIT   0xfffe
#define NO_GROUPS 0xffff
#define GROUP     0x0102
#define KEPT      (GROUP + 1)

/* As LIO sends it: NAA of the unit, relative port 1, port group 0102h, unit group 0. */
static const uint8_t page[] = {
	0x00, 0x83, 0x00, 44, 0x01, 0x03, 0x00, 16,   0x60, 1,    2,    3, 4, 5, 6, 7,
	8,    9,    10,   11, 12,   13,   14,   15,   0x61, 0x94, 0x00, 4, 0, 0, 0, 1,
	0x61, 0x95, 0x00, 4,  0,    0,    0x01, 0x02, 0x61, 0x96, 0x00, 4, 0, 0, 0, 0,
};
#define GROUP_ENDS 40 /* bytes of the page until the group is complete */

/* Two groups of two ports and one port. */
static const uint8_t groups[] = {
	0, 0, 0, 28, 0x81, 0x8f, 0x01, 0x01, 0, 0, 0, 2, 0, 0, 0, 1,
	0, 0, 0, 2,  0x02, 0x8f, 0x01, 0x02, 0, 0, 0, 1, 0, 0, 0, 3,
};
#define STATE_AT   20 /* of the path's group */
#define STATE_ENDS 28

/* --- what is read --- */

static void the_group_of_the_port(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(port_groups_own(page, sizeof(page)), GROUP);
	for (unsigned got = 0; got < sizeof(page); got++) {
		struct checker_answer a = bed_data(page, got);

		assert_int_equal(port_groups_own(a.data, got),
		                 got < GROUP_ENDS ? -ENODATA : GROUP);
		bed_drop(&a);
	}
}

static void designators_that_are_no_group(void **state)
{
	static const struct {
		uint8_t at, value;
	} others[] = {
		{ 32, 0x62 }, /* UTF-8 */
		{ 33, 0x85 }, /* of the unit */
		{ 33, 0xa5 }, /* of the target device */
		{ 33, 0x94 }, /* another type */
		{ 35, 3 },    /* too short */
		{ 35, 200 },  /* it does not end */
		{ 7, 255 },   /* the one before it does not end */
	};
	uint8_t copy[sizeof(page)];

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		memcpy(copy, page, sizeof(page));
		copy[others[i].at] = others[i].value;
		assert_int_equal(port_groups_own(copy, sizeof(copy)), -ENODATA);
	}
}

static void the_state_of_the_group(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(port_groups_state(groups, sizeof(groups), 0x0102), 0x2);
	assert_int_equal(port_groups_state(groups, sizeof(groups), 0x0101), 0x1);
	assert_int_equal(port_groups_state(groups, sizeof(groups), 0x0103), -ENODATA);
	for (unsigned got = 0; got < sizeof(groups); got++) {
		struct checker_answer a = bed_data(groups, got);

		assert_int_equal(port_groups_state(a.data, got, GROUP),
		                 got < STATE_ENDS ? -EMSGSIZE : 0x2);
		bed_drop(&a);
	}
}

static void lengths_that_lie(void **state)
{
	uint8_t copy[sizeof(groups)];

	(void)state; /* no fixture */
	memcpy(copy, groups, sizeof(groups));
	/* The header says less than there is: what lies behind is not looked at. */
	copy[3] = 16;
	assert_int_equal(port_groups_state(copy, sizeof(copy), GROUP), -ENODATA);
	memset(copy, 0xff, 4);
	assert_int_equal(port_groups_state(copy, sizeof(copy), GROUP), 0x2);
	assert_int_equal(port_groups_state(copy, sizeof(copy), 7), -EMSGSIZE);
	/* More ports than there are bytes. */
	memcpy(copy, groups, sizeof(groups));
	copy[11] = 255;
	assert_int_equal(port_groups_state(copy, sizeof(copy), GROUP), -ENODATA);
	memset(copy, 0, sizeof(copy));
	assert_int_equal(port_groups_state(copy, sizeof(copy), 0), -ENODATA);
}

/* --- the commands --- */

static void which_command(void **state)
{
	static const struct {
		uint8_t step;
		uint16_t memory;
		enum pathcheck_request request;
		uint8_t operation;
	} cells[] = {
		{ FIRST, 0, PATHCHECK_REQUEST_INQUIRY, 0x12 },
		{ FIRST, NO_UNIT, PATHCHECK_REQUEST_INQUIRY, 0x12 },
		{ FIRST, NO_GROUPS, PATHCHECK_REQUEST_TEST_UNIT, 0x00 },
		{ FIRST, 1, PATHCHECK_REQUEST_PORT_GROUPS, 0xa3 },
		{ FIRST, NO_UNIT - 1, PATHCHECK_REQUEST_PORT_GROUPS, 0xa3 },
		{ INQUIRY, KEPT, PATHCHECK_REQUEST_INQUIRY, 0x12 },
		{ PORT_GROUPS, KEPT, PATHCHECK_REQUEST_PORT_GROUPS, 0xa3 },
		{ TEST_UNIT, KEPT, PATHCHECK_REQUEST_TEST_UNIT, 0x00 },
	};
	struct scsi_command c;

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++)
		bed_expect_command(&checker_alua, cells[i].step, cells[i].memory,
		                   cells[i].request, cells[i].operation);
	c = bed_command(&checker_alua, INQUIRY, 0);
	assert_int_equal(c.cdb[1], 1);
	assert_int_equal(c.cdb[2], 0x83);
	assert_int_equal(c.cdb[3] << 8 | c.cdb[4], c.data_size);
	c = bed_command(&checker_alua, PORT_GROUPS, KEPT);
	assert_int_equal(c.cdb_size, 12);
	assert_int_equal(c.cdb[1], 0x0a);
	assert_int_equal(c.cdb[6] << 24 | c.cdb[7] << 16 | c.cdb[8] << 8 | c.cdb[9],
	                 c.data_size);
}

/* --- the first check of an open device --- */

/* The answer is sent on to a step, and this is kept. */
static void expect_kept(struct checker_answer a, uint8_t step, uint16_t memory)
{
	bed_expect_send(&checker_alua, a, step);
	assert_int_equal(checker_alua.judge(&a).memory, memory);
}

static void expect_page(const uint8_t *data, size_t got, uint8_t step, uint16_t memory)
{
	struct checker_answer a = bed_data(data, got);

	for (a.step = FIRST; a.step <= INQUIRY; a.step++)
		expect_kept(a, step, memory);
	bed_drop(&a);
}

static void inquiry_finds_the_group(void **state)
{
	uint8_t copy[sizeof(page)];

	(void)state; /* no fixture */
	for (unsigned got = 0; got <= sizeof(page); got++)
		expect_page(page, got, got < GROUP_ENDS ? TEST_UNIT : PORT_GROUPS,
		            got < GROUP_ENDS ? NO_GROUPS : KEPT);
	memcpy(copy, page, sizeof(page));
	copy[38] = copy[39] = 0;
	expect_page(copy, sizeof(copy), PORT_GROUPS, 1);
	/* The last ids have no room beside the two marks. */
	copy[38] = 0xff;
	copy[39] = 0xfc;
	expect_page(copy, sizeof(copy), PORT_GROUPS, NO_UNIT - 1);
	for (unsigned last = 0xfd; last <= 0xff; last++) {
		copy[39] = (uint8_t)last;
		expect_page(copy, sizeof(copy), TEST_UNIT, NO_GROUPS);
	}
}

static void inquiry_finds_another_page_or_no_unit(void **state)
{
	uint8_t copy[sizeof(page)];

	(void)state; /* no fixture */
	memcpy(copy, page, sizeof(page));
	copy[1] = 0x00;
	expect_page(copy, sizeof(copy), TEST_UNIT, NO_GROUPS);
	memcpy(copy, page, sizeof(page));
	copy[3] = 20; /* it ends before the group */
	expect_page(copy, sizeof(copy), TEST_UNIT, NO_GROUPS);
	memcpy(copy, page, sizeof(page));
	for (unsigned qualifier = 1; qualifier < 8; qualifier++) {
		copy[0] = (uint8_t)(qualifier << 5);
		expect_page(copy, sizeof(copy), TEST_UNIT, NO_UNIT);
	}
}

static void a_device_without_groups_is_tested(void **state)
{
	static const uint8_t codes[] = { 0x20, 0x24 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
		for (unsigned step = FIRST; step <= PORT_GROUPS; step++) {
			struct checker_answer a = bed_sense(0x5, codes[i], 0, BED_FIXED);

			a.step = (uint8_t)step;
			expect_kept(a, TEST_UNIT, NO_GROUPS);
			a.memory = KEPT;
			expect_kept(a, TEST_UNIT, NO_GROUPS);
		}
	for (unsigned step = FIRST; step <= TEST_UNIT; step += TEST_UNIT) {
		struct checker_answer a = bed_good();

		a.step = (uint8_t)step;
		a.memory = NO_GROUPS;
		bed_expect_end(&checker_alua, a, PATHCHECK_OK, 0, PATHCHECK_SAID_NOTHING);
		a = bed_sense(0x2, 0x04, 0x0b, BED_FIXED);
		a.step = (uint8_t)step;
		a.memory = NO_GROUPS;
		bed_expect_end(&checker_alua, a, PATHCHECK_GHOST, 0,
		               PATHCHECK_SAID_SENSE);
	}
}

/* Sense data count only if the command reached the device. */
static void a_lost_answer_says_nothing_of_groups(void **state)
{
	(void)state; /* no fixture */
	for (unsigned step = FIRST; step <= PORT_GROUPS; step++) {
		struct checker_answer a = bed_sense(0x5, 0x20, 0, BED_FIXED);

		a.step = (uint8_t)step;
		a.scsi.host = 0x0f;
		bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, ENOLINK,
		               PATHCHECK_SAID_TRANSPORT);
	}
}

/* A target may answer any command of a unit that it does not have. */
static void no_unit_is_never_good(void **state)
{
	struct checker_answer a = bed_good();

	(void)state; /* no fixture */
	a.step = TEST_UNIT;
	a.memory = NO_UNIT;
	bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, ENXIO, PATHCHECK_SAID_NOTHING);
	a = bed_sense(0x5, 0x25, 0x00, BED_DESCRIPTOR);
	a.step = TEST_UNIT;
	a.memory = NO_UNIT;
	bed_expect_end(&checker_alua, a, PATHCHECK_DISCONNECTED, EREMOTEIO,
	               PATHCHECK_SAID_SENSE);
	a = bed_sense(0x2, 0x04, 0x0b, BED_DESCRIPTOR);
	a.step = TEST_UNIT;
	a.memory = NO_UNIT;
	bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, ENXIO, PATHCHECK_SAID_NOTHING);
}

/* --- the states --- */

static struct checker_answer groups_answer(uint8_t state, uint8_t step)
{
	uint8_t copy[sizeof(groups)];
	struct checker_answer a;

	memcpy(copy, groups, sizeof(groups));
	copy[STATE_AT] = state;
	a = bed_data(copy, sizeof(copy));
	a.step = (uint8_t)step;
	a.memory = KEPT;
	return a;
}

static void each_state(void **state)
{
	static const struct {
		uint8_t state;
		enum pathcheck_verdict verdict;
		int error;
		enum pathcheck_said said;
	} cells[] = {
		{ 0x0, PATHCHECK_OK, 0, PATHCHECK_SAID_OPTIMIZED },
		{ 0x1, PATHCHECK_OK, 0, PATHCHECK_SAID_NON_OPTIMIZED },
		{ 0x2, PATHCHECK_GHOST, 0, PATHCHECK_SAID_STANDBY },
		{ 0x3, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_UNAVAILABLE },
		{ 0x4, PATHCHECK_OK, 0, PATHCHECK_SAID_LBA_DEPENDENT },
		{ 0xe, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_OFFLINE },
		{ 0xf, PATHCHECK_PENDING, 0, PATHCHECK_SAID_TRANSITIONING },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		/* The high bits are the preferred port's, and reserved. */
		for (unsigned high = 0; high <= 0x80; high += 0x80) {
			struct checker_answer a = groups_answer(
			        (uint8_t)(cells[i].state | high), PORT_GROUPS);

			bed_expect_end(&checker_alua, a, cells[i].verdict, cells[i].error,
			               cells[i].said);
			/* Before a path fails, its port is looked for in another group. */
			a.step = FIRST;
			if (cells[i].verdict == PATHCHECK_FAILED)
				bed_expect_send(&checker_alua, a, INQUIRY);
			else
				bed_expect_end(&checker_alua, a, cells[i].verdict,
				               cells[i].error, cells[i].said);
			bed_drop(&a);
		}
	}
	/* A reserved state says nothing. */
	for (uint8_t reserved = 0x5; reserved <= 0xd; reserved++) {
		struct checker_answer a = groups_answer(reserved, PORT_GROUPS);

		bed_expect_send(&checker_alua, a, TEST_UNIT);
		a.step = FIRST;
		bed_expect_send(&checker_alua, a, TEST_UNIT);
		bed_drop(&a);
	}
}

/* Before a path is given back: the port answers also for a unit that is not ready. */
static void the_unit_is_tested_with_its_identity(void **state)
{
	struct checker_answer a;

	(void)state; /* no fixture */
	for (unsigned s = 0; s < 16; s++)
		for (unsigned step = FIRST; step <= PORT_GROUPS; step += PORT_GROUPS) {
			bool good = s <= 0x1 || s == 0x4;
			struct checker_judgement j;

			a = groups_answer((uint8_t)s, (uint8_t)step);
			a.identify = true;
			if (good)
				bed_expect_send(&checker_alua, a, TEST_UNIT);
			j = checker_alua.judge(&a);
			if (!good && j.next == CHECKER_FINAL)
				assert_int_not_equal(j.verdict, PATHCHECK_OK);
			bed_drop(&a);
		}
	a = bed_sense(0x2, 0x04, 0x03, BED_FIXED);
	a.step = TEST_UNIT;
	a.memory = KEPT;
	a.identify = true;
	bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_SENSE);
	/* The answer means the same before and after the identity is known. */
	for (int identify = 0; identify < 2; identify++) {
		a = bed_good();
		a.step = TEST_UNIT;
		a.memory = KEPT;
		a.identify = identify;
		bed_expect_end(&checker_alua, a, PATHCHECK_OK, 0, PATHCHECK_SAID_NOTHING);
	}
}

static void a_port_in_no_group(void **state)
{
	struct checker_answer a = groups_answer(0, FIRST);

	(void)state; /* no fixture */
	a.memory = 8;
	bed_expect_send(&checker_alua, a, INQUIRY);
	a.step = PORT_GROUPS;
	bed_expect_end(&checker_alua, a, PATHCHECK_DEVICE_ERROR, EREMOTEIO,
	               PATHCHECK_SAID_NO_GROUP);
	bed_drop(&a);
}

/* More groups than are asked for: the port's may be among the rest. */
static void an_answer_that_is_cut(void **state)
{
	(void)state; /* no fixture */
	for (unsigned got = 0; got < STATE_ENDS; got++) {
		struct checker_answer a = bed_data(groups, got);

		a.memory = KEPT;
		bed_expect_send(&checker_alua, a, TEST_UNIT);
		a.step = PORT_GROUPS;
		bed_expect_send(&checker_alua, a, TEST_UNIT);
		/* What was kept is not forgotten. */
		assert_int_equal(checker_alua.judge(&a).memory, 0);
		bed_drop(&a);
	}
}

/* --- what other answers mean --- */

static void answers_that_end_the_check(void **state)
{
	(void)state; /* no fixture */
	for (unsigned step = FIRST; step <= TEST_UNIT; step++)
		for (int known = 0; known < 2; known++) {
			struct checker_answer a = bed_host(0x0f);

			a.step = (uint8_t)step;
			a.memory = known ? KEPT : 0;
			bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, ENOLINK,
			               PATHCHECK_SAID_TRANSPORT);
			a = bed_sense(0x5, 0x25, 0x00, BED_DESCRIPTOR);
			a.step = (uint8_t)step;
			a.memory = known ? KEPT : 0;
			bed_expect_end(&checker_alua, a, PATHCHECK_DISCONNECTED,
			               EREMOTEIO, PATHCHECK_SAID_SENSE);
			a = (struct checker_answer){ .result = -ENODEV, .step = step };
			bed_expect_end(&checker_alua, a, PATHCHECK_FAILED, ENODEV,
			               PATHCHECK_SAID_NOTHING);
		}
}

static void unit_attentions(void **state)
{
	(void)state; /* no fixture */
	for (unsigned step = FIRST; step <= TEST_UNIT; step++) {
		struct checker_answer a = bed_sense(0x6, 0x2a, 0x06, BED_FIXED);

		a.step = (uint8_t)step;
		a.memory = KEPT;
		bed_expect_send(&checker_alua, a, step);
		/* The data of INQUIRY have changed, perhaps the port's group. */
		a = bed_sense(0x6, 0x3f, 0x03, BED_FIXED);
		a.step = (uint8_t)step;
		a.memory = NO_GROUPS;
		bed_expect_send(&checker_alua, a, INQUIRY);
		a.tries = SCSI_TRIES - 1;
		bed_expect_end(&checker_alua, a, PATHCHECK_DEVICE_ERROR, EIO,
		               PATHCHECK_SAID_SENSE);
	}
}

/* Whatever a device answers, a check ends within CHECKER_SENDS_MAX commands. */
static void every_check_ends(void **state)
{
	struct checker_answer answers[6] = {
		bed_data(page, sizeof(page)),
		groups_answer(0x3, 0),
		bed_good(),
		bed_sense(0x6, 0x3f, 0x03, BED_FIXED),
		bed_sense(0x5, 0x20, 0, BED_FIXED),
		bed_sense(0x6, 0x29, 0, BED_FIXED),
	};
	unsigned longest = 0;

	(void)state; /* no fixture */
	for (unsigned order = 0; order < 6 * 6 * 6 * 6 * 6 * 6 * 6; order++) {
		unsigned rest = order;
		uint16_t memory = order % 2 == 0 ? 0 : KEPT;
		uint8_t step = FIRST;

		for (unsigned sends = 1;; sends++, rest /= 6) {
			struct checker_answer a = answers[rest % 6];
			struct checker_judgement j;

			assert_true(sends <= CHECKER_SENDS_MAX);
			longest = MAX(longest, sends);
			a.step = (uint8_t)step;
			a.tries = (uint8_t)(sends - 1);
			a.memory = memory;
			j = checker_alua.judge(&a);
			if (j.next != CHECKER_SEND)
				break;
			assert_true(j.step <= TEST_UNIT);
			step = j.step;
			memory = j.memory == 0 ? memory : j.memory;
		}
	}
	assert_true(longest > SCSI_TRIES);
	bed_drop(&answers[0]);
	bed_drop(&answers[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_group_of_the_port),
		cmocka_unit_test(designators_that_are_no_group),
		cmocka_unit_test(the_state_of_the_group),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(which_command),
		cmocka_unit_test(inquiry_finds_the_group),
		cmocka_unit_test(inquiry_finds_another_page_or_no_unit),
		cmocka_unit_test(a_device_without_groups_is_tested),
		cmocka_unit_test(a_lost_answer_says_nothing_of_groups),
		cmocka_unit_test(no_unit_is_never_good),
		cmocka_unit_test(each_state),
		cmocka_unit_test(the_unit_is_tested_with_its_identity),
		cmocka_unit_test(a_port_in_no_group),
		cmocka_unit_test(an_answer_that_is_cut),
		cmocka_unit_test(answers_that_end_the_check),
		cmocka_unit_test(unit_attentions),
		cmocka_unit_test(every_check_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
