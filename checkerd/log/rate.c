/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the caller owns the rate. Pure; runs on the loop. */
#include "checkerd/log/rate.h"

bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_suppressed)
{
	uint32_t unit = (uint32_t)(now.us / RATE_UNIT_US) + 1;

	if (r->start == 0 || unit - r->start >= policy->window) {
		r->start = unit;
		r->used = 0;
	}
	if (r->used >= policy->burst) {
		if (r->suppressed < UINT16_MAX)
			r->suppressed++;
		return false;
	}
	r->used++;
	*ret_suppressed = r->suppressed;
	r->suppressed = 0;
	return true;
}
