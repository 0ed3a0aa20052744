/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the marks `picked`, `judged` and `loses` of paths and maps, which are false between two uses.
 * Runs on the loop. Each map is judged once, however many of its paths are picked: thousands of
 * paths take less than a millisecond or two.
 */
#include "checkerd/core/last_path.h"

#include "checkerd/core/maps_count.h"

void last_path_pick(const struct last_path *l, uint32_t path)
{
	registry_get(l->registry, path)->picked = true;
}

/* Is the path out of service only because of a window? Then it stays for the windows to decide, or
 * it is about to return. */
static bool may_return(const struct last_path *l, const struct path *p)
{
	return l->as_enabled && p != NULL && p->window != 0 && !p->by_hand;
}

static bool is_usable(const struct last_path *l, const struct maps_path *e)
{
	const struct path *p =
	        e->path == MAPS_NONE ? NULL : registry_get(l->registry, e->path);

	if (may_return(l, p))
		return maps_would_be_usable(l->maps, e);
	return maps_is_usable(l->maps, e);
}

/* A map of device-mapper. */
static bool map_loses(const struct last_path *l, uint32_t index)
{
	struct maps_map *m = maps_get(l->maps, index);
	bool some = false, others = false;

	if (m->judged)
		return m->loses;
	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(l->maps, i)->next) {
		const struct maps_path *e = maps_path(l->maps, i);

		if (!is_usable(l, e))
			continue;
		if (e->path != MAPS_NONE && registry_get(l->registry, e->path)->picked)
			some = true;
		else
			others = true;
	}
	m->judged = true;
	m->loses = some && !others;
	return m->loses;
}

/* The map that the path's device names; NULL: none counts. */
static const char *named_map(const struct last_path *l, uint32_t path)
{
	if (l->maps_decide || maps_first_of_path(l->maps, path) != MAPS_NONE)
		return NULL;
	return device_map(registry_get(l->registry, path)->device);
}

static bool named_is_usable(const struct last_path *l, const struct path *p)
{
	return (p->enabled || may_return(l, p)) && p->status.verdict != VERDICT_UNUSABLE;
}

static void mark_named(const struct last_path *l, const char *map, bool judged,
                       bool loses)
{
	uint32_t i = REGISTRY_NONE;

	while ((i = registry_next_of_map(l->registry, map, i)) != REGISTRY_NONE) {
		struct path *p = registry_get(l->registry, i);

		p->judged = judged;
		p->loses = loses;
	}
}

static bool named_loses(const struct last_path *l, const char *map)
{
	bool some = false, others = false;
	uint32_t i = REGISTRY_NONE;

	while ((i = registry_next_of_map(l->registry, map, i)) != REGISTRY_NONE) {
		const struct path *p = registry_get(l->registry, i);

		if (!named_is_usable(l, p) || maps_first_of_path(l->maps, i) != MAPS_NONE)
			continue;
		some = some || p->picked;
		others = others || !p->picked;
	}
	mark_named(l, map, true, some && !others);
	return some && !others;
}

bool last_path_loses(const struct last_path *l, uint32_t path, uint32_t *ret_map)
{
	const struct path *p = registry_get(l->registry, path);
	const char *map = named_map(l, path);
	uint32_t i = maps_first_of_path(l->maps, path);

	for (; i != MAPS_NONE; i = maps_path(l->maps, i)->next_of_path) {
		const struct maps_path *e = maps_path(l->maps, i);

		if (is_usable(l, e) && map_loses(l, e->map)) {
			*ret_map = e->map;
			return true;
		}
	}
	if (map == NULL || !named_is_usable(l, p) ||
	    !(p->judged ? p->loses : named_loses(l, map)))
		return false;
	*ret_map = MAPS_NONE;
	return true;
}

void last_path_drop(const struct last_path *l, uint32_t path)
{
	struct path *p = registry_get(l->registry, path);
	uint32_t i = maps_first_of_path(l->maps, path);

	p->picked = false;
	if (p->judged)
		mark_named(l, device_map(p->device), false, false);
	for (; i != MAPS_NONE; i = maps_path(l->maps, i)->next_of_path) {
		struct maps_map *m = maps_get(l->maps, maps_path(l->maps, i)->map);

		m->judged = m->loses = false;
	}
}
