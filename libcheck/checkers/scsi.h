/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SCSI_H
#define LIBCHECK_CHECKERS_SCSI_H

/*
 * SCSI commands to an open block device (SG_IO, also on a descriptor that is only for reading),
 * and how their answers are read. What asks may block: rescuers only. The readers are pure, and
 * believe no length that a device says.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/vpd.h"

enum scsi_unit {
	SCSI_UNIT_NOT_ASKED,
	SCSI_UNIT_NOT_GONE, /* it did not say that it is gone */
	SCSI_UNIT_GONE,     /* the target said that it has no such unit */
	SCSI_UNIT_NO_SCSI /* the driver knows no SCSI commands: there is nobody to ask */
};

struct scsi_sense {
	uint8_t key, code, qualifier;
};

/* SPC-4 4.5.2 and 4.5.3, both formats. False: there is none of the command that was sent. */
bool scsi_sense_read(const uint8_t *sense, size_t size, struct scsi_sense *ret);

/* Does it say LOGICAL UNIT NOT SUPPORTED? SPC-4 annex F: 25h/00h, with ILLEGAL REQUEST. */
bool scsi_sense_unit_gone(const uint8_t *sense, size_t size);

/* One TEST UNIT READY (SPC-4 6.47). */
enum scsi_unit scsi_ask_unit(int fd);

/* What the answer to an INQUIRY of page 83h, whole or in part, says: 0: the WWID as discovery
 * writes it; -ENODATA: none; -EIO: the target has no unit there. */
_must_check_ int scsi_read_wwid(const uint8_t *page, size_t size,
                                char ret[static VPD_TEXT_MAX]);

/* Asks the device (SPC-4 6.4, 7.8.5): the same; -ENODATA also when it is no SCSI device, -EIO
 * also when it does not answer. */
_must_check_ int scsi_ask_wwid(int fd, char ret[static VPD_TEXT_MAX]);

#endif
