/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_PROBER_FAKE_SCSI_DEVICE_H
#define TESTS_UNIT_PROBER_FAKE_SCSI_DEVICE_H

/*
 * Files in place of SCSI devices, linked in front of checkers/scsi_device.c. A command to a file gets
 * the answer that the test says, from fake-backend.h as from SG_IO. Any thread.
 */
#include <stdbool.h>

#include "libcheck/checkers/scsi_command.h"

/* All files answer GOOD. The fake backend has these answers from now on. */
void scsi_reset(void);
/* The next answers of this file; GOOD after these. */
void scsi_says(const char *path, const struct scsi_answer *answer, unsigned times);
/* Only rescuers send commands to this file, by SG_IO. */
void scsi_is_slow(const char *path);
/* Commands that were sent to this file and answered. */
unsigned scsi_sent(const char *path);

#endif
