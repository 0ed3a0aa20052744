/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directio checker: a direct read of the first block. After a read that failed as reads of
 * a missing unit do, TEST UNIT READY; when the caller wants it, INQUIRY for the WWID. The
 * commands run on rescuers.
 */
#include <errno.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/directio_judge.h"
#include "libcheck/checkers/identify_device.h"
#include "libcheck/checkers/scsi.h"

static void test_unit(int fd, struct checker_reply *ret)
{
	int r = scsi_test_unit(fd, &ret->sense);

	ret->replied = r == 0             ? CHECKER_REPLIED
	               : r == -EOPNOTSUPP ? CHECKER_UNKNOWN
	                                  : CHECKER_NO_REPLY;
}

static const struct checker_command commands[] = {
	[DIRECTIO_TEST_UNIT] = { .send = test_unit, .refines = true },
	[DIRECTIO_IDENTIFY] = { .send = identify_device },
};

const struct checker checker_directio = {
	.open = directio_open,
	.look = directio_look,
	.close = directio_close,
	.describe = directio_describe,
	.read = directio_read,
	.judge = directio_judge,
	.is_good = directio_is_good,
	.commands = commands,
	.identify = DIRECTIO_IDENTIFY,
};
