/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_SENSE_H
#define LIBCHECK_CHECKERS_SENSE_H

/* SCSI sense data: why a command did not end well. Pure; no length in the data is trusted. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decoded. The full data have no room in a slot and a result, which are locked memory. */
struct sense {
	bool valid; /* false: there are none, and the rest is 0 */
	uint8_t key, code, qualifier;
};

#define SENSE_ILLEGAL_REQUEST 0x05

/*
 * SPC-4 4.5.2 and 4.5.3, both formats. Not valid: there are none of the command that was sent.
 */
struct sense sense_read(const uint8_t *data, size_t size);

/* Is it LOGICAL UNIT NOT SUPPORTED? SPC-4 annex F: 25h/00h, with ILLEGAL REQUEST. */
bool sense_is_unit_gone(const struct sense *s);

#endif
