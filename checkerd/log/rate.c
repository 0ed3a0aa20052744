/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/log/rate.h"

bool rate_allow(struct rate *r, const struct rate_policy *policy, struct mono now,
                uint32_t *ret_left_out)
{
	if (r->start.us == 0 || mono_diff(now, r->start) >= policy->window_us) {
		r->start = now;
		r->used = 0;
	}
	if (r->used >= policy->burst) {
		if (r->left_out < UINT32_MAX)
			r->left_out++;
		return false;
	}
	r->used++;
	*ret_left_out = r->left_out;
	r->left_out = 0;
	return true;
}
