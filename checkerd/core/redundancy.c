/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words for redundancy, which scripts use. Pure; any thread. */
#include "checkerd/core/redundancy.h"

#include "util/macro.h"

enum redundancy redundancy_of(uint32_t paths, uint32_t disabled, uint32_t usable)
{
	assert(disabled <= paths && usable <= paths - disabled);
	if (usable == 0)
		return REDUNDANCY_NONE;
	if (usable == 1 && disabled > 0)
		return REDUNDANCY_LAST;
	if (usable == paths - disabled)
		return REDUNDANCY_FULL;
	return usable == 1 ? REDUNDANCY_LAST : REDUNDANCY_DEGRADED;
}

uint32_t redundancy_observed(uint32_t up, uint32_t ghosts, uint32_t disabled)
{
	return up == 0 && disabled == 0 ? 0 : up + ghosts;
}

const char *redundancy_name(enum redundancy r)
{
	static const char *const names[REDUNDANCY_COUNT] = {
		[REDUNDANCY_FULL] = "full",
		[REDUNDANCY_DEGRADED] = "degraded",
		[REDUNDANCY_LAST] = "last",
		[REDUNDANCY_NONE] = "none",
	};

	assert(r < REDUNDANCY_COUNT);
	return names[r];
}
