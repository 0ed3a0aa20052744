/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checkers that send nothing but TEST UNIT READY: tur, cciss_tur and hp_sw. Pure; reapers judge,
 * rescuers build the command.
 */
#include "libcheck/checkers/scsi_cdb.h"
#include "libcheck/checkers/scsi_checker.h"
#include "libcheck/checkers/scsi_judge.h"

static void tur_command(const struct checker_step *s _unused_, struct scsi_command *ret)
{
	scsi_cdb_test_unit(ret);
}

/*
 * The passive controller of these arrays says LOGICAL UNIT NOT READY, INITIALIZING COMMAND REQUIRED:
 * START STOP UNIT makes it the active one (drivers/scsi/device_handler/scsi_dh_hp_sw.c).
 */
static bool is_passive(const struct sense *s)
{
	return s->valid && s->key == 0x02 && s->code == 0x04 && s->qualifier == 0x02;
}

static struct checker_judgement hp_sw_judge(const struct checker_answer *a)
{
	struct checker_judgement j = scsi_judge(a);

	if (j.said == PATHCHECK_SAID_SENSE && is_passive(&a->scsi.sense))
		return scsi_judge_end(PATHCHECK_GHOST, 0, PATHCHECK_SAID_SENSE);
	return j;
}

const struct checker checker_tur = {
	SCSI_CHECKER_CALLS,
	.command = tur_command,
	.judge = scsi_judge,
	.is_good_answer = scsi_judge_good_answer,
};

/* The driver cciss has left the kernel: disks of its successor hpsa are SCSI disks. */
const struct checker checker_cciss_tur = {
	SCSI_CHECKER_CALLS,
	.command = tur_command,
	.judge = scsi_judge,
	.is_good_answer = scsi_judge_good_answer,
};

const struct checker checker_hp_sw = {
	SCSI_CHECKER_CALLS,
	.command = tur_command,
	.judge = hp_sw_judge,
	.is_good_answer = scsi_judge_good_answer,
};
