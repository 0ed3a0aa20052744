/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the caller owns the rate. Pure; runs on the loop. */
#include "checkerd/log/rate.h"

#include <assert.h>

bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_suppressed)
{
	const uint32_t mask = (1U << RATE_START_BITS) - 1;
	uint32_t unit = (uint32_t)(now.us / RATE_UNIT_US) & mask;

	assert(policy->burst < 1U << RATE_USED_BITS && policy->window < mask / 2);
	unit += unit == 0;
	if (r->start == 0 || ((unit - r->start) & mask) >= policy->window) {
		r->start = unit & mask;
		r->used = 0;
	}
	if (r->used >= policy->burst) {
		if (r->suppressed < (1U << RATE_SUPPRESSED_BITS) - 1)
			r->suppressed++;
		return false;
	}
	r->used++;
	*ret_suppressed = r->suppressed;
	r->suppressed = 0;
	return true;
}
