/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tur checker: TEST UNIT READY. Its judgement runs on reapers. */
#include <errno.h>

#include "libcheck/checkers/checker.h"
#include "libcheck/checkers/identify_device.h"
#include "libcheck/checkers/scsi_device.h"

/* SPC-4 6.47. */
static void tur_command(const struct checker_step *s _unused_, struct scsi_command *ret)
{
	*ret = (struct scsi_command){ .cdb_size = 6,
		                      .request = PATHCHECK_REQUEST_TEST_UNIT };
}

static struct checker_judgement tur_judge(const struct checker_answer *a)
{
	struct checker_judgement j = { .next = CHECKER_FINAL,
		                       .verdict = PATHCHECK_FAILED };

	if (a->result < 0) {
		j.error = (int)-a->result;
		return j;
	}
	if (a->scsi.host != 0) {
		j.error = ENOLINK;
		j.said = PATHCHECK_SAID_TRANSPORT;
		return j;
	}
	j.answered = true;
	if (a->scsi.sense.valid && a->scsi.sense.key == 0x06 && a->tries < 5) {
		j.next = CHECKER_SEND;
		return j;
	}
	if (a->scsi.status == SCSI_GOOD)
		return CHECKER_GOOD;
	j.verdict = PATHCHECK_DEVICE_ERROR;
	j.error = EREMOTEIO;
	j.said = a->scsi.sense.valid ? PATHCHECK_SAID_SENSE : PATHCHECK_SAID_STATUS;
	return j;
}

static const struct checker_command commands[] = {
	[CHECKER_NO_COMMAND + 1] = { .send = identify_device },
};

const struct checker checker_tur = {
	.open = scsi_device_open,
	.look = scsi_device_look,
	.close = scsi_device_close,
	.describe = scsi_device_describe,
	.send = scsi_device_send,
	.is_slow = scsi_device_is_slow,
	.command = tur_command,
	.judge = tur_judge,
	.commands = commands,
	.identify = CHECKER_NO_COMMAND + 1,
};
