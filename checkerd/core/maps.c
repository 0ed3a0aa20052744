/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the maps, their entries, and the index of both by device number. Runs on the loop.
 * Invariants: a used entry is in its map's list, in one chain of the index, and in the list
 * of its path when that is one of ours.
 */
#include "checkerd/core/maps_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* At least one for every two entries: a chain is an entry or two long. */
static uint32_t buckets_for(uint32_t entries)
{
	uint32_t n = 1;

	while (2 * n < entries)
		n *= 2;
	return n;
}

uint64_t maps_bytes(uint32_t max_paths)
{
	uint64_t entries = map_path_room(max_paths);

	return sizeof(struct maps) + map_room(max_paths) * sizeof(struct maps_map) +
	       entries * sizeof(struct maps_path) +
	       (uint64_t)max_paths * sizeof(struct maps_known) +
	       3 * (uint64_t)buckets_for(map_path_room(max_paths)) * sizeof(uint32_t);
}

static_assert(_Alignof(struct maps_map) <= _Alignof(struct maps) &&
                      _Alignof(struct maps_path) <= _Alignof(struct maps_map) &&
                      _Alignof(struct maps_known) <= _Alignof(struct maps_path),
              "they follow each other without gaps");

int maps_new(struct maps **ret, uint32_t max_paths)
{
	struct maps *m;

	m = calloc(1, maps_bytes(max_paths));
	if (m == NULL)
		return -ENOMEM;
	m->max_maps = map_room(max_paths);
	m->max_entries = map_path_room(max_paths);
	m->max_paths = max_paths;
	m->buckets = buckets_for(m->max_entries);
	m->maps = (struct maps_map *)(void *)(m + 1);
	m->entries = (struct maps_path *)(void *)(m->maps + m->max_maps);
	m->known = (struct maps_known *)(void *)(m->entries + m->max_entries);
	m->map_by_devt = (uint32_t *)(void *)(m->known + max_paths);
	m->entry_by_devt = m->map_by_devt + m->buckets;
	m->known_by_devt = m->entry_by_devt + m->buckets;
	memset(m->map_by_devt, 0xff, 3 * (size_t)m->buckets * sizeof(uint32_t));
	for (uint32_t i = 0; i < m->max_maps; i++)
		m->maps[i].next = i + 1 < m->max_maps ? i + 1 : MAPS_NONE;
	for (uint32_t i = 0; i < m->max_entries; i++)
		m->entries[i].next = i + 1 < m->max_entries ? i + 1 : MAPS_NONE;
	for (unsigned i = 0; i < ARRAY_LEN(m->lists); i++)
		m->lists[i].first = m->lists[i].last = MAPS_NONE;
	m->first_dirty = MAPS_NONE;
	m->later_at = MONO_NEVER;
	*ret = m;
	return 0;
}

static_assert(MAPS_NONE == UINT32_MAX, "the heads of empty chains are set by bytes");

struct maps *maps_free(struct maps *m)
{
	if (m == NULL)
		return NULL;
	for (uint32_t i = 0; i < m->end; i++)
		(void)map_unref(m->maps[i].map); /* NULL, always */
	for (uint32_t i = 0; i < m->max_paths; i++)
		(void)device_unref(m->known[i].device); /* NULL, always */
	free(m);
	return NULL;
}

/* --- the index --- */

uint32_t maps_bucket(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t h = (devt_major * UINT32_C(0x9e3779b1)) ^ devt_minor;

	h *= UINT32_C(0x85ebca6b);
	return (h ^ h >> 16) & (m->buckets - 1);
}

static bool is_devt(const struct maps_path *e, const struct map_path *p)
{
	return e->devt_major == p->devt_major && e->devt_minor == p->devt_minor;
}

/* --- entries --- */

static uint32_t new_entry(struct maps *m, uint32_t map, const struct map_path *p,
                          struct mono now)
{
	uint32_t entry = m->free_entry, path, *head;
	struct maps_path *e;

	assert(entry != MAPS_NONE);
	e = &m->entries[entry];
	m->free_entry = e->next;
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
	path = maps_known_at(m, p->devt_major, p->devt_minor);
	if (path != MAPS_NONE)
		maps_link_new(m, entry, path);
	agreement_init(&e->agreement, p->active, now);
	maps_look_at(m, entry);
	return entry;
}

/* An answer that is still to come is one of the past then. */
static void free_entry(struct maps *m, uint32_t entry)
{
	struct maps_path *e = maps_path(m, entry);
	uint32_t *link;

	maps_unlist(m, entry);
	maps_unlink(m, entry);
	link = &m->entry_by_devt[maps_bucket(m, e->devt_major, e->devt_minor)];
	while (*link != entry)
		link = &m->entries[*link].next_of_devt;
	*link = e->next_of_devt;
	e->used = false;
	e->next = m->free_entry;
	m->free_entry = entry;
	m->n_entries--;
}

/* --- maps --- */

uint32_t maps_find(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t i = m->map_by_devt[maps_bucket(m, devt_major, devt_minor)];

	while (i != MAPS_NONE && (m->maps[i].map->devt_major != devt_major ||
	                          m->maps[i].map->devt_minor != devt_minor))
		i = m->maps[i].next;
	return i;
}

static uint32_t new_map(struct maps *m, struct map *map)
{
	uint32_t i = m->free_map, *head;

	if (i == MAPS_NONE)
		return i;
	head = &m->map_by_devt[maps_bucket(m, map->devt_major, map->devt_minor)];
	m->free_map = m->maps[i].next;
	m->n_maps++;
	m->end = MAX(m->end, i + 1);
	/* One that was removed may still be among the dirty ones. */
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

/* The map's entry for that path which was not seen yet. */
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

/* Marks what stays, frees what goes. Returns how many stay. */
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

/* The map's paths are those of its new table, in its order; who stays is as it was. */
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

/* What the kernel thinks of each path now. */
static void take_views(struct maps *m, uint32_t index, bool resumed, struct mono now)
{
	const struct map *map = m->maps[index].map;
	uint32_t n = 0;

	for (uint32_t i = m->maps[index].first; i != MAPS_NONE; i = m->entries[i].next) {
		struct maps_path *e = &m->entries[i];
		enum agreement_turn turn;

		if (resumed)
			agreement_anew(&e->agreement);
		turn = agreement_told(&e->agreement, map->paths[n++].active, now);
		if (turn != TURN_NONE)
			e->turn = turn;
		if (turn != TURN_NONE || resumed)
			maps_look_at(m, i);
	}
}

int maps_told(struct maps *m, struct map *map, bool keep, struct mono now,
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
	take_views(m, index, resumed, now);
	maps_changed(m, index);
	*ret_index = index;
	*ret_change = change;
	return 0;
}

/* --- what is known --- */

uint32_t maps_end(const struct maps *m)
{
	return m->end;
}

uint32_t maps_count(const struct maps *m)
{
	return m->n_maps;
}

struct maps_map *maps_get(struct maps *m, uint32_t index)
{
	return index < m->end && m->maps[index].map != NULL ? &m->maps[index] : NULL;
}

struct maps_path *maps_path(struct maps *m, uint32_t entry)
{
	assert(entry < m->max_entries && m->entries[entry].used);
	return &m->entries[entry];
}

uint32_t maps_usable(struct maps *m, const struct maps_map *map)
{
	uint32_t n = 0;

	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		n += m->entries[i].agreement.active && m->entries[i].bar == BAR_NONE &&
		     !maps_is_disabled(m, &m->entries[i]) &&
		     m->entries[i].verdict != VERDICT_UNUSABLE;
	return n;
}
