/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOG_RATE_H
#define CHECKERD_LOG_RATE_H

/*
 * Limits the log lines about one thing: a number of lines in a window; the others are counted.
 * Pure. Each thing has a struct rate, which is zero before its first use.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/mono.h"

#define RATE_START_BITS      18
#define RATE_USED_BITS       5
#define RATE_SUPPRESSED_BITS 9

/* Every path has two of them, so they are small. */
struct rate {
	/* Of the window, in units of RATE_UNIT_US; 0: none yet. It begins again after three days: a
	 * window that old may be taken for the present one. */
	uint32_t start : RATE_START_BITS;
	uint32_t used : RATE_USED_BITS; /* lines in the window */
	uint32_t suppressed
	    : RATE_SUPPRESSED_BITS; /* not yet reported; stops at its maximum */
};

#define RATE_UNIT_US USEC_PER_SEC

/* burst, window: below the maximum of the bits. */
struct rate_policy {
	uint16_t burst;
	uint32_t window; /* of RATE_UNIT_US */
};

/* True: log the line; *ret_suppressed lines before it were not logged. False: do not log it. */
bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_suppressed);

#endif
