/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rdac checker: INQUIRY of the page C9h of NetApp E-Series, LSI, Engenio and IBM DS arrays says
 * whether this controller owns the unit. The page is that of drivers/scsi/device_handler/scsi_dh_rdac.c
 * (struct c9_inquiry), whose reserved bytes 10 to 13 have the states of both controllers. Pure;
 * reapers judge, rescuers build the command.
 */
#include <errno.h>

#include "libcheck/checkers/port_groups.h"
#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"
#include "libcheck/checkers/scsi_page.h"

#define PAGE_VOLUME_ACCESS_CONTROL 0xc9

enum { INQUIRY, TEST_UNIT };

/* Byte 8. */
#define OWNED      0x01 /* this controller owns the unit */
#define HAS_STATES 0x10 /* bytes 10 to 13 are valid */
#define SHARED     0x20 /* both controllers do I/O */

enum {
	FLAGS_AT = 8,
	STATE_AT = 10,  /* of this controller, in the low four bits */
	DETAIL_AT = 11, /* why it is unavailable */
	OTHER_AT = 12   /* the state of the other one */
};

#define DETAIL_IN_SERVICE 0x07

static void rdac_command(const struct checker_step *s, struct scsi_command *ret)
{
	if (s->step == INQUIRY)
		scsi_cdb_inquiry(ret, PAGE_VOLUME_ACCESS_CONTROL);
	else
		scsi_cdb_test_unit(ret);
}

static struct checker_judgement unusable(enum pathcheck_said said)
{
	return scsi_judge_end(PATHCHECK_FAILED, EIO, said);
}

static struct checker_judgement judge_owner(uint8_t flags)
{
	if ((flags & (OWNED | SHARED)) != 0)
		return CHECKER_GOOD;
	return scsi_judge_end(PATHCHECK_GHOST, 0, PATHCHECK_SAID_NOT_OWNED);
}

/* The states are those of port groups. */
static struct checker_judgement judge_states(const uint8_t *page)
{
	switch (page[STATE_AT] & 0x0f) {
	case PORT_UNAVAILABLE:
		return unusable(page[DETAIL_AT] == DETAIL_IN_SERVICE
		                        ? PATHCHECK_SAID_IN_SERVICE
		                        : PATHCHECK_SAID_UNAVAILABLE);
	case PORT_OFFLINE:
		return unusable(PATHCHECK_SAID_OFFLINE);
	case PORT_TRANSITIONING:
		/* Both: the unit changes its owner. This one alone: it starts up. */
		if ((page[OTHER_AT] & 0x0f) == PORT_TRANSITIONING)
			return scsi_judge_end(PATHCHECK_PENDING, 0,
			                      PATHCHECK_SAID_TRANSITIONING);
		return unusable(PATHCHECK_SAID_TRANSITIONING);
	default:
		return judge_owner(page[FLAGS_AT]);
	}
}

static struct checker_judgement judge_page(const struct checker_answer *a)
{
	struct checker_judgement j;
	size_t size = 0;

	if (!scsi_page_is_there(a, PAGE_VOLUME_ACCESS_CONTROL, TEST_UNIT, &size, &j))
		return j;
	if (size <= FLAGS_AT)
		return scsi_judge_misfit(PATHCHECK_SAID_BAD_DATA);
	if ((a->data[FLAGS_AT] & HAS_STATES) == 0)
		return judge_owner(a->data[FLAGS_AT]);
	if (size <= OTHER_AT)
		return scsi_judge_misfit(PATHCHECK_SAID_BAD_DATA);
	return judge_states(a->data);
}

static struct checker_judgement rdac_judge(const struct checker_answer *a)
{
	return a->step == TEST_UNIT ? scsi_page_judge_no_unit(a) : judge_page(a);
}

const struct checker checker_rdac = {
	SCSI_CHECKER_CALLS,
	.command = rdac_command,
	.judge = rdac_judge,
};
