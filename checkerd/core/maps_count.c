/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: counts in the table of maps. Runs on the loop. */
#include "checkerd/core/maps_count.h"

#include "checkerd/core/maps_table.h"

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

bool maps_is_usable(const struct maps *m, const struct maps_path *e)
{
	return e->agreement.active && e->bar == BAR_NONE && !maps_is_disabled(m, e) &&
	       e->verdict != VERDICT_UNUSABLE;
}

bool maps_would_be_usable(const struct maps *m, const struct maps_path *e)
{
	const struct maps_known *k = &m->known[e->path];

	return (e->agreement.active || k->emptied) && e->bar == BAR_NONE && !k->forced &&
	       k->verdict != VERDICT_UNUSABLE;
}

uint32_t maps_usable(struct maps *m, const struct maps_map *map)
{
	uint32_t n = 0;

	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		n += maps_is_usable(m, &m->entries[i]);
	return n;
}

bool maps_is_lost(struct maps *m, const struct maps_map *map)
{
	for (uint32_t i = map->first; i != MAPS_NONE; i = m->entries[i].next)
		if (m->entries[i].agreement.active && maps_is_disabled(m, &m->entries[i]))
			return false;
	return maps_usable(m, map) == 0;
}

enum redundancy maps_redundancy(struct maps *m, const struct maps_map *map)
{
	return redundancy_of(map->map->n_paths, maps_disabled(m, map),
	                     maps_usable(m, map));
}

enum path_verdict maps_decided(const struct maps *m, const struct maps_path *e)
{
	const struct maps_known *k = e->path == MAPS_NONE ? NULL : &m->known[e->path];

	if (k == NULL || !k->old || k->forced || k->emptied)
		return e->verdict;
	return VERDICT_NONE;
}

static bool can_be_used(const struct maps *m, const struct maps_path *e,
                        enum path_verdict verdict)
{
	return e->agreement.active && e->path != MAPS_NONE && verdict == VERDICT_USABLE &&
	       e->bar == BAR_NONE && !maps_is_disabled(m, e) &&
	       e->agreement.in_flight != COMMAND_FAIL;
}

bool maps_has_another(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next)
		if (i != entry &&
		    can_be_used(m, &m->entries[i], maps_decided(m, &m->entries[i])))
			return true;
	return false;
}

bool maps_has_better(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next)
		if (i != entry && !m->entries[i].held &&
		    can_be_used(m, &m->entries[i], maps_decided(m, &m->entries[i])))
			return true;
	return false;
}

bool maps_may_have_better(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next)
		if (i != entry && !m->entries[i].held &&
		    can_be_used(m, &m->entries[i], m->entries[i].verdict))
			return true;
	return m->settling;
}

bool maps_awaits_another(struct maps *m, uint32_t entry)
{
	uint32_t i = m->maps[m->entries[entry].map].first;

	for (; i != MAPS_NONE; i = m->entries[i].next)
		if (i != entry && m->entries[i].agreement.active &&
		    m->entries[i].path != MAPS_NONE &&
		    maps_decided(m, &m->entries[i]) == VERDICT_NONE)
			return true;
	return false;
}

bool maps_is_needed(struct maps *m, uint32_t path)
{
	uint32_t i = maps_first_of_path(m, path);

	for (; i != MAPS_NONE; i = m->entries[i].next_of_path) {
		const struct maps_path *e = &m->entries[i];

		if (e->agreement.active && e->bar == BAR_NONE && m->maps[e->map].keep &&
		    !maps_has_another(m, i))
			return true;
	}
	return false;
}
