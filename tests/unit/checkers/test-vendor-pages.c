/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages of array vendors: rdac's C9h and emc_clariion's C0h, cut at each byte. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/checkers/scsi-bed.h"
#include "util/macro.h"

enum { INQUIRY, SECOND, THIRD };

static void expect_page(const struct checker *c, const uint8_t *page, size_t got,
                        enum pathcheck_verdict verdict, int error,
                        enum pathcheck_said said)
{
	struct checker_answer a = bed_data(page, got);

	bed_expect_end(c, a, verdict, error, said);
	bed_drop(&a);
}

/* What both checkers make of answers that are not the page. */
static void expect_others(const struct checker *c, uint8_t test_unit)
{
	uint8_t page[4] = { 0x00, 0x83, 0x00, 0x00 };
	struct checker_answer a;

	expect_page(c, page, sizeof(page), PATHCHECK_NOT_JUDGED, EOPNOTSUPP,
	            PATHCHECK_SAID_BAD_DATA);
	bed_expect_end(c, bed_sense(0x5, 0x24, 0x00, BED_FIXED), PATHCHECK_NOT_JUDGED,
	               EOPNOTSUPP, PATHCHECK_SAID_SENSE);
	bed_expect_end(c, bed_sense(0x5, 0x25, 0x00, BED_FIXED), PATHCHECK_DISCONNECTED,
	               EREMOTEIO, PATHCHECK_SAID_SENSE);
	bed_expect_end(c, bed_sense(0x4, 0x44, 0x00, BED_FIXED), PATHCHECK_DEVICE_ERROR,
	               EREMOTEIO, PATHCHECK_SAID_SENSE);
	bed_expect_end(c, bed_host(0x01), PATHCHECK_FAILED, EIO,
	               PATHCHECK_SAID_TRANSPORT);
	bed_expect_send(c, bed_sense(0x6, 0x29, 0x00, BED_FIXED), INQUIRY);
	/* No unit there: what the target says to TEST UNIT READY decides. */
	for (unsigned qualifier = 1; qualifier < 8; qualifier++) {
		page[0] = (uint8_t)(qualifier << 5);
		a = bed_data(page, sizeof(page));
		bed_expect_send(c, a, test_unit);
		bed_drop(&a);
	}
	bed_expect_command(c, test_unit, 0, PATHCHECK_REQUEST_TEST_UNIT, 0x00);
	a = bed_good();
	a.step = test_unit;
	bed_expect_end(c, a, PATHCHECK_FAILED, ENXIO, PATHCHECK_SAID_NOTHING);
	a = bed_sense(0x5, 0x25, 0x00, BED_FIXED);
	a.step = test_unit;
	bed_expect_end(c, a, PATHCHECK_DISCONNECTED, EREMOTEIO, PATHCHECK_SAID_SENSE);
	a = bed_sense(0x6, 0x29, 0x00, BED_FIXED);
	a.step = test_unit;
	bed_expect_send(c, a, test_unit);
}

/* --- rdac --- */

static const uint8_t c9[48] = { 0x00, 0xc9, 0x00, 44, 'v', 'a', 'c', 'e' };

static void rdac_command(void **state)
{
	struct scsi_command c = bed_command(&checker_rdac, INQUIRY, 0);

	(void)state; /* no fixture */
	bed_expect_command(&checker_rdac, INQUIRY, 0, PATHCHECK_REQUEST_INQUIRY, 0x12);
	assert_int_equal(c.cdb[1], 1);
	assert_int_equal(c.cdb[2], 0xc9);
	assert_int_equal(c.cdb[3] << 8 | c.cdb[4], c.data_size);
}

static void rdac_states(void **state)
{
	enum {
		U = PATHCHECK_OK,
		G = PATHCHECK_GHOST,
		F = PATHCHECK_FAILED,
		P = PATHCHECK_PENDING
	};
	static const struct {
		uint8_t flags, own, detail, other;
		int verdict;
		enum pathcheck_said said;
	} cells[] = {
		{ 0x01, 0x0, 0, 0x0, U, PATHCHECK_SAID_NOTHING },
		{ 0x00, 0x0, 0, 0x0, G, PATHCHECK_SAID_NOT_OWNED },
		{ 0x80, 0x0, 0, 0x0, G,
		  PATHCHECK_SAID_NOT_OWNED }, /* AVT: a read moves it */
		{ 0x20, 0x0, 0, 0x0, U, PATHCHECK_SAID_NOTHING }, /* both do I/O */
		{ 0x01, 0x3, 7, 0x0, U, PATHCHECK_SAID_NOTHING }, /* no states in it */
		{ 0x11, 0x0, 0, 0x1, U, PATHCHECK_SAID_NOTHING },
		{ 0x10, 0x1, 0, 0x0, G, PATHCHECK_SAID_NOT_OWNED },
		{ 0x10, 0x2, 0, 0x0, G, PATHCHECK_SAID_NOT_OWNED },
		{ 0x11, 0x3, 0, 0x0, F, PATHCHECK_SAID_UNAVAILABLE },
		{ 0x31, 0xf3, 2, 0x0, F, PATHCHECK_SAID_UNAVAILABLE },
		{ 0x10, 0x3, 7, 0x0, F, PATHCHECK_SAID_IN_SERVICE },
		{ 0x11, 0xe, 0, 0x0, F, PATHCHECK_SAID_OFFLINE },
		{ 0x11, 0xf, 0, 0x0, F, PATHCHECK_SAID_TRANSITIONING }, /* it starts up */
		{ 0x11, 0xf, 0, 0xf, P, PATHCHECK_SAID_TRANSITIONING },
		{ 0x10, 0x4f, 0, 0x2f, P, PATHCHECK_SAID_TRANSITIONING },
	};

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		bool has_states = (cells[i].flags & 0x10) != 0;
		uint8_t page[sizeof(c9)];

		memcpy(page, c9, sizeof(c9));
		page[8] = cells[i].flags;
		page[10] = cells[i].own;
		page[11] = cells[i].detail;
		page[12] = cells[i].other;
		for (unsigned got = 0; got <= sizeof(page); got++) {
			bool whole = got >= (has_states ? 13 : 9);

			expect_page(&checker_rdac, page, got,
			            whole ? (enum pathcheck_verdict)cells[i].verdict
			                  : PATHCHECK_NOT_JUDGED,
			            !whole                  ? EOPNOTSUPP
			            : cells[i].verdict == F ? EIO
			                                    : 0,
			            whole ? cells[i].said : PATHCHECK_SAID_BAD_DATA);
		}
		/* What lies behind the page is not of the page. */
		page[3] = has_states ? 8 : 4;
		expect_page(&checker_rdac, page, sizeof(page), PATHCHECK_NOT_JUDGED,
		            EOPNOTSUPP, PATHCHECK_SAID_BAD_DATA);
	}
}

static void rdac_others(void **state)
{
	(void)state; /* no fixture */
	expect_others(&checker_rdac, SECOND);
}

/* --- emc_clariion --- */

#define C0_NEEDED 49

/* Registered and bound to this processor. */
static const uint8_t c0[128] = {
	0x00, 0xc0, 0x00, 124, 2, [27] = 0x03, [28] = 0x04, [30] = 0x04,
};

static void emc_commands(void **state)
{
	(void)state; /* no fixture */
	bed_expect_command(&checker_emc_clariion, INQUIRY, 0, PATHCHECK_REQUEST_INQUIRY,
	                   0x12);
	assert_int_equal(bed_command(&checker_emc_clariion, INQUIRY, 0).cdb[2], 0xc0);
	bed_expect_command(&checker_emc_clariion, SECOND, 0, PATHCHECK_REQUEST_SCSI_READ,
	                   0x28);
}

static void emc_the_owner_is_read(void **state)
{
	(void)state; /* no fixture */
	for (unsigned got = 0; got <= sizeof(c0); got++) {
		struct checker_answer a = bed_data(c0, got);

		if (got >= C0_NEEDED)
			bed_expect_send(&checker_emc_clariion, a, SECOND);
		else
			bed_expect_end(&checker_emc_clariion, a, PATHCHECK_NOT_JUDGED,
			               EOPNOTSUPP, PATHCHECK_SAID_BAD_DATA);
		bed_drop(&a);
	}
}

static void emc_states(void **state)
{
	static const struct {
		uint8_t at, value;
		enum pathcheck_verdict verdict;
		int error;
		enum pathcheck_said said;
	} cells[] = {
		{ 3, 40, PATHCHECK_NOT_JUDGED, EOPNOTSUPP, PATHCHECK_SAID_BAD_DATA },
		{ 4, 0, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_NOT_BOUND },
		{ 4, 1, PATHCHECK_GHOST, 0, PATHCHECK_SAID_NOT_OWNED },
		{ 4, 3, PATHCHECK_NOT_JUDGED, EOPNOTSUPP, PATHCHECK_SAID_BAD_DATA },
		{ 9, 1, PATHCHECK_NOT_JUDGED, EOPNOTSUPP, PATHCHECK_SAID_BAD_DATA },
		{ 27, 0x02, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_BAD_DATA },
		{ 28, 0x00, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_BAD_DATA },
		{ 28, 0x05, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_BAD_DATA },
		{ 30, 0x00, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_BAD_DATA },
		{ 48, 0x01, PATHCHECK_FAILED, EIO, PATHCHECK_SAID_UNAVAILABLE },
	};
	uint8_t page[sizeof(c0)];
	struct checker_answer a;

	(void)state; /* no fixture */
	for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
		memcpy(page, c0, sizeof(c0));
		page[cells[i].at] = cells[i].value;
		expect_page(&checker_emc_clariion, page, sizeof(page), cells[i].verdict,
		            cells[i].error, cells[i].said);
	}
	/* ALUA, with a bit of another meaning. */
	memcpy(page, c0, sizeof(c0));
	page[28] = 0x0e;
	a = bed_data(page, sizeof(page));
	bed_expect_send(&checker_emc_clariion, a, SECOND);
	bed_drop(&a);
}

static void emc_reads(void **state)
{
	struct checker_answer a = bed_good();

	(void)state; /* no fixture */
	a.step = SECOND;
	a.scsi.got = BED_BLOCK;
	bed_expect_end(&checker_emc_clariion, a, PATHCHECK_OK, 0, PATHCHECK_SAID_NOTHING);
	a.scsi.got = BED_BLOCK - 1;
	bed_expect_end(&checker_emc_clariion, a, PATHCHECK_FAILED, ENODATA,
	               PATHCHECK_SAID_BAD_DATA);
	for (int format = 0; format < BED_FORMATS; format++) {
		a = bed_sense(0x5, 0x25, 0x01, (enum bed_format)format);
		a.step = SECOND;
		bed_expect_end(&checker_emc_clariion, a, PATHCHECK_FAILED, EREMOTEIO,
		               PATHCHECK_SAID_SNAPSHOT);
	}
	a = bed_sense(0x3, 0x11, 0x00, BED_FIXED);
	a.step = SECOND;
	bed_expect_end(&checker_emc_clariion, a, PATHCHECK_DEVICE_ERROR, ENODATA,
	               PATHCHECK_SAID_SENSE);
	a = bed_sense(0x2, 0x04, 0x03, BED_FIXED);
	a.step = SECOND;
	bed_expect_end(&checker_emc_clariion, a, PATHCHECK_FAILED, EIO,
	               PATHCHECK_SAID_SENSE);
	a = bed_sense(0x6, 0x29, 0x00, BED_FIXED);
	a.step = SECOND;
	bed_expect_send(&checker_emc_clariion, a, SECOND);
	a = bed_host(0x0e);
	a.step = SECOND;
	bed_expect_send(&checker_emc_clariion, a, SECOND);
}

static void emc_others(void **state)
{
	(void)state; /* no fixture */
	expect_others(&checker_emc_clariion, THIRD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rdac_command),
		cmocka_unit_test(rdac_states),
		cmocka_unit_test(rdac_others),
		cmocka_unit_test(emc_commands),
		cmocka_unit_test(emc_the_owner_is_read),
		cmocka_unit_test(emc_states),
		cmocka_unit_test(emc_reads),
		cmocka_unit_test(emc_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
