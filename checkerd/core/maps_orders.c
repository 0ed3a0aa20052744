/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: asks each waiting entry's agreement for its next step. Runs on the loop.
 */
#include "checkerd/core/maps_orders.h"

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_table.h"
#include "checkerd/core/maps_todo.h"

static void examine_all(struct maps *m, uint32_t index)
{
	for (uint32_t i = m->maps[index].first; i != MAPS_NONE; i = m->entries[i].next) {
		agreement_forget_refusals(&m->entries[i].agreement);
		maps_todo_add(m, i);
	}
}

void maps_set_control(struct maps *m, bool on)
{
	if (m->control == on)
		return;
	m->control = on;
	if (on || m->give_back)
		maps_release(m, MAPS_NONE, !on);
	for (uint32_t i = 0; i < m->end; i++)
		if (m->maps[i].map != NULL) {
			examine_all(m, i);
			maps_todo_note_map(m, i);
		}
}

void maps_set_keep(struct maps *m, uint32_t index, bool keep)
{
	struct maps_map *map = maps_get(m, index);

	assert(map != NULL);
	if (map->keep == keep)
		return;
	map->keep = keep;
	examine_all(m, index);
}

void maps_set_settling(struct maps *m, bool on)
{
	if (m->settling == on)
		return;
	m->settling = on;
	for (uint32_t i = 0; i < m->end; i++)
		if (m->maps[i].map != NULL)
			maps_todo_changed(m, i);
}

/* An administrator insists that the path is failed, also as the last one. */
static bool is_taken(const struct maps *m, const struct maps_path *e)
{
	return e->path != MAPS_NONE && m->known[e->path].even_last;
}

/*
 * What is wanted of the entry's path. A barred path is always unwanted. A held path is unwanted
 * while a path that is not held can be used: so a hold never takes the last usable path of a map.
 */
static struct agreement_wish wish_of(struct maps *m, uint32_t entry)
{
	/* agreement.pml: KEEP */
	const struct maps_path *e = &m->entries[entry];
	bool barred = e->bar != BAR_NONE;
	enum path_verdict verdict = maps_decided(m, e);
	bool out = !barred && e->held && verdict == VERDICT_USABLE;
	bool failed = barred || (out && maps_has_better(m, entry));

	/* After a restart, the first check of a better path may not have ended. */
	if (out && !failed && maps_may_have_better(m, entry))
		verdict = VERDICT_NONE;
	return (struct agreement_wish){
		.verdict = failed ? VERDICT_UNUSABLE : verdict,
		.control = m->control,
		.keep = !failed && m->maps[e->map].keep && !maps_has_another(m, entry),
		.released = !barred && e->released,
		.reinstate_at = hold_time_mono(out ? m->known[e->path].reuse : 0),
	};
}

/* Notes whether a held path is used all the same, which is reported once. */
static void note_spared(struct maps *m, uint32_t entry, const struct agreement_wish *w,
                        struct maps_order *o)
{
	struct maps_path *e = &m->entries[entry];

	e->spared = e->held && m->control && e->bar == BAR_NONE && !e->released &&
	            w->verdict == VERDICT_USABLE;
	o->spared = e->spared && !e->spared_reported && !maps_awaits_another(m, entry);
	e->spared_reported = e->spared && (e->spared_reported || o->spared);
}

/* Reports that a path is kept once, and not before the first checks of the map's other paths. */
static void note_kept(struct maps *m, uint32_t entry, struct maps_order *o)
{
	struct maps_path *e = &m->entries[entry];

	e->kept = o->step == STEP_KEEP;
	if (e->kept && (e->kept_reported || maps_awaits_another(m, entry)))
		o->step = STEP_NOTHING;
	else
		e->kept_reported = e->kept;
}

bool maps_next(struct maps *m, struct mono now, struct maps_order *ret)
{
	/* agreement.pml: ORDER */
	struct agreement_wish w;
	struct maps_path *e;
	uint32_t entry;

	entry = maps_todo_take(m, now);
	if (entry == MAPS_NONE)
		return false;
	e = &m->entries[entry];
	w = wish_of(m, entry);
	w.keep = w.keep && !is_taken(m, e);
	*ret = (struct maps_order){
		.step = agreement_next(&e->agreement, &w, now),
		.entry = entry,
		.token = (uint64_t)e->generation << 32 | entry,
	};
	/* Undecided, the predecessor's reports stay. */
	if (maps_decided(m, e) == e->verdict) {
		if (e->agreement.in_flight == COMMAND_NONE)
			note_kept(m, entry, ret);
		note_spared(m, entry, &w, ret);
	}
	if (ret->step == STEP_NOTHING && e->expedite) {
		ret->step = STEP_RECHECK;
		e->expedite = false;
	} else if (ret->step == STEP_RECHECK)
		e->agreement.recheck_requested = true;
	if (ret->step == STEP_WAIT)
		maps_todo_defer(m, entry);
	return true;
}

void maps_put_back(struct maps *m, const struct maps_order *o)
{
	maps_todo_append(m, o->entry);
}

void maps_sent(struct maps *m, const struct maps_order *o)
{
	agreement_sent(&m->entries[o->entry].agreement,
	               o->step == STEP_FAIL ? COMMAND_FAIL : COMMAND_REINSTATE);
}

uint32_t maps_answered(struct maps *m, uint64_t token, int error, struct mono now,
                       enum agreement_command *ret_command)
{
	uint32_t entry = (uint32_t)token;
	struct maps_path *e = &m->entries[entry];

	assert(entry < m->max_entries);
	if (!e->used || e->generation != token >> 32)
		return MAPS_NONE;
	*ret_command = agreement_answered(&e->agreement, error, now);
	maps_todo_add(m, entry);
	maps_todo_changed(m, e->map);
	return entry;
}

struct mono maps_wake(const struct maps *m)
{
	return maps_todo_due(m);
}
