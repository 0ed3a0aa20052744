/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_PAGE_H
#define LIBCHECK_CHECKERS_SCSI_PAGE_H

/* Answers to INQUIRY of a page of vital product data. No length in them is trusted. Pure. */
#include <stddef.h>

#include "libcheck/checkers/checker.h"

enum scsi_page {
	SCSI_PAGE_READ,
	SCSI_PAGE_NO_UNIT, /* the target has no unit there, or it is not connected */
	SCSI_PAGE_OTHER    /* it is another page, or not even its header is there */
};

/* *ret_size: bytes from data on that belong to the page and are there. */
enum scsi_page scsi_page_read(const struct checker_answer *a, uint8_t page,
                              size_t *ret_size);

/*
 * For checkers that judge a vendor's page: true: it is there, with *ret_size bytes. False: *ret says
 * what follows: TEST UNIT READY, as this step of the checker, or the end of the check.
 */
bool scsi_page_is_there(const struct checker_answer *a, uint8_t page, uint8_t test_unit,
                        size_t *ret_size, struct checker_judgement *ret);

/*
 * The target answers INQUIRY also for a unit that it does not have. So TEST UNIT READY follows, and
 * this judges its answer: DISCONNECTED if it says so, too; else the path has failed, because the
 * unit is not there.
 */
struct checker_judgement scsi_page_judge_no_unit(const struct checker_answer *a);

#endif
