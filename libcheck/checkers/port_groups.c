/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds a port's group and its state: port_groups.h. Pure; any thread. */
#include "libcheck/checkers/port_groups.h"

#include <errno.h>

#define HEADER 4 /* of the page, of a designator, and of the groups */

static uint16_t read16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

/* SPC-4 7.8.6.8: of the target port (association 1), binary, type 5, four bytes. */
static int is_group(const uint8_t *designator)
{
	return (designator[0] & 0x0f) == 0x1 && (designator[1] & 0x3f) == 0x15 &&
	       designator[3] == 4;
}

/* SPC-4 7.8.6.1: designators follow each other from byte 4 on. */
int port_groups_own(const uint8_t *page, size_t size)
{
	for (size_t at = HEADER; at + HEADER <= size; at += HEADER + page[at + 3]) {
		const uint8_t *designator = page + at;

		if (at + HEADER + designator[3] > size)
			break; /* it says more than there is */
		if (is_group(designator))
			return read16(designator + HEADER + 2);
	}
	return -ENODATA;
}

#define GROUP 8 /* of a group, in front of its ports */
#define PORT  4

/* SPC-4 6.37: the length of the rest in bytes 0 to 3, then groups with their ports. */
int port_groups_state(const uint8_t *data, size_t got, uint16_t group)
{
	size_t at = HEADER, size;
	uint64_t whole; /* the sum has more than 32 bits */

	if (got < HEADER)
		return -EMSGSIZE;
	whole = HEADER + ((uint64_t)data[0] << 24 | (uint64_t)data[1] << 16 |
	                  (uint64_t)read16(data + 2));
	size = (size_t)MIN(whole, got);
	while (at + GROUP <= size) {
		if (read16(data + at + 2) == group)
			return data[at] & 0x0f;
		at += GROUP + (size_t)PORT * data[at + 7];
	}
	return whole > got ? -EMSGSIZE : -ENODATA;
}
