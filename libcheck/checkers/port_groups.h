/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_PORT_GROUPS_H
#define LIBCHECK_CHECKERS_PORT_GROUPS_H

/* The groups of a target's ports, as INQUIRY and REPORT TARGET PORT GROUPS name them. Pure. */
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* SPC-4 table 302; the other values are reserved. */
enum port_state {
	PORT_OPTIMIZED = 0x0,
	PORT_NON_OPTIMIZED = 0x1,
	PORT_STANDBY = 0x2,
	PORT_UNAVAILABLE = 0x3,
	PORT_LBA_DEPENDENT = 0x4,
	PORT_OFFLINE = 0xe,
	PORT_TRANSITIONING = 0xf
};

/*
 * Reads size bytes of page 83h. The group of the port that answered, 0 to 65535; -ENODATA: the page
 * does not name one, or not in these bytes.
 */
_must_check_ int port_groups_own(const uint8_t *page, size_t size);

/*
 * Reads got bytes of the answer to REPORT TARGET PORT GROUPS. The group's state, 0 to 15; -ENODATA:
 * the group is not in it; -EMSGSIZE: nor in these bytes, but there are more.
 */
_must_check_ int port_groups_state(const uint8_t *data, size_t got, uint16_t group);

#endif
