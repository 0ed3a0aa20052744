/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the header of a page: scsi_page.h. Pure; reapers and rescuers. */
#include "libcheck/checkers/scsi_page.h"

#include <errno.h>

#include "libcheck/checkers/scsi_judge.h"
#include "util/macro.h"

#define HEADER 4

enum scsi_page scsi_page_read(const struct checker_answer *a, uint8_t page,
                              size_t *ret_size)
{
	const uint8_t *data = a->data;
	size_t whole;

	if (a->scsi.got < HEADER)
		return SCSI_PAGE_OTHER;
	/* SPC-4 table 175: with a peripheral qualifier that is not 0 no unit can be reached. */
	if (data[0] >> 5 != 0)
		return SCSI_PAGE_NO_UNIT;
	/* Some devices answer any INQUIRY with their standard data. */
	if (data[1] != page)
		return SCSI_PAGE_OTHER;
	whole = HEADER + ((size_t)data[2] << 8 | data[3]);
	*ret_size = MIN(whole, (size_t)a->scsi.got);
	return SCSI_PAGE_READ;
}

struct checker_judgement scsi_page_judge_no_unit(const struct checker_answer *a)
{
	struct checker_judgement j = scsi_judge(a);

	if (j.next == CHECKER_FINAL && j.answered)
		return scsi_judge_end(PATHCHECK_FAILED, ENXIO, PATHCHECK_SAID_NOTHING);
	return j;
}

bool scsi_page_is_there(const struct checker_answer *a, uint8_t page, uint8_t test_unit,
                        size_t *ret_size, struct checker_judgement *ret)
{
	*ret = scsi_judge(a);
	if (scsi_judge_is_unknown(a))
		*ret = scsi_judge_misfit(PATHCHECK_SAID_SENSE);
	if (!scsi_judge_is_good(ret))
		return false;
	switch (scsi_page_read(a, page, ret_size)) {
	case SCSI_PAGE_NO_UNIT:
		*ret = scsi_judge_send(test_unit);
		return false;
	case SCSI_PAGE_OTHER:
		*ret = scsi_judge_misfit(PATHCHECK_SAID_BAD_DATA);
		return false;
	case SCSI_PAGE_READ:
		break;
	}
	return true;
}
