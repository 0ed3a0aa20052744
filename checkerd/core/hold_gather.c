/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the caller has the table. Runs on the loop. */
#include "checkerd/core/hold_gather.h"

struct hold_change *hold_gather_find(struct hold_gather *g, uint32_t path)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->of[i].path == path)
			return &g->of[i];
	return NULL;
}

bool hold_gather_put(struct hold_gather *g, uint32_t path, const struct hold *before,
                     struct mono now)
{
	if (g->n == HOLD_GATHER_MAX)
		return false;
	if (g->n == 0)
		g->first = now;
	g->last = now;
	g->of[g->n++] =
	        (struct hold_change){ .at = now, .path = path, .before = *before };
	return true;
}

void hold_gather_drop(struct hold_gather *g, struct hold_change *c)
{
	assert(c >= g->of && c < g->of + g->n);
	*c = g->of[--g->n];
	if (g->n == 0)
		g->company = false;
}

struct mono hold_gather_due(const struct hold_gather *g)
{
	struct mono alone = mono_add(g->first, GATHER_ALONE_US);

	if (g->n == 0)
		return MONO_NEVER;
	if (!g->company)
		return alone;
	if (g->n == HOLD_GATHER_MAX)
		return g->first;
	return mono_min(mono_max(alone, mono_add(g->last, GATHER_QUIET_US)),
	                mono_add(g->first, GATHER_LONGEST_US));
}
