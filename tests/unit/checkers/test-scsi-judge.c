/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What answers to SCSI commands mean: each host byte, status and sense key, in both formats of sense
 * data; and the checkers that send one command only.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "libcheck/checkers/scsi_judge.h"
#include "tests/unit/checkers/scsi-bed.h"
#include "util/macro.h"

enum {
	U = PATHCHECK_OK,
	E = PATHCHECK_DEVICE_ERROR,
	F = PATHCHECK_FAILED,
	G = PATHCHECK_GHOST,
	P = PATHCHECK_PENDING,
	D = PATHCHECK_DISCONNECTED,
	N = PATHCHECK_NOT_JUDGED
};

/* The verdict of tur, which comes after SCSI_TRIES if the command is sent again. */
static void expect(struct checker_answer a, bool again, int verdict, int error,
                   enum pathcheck_said said)
{
	for (a.tries = 0; a.tries < SCSI_TRIES - 1; a.tries++)
		if (again)
			bed_expect_send(&checker_tur, a, 0);
		else
			bed_expect_end(&checker_tur, a, (enum pathcheck_verdict)verdict,
			               error, said);
	bed_expect_end(&checker_tur, a, (enum pathcheck_verdict)verdict, error, said);
}

/* --- the way --- */

static const struct {
	uint8_t host;
	bool again;
	int error; /* 0: the device answered */
} hosts[] = {
	{ 0x00, false, 0 },       { 0x01, false, EIO }, { 0x02, true, EIO },
	{ 0x03, false, EIO },     { 0x04, false, EIO }, { 0x05, false, EIO },
	{ 0x06, true, EIO },      { 0x07, true, EIO },  { 0x08, true, EIO },
	{ 0x09, false, EIO },     { 0x0a, false, EIO }, { 0x0b, true, EIO },
	{ 0x0c, true, EIO },      { 0x0d, true, EIO },  { 0x0e, true, EIO },
	{ 0x0f, false, ENOLINK }, { 0x10, false, 0 },   { 0x11, false, 0 },
	{ 0x12, false, 0 },       { 0x13, false, 0 },   { 0x14, false, ENOLINK },
	{ 0x15, false, EIO },     { 0xff, false, EIO },
};

static void host_bytes(void **state)
{
	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++)
		expect(bed_host(hosts[i].host), hosts[i].again,
		       hosts[i].error == 0 ? U : F, hosts[i].error,
		       hosts[i].error == 0 ? PATHCHECK_SAID_NOTHING
		                           : PATHCHECK_SAID_TRANSPORT);
	/* A later kernel may have others. */
	for (unsigned host = 0x15; host < 0x100; host++)
		expect(bed_host((uint8_t)host), false, F, EIO, PATHCHECK_SAID_TRANSPORT);
}

/* The host byte is judged before the status, and that before the sense data. */
static void the_way_comes_first(void **state)
{
	struct checker_answer a = bed_sense(0x5, 0x25, 0, BED_FIXED);

	(void)state; /* no fixture */
	a.scsi.host = 0x01;
	expect(a, false, F, EIO, PATHCHECK_SAID_TRANSPORT);
	a.scsi.host = 0x10;
	expect(a, false, D, EREMOTEIO, PATHCHECK_SAID_SENSE);

	/* DID_ERROR with a reservation conflict is the device's answer. */
	a = bed_host(0x07);
	a.scsi.status = SCSI_RESERVATION_CONFLICT;
	expect(a, false, E, EBADE, PATHCHECK_SAID_STATUS);
	a.scsi.host = 0x02;
	expect(a, true, F, EIO, PATHCHECK_SAID_TRANSPORT);
}

static void driver_bytes(void **state)
{
	(void)state; /* no fixture */
	for (uint8_t driver = 1; driver < 0x10; driver++) {
		struct checker_answer a = bed_good();

		a.scsi.driver = driver;
		expect(a, driver <= 2, F, EIO, PATHCHECK_SAID_NOTHING);
	}
}

static void what_was_not_sent(void **state)
{
	static const struct {
		int error, send, open;
	} cells[] = {
		{ ENODEV, F, F }, { ENXIO, F, F },  { ENOENT, F, F },     { EIO, F, F },
		{ EPERM, N, N },  { EACCES, N, N }, { EOPNOTSUPP, N, F }, { EDOM, N, F },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		struct checker_answer a = { .result = -cells[i].error };

		expect(a, false, cells[i].send, cells[i].error, PATHCHECK_SAID_NOTHING);
		a.opening = true;
		expect(a, false, cells[i].open, cells[i].error, PATHCHECK_SAID_NOTHING);
	}
	for (int opening = 0; opening < 2; opening++) {
		struct checker_answer a = { .result = -ENOMEM, .opening = opening };
		struct checker_judgement j = checker_tur.judge(&a);

		assert_int_equal(j.next, CHECKER_SHORTAGE);
		assert_int_equal(j.error, ENOMEM);
	}
}

/* --- the device --- */

static void status_bytes(void **state)
{
	static const struct {
		uint8_t status;
		bool again;
		int verdict, error;
	} cells[] = {
		{ SCSI_GOOD, false, U, 0 },
		{ SCSI_CHECK_CONDITION, true, E, EIO }, /* without sense data */
		{ SCSI_CONDITION_MET, false, U, 0 },
		{ SCSI_BUSY, false, E, EBUSY },
		{ SCSI_RESERVATION_CONFLICT, false, E, EBADE },
		{ SCSI_TASK_SET_FULL, false, E, EBUSY },
		{ SCSI_ACA_ACTIVE, false, E, EIO },
		{ SCSI_TASK_ABORTED, true, E, EIO },
		{ 0x10, false, E, EIO }, /* obsolete */
		{ 0x22, false, E, EIO },
		{ 0x3e, false, E, EIO },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		struct checker_answer a = bed_good();

		a.scsi.status = cells[i].status;
		expect(a, cells[i].again, cells[i].verdict, cells[i].error,
		       cells[i].verdict == U ? PATHCHECK_SAID_NOTHING
		                             : PATHCHECK_SAID_STATUS);
	}
}

static const struct {
	uint8_t key, code, qualifier;
	bool again;
	int verdict, error;
} senses[] = {
	{ 0x0, 0x00, 0x00, false, U, 0 },
	{ 0x1, 0x17, 0x01, false, U, 0 },
	{ 0x2, 0x04, 0x00, false, F, EIO },
	{ 0x2, 0x04, 0x01, false, F, EIO },
	{ 0x2, 0x04, 0x02, false, F, EIO },
	{ 0x2, 0x04, 0x03, false, F, EIO },
	{ 0x2, 0x04, 0x0a, false, P, 0 },
	{ 0x2, 0x04, 0x0b, false, G, 0 },
	{ 0x2, 0x04, 0x0c, false, F, EIO },
	{ 0x2, 0x05, 0x0b, false, F, EIO },
	{ 0x2, 0x3a, 0x00, false, F, EIO },
	{ 0x3, 0x11, 0x00, false, E, ENODATA },
	{ 0x3, 0x04, 0x0b, false, E, ENODATA },
	{ 0x4, 0x44, 0x00, false, E, EREMOTEIO },
	{ 0x5, 0x10, 0x01, false, E, EILSEQ },
	{ 0x5, 0x20, 0x00, false, E, EREMOTEIO },
	{ 0x5, 0x24, 0x00, false, E, EREMOTEIO },
	{ 0x5, 0x25, 0x00, false, D, EREMOTEIO },
	{ 0x5, 0x25, 0x01, false, E, EREMOTEIO },
	{ 0x5, 0x26, 0x00, false, E, EREMOTEIO },
	{ 0x6, 0x25, 0x00, true, E, EIO },
	{ 0x6, 0x29, 0x00, true, E, EIO },
	{ 0x6, 0x2a, 0x06, true, E, EIO },
	{ 0x7, 0x27, 0x00, false, E, EREMOTEIO },
	{ 0x7, 0x27, 0x07, false, E, ENOSPC },
	{ 0x8, 0x00, 0x00, false, E, EREMOTEIO },
	{ 0x9, 0x80, 0x00, false, E, EIO },
	{ 0xa, 0x00, 0x00, false, E, EREMOTEIO },
	{ 0xb, 0x10, 0x02, false, E, EILSEQ },
	{ 0xb, 0x47, 0x00, true, E, EIO },
	{ 0xc, 0x00, 0x00, false, E, EIO },
	{ 0xd, 0x00, 0x00, false, E, EREMOTEIO },
	{ 0xe, 0x1d, 0x00, false, E, EREMOTEIO },
	{ 0xf, 0x00, 0x00, false, U, 0 },
};

static void sense_data(void **state)
{
	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(senses); i++)
		for (int format = 0; format < BED_FORMATS; format++)
			expect(bed_sense(senses[i].key, senses[i].code,
			                 senses[i].qualifier, (enum bed_format)format),
			       senses[i].again, senses[i].verdict, senses[i].error,
			       senses[i].verdict == U ? PATHCHECK_SAID_NOTHING
			                              : PATHCHECK_SAID_SENSE);
}

/* No sense data disconnect, pass for good, or stop a checker, but those above. */
static void every_sense_data(void **state)
{
	unsigned n[N + P + 1] = { 0 };

	(void)state; /* no fixture */
	for (unsigned key = 0; key < 16; key++)
		for (unsigned code = 0; code < 256; code++)
			for (unsigned qualifier = 0; qualifier < 256; qualifier++) {
				struct checker_answer a = bed_good();

				a.tries = SCSI_TRIES;
				a.scsi.status = SCSI_CHECK_CONDITION;
				a.scsi.sense =
				        (struct sense){ true, (uint8_t)key, (uint8_t)code,
					                (uint8_t)qualifier };
				n[checker_tur.judge(&a).verdict]++;
			}
	assert_int_equal(n[U], 3 * 65536);
	assert_int_equal(n[G], 1);
	assert_int_equal(n[P], 1);
	assert_int_equal(n[D], 1);
	assert_int_equal(n[F], 65536 - 2);
	assert_int_equal(n[E], 12 * 65536 - 1);
}

/* --- the checkers that send one command --- */

static void commands_of_tur(void **state)
{
	static const struct checker *const checkers[] = { &checker_tur,
		                                          &checker_cciss_tur,
		                                          &checker_hp_sw };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(checkers); i++) {
		struct scsi_command c = bed_command(checkers[i], 0, 0);

		bed_expect_command(checkers[i], 0, 0, PATHCHECK_REQUEST_TEST_UNIT, 0x00);
		assert_int_equal(c.cdb_size, 6);
		assert_int_equal(c.data_size, 0);
		assert_true(checkers[i]->read == NULL && checkers[i]->send != NULL &&
		            checkers[i]->commands[checkers[i]->identify].send != NULL);
	}
}

/* What is good in short is so for the checkers that ask in short. */
static void good_in_short(void **state)
{
	struct checker_answer a = bed_good();
	unsigned good = 0;

	(void)state; /* no fixture */
	for (unsigned i = 0; i < 256 * 256 * 2; i++) {
		a.scsi.host = i & 0xff;
		a.scsi.status = i >> 8 & SCSI_STATUS_MASK;
		a.scsi.driver = i >> 8 & 1 ? 0x04 : 0;
		a.scsi.sense = (struct sense){ .valid = i >> 16, .key = 0x2 };
		if (!scsi_judge_good_answer(&a.scsi))
			continue;
		good++;
		bed_expect_end(&checker_tur, a, PATHCHECK_OK, 0, PATHCHECK_SAID_NOTHING);
		bed_expect_end(&checker_cciss_tur, a, PATHCHECK_OK, 0,
		               PATHCHECK_SAID_NOTHING);
		bed_expect_end(&checker_hp_sw, a, PATHCHECK_OK, 0,
		               PATHCHECK_SAID_NOTHING);
	}
	assert_int_equal(good, 1); /* CONDITION MET is not of TEST UNIT READY */
	/* The others send more after a good answer. */
	for (unsigned i = 0; i < PATHCHECK_CHECKERS; i++)
		assert_true(checker_table[i]->is_good_answer == NULL ||
		            checker_table[i] == &checker_tur ||
		            checker_table[i] == &checker_cciss_tur ||
		            checker_table[i] == &checker_hp_sw);
}

/* All other rules are those of tur. */
static void hp_sw_knows_its_passive_controller(void **state)
{
	(void)state; /* no fixture */
	for (int format = 0; format < BED_FORMATS; format++)
		bed_expect_end(&checker_hp_sw,
		               bed_sense(0x2, 0x04, 0x02, (enum bed_format)format),
		               PATHCHECK_GHOST, 0, PATHCHECK_SAID_SENSE);
	bed_expect_end(&checker_hp_sw, bed_sense(0x2, 0x04, 0x03, BED_FIXED),
	               PATHCHECK_FAILED, EIO, PATHCHECK_SAID_SENSE);
	bed_expect_end(&checker_hp_sw, bed_host(0x01), PATHCHECK_FAILED, EIO,
	               PATHCHECK_SAID_TRANSPORT);
	bed_expect_end(&checker_hp_sw, bed_good(), PATHCHECK_OK, 0,
	               PATHCHECK_SAID_NOTHING);
	/* The host byte says that these sense data are not of this command. */
	{
		struct checker_answer a = bed_sense(0x2, 0x04, 0x02, BED_FIXED);

		a.scsi.host = 0x0f;
		bed_expect_end(&checker_hp_sw, a, PATHCHECK_FAILED, ENOLINK,
		               PATHCHECK_SAID_TRANSPORT);
	}
}

/* --- reads --- */

static void read_commands(void **state)
{
	static const struct {
		const struct checker *checker;
		uint8_t first;
	} cells[] = { { &checker_readsector0, 0 }, { &checker_tur_directio, 1 } };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		struct scsi_command c = bed_command(cells[i].checker, cells[i].first, 0);

		bed_expect_command(cells[i].checker, cells[i].first, 0,
		                   PATHCHECK_REQUEST_SCSI_READ, 0x28);
		assert_int_equal(c.cdb_size, 10);
		assert_int_equal(c.cdb[7] << 8 | c.cdb[8], 1);
		assert_int_equal(c.data_size, BED_BLOCK);
		c = bed_command(cells[i].checker, cells[i].first + 1, 0);
		bed_expect_command(cells[i].checker, cells[i].first + 1, 0,
		                   PATHCHECK_REQUEST_SCSI_READ, 0x88);
		assert_int_equal(c.cdb_size, 16);
		assert_int_equal(c.cdb[13], 1);
	}
	bed_expect_command(&checker_tur_directio, 0, 0, PATHCHECK_REQUEST_TEST_UNIT, 0);
}

static struct checker_answer read_answer(uint8_t step, uint16_t got)
{
	struct checker_answer a = bed_good();

	a.step = step;
	a.scsi.got = got;
	return a;
}

static void expect_read(const struct checker *c, uint8_t step, uint8_t read10)
{
	struct checker_answer a;

	bed_expect_end(c, read_answer(step, BED_BLOCK), PATHCHECK_OK, 0,
	               PATHCHECK_SAID_NOTHING);
	bed_expect_end(c, read_answer(step, BED_BLOCK - 1), PATHCHECK_FAILED, ENODATA,
	               PATHCHECK_SAID_BAD_DATA);
	bed_expect_end(c, read_answer(step, 0), PATHCHECK_FAILED, ENODATA,
	               PATHCHECK_SAID_BAD_DATA);
	a = bed_sense(0x3, 0x11, 0x00, BED_DESCRIPTOR);
	a.step = step;
	bed_expect_end(c, a, PATHCHECK_DEVICE_ERROR, ENODATA, PATHCHECK_SAID_SENSE);
	a = bed_sense(0x5, 0x25, 0x00, BED_FIXED);
	a.step = step;
	bed_expect_end(c, a, PATHCHECK_DISCONNECTED, EREMOTEIO, PATHCHECK_SAID_SENSE);
	a = bed_sense(0x6, 0x29, 0x00, BED_FIXED);
	a.step = step;
	bed_expect_send(c, a, step);
	a = bed_host(0x0f);
	a.step = step;
	bed_expect_end(c, a, PATHCHECK_FAILED, ENOLINK, PATHCHECK_SAID_TRANSPORT);
	a = bed_sense(0x5, 0x20, 0x00, BED_FIXED);
	a.step = step;
	if (step == read10)
		bed_expect_send(c, a, step + 1);
	else
		bed_expect_end(c, a, PATHCHECK_DEVICE_ERROR, EREMOTEIO,
		               PATHCHECK_SAID_SENSE);
}

static void reads(void **state)
{
	(void)state; /* no fixture */
	expect_read(&checker_readsector0, 0, 0);
	expect_read(&checker_readsector0, 1, 0);
	expect_read(&checker_tur_directio, 1, 1);
	expect_read(&checker_tur_directio, 2, 1);
}

static void tur_directio_reads_when_it_is_due(void **state)
{
	struct checker_answer a = bed_good();

	(void)state; /* no fixture */
	bed_expect_end(&checker_tur_directio, a, PATHCHECK_OK, 0, PATHCHECK_SAID_NOTHING);
	a.reads = true;
	bed_expect_send(&checker_tur_directio, a, 1);
	a = bed_sense(0x4, 0x44, 0x00, BED_FIXED);
	a.reads = true;
	bed_expect_send(&checker_tur_directio, a, 1);
	/* What is not there is not read. */
	a = bed_sense(0x2, 0x04, 0x0b, BED_FIXED);
	a.reads = true;
	bed_expect_end(&checker_tur_directio, a, PATHCHECK_GHOST, 0,
	               PATHCHECK_SAID_SENSE);
	a = bed_sense(0x2, 0x04, 0x0a, BED_FIXED);
	a.reads = true;
	bed_expect_end(&checker_tur_directio, a, PATHCHECK_PENDING, 0,
	               PATHCHECK_SAID_SENSE);
	a = bed_host(0x01);
	a.reads = true;
	bed_expect_end(&checker_tur_directio, a, PATHCHECK_FAILED, EIO,
	               PATHCHECK_SAID_TRANSPORT);
	a = bed_sense(0x6, 0x29, 0x00, BED_FIXED);
	a.reads = true;
	bed_expect_send(&checker_tur_directio, a, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_bytes),
		cmocka_unit_test(the_way_comes_first),
		cmocka_unit_test(driver_bytes),
		cmocka_unit_test(what_was_not_sent),
		cmocka_unit_test(status_bytes),
		cmocka_unit_test(sense_data),
		cmocka_unit_test(every_sense_data),
		cmocka_unit_test(commands_of_tur),
		cmocka_unit_test(good_in_short),
		cmocka_unit_test(hp_sw_knows_its_passive_controller),
		cmocka_unit_test(read_commands),
		cmocka_unit_test(reads),
		cmocka_unit_test(tur_directio_reads_when_it_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
