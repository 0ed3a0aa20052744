/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the maps, their entries, what is known of the daemon's paths, and the indexes of all three
 * by device number. Runs on the loop.
 *
 * Invariants: a used entry is in its map's list, in one chain of the index, and in the list of its
 * path when that is one of the daemon's.
 */
#include "checkerd/core/maps_table.h"

#include <errno.h>
#include <string.h>

#include "util/block.h"
#include "util/hash.h"

/* At least one bucket for every two entries: a chain is one or two entries long. */
static uint32_t buckets_for(uint32_t entries)
{
	return hash_table_size((entries + 1) / 2);
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
              "the arrays follow each other without gaps");

int maps_new(struct maps **ret, uint32_t max_paths)
{
	struct maps *m;

	m = block_new_sparse(1, maps_bytes(max_paths));
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
	m->free_map = m->free_entry = MAPS_NONE;
	for (unsigned i = 0; i < ARRAY_LEN(m->lists); i++)
		m->lists[i].first = m->lists[i].last = MAPS_NONE;
	m->first_dirty = MAPS_NONE;
	m->later_at = MONO_NEVER;
	*ret = m;
	return 0;
}

static_assert(MAPS_NONE == UINT32_MAX, "memset() fills the heads of empty chains");

struct maps *maps_free(struct maps *m)
{
	if (m == NULL)
		return NULL;
	for (uint32_t i = 0; i < m->end; i++)
		(void)map_unref(m->maps[i].map); /* NULL, always */
	for (uint32_t i = 0; i < m->max_paths; i++)
		(void)device_unref(m->known[i].device); /* NULL, always */
	block_free(m);
	return NULL;
}

void maps_add_room(struct maps *m, struct room *room)
{
	room_add(room, m, sizeof(*m), 1);
	room_add(room, m->maps, sizeof(m->maps[0]), m->max_maps);
	room_add(room, m->entries, sizeof(m->entries[0]), m->max_entries);
	room_add(room, m->known, sizeof(m->known[0]), m->max_paths);
	room_add(room, m->map_by_devt, 3 * (size_t)m->buckets * sizeof(uint32_t), 1);
}

uint32_t maps_bucket(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t h = (devt_major * UINT32_C(0x9e3779b1)) ^ devt_minor;

	h *= UINT32_C(0x85ebca6b);
	return (h ^ h >> 16) & (m->buckets - 1);
}

uint32_t maps_known_at(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t i = m->known_by_devt[maps_bucket(m, devt_major, devt_minor)];

	while (i != MAPS_NONE && (m->known[i].device->devt_major != devt_major ||
	                          m->known[i].device->devt_minor != devt_minor))
		i = m->known[i].next;
	return i;
}

uint32_t maps_find(const struct maps *m, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t i = m->map_by_devt[maps_bucket(m, devt_major, devt_minor)];

	while (i != MAPS_NONE && (m->maps[i].map->devt_major != devt_major ||
	                          m->maps[i].map->devt_minor != devt_minor))
		i = m->maps[i].next;
	return i;
}

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

uint32_t maps_first_of_path(const struct maps *m, uint32_t path)
{
	assert(path < m->max_paths);
	return m->known[path].used ? m->known[path].first : MAPS_NONE;
}

const struct map *maps_of(struct maps *m, uint32_t path)
{
	uint32_t entry = maps_first_of_path(m, path);

	return entry == MAPS_NONE ? NULL : m->maps[m->entries[entry].map].map;
}
