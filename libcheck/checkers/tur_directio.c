/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tur+directio checker: TEST UNIT READY, and in the checks that read READ of the first block.
 * Pure; reapers judge, rescuers build the command.
 */
#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"

enum { TEST_UNIT, READ10, READ16 };

static void tur_directio_command(const struct checker_step *s, struct scsi_command *ret)
{
	if (s->step == TEST_UNIT)
		scsi_cdb_test_unit(ret);
	else if (s->step == READ10)
		scsi_cdb_read10(ret, s->block);
	else
		scsi_cdb_read16(ret, s->block);
}

/* A passive port answers no reads. */
static bool is_read(const struct checker_answer *a, const struct checker_judgement *j)
{
	return a->reads && j->answered && j->verdict != PATHCHECK_GHOST;
}

static struct checker_judgement tur_directio_judge(const struct checker_answer *a)
{
	struct checker_judgement j;

	/* A device may know the longer command only. */
	if (a->step == READ10 && scsi_judge_is_unknown(a))
		return scsi_judge_send(READ16);
	if (a->step != TEST_UNIT)
		return scsi_judge_read(a);
	j = scsi_judge(a);
	return is_read(a, &j) ? scsi_judge_send(READ10) : j;
}

const struct checker checker_tur_directio = {
	SCSI_CHECKER_CALLS,
	.command = tur_directio_command,
	.judge = tur_directio_judge,
};
