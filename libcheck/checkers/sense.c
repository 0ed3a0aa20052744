/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads SCSI sense data: sense.h. Pure; any thread. */
#include "libcheck/checkers/sense.h"

/* SPC-4 4.5.1, table 28: which command the sense data are of, and their format. */
#define SENSE_FIXED_CURRENT      0x70
#define SENSE_DESCRIPTOR_CURRENT 0x72

struct sense sense_read(const uint8_t *data, size_t size)
{
	const struct sense none = { .valid = false };

	if (size < 1)
		return none;
	switch (data[0] & 0x7f) {
	case SENSE_FIXED_CURRENT:
		/* SPC-4 4.5.3: key in byte 2, code in 12 and 13, whatever byte 7 says. */
		if (size < 14)
			return none;
		return (struct sense){ true, data[2] & 0x0f, data[12], data[13] };
	case SENSE_DESCRIPTOR_CURRENT:
		/* SPC-4 4.5.2: all three in front of the descriptors. */
		if (size < 4)
			return none;
		return (struct sense){ true, data[1] & 0x0f, data[2], data[3] };
	default:
		/* Deferred errors, 71h and 73h, are of a command before this one. */
		return none;
	}
}

bool sense_is_unit_gone(const struct sense *s)
{
	return s->valid && s->key == SENSE_ILLEGAL_REQUEST && s->code == 0x25 &&
	       s->qualifier == 0x00;
}
