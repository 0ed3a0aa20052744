/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: copies what the maps need of a hold. Runs on the loop. */
#include "checkerd/core/maps_holds.h"

#include "checkerd/core/maps_table.h"
#include "checkerd/core/maps_todo.h"

static void hold_entry(struct maps *m, uint32_t entry, bool held)
{
	struct maps_path *e = &m->entries[entry];

	e->held = held;
	/* Without control a released path is reinstated, whatever is decided. */
	e->released = e->released && !m->control;
	agreement_forget_refusals(&e->agreement);
	maps_todo_add(m, entry);
	maps_todo_changed(m, e->map);
}

void maps_hold(struct maps *m, uint32_t path, const struct hold *h)
{
	struct maps_known *k = &m->known[path];
	bool held = policy_is_held(h);

	assert(path < m->max_paths && k->used);
	k->reuse = hold_time_of(policy_reuse_at(h));
	if (k->held == held)
		return;
	k->held = held;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path)
		hold_entry(m, i, held);
}
