/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emc_clariion checker: INQUIRY of the page C0h of CLARiiON and VNX arrays says whether this
 * storage processor has the unit; then READ of the first block tells an inactive snapshot from a unit.
 * The page is that of drivers/scsi/device_handler/scsi_dh_emc.c, with the requirements of EMC's host
 * connectivity guide for Linux. Pure; reapers judge, rescuers build the command.
 */
#include <errno.h>

#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"
#include "libcheck/checkers/scsi_page.h"

#define PAGE_UNIT_REPORT 0xc0

enum { INQUIRY, READ10, TEST_UNIT };

enum {
	BOUND_AT = 4,
	REVISION_AT = 9,    /* of the page: 0 */
	INITIATOR_AT = 27,  /* the type that the host is registered with */
	FAILOVER_AT = 28,   /* the mode, in the low three bits */
	COMM_PATH_AT = 30,  /* bit 2: units without data are shown */
	OPERATIONS_AT = 48, /* 0: normal */
	PAGE_NEEDED
};

/* BOUND_AT: to no processor, to the other one, to this one. */
enum { UNBOUND, BOUND_THERE, BOUND_HERE };

static void emc_clariion_command(const struct checker_step *s, struct scsi_command *ret)
{
	if (s->step == INQUIRY)
		scsi_cdb_inquiry(ret, PAGE_UNIT_REPORT);
	else if (s->step == READ10)
		scsi_cdb_read10(ret, s->block);
	else
		scsi_cdb_test_unit(ret);
}

/* Without this a failover does not work, whatever the path does. */
static bool is_registered(const uint8_t *page)
{
	uint8_t mode = page[FAILOVER_AT] & 0x07;

	return page[INITIATOR_AT] == 0x03 &&     /* CLARiiON open */
	       (mode == 0x04 || mode == 0x06) && /* passive not ready, ALUA */
	       (page[COMM_PATH_AT] & 0x04) != 0;
}

static struct checker_judgement unusable(enum pathcheck_said said)
{
	return scsi_judge_end(PATHCHECK_FAILED, EIO, said);
}

static struct checker_judgement judge_report(const uint8_t *page)
{
	if (!is_registered(page))
		return unusable(PATHCHECK_SAID_BAD_DATA);
	if (page[OPERATIONS_AT] != 0)
		return unusable(PATHCHECK_SAID_UNAVAILABLE);
	switch (page[BOUND_AT]) {
	case UNBOUND:
		return unusable(PATHCHECK_SAID_NOT_BOUND);
	case BOUND_THERE:
		return scsi_judge_end(PATHCHECK_GHOST, 0, PATHCHECK_SAID_NOT_OWNED);
	case BOUND_HERE:
		return scsi_judge_send(READ10);
	default:
		return scsi_judge_misfit(PATHCHECK_SAID_BAD_DATA);
	}
}

static struct checker_judgement judge_page(const struct checker_answer *a)
{
	struct checker_judgement j;
	size_t size = 0;

	if (!scsi_page_is_there(a, PAGE_UNIT_REPORT, TEST_UNIT, &size, &j))
		return j;
	if (size < PAGE_NEEDED || a->data[REVISION_AT] != 0)
		return scsi_judge_misfit(PATHCHECK_SAID_BAD_DATA);
	return judge_report(a->data);
}

/* The array's own sense data for an inactive snapshot. */
static bool is_snapshot(const struct sense *s)
{
	return s->valid && s->key == SENSE_ILLEGAL_REQUEST && s->code == 0x25 &&
	       s->qualifier == 0x01;
}

static struct checker_judgement emc_clariion_judge(const struct checker_answer *a)
{
	switch (a->step) {
	case INQUIRY:
		return judge_page(a);
	case READ10:
		if (scsi_judge(a).said == PATHCHECK_SAID_SENSE &&
		    is_snapshot(&a->scsi.sense))
			return scsi_judge_end(PATHCHECK_FAILED, EREMOTEIO,
			                      PATHCHECK_SAID_SNAPSHOT);
		return scsi_judge_read(a);
	default:
		return scsi_page_judge_no_unit(a);
	}
}

const struct checker checker_emc_clariion = {
	SCSI_CHECKER_CALLS,
	.command = emc_clariion_command,
	.judge = emc_clariion_judge,
};
