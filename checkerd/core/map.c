/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the memory of each map, one allocation. Any thread. Invariant: after map_new() has returned
 * a map, only its references change.
 */
#include "checkerd/core/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 64 /* maps, when max_paths is small */

static bool is_valid(const struct map_spec *s)
{
	if (s->name == NULL || s->name[0] == '\0' || s->uuid == NULL ||
	    s->n_paths > MAP_PATHS_MAX || s->n_groups > MAP_GROUPS_MAX)
		return false;
	for (uint32_t i = 0; i < s->n_paths; i++) {
		const struct map_path *p = &s->paths[i];

		if (p->group == 0 || p->group > s->n_groups ||
		    p->devt_major >> MAP_MAJOR_BITS != 0 ||
		    p->devt_minor >> MAP_MINOR_BITS != 0)
			return false;
	}
	return true;
}

int map_new(struct map **ret, const struct map_spec *spec)
{
	size_t paths, groups, name, uuid;
	struct map *m;
	char *at;

	if (!is_valid(spec))
		return -EINVAL;
	name = strlen(spec->name) + 1;
	uuid = strlen(spec->uuid) + 1;
	if (name > MAP_NAME_MAX || uuid > MAP_UUID_MAX)
		return -ENAMETOOLONG;
	paths = spec->n_paths * sizeof(spec->paths[0]);
	groups = spec->n_groups * sizeof(spec->groups[0]);
	m = calloc(1, sizeof(*m) + paths + groups + name + uuid);
	if (m == NULL)
		return -ENOMEM;
	*m = (struct map){
		.refs = 1,
		.devt_major = spec->devt_major,
		.devt_minor = spec->devt_minor,
		.event_nr = spec->event_nr,
		.queueing = spec->queueing,
		.suspended = spec->suspended,
		.handled = spec->handled,
		.n_groups = spec->n_groups,
		.n_paths = spec->n_paths,
	};
	/* The arrays follow the struct, the one with the widest alignment first. */
	at = (char *)(m + 1);
	if (paths > 0)
		memcpy(at, spec->paths, paths);
	m->paths = (const struct map_path *)(const void *)at;
	at += paths;
	if (groups > 0)
		memcpy(at, spec->groups, groups);
	m->groups = (const enum map_group_state *)(const void *)at;
	at += groups;
	m->name = memcpy(at, spec->name, name);
	m->uuid = memcpy(at + name, spec->uuid, uuid);
	if (uuid > strlen("mpath-") && memcmp(m->uuid, "mpath-", strlen("mpath-")) == 0)
		m->wwid = m->uuid + strlen("mpath-");
	*ret = m;
	return 0;
}

struct map *map_ref(struct map *m)
{
	(void)atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

struct map *map_unref(struct map *m)
{
	if (m != NULL &&
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
		free(m);
	return NULL;
}

static bool paths_equal(const struct map *a, const struct map *b)
{
	for (uint32_t i = 0; i < a->n_paths; i++) {
		const struct map_path *p = &a->paths[i], *q = &b->paths[i];

		if (p->devt_major != q->devt_major || p->devt_minor != q->devt_minor ||
		    p->group != q->group || p->fail_count != q->fail_count ||
		    p->active != q->active)
			return false;
	}
	return true;
}

bool map_equal(const struct map *a, const struct map *b)
{
	if (a->devt_major != b->devt_major || a->devt_minor != b->devt_minor ||
	    a->queueing != b->queueing || a->suspended != b->suspended ||
	    a->handled != b->handled || a->n_groups != b->n_groups ||
	    a->n_paths != b->n_paths || strcmp(a->name, b->name) != 0 ||
	    strcmp(a->uuid, b->uuid) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_groups; i++) {
		if (a->groups[i] != b->groups[i])
			return false;
	}
	return paths_equal(a, b);
}

uint32_t map_room(uint32_t max_paths)
{
	return MAX(max_paths, ROOM_LEAST);
}

uint32_t map_path_room(uint32_t max_paths)
{
	return max_paths + MAP_PATHS_MAX;
}
