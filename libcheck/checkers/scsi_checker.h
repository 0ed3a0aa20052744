/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_CHECKER_H
#define LIBCHECK_CHECKERS_SCSI_CHECKER_H

/* What all checkers that send SCSI commands have in common: how they reach the device. */
#include "libcheck/checkers/checker.h"
#include "libcheck/checkers/scsi_device.h"

enum { SCSI_CHECKER_IDENTIFY = CHECKER_NO_COMMAND + 1 };

extern const struct checker_command scsi_checker_commands[];

/* Of struct checker, all but command and judge. */
#define SCSI_CHECKER_CALLS                                                              \
	.open = scsi_device_open, .look = scsi_device_look, .close = scsi_device_close, \
	.describe = scsi_device_describe, .send = scsi_device_send,                     \
	.is_slow = scsi_device_is_slow, .commands = scsi_checker_commands,              \
	.identify = SCSI_CHECKER_IDENTIFY

#endif
