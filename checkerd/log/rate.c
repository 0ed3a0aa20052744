/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/log/rate.h"

bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_left_out)
{
	uint32_t unit = (uint32_t)(now.us / RATE_UNIT_US) + 1;

	if (r->start == 0 || unit - r->start >= policy->window) {
		r->start = unit;
		r->used = 0;
	}
	if (r->used >= policy->burst) {
		if (r->left_out < UINT16_MAX)
			r->left_out++;
		return false;
	}
	r->used++;
	*ret_left_out = r->left_out;
	r->left_out = 0;
	return true;
}
