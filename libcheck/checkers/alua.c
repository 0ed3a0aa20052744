/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The alua checker: REPORT TARGET PORT GROUPS says the state of the path's port, and proves by its
 * answer that the path works. INQUIRY says once for each open device which group that port is in.
 * The port answers also for a unit that is not ready, so TEST UNIT READY follows in the checks that ask
 * for the identity: before a path is given back to its map. A device without groups gets TEST UNIT
 * READY alone. Pure; reapers judge, rescuers build the command.
 */
#include <errno.h>

#include "libcheck/checkers/port_groups.h"
#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"
#include "libcheck/checkers/scsi_page.h"

#define PAGE_DEVICE_IDENTIFICATION 0x83

/* The first step is one of the others: what is known of the open device tells which. */
enum step { FIRST, INQUIRY, PORT_GROUPS, TEST_UNIT };

/* What is kept for an open device: 0: nothing; its port's group and GROUP_BASE; or one of these. */
#define GROUP_BASE 1
#define NO_UNIT    0xfffe /* INQUIRY found no unit */
#define NO_GROUPS \
	0xffff /* the device has no groups, or not its port's: TEST UNIT READY */

static enum step step_of(uint8_t step, uint16_t memory)
{
	if (step != FIRST)
		return (enum step)step;
	if (memory == 0 || memory == NO_UNIT)
		return INQUIRY;
	return memory == NO_GROUPS ? TEST_UNIT : PORT_GROUPS;
}

static void alua_command(const struct checker_step *s, struct scsi_command *ret)
{
	switch (step_of(s->step, s->memory)) {
	case FIRST: /* never */
	case INQUIRY:
		scsi_cdb_inquiry(ret, PAGE_DEVICE_IDENTIFICATION);
		break;
	case PORT_GROUPS:
		scsi_cdb_port_groups(ret);
		break;
	case TEST_UNIT:
		scsi_cdb_test_unit(ret);
		break;
	}
}

static struct checker_judgement keep_and_send(uint16_t memory, enum step step)
{
	struct checker_judgement j = scsi_judge_send((uint8_t)step);

	j.memory = memory;
	return j;
}

static struct checker_judgement judge_inquiry(const struct checker_answer *a)
{
	struct checker_judgement j = scsi_judge(a);
	size_t size = 0;
	int group = -ENODATA;

	if (scsi_judge_is_unknown(a))
		return keep_and_send(NO_GROUPS, TEST_UNIT);
	if (!scsi_judge_is_good(&j))
		return j;
	switch (scsi_page_read(a, PAGE_DEVICE_IDENTIFICATION, &size)) {
	case SCSI_PAGE_NO_UNIT:
		return keep_and_send(NO_UNIT, TEST_UNIT);
	case SCSI_PAGE_OTHER:
		break;
	case SCSI_PAGE_READ:
		group = port_groups_own(a->data, size);
		break;
	}
	/* The last group ids do not fit into what is kept. */
	if (group < 0 || group + GROUP_BASE >= NO_UNIT)
		return keep_and_send(NO_GROUPS, TEST_UNIT);
	return keep_and_send((uint16_t)(group + GROUP_BASE), PORT_GROUPS);
}

/* SPC-4 5.15.2.4: what a port in this state does. */
static const struct {
	enum pathcheck_verdict verdict;
	int error;
	enum pathcheck_said said; /* NOTHING: a reserved state */
} states[] = {
	[PORT_OPTIMIZED] = { PATHCHECK_OK, 0, PATHCHECK_SAID_OPTIMIZED },
	[PORT_NON_OPTIMIZED] = { PATHCHECK_OK, 0, PATHCHECK_SAID_NON_OPTIMIZED },
	[PORT_STANDBY] = { PATHCHECK_GHOST, 0, PATHCHECK_SAID_STANDBY },
	[PORT_UNAVAILABLE] = { PATHCHECK_FAILED, EIO, PATHCHECK_SAID_UNAVAILABLE },
	[PORT_LBA_DEPENDENT] = { PATHCHECK_OK, 0, PATHCHECK_SAID_LBA_DEPENDENT },
	[PORT_OFFLINE] = { PATHCHECK_FAILED, EIO, PATHCHECK_SAID_OFFLINE },
	[PORT_TRANSITIONING] = { PATHCHECK_PENDING, 0, PATHCHECK_SAID_TRANSITIONING },
};
static_assert(ARRAY_LEN(states) == 16, "four bits");

static struct checker_judgement judge_port_groups(const struct checker_answer *a)
{
	struct checker_judgement j = scsi_judge(a);
	bool known = a->memory > 0 && a->memory < NO_UNIT;
	int state;

	if (scsi_judge_is_unknown(a))
		return keep_and_send(NO_GROUPS, TEST_UNIT);
	if (!scsi_judge_is_good(&j))
		return j;
	state = known ? port_groups_state(a->data, a->scsi.got,
	                                  (uint16_t)(a->memory - GROUP_BASE))
	              : -EMSGSIZE;
	/* The port may be in another group than when the device was opened. */
	if (a->step == FIRST &&
	    (state == -ENODATA ||
	     (state >= 0 && states[state].verdict == PATHCHECK_FAILED)))
		return scsi_judge_send(INQUIRY);
	if (state == -ENODATA)
		return scsi_judge_end(PATHCHECK_DEVICE_ERROR, EREMOTEIO,
		                      PATHCHECK_SAID_NO_GROUP);
	/* The answer does not tell. */
	if (state < 0 || states[state].said == PATHCHECK_SAID_NOTHING)
		return scsi_judge_send(TEST_UNIT);
	if (states[state].verdict == PATHCHECK_OK && a->identify)
		return scsi_judge_send(TEST_UNIT);
	return scsi_judge_end(states[state].verdict, states[state].error,
	                      states[state].said);
}

/* SPC-4 annex F: INQUIRY DATA HAS CHANGED, and the device's identification. */
static bool has_changed(const struct checker_answer *a)
{
	const struct sense *s = &a->scsi.sense;

	return s->valid && s->key == 0x06 && s->code == 0x3f &&
	       (s->qualifier == 0x03 || s->qualifier == 0x05);
}

static struct checker_judgement alua_judge(const struct checker_answer *a)
{
	struct checker_judgement j = { .next = CHECKER_FINAL };

	if (a->result >= 0 && has_changed(a) && scsi_judge_may_repeat(a))
		return scsi_judge_send(INQUIRY);
	switch (step_of(a->step, a->memory)) {
	case FIRST: /* never */
	case INQUIRY:
		j = judge_inquiry(a);
		break;
	case PORT_GROUPS:
		j = judge_port_groups(a);
		break;
	case TEST_UNIT:
		j = a->memory == NO_UNIT ? scsi_page_judge_no_unit(a) : scsi_judge(a);
		break;
	}
	return j;
}

const struct checker checker_alua = {
	SCSI_CHECKER_CALLS,
	.command = alua_command,
	.judge = alua_judge,
};
