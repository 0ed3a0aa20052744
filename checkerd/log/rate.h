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

struct rate {
	struct mono start; /* of the present window; us 0: none yet */
	uint32_t used;     /* lines in it */
	uint32_t left_out; /* not yet reported */
};

struct rate_policy {
	uint32_t burst;
	int64_t window_us;
};

/* True: log it, and *ret_left_out lines before it were not. False: it is counted. */
bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_left_out);

#endif
