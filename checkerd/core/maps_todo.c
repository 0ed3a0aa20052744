/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the two lists of entries that wait, LIST_TODO and LIST_LATER, and the list of changed maps.
 * Runs on the loop.
 *
 * Invariants: a used entry is on one of the two lists at most. later_at is at most LATER_GRID_US
 * after the first time in LIST_LATER.
 */
#include "checkerd/core/maps_todo.h"

#include "checkerd/core/maps_table.h"

/* Deferred entries are examined together, with at least this time between two rounds. */
#define LATER_GRID_US (100 * USEC_PER_MSEC)

void maps_todo_remove(struct maps *m, uint32_t entry)
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

	maps_todo_remove(m, entry);
	e->list = list;
	e->list_prev = m->lists[list].last;
	e->list_next = MAPS_NONE;
	if (e->list_prev == MAPS_NONE)
		m->lists[list].first = entry;
	else
		m->entries[e->list_prev].list_next = entry;
	m->lists[list].last = entry;
}

void maps_todo_append(struct maps *m, uint32_t entry)
{
	append(m, entry, LIST_TODO);
}

void maps_todo_add(struct maps *m, uint32_t entry)
{
	if (maps_path(m, entry)->list != LIST_TODO)
		append(m, entry, LIST_TODO);
}

/* When the next step of a deferred entry is due. */
static struct mono wait_of(const struct maps *m, const struct maps_path *e)
{
	struct mono at = e->agreement.not_before;
	struct mono reuse = { 0 };

	if (e->held && !e->agreement.active)
		reuse = hold_time_mono(m->known[e->path].reuse);
	return mono_max(at, reuse);
}

void maps_todo_defer(struct maps *m, uint32_t entry)
{
	append(m, entry, LIST_LATER);
	m->later_at = mono_min(m->later_at, wait_of(m, &m->entries[entry]));
}

/* Moves the deferred entries whose time has come to LIST_TODO. */
static void take_later(struct maps *m, struct mono now)
{
	struct mono next = MONO_NEVER;
	uint32_t i = m->lists[LIST_LATER].first;

	while (i != MAPS_NONE) {
		struct maps_path *e = &m->entries[i];
		uint32_t following = e->list_next;

		if (!mono_before(now, wait_of(m, e)))
			maps_todo_add(m, i);
		else
			next = mono_min(next, wait_of(m, e));
		i = following;
	}
	if (!mono_is_never(next))
		next = (struct mono){ MAX(next.us, mono_add(now, LATER_GRID_US).us) };
	m->later_at = next;
}

uint32_t maps_todo_take(struct maps *m, struct mono now)
{
	uint32_t entry;

	if (!mono_before(now, m->later_at))
		take_later(m, now);
	entry = m->lists[LIST_TODO].first;
	if (entry != MAPS_NONE)
		maps_todo_remove(m, entry);
	return entry;
}

struct mono maps_todo_due(const struct maps *m)
{
	return m->lists[LIST_TODO].first != MAPS_NONE ? (struct mono){ 0 } : m->later_at;
}

void maps_todo_note_map(struct maps *m, uint32_t index)
{
	struct maps_map *map = &m->maps[index];

	if (map->dirty)
		return;
	map->dirty = true;
	map->next_dirty = m->first_dirty;
	m->first_dirty = index;
}

void maps_todo_changed(struct maps *m, uint32_t index)
{
	struct maps_map *map = &m->maps[index];

	maps_todo_note_map(m, index);
	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		if (m->entries[i].kept || m->entries[i].held)
			maps_todo_add(m, i);
}

uint32_t maps_todo_take_map(struct maps *m)
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
