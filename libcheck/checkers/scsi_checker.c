/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rescuers' commands of checkers that send SCSI commands: scsi_checker.h. Immutable. */
#include "libcheck/checkers/scsi_checker.h"

#include "libcheck/checkers/identify_device.h"

const struct checker_command scsi_checker_commands[] = {
	[SCSI_CHECKER_IDENTIFY] = { .send = identify_device },
};
