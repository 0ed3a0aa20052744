/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the two lists of entries that are to be looked at, now and at a time, and the list of
 * maps about which there may be something to tell. Runs on the loop. Invariants: a used entry
 * is in one of the two at most; `later_at` is never after the first time in `later`.
 */
#include "checkerd/core/maps_table.h"

/* What waits for a time is looked at together, so often at most. */
#define LATER_GRID_US (100 * USEC_PER_MSEC)

void maps_unlist(struct maps *m, uint32_t entry)
{
	struct maps_path *e = maps_path(m, entry);

	if (e->list == LIST_NONE)
		return;
	if (e->list_prev == MAPS_NONE)
		m->lists[e->list].first = e->list_next;
	else
		m->entries[e->list_prev].list_next = e->list_next;
	if (e->list_next == MAPS_NONE)
		m->lists[e->list].last = e->list_prev;
	else
		m->entries[e->list_next].list_prev = e->list_prev;
	e->list = LIST_NONE;
}

static void append(struct maps *m, uint32_t entry, enum maps_list list)
{
	struct maps_path *e = maps_path(m, entry);

	maps_unlist(m, entry);
	e->list = list;
	e->list_prev = m->lists[list].last;
	e->list_next = MAPS_NONE;
	if (e->list_prev == MAPS_NONE)
		m->lists[list].first = entry;
	else
		m->entries[e->list_prev].list_next = entry;
	m->lists[list].last = entry;
}

void maps_look_at(struct maps *m, uint32_t entry)
{
	if (maps_path(m, entry)->list != LIST_TODO)
		append(m, entry, LIST_TODO);
}

static void set_dirty(struct maps *m, uint32_t index)
{
	struct maps_map *map = &m->maps[index];

	if (map->dirty)
		return;
	map->dirty = true;
	map->next_dirty = m->first_dirty;
	m->first_dirty = index;
}

/* Something about one path of the map changed: what is told of it may, and whether a path is
 * its last one. */
void maps_changed(struct maps *m, uint32_t index)
{
	struct maps_map *map = &m->maps[index];

	set_dirty(m, index);
	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		if (m->entries[i].kept)
			maps_look_at(m, i);
}

uint32_t maps_next_dirty(struct maps *m)
{
	while (m->first_dirty != MAPS_NONE) {
		uint32_t index = m->first_dirty;

		m->first_dirty = m->maps[index].next_dirty;
		m->maps[index].dirty = false;
		if (m->maps[index].map != NULL)
			return index;
	}
	return MAPS_NONE;
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
	maps_look_at(m, entry);
	maps_changed(m, e->map);
	return entry;
}

static void look_at_all(struct maps *m, uint32_t index)
{
	for (uint32_t i = m->maps[index].first; i != MAPS_NONE; i = m->entries[i].next) {
		agreement_anew(&m->entries[i].agreement);
		maps_look_at(m, i);
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
			look_at_all(m, i);
			set_dirty(m, i); /* what is told may depend on it */
		}
}

void maps_set_keep(struct maps *m, uint32_t index, bool keep)
{
	struct maps_map *map = maps_get(m, index);

	assert(map != NULL);
	if (map->keep == keep)
		return;
	map->keep = keep;
	look_at_all(m, index);
}

/* What has waited for its time long enough is to be looked at now. */
static void take_later(struct maps *m, struct mono now)
{
	struct mono next = MONO_NEVER;
	uint32_t i = m->lists[LIST_LATER].first;

	while (i != MAPS_NONE) {
		struct maps_path *e = &m->entries[i];
		uint32_t following = e->list_next;

		if (!mono_before(now, agreement_wait(&e->agreement)))
			maps_look_at(m, i);
		else
			next = mono_min(next, agreement_wait(&e->agreement));
		i = following;
	}
	if (!mono_is_never(next))
		next = (struct mono){ MAX(next.us, mono_add(now, LATER_GRID_US).us) };
	m->later_at = next;
}

static void put_later(struct maps *m, uint32_t entry)
{
	append(m, entry, LIST_LATER);
	m->later_at = mono_min(m->later_at, agreement_wait(&m->entries[entry].agreement));
}

/* What is wanted of it. Another disk than the map's is wanted there by nobody. */
static struct agreement_wish wish_of(struct maps *m, uint32_t entry)
{
	const struct maps_path *e = &m->entries[entry];
	bool barred = e->bar != BAR_NONE;

	return (struct agreement_wish){
		.verdict = barred ? VERDICT_UNUSABLE : e->verdict,
		.control = m->control,
		.keep = !barred && m->maps[e->map].keep && !maps_has_another(m, entry),
		.released = !barred && e->released,
	};
}

/* That a path is kept is an order once, and not before its map's other paths were checked. */
static void note_kept(struct maps *m, uint32_t entry, struct maps_order *o)
{
	struct maps_path *e = &m->entries[entry];

	e->kept = o->step == STEP_KEEP;
	if (e->kept && (e->kept_told || maps_awaits_another(m, entry)))
		o->step = STEP_NOTHING;
	else
		e->kept_told = e->kept;
}

bool maps_next(struct maps *m, struct mono now, struct maps_order *ret)
{
	struct agreement_wish w;
	struct maps_path *e;
	uint32_t entry;

	if (!mono_before(now, m->later_at))
		take_later(m, now);
	entry = m->lists[LIST_TODO].first;
	if (entry == MAPS_NONE)
		return false;
	maps_unlist(m, entry);
	e = &m->entries[entry];
	w = wish_of(m, entry);
	*ret = (struct maps_order){
		.step = agreement_next(&e->agreement, &w, now),
		.entry = entry,
		.token = (uint64_t)e->generation << 32 | entry,
	};
	if (e->agreement.in_flight == COMMAND_NONE)
		note_kept(m, entry, ret);
	if (ret->step == STEP_NOTHING && e->expedite) {
		ret->step = STEP_RECHECK;
		e->expedite = false;
	} else if (ret->step == STEP_RECHECK)
		e->agreement.asked = true;
	if (ret->step == STEP_WAIT)
		put_later(m, entry);
	return true;
}

void maps_put_back(struct maps *m, const struct maps_order *o)
{
	append(m, o->entry, LIST_TODO);
}

void maps_sent(struct maps *m, const struct maps_order *o)
{
	agreement_sent(&m->entries[o->entry].agreement,
	               o->step == STEP_FAIL ? COMMAND_FAIL : COMMAND_REINSTATE);
}

struct mono maps_wake(const struct maps *m)
{
	return m->lists[LIST_TODO].first != MAPS_NONE ? (struct mono){ 0 } : m->later_at;
}
