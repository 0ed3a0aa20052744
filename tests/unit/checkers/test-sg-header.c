/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's header of a SCSI command: what is filled in, and that no length in it is trusted. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libcheck/checkers/sg_header.h"
#include "util/macro.h"

#define DATA_BYTES 252

static struct scsi_answer read_header(const struct sg_io_hdr *h, uint16_t asked,
                                      const uint8_t *sense)
{
	const struct scsi_command command = { .cdb_size = 6, .data_size = asked };
	struct scsi_answer a;

	memset(&a, 0xa5, sizeof(a)); /* nothing of it stays */
	sg_header_read(h, &command, sense, &a);
	return a;
}

static void what_is_filled_in(void **state)
{
	uint8_t sense[SG_SENSE_BYTES], data[DATA_BYTES];
	struct scsi_command command = { .cdb = { 0x12 }, .cdb_size = 6 };
	struct sg_io_hdr h;

	(void)state; /* no fixture */
	memset(&h, 0xa5, sizeof(h));
	sg_header_fill(&h, &command, data, sense, 60000);
	assert_int_equal(h.interface_id, 'S');
	assert_int_equal(h.dxfer_direction, SG_DXFER_NONE);
	assert_int_equal(h.dxfer_len, 0);
	assert_null(h.dxferp);
	assert_ptr_equal(h.cmdp, command.cdb);
	assert_int_equal(h.cmd_len, 6);
	assert_ptr_equal(h.sbp, sense);
	assert_int_equal(h.mx_sb_len, sizeof(sense));
	assert_int_equal(h.timeout, 60000);
	assert_int_equal(h.flags, 0);
	assert_int_equal(h.iovec_count, 0);

	command.cdb_size = SCSI_CDB_MAX;
	command.data_size = DATA_BYTES;
	sg_header_fill(&h, &command, data, sense, UINT32_MAX);
	assert_int_equal(h.dxfer_direction, SG_DXFER_FROM_DEV);
	assert_int_equal(h.dxfer_len, DATA_BYTES);
	assert_ptr_equal(h.dxferp, data);
	assert_int_equal(h.cmd_len, SCSI_CDB_MAX);
	assert_int_equal(h.timeout, UINT32_MAX);
}

/* The residual says how many bytes did not come. */
static void residuals(void **state)
{
	static const struct {
		int resid;
		uint16_t asked, got;
	} table[] = {
		{ 0, DATA_BYTES, DATA_BYTES },
		{ 1, DATA_BYTES, DATA_BYTES - 1 },
		{ DATA_BYTES, DATA_BYTES, 0 },
		{ DATA_BYTES + 1, DATA_BYTES, 0 },
		{ INT_MAX, DATA_BYTES, 0 },
		{ -1, DATA_BYTES, DATA_BYTES },
		{ INT_MIN, DATA_BYTES, DATA_BYTES },
		{ 0, 0, 0 },
		{ 512, 0, 0 },
		{ -512, 0, 0 },
		{ 0x10001, UINT16_MAX, 0 },
		{ 4096, UINT16_MAX, UINT16_MAX - 4096 },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct sg_io_hdr h = { .resid = table[i].resid };

		assert_int_equal(read_header(&h, table[i].asked, NULL).got, table[i].got);
	}
}

/*
 * Each length that the kernel can say, on a heap block of just the size: a byte behind it would be
 * seen by sanitizers and valgrind.
 */
static void sense_of_each_length(void **state)
{
	uint8_t *sense = malloc(SG_SENSE_BYTES);

	(void)state; /* no fixture */
	assert_non_null(sense);
	memset(sense, 0, SG_SENSE_BYTES);
	sense[0] = 0x70;
	sense[2] = 0x05;
	sense[7] = UINT8_MAX - 7; /* further bytes */
	sense[12] = 0x25;
	for (unsigned n = 0; n <= UINT8_MAX; n++) {
		const struct sg_io_hdr h = { .status = SCSI_CHECK_CONDITION,
			                     .sb_len_wr = (uint8_t)n };
		struct scsi_answer a = read_header(&h, 0, sense);
		struct sense same = sense_read(sense, MIN(n, SG_SENSE_BYTES));

		assert_int_equal(a.sense.valid, same.valid);
		assert_int_equal(a.sense.key, same.key);
		assert_int_equal(a.sense.code, same.code);
		if (a.sense.valid)
			assert_int_equal(a.sense.code, 0x25);
	}
	free(sense);
}

/* Sense data count with CHECK CONDITION or with the driver's bit, and else they are old. */
static void when_sense_counts(void **state)
{
	static const uint8_t sense[SG_SENSE_BYTES] = { 0x72, 0x06, 0x29, 0x01 };
	static const uint8_t statuses[] = { SCSI_GOOD,          SCSI_CONDITION_MET,
		                            SCSI_BUSY,          SCSI_RESERVATION_CONFLICT,
		                            SCSI_TASK_SET_FULL, SCSI_ACA_ACTIVE,
		                            SCSI_TASK_ABORTED };
	struct sg_io_hdr h = { .status = SCSI_CHECK_CONDITION, .sb_len_wr = 8 };
	struct scsi_answer a;

	(void)state; /* no fixture */
	a = read_header(&h, 0, sense);
	assert_true(a.sense.valid);
	assert_int_equal(a.sense.key, 0x06);
	assert_int_equal(a.sense.code, 0x29);
	assert_int_equal(a.sense.qualifier, 0x01);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		h.status = statuses[i];
		h.driver_status = 0;
		a = read_header(&h, 0, sense);
		assert_int_equal(a.status, statuses[i]);
		assert_false(a.sense.valid);
		h.driver_status = 0x08;
		a = read_header(&h, 0, sense);
		assert_int_equal(a.status, statuses[i]);
		assert_true(a.sense.valid);
	}
}

/* A code that is not known is not GOOD; only bit 0 may mean nothing. */
static void every_status(void **state)
{
	static const uint8_t sense[SG_SENSE_BYTES] = { 0 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		const struct sg_io_hdr h = { .status = (uint8_t)i };

		assert_int_equal(read_header(&h, 0, sense).status, i & 0xfe);
	}
}

/* Only its lower half; the bit for sense data alone is no error of the driver. */
static void the_driver_byte(void **state)
{
	static const uint8_t sense[SG_SENSE_BYTES] = { 0x70 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		const struct sg_io_hdr h = { .driver_status = (uint16_t)i,
			                     .sb_len_wr = 18 };
		struct scsi_answer a = read_header(&h, 0, sense);

		assert_int_equal(a.driver, (i & 15) == 8 ? 0 : i & 15);
		assert_int_equal(a.sense.valid, (i & 15) == 8);
	}
}

/* It has 16 bits, and the answer has 8: a code that is not known stays an error. */
static void the_host_byte(void **state)
{
	(void)state; /* no fixture */
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		const struct sg_io_hdr h = { .host_status = (uint16_t)i };

		assert_int_equal(read_header(&h, 0, NULL).host, MIN(i, UINT8_MAX));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_filled_in),
		cmocka_unit_test(residuals),
		cmocka_unit_test(sense_of_each_length),
		cmocka_unit_test(when_sense_counts),
		cmocka_unit_test(every_status),
		cmocka_unit_test(the_driver_byte),
		cmocka_unit_test(the_host_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
