/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The readsector0 checker: READ of the first block. Pure; reapers judge, rescuers build the
 * command.
 */
#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"

enum { READ10, READ16 };

static void readsector0_command(const struct checker_step *s, struct scsi_command *ret)
{
	if (s->step == READ10)
		scsi_cdb_read10(ret, s->block);
	else
		scsi_cdb_read16(ret, s->block);
}

static struct checker_judgement readsector0_judge(const struct checker_answer *a)
{
	/* A device may know the longer command only. */
	if (a->step == READ10 && scsi_judge_is_unknown(a))
		return scsi_judge_send(READ16);
	return scsi_judge_read(a);
}

const struct checker checker_readsector0 = {
	SCSI_CHECKER_CALLS,
	.command = readsector0_command,
	.judge = readsector0_judge,
};
