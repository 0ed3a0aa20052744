/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many paths of a map there are to go on. Runs on the loop. */
#include "checkerd/core/maps_table.h"

void maps_disable(struct maps *m, uint32_t path, bool disabled)
{
	struct maps_known *k = &m->known[path];

	assert(path < m->max_paths && k->used);
	if (k->disabled == disabled)
		return;
	k->disabled = disabled;
	for (uint32_t i = k->first; i != MAPS_NONE; i = m->entries[i].next_of_path)
		maps_changed(m, m->entries[i].map);
}

bool maps_is_disabled(const struct maps *m, const struct maps_path *e)
{
	return e->path != MAPS_NONE && m->known[e->path].disabled;
}

uint32_t maps_disabled(struct maps *m, const struct maps_map *map)
{
	uint32_t n = 0;

	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		n += maps_is_disabled(m, &m->entries[i]);
	return n;
}

enum redundancy maps_redundancy(struct maps *m, const struct maps_map *map)
{
	return redundancy_counted(map->map->n_paths, maps_disabled(m, map),
	                          maps_usable(m, map));
}
