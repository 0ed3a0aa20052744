/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOG_RATE_H
#define CHECKERD_LOG_RATE_H

/*
 * Says whether one more line about the same thing may be logged: so many in a window, the
 * rest is counted. Pure; one struct rate a thing, all zero before its first use.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/mono.h"

/* There are two for each path: no more than is needed. */
struct rate {
	uint32_t start; /* of the present window, in units of RATE_UNIT_US; 0: none yet */
	uint16_t used;  /* lines in it */
	uint16_t left_out; /* not yet reported; saturates */
};

/* Counted in 32 bits: for more than a hundred years. */
#define RATE_UNIT_US USEC_PER_SEC

struct rate_policy {
	uint16_t burst;
	uint32_t window; /* of RATE_UNIT_US */
};

/* True: log it, and *ret_left_out lines before it were not. False: it is counted. */
bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_left_out);

#endif
