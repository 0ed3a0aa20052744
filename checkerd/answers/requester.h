/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_REQUESTER_H
#define CHECKERD_ANSWERS_REQUESTER_H

/* Who made a request, for events and the log. */
#include <stdio.h>

#include "checkerd/control/port.h"

#define REQUESTER_BYTES 32

/* "uid 0 (root)". Other names would be a question to the network. Returns buf. */
static inline const char *requester_format(const struct port_request *r,
                                           char buf[static REQUESTER_BYTES])
{
	(void)snprintf(buf, REQUESTER_BYTES, r->uid == 0 ? "uid %u (root)" : "uid %u",
	               r->uid);
	return buf;
}

#endif
