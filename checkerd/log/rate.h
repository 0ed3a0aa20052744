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

/* Every path has two of them, so they are small. */
struct rate {
	uint32_t start;      /* of the window, in units of RATE_UNIT_US; 0: none yet */
	uint16_t used;       /* lines in the window */
	uint16_t suppressed; /* lines, not yet reported; saturates */
};

/* 32 bits count this unit for more than a hundred years. */
#define RATE_UNIT_US USEC_PER_SEC

struct rate_policy {
	uint16_t burst;
	uint32_t window; /* of RATE_UNIT_US */
};

/* True: log the line; *ret_suppressed lines before it were not logged. False: do not log it. */
bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_suppressed);

#endif
