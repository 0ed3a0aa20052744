/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the entries of each map, which are the paths of its table, and their order. Runs on the
 * loop.
 */
#include "checkerd/core/maps_entries.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_table.h"
#include "checkerd/core/maps_todo.h"

static bool is_devt(const struct maps_path *e, const struct map_path *p)
{
	return e->devt_major == p->devt_major && e->devt_minor == p->devt_minor;
}

/* A freed place first: the tables grow only when they have to. The caller knows that there is one. */
static uint32_t take_entry(struct maps *m)
{
	uint32_t entry = m->free_entry;

	if (entry == MAPS_NONE) {
		assert(m->entries_end < m->max_entries);
		return m->entries_end++;
	}
	m->free_entry = m->entries[entry].next;
	return entry;
}

/* MAPS_NONE: there is no place. */
static uint32_t take_map(struct maps *m)
{
	uint32_t i = m->free_map;

	if (i == MAPS_NONE)
		return m->end < m->max_maps ? m->end++ : MAPS_NONE;
	m->free_map = m->maps[i].next;
	return i;
}

static uint32_t new_entry(struct maps *m, uint32_t map, const struct map_path *p,
                          struct mono now)
{
	uint32_t entry = take_entry(m), *head;
	struct maps_path *e = &m->entries[entry];

	m->n_entries++;
	head = &m->entry_by_devt[maps_bucket(m, p->devt_major, p->devt_minor)];
	*e = (struct maps_path){
		.used = true,
		.generation = e->generation + 1,
		.devt_major = p->devt_major,
		.devt_minor = p->devt_minor,
		.map = map,
		.path = MAPS_NONE,
		.next = MAPS_NONE,
		.next_of_path = MAPS_NONE,
		.next_of_devt = *head,
	};
	*head = entry;
	maps_link_entry(m, entry);
	agreement_init(&e->agreement, p->active, now);
	maps_todo_add(m, entry);
	return entry;
}

/* The generation tells a late answer from one for the next entry in this place. */
static void free_entry(struct maps *m, uint32_t entry)
{
	struct maps_path *e = maps_path(m, entry);
	uint32_t *link;

	maps_todo_remove(m, entry);
	maps_unlink_entry(m, entry);
	link = &m->entry_by_devt[maps_bucket(m, e->devt_major, e->devt_minor)];
	while (*link != entry)
		link = &m->entries[*link].next_of_devt;
	*link = e->next_of_devt;
	e->used = false;
	e->next = m->free_entry;
	m->free_entry = entry;
	m->n_entries--;
}

static uint32_t new_map(struct maps *m, struct map *map)
{
	uint32_t i = take_map(m), *head;

	if (i == MAPS_NONE)
		return i;
	head = &m->map_by_devt[maps_bucket(m, map->devt_major, map->devt_minor)];
	m->n_maps++;
	/* A map that was removed may still be on the list of changed maps. */
	m->maps[i] = (struct maps_map){
		.map = map_ref(map),
		.first = MAPS_NONE,
		.dirty = m->maps[i].dirty,
		.next_dirty = m->maps[i].next_dirty,
		.next = *head,
	};
	*head = i;
	return i;
}

void maps_remove(struct maps *m, uint32_t index)
{
	struct maps_map *map = maps_get(m, index);
	uint32_t *link;

	assert(map != NULL);
	while (map->first != MAPS_NONE) {
		uint32_t entry = map->first;

		map->first = m->entries[entry].next;
		free_entry(m, entry);
	}
	link = &m->map_by_devt[maps_bucket(m, map->map->devt_major,
	                                   map->map->devt_minor)];
	while (*link != index)
		link = &m->maps[*link].next;
	*link = map->next;
	map->map = map_unref(map->map);
	map->next = m->free_map;
	m->free_map = index;
	m->n_maps--;
}

/* The map's entry for that path which is not marked as seen. */
static uint32_t find_unseen(struct maps *m, uint32_t map, const struct map_path *p)
{
	uint32_t i = m->entry_by_devt[maps_bucket(m, p->devt_major, p->devt_minor)];

	while (i != MAPS_NONE && (m->entries[i].map != map || m->entries[i].seen ||
	                          !is_devt(&m->entries[i], p)))
		i = m->entries[i].next_of_devt;
	return i;
}

static bool same_paths(struct maps *m, uint32_t index, const struct map *map)
{
	uint32_t i = m->maps[index].first, n = 0;

	while (i != MAPS_NONE && n < map->n_paths &&
	       is_devt(&m->entries[i], &map->paths[n])) {
		i = m->entries[i].next;
		n++;
	}
	return i == MAPS_NONE && n == map->n_paths;
}

/* Marks the entries that stay and frees the others. Returns how many stay. */
static uint32_t drop_others(struct maps *m, uint32_t index, const struct map *map)
{
	uint32_t *link = &m->maps[index].first, stay = 0;

	for (uint32_t n = 0; n < map->n_paths; n++) {
		uint32_t i = find_unseen(m, index, &map->paths[n]);

		if (i == MAPS_NONE)
			continue;
		m->entries[i].seen = true;
		stay++;
	}
	while (*link != MAPS_NONE) {
		uint32_t i = *link;

		if (m->entries[i].seen) {
			m->entries[i].seen = false;
			link = &m->entries[i].next;
			continue;
		}
		*link = m->entries[i].next;
		free_entry(m, i);
	}
	return stay;
}

/* Gives the map the paths of its new table, in their order. Entries that stay keep their state. */
static int take_table(struct maps *m, uint32_t index, const struct map *map,
                      struct mono now)
{
	uint32_t *link = &m->maps[index].first;
	uint32_t stay = drop_others(m, index, map);

	if (map->n_paths - stay > m->max_entries - m->n_entries)
		return -ENOSPC;
	*link = MAPS_NONE;
	for (uint32_t n = 0; n < map->n_paths; n++) {
		uint32_t i = find_unseen(m, index, &map->paths[n]);

		if (i == MAPS_NONE)
			i = new_entry(m, index, &map->paths[n], now);
		m->entries[i].seen = true;
		*link = i;
		link = &m->entries[i].next;
		*link = MAPS_NONE;
	}
	for (uint32_t i = m->maps[index].first; i != MAPS_NONE; i = m->entries[i].next)
		m->entries[i].seen = false;
	return 0;
}

static unsigned difference(const struct map *a, const struct map *b)
{
	unsigned change = 0;

	if (strcmp(a->name, b->name) != 0)
		change |= MAPS_RENAMED;
	if (a->suspended != b->suspended)
		change |= MAPS_SUSPENDED;
	if (a->queueing != b->queueing)
		change |= MAPS_QUEUEING;
	return change;
}

/* Takes over the kernel's view of each path. */
static void take_views(struct maps *m, uint32_t index, bool resumed, struct mono now)
{
	const struct map *map = m->maps[index].map;
	uint32_t n = 0;

	for (uint32_t i = m->maps[index].first; i != MAPS_NONE; i = m->entries[i].next) {
		struct maps_path *e = &m->entries[i];
		enum agreement_foreign foreign;

		if (resumed)
			agreement_forget_refusals(&e->agreement);
		foreign = agreement_update(&e->agreement, map->paths[n++].active, now);
		if (foreign != FOREIGN_NONE)
			e->foreign = foreign;
		if (foreign != FOREIGN_NONE || resumed)
			maps_todo_add(m, i);
	}
}

int maps_update(struct maps *m, struct map *map, bool keep, struct mono now,
                uint32_t *ret_index, unsigned *ret_change)
{
	uint32_t index = maps_find(m, map->devt_major, map->devt_minor);
	unsigned change = MAPS_NEW;
	bool resumed = false;
	struct map *old;
	int r = 0;

	if (index == MAPS_NONE) {
		index = new_map(m, map);
		if (index == MAPS_NONE)
			return -ENOSPC;
	} else {
		old = m->maps[index].map;
		change = difference(old, map);
		resumed = old->suspended && !map->suspended;
		m->maps[index].map = map_ref(map);
		(void)map_unref(old); /* NULL, always */
	}
	if (!same_paths(m, index, map)) {
		change |= MAPS_PATHS;
		r = take_table(m, index, map, now);
	}
	if (r < 0) {
		maps_remove(m, index);
		return r;
	}
	m->maps[index].keep = keep;
	m->maps[index].expected =
	        (uint16_t)MAX((uint32_t)m->maps[index].expected, map->n_paths);
	take_views(m, index, resumed, now);
	maps_todo_changed(m, index);
	*ret_index = index;
	*ret_change = change;
	return 0;
}
