/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_H
#define LIBCHECK_CHECKERS_SCSI_H

/*
 * SCSI commands to an open block device (SG_IO, also on a descriptor that is only for reading),
 * and how their answers are read. Sending one may block: rescuers only. The readers are pure,
 * and trust no length that a device gives.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcheck/checkers/sense.h"
#include "util/vpd.h"

/*
 * Sends one TEST UNIT READY (SPC-4 6.47). 0: it ended, with the sense data in *ret;
 * -EOPNOTSUPP: the driver knows no SCSI commands; or the -errno of a command that was not sent.
 */
_must_check_ int scsi_test_unit(int fd, struct sense *ret);

/*
 * Reads the answer to an INQUIRY of page 83h, whole or in part. 0: the WWID as discovery writes
 * it; -ENODATA: there is none; -EIO: the target has no unit there.
 */
_must_check_ int scsi_read_wwid(const uint8_t *page, size_t size,
                                char ret[static VPD_TEXT_MAX]);

/*
 * Asks the device (SPC-4 6.4, 7.8.5). The same; -ENODATA also if it is no SCSI device, -EIO
 * also if it does not answer.
 */
_must_check_ int scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX]);

#endif
