/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the indexes and the list of maps beside a snapshot. The control thread runs this. */
#include "checkerd/control/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/block.h"

/* The names of a path, the more certain ones first. */
enum path_key { PATH_NAME, PATH_NODE, PATH_ALIAS, PATH_NUMBER, PATH_KEYS };

/* The names of a map. A map that is only a name has no others. */
enum map_key {
	MAP_NAME,
	MAP_DM,     /* dm-0 */
	MAP_NUMBER, /* 253:0 */
	MAP_WWID,
	MAP_UUID,
	MAP_NODE, /* /dev/dm-0: where links lead */
	MAP_LINK, /* /dev/mapper/NAME, also when there is no such link */
	MAP_KEYS
};

static_assert(MAP_KEYS <= NAME_INDEX_KINDS, "each kind of name has room");
static_assert(NAME_INDEX_TEXT >= MAP_NAME_MAX + sizeof("/dev/mapper/"),
              "the longest name has room");
static_assert(NAME_INDEX_NONE == REGISTRY_NONE, "both say that nothing was found");

/* Each path may have a map of its own that is only a name. */
static uint32_t maps_max(uint32_t max_paths)
{
	return map_room(max_paths) + max_paths;
}

uint64_t view_bytes(uint32_t max_paths)
{
	uint32_t maps = maps_max(max_paths);

	return name_index_bytes(max_paths, PATH_KEYS) + name_index_bytes(maps, MAP_KEYS) +
	       (uint64_t)max_paths * sizeof(uint32_t) +
	       (uint64_t)maps * sizeof(struct view_map);
}

void view_clear(struct view *v, struct port *p)
{
	assert(v->users == 0);
	if (v->snap != NULL)
		port_control_snapshot_release(p, v->snap);
	name_index_clear(&v->path_names);
	name_index_clear(&v->map_names);
	block_free(v->maps);
	block_free(v->by_map);
	*v = (struct view){ 0 };
}

/* --- paths --- */

static const char *path_name(const void *things, uint32_t i, unsigned kind,
                             char buf[NAME_INDEX_TEXT])
{
	const struct snapshot *s = things;
	const struct device *d = s->paths[i].device;

	switch ((enum path_key)kind) {
	case PATH_NAME:
		return device_name(d);
	case PATH_NODE:
		return device_node(d);
	case PATH_ALIAS:
		return device_alias(d);
	case PATH_NUMBER:
		if (d->devt_major == 0 && d->devt_minor == 0)
			return NULL;
		(void)snprintf(buf, NAME_INDEX_TEXT, "%u:%u", d->devt_major,
		               d->devt_minor);
		return buf;
	case PATH_KEYS:
		break;
	}
	assert(!"a kind of name");
	return NULL;
}

int view_make_path_names(struct view *v)
{
	if (v->path_names.slots != NULL)
		return 0;
	return name_index_make(&v->path_names, v->snap->n_paths, PATH_KEYS, path_name,
	                       v->snap);
}

uint32_t view_find_path(const struct view *v, int dev_fd, const char *name)
{
	return name_index_find_device(&v->path_names, dev_fd, name);
}

const char *view_path_map(const struct snapshot *s, const struct snap_path *p)
{
	const struct snap_map_path *in_map = snap_in_map(s, p);

	if (in_map != NULL)
		return s->maps[in_map->map].map->name;
	return s->dm_decides && !device_is_observed(p->device) ? NULL
	                                                       : device_map(p->device);
}

/* --- maps --- */

static bool is_named(const struct snapshot *s, const struct snap_path *p)
{
	return p->in_map == REGISTRY_NONE && view_path_map(s, p) != NULL;
}

static int compare_paths(const void *a, const void *b, void *userdata)
{
	const struct snapshot *s = userdata;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = strcmp(device_map(s->paths[x].device), device_map(s->paths[y].device));

	return r != 0 ? r : (x > y) - (x < y);
}

/* By map, then by device number. */
static int compare_devices(const void *a, const void *b, void *userdata)
{
	const struct snapshot *s = userdata;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct device *d = s->paths[x].device, *e = s->paths[y].device;
	int r = strcmp(device_map(d), device_map(e));

	if (r == 0)
		r = (d->devt_major > e->devt_major) - (d->devt_major < e->devt_major);
	if (r == 0)
		r = (d->devt_minor > e->devt_minor) - (d->devt_minor < e->devt_minor);
	return r != 0 ? r : (x > y) - (x < y);
}

static bool is_one_device(const struct device *d, const struct device *e)
{
	return (d->devt_major != 0 || d->devt_minor != 0) &&
	       d->devt_major == e->devt_major && d->devt_minor == e->devt_minor &&
	       strcmp(device_map(d), device_map(e)) == 0;
}

/* Two names of one device are one path of their map: keeps the first. Returns how many stay. */
static uint32_t drop_twins(struct view *v, uint32_t n)
{
	const struct snap_path *paths = v->snap->paths;
	uint32_t kept = 0;

	qsort_r(v->by_map, n, sizeof(*v->by_map), compare_devices, v->snap);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || !is_one_device(paths[v->by_map[kept - 1]].device,
		                                paths[v->by_map[i]].device))
			v->by_map[kept++] = v->by_map[i];
	return kept;
}

/* By name; a map of device-mapper before one that is only a name. */
static int compare_maps(const void *a, const void *b)
{
	const struct view_map *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : (x->dm == NULL) - (y->dm == NULL);
}

/* Sorts the paths whose map is only a name into by_map; returns how many there are. */
static uint32_t sort_named(struct view *v)
{
	const struct snapshot *s = v->snap;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_paths; i++)
		if (is_named(s, &s->paths[i]))
			v->by_map[n++] = i;
	n = drop_twins(v, n);
	qsort_r(v->by_map, n, sizeof(*v->by_map), compare_paths, v->snap);
	return n;
}

static void count_named(struct view_map *m, const struct snap_path *p)
{
	bool usable = p->enabled && path_state_usable(p->status.state);
	bool ghost =
	        usable && device_is_observed(p->device) && p->status.state == PATH_GHOST;

	m->n++;
	m->up += usable && !ghost;
	m->ghosts += ghost;
	m->disabled += !p->enabled;
	m->overdue += p->overdue;
	if (!device_is_observed(p->device))
		return;
	m->observed = true;
	m->lost_since = MAX(m->lost_since, p->map_lost_since);
}

/* Adds a map for each name that the first n paths in by_map have. */
static void add_named(struct view *v, uint32_t n)
{
	const struct snap_path *paths = v->snap->paths;
	uint32_t first = v->n_maps;
	struct view_map *m = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct snap_path *p = &paths[v->by_map[i]];
		const char *name = device_map(p->device);

		assert(name != NULL); /* is_named() */
		if (m == NULL || strcmp(m->name, name) != 0) {
			m = &v->maps[v->n_maps++];
			*m = (struct view_map){ .name = name, .first = i };
		}
		count_named(m, p);
	}
	for (uint32_t i = first; i < v->n_maps; i++)
		v->maps[i].up = redundancy_observed(v->maps[i].up, v->maps[i].ghosts,
		                                    v->maps[i].disabled);
}

/* Keeps one map of each name: the map of device-mapper if there is one. */
static void drop_doubles(struct view *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->n_maps; i++)
		if (n == 0 || strcmp(v->maps[n - 1].name, v->maps[i].name) != 0)
			v->maps[n++] = v->maps[i];
	v->n_maps = n;
}

int view_make_maps(struct view *v)
{
	const struct snapshot *s = v->snap;
	uint32_t named;

	if (v->maps != NULL)
		return 0;
	v->by_map = block_new(s->n_paths + 1, sizeof(*v->by_map));
	if (v->by_map == NULL)
		return -ENOMEM;
	named = sort_named(v);
	v->maps = block_new(s->n_maps + named + 1, sizeof(*v->maps));
	if (v->maps == NULL) {
		block_free(v->by_map);
		v->by_map = NULL;
		return -ENOMEM;
	}
	v->n_maps = 0;
	for (uint32_t i = 0; i < s->n_maps; i++)
		v->maps[v->n_maps++] = (struct view_map){
			.name = s->maps[i].map->name,
			.dm = &s->maps[i],
			.first = s->maps[i].first_path,
			.n = s->maps[i].map->n_paths,
			.up = s->maps[i].paths_up,
			.disabled = s->maps[i].paths_disabled,
			.overdue = s->maps[i].paths_overdue,
			.lost_since = s->maps[i].lost_since,
		};
	add_named(v, named);
	qsort(v->maps, v->n_maps, sizeof(*v->maps), compare_maps);
	drop_doubles(v);
	return 0;
}

static const char *map_name(const void *things, uint32_t i, unsigned kind,
                            char buf[NAME_INDEX_TEXT])
{
	const struct view *v = things;
	const struct map *m = v->maps[i].dm != NULL ? v->maps[i].dm->map : NULL;

	if (kind == MAP_NAME)
		return v->maps[i].name;
	if (m == NULL)
		return NULL;
	switch ((enum map_key)kind) {
	case MAP_DM:
		(void)snprintf(buf, NAME_INDEX_TEXT, "dm-%u", m->devt_minor);
		return buf;
	case MAP_NUMBER:
		(void)snprintf(buf, NAME_INDEX_TEXT, "%u:%u", m->devt_major,
		               m->devt_minor);
		return buf;
	case MAP_WWID:
		return m->wwid;
	case MAP_UUID:
		return m->uuid[0] != '\0' ? m->uuid : NULL;
	case MAP_NODE:
		(void)snprintf(buf, NAME_INDEX_TEXT, "/dev/dm-%u", m->devt_minor);
		return buf;
	case MAP_LINK:
		(void)snprintf(buf, NAME_INDEX_TEXT, "/dev/mapper/%s", m->name);
		return buf;
	case MAP_NAME:
	case MAP_KEYS:
		break;
	}
	assert(!"a kind of name");
	return NULL;
}

int view_make_map_names(struct view *v)
{
	int r = view_make_maps(v);

	if (r < 0 || v->map_names.slots != NULL)
		return r;
	return name_index_make(&v->map_names, v->n_maps, MAP_KEYS, map_name, v);
}

uint32_t view_find_map(const struct view *v, int dev_fd, const char *name)
{
	return name_index_find_device(&v->map_names, dev_fd, name);
}

uint32_t view_map_path(const struct view *v, const struct view_map *m, uint32_t i)
{
	assert(i < m->n);
	return m->dm != NULL ? v->snap->map_paths[m->first + i].path
	                     : v->by_map[m->first + i];
}

enum redundancy view_redundancy(const struct view_map *m)
{
	return redundancy_of(m->n, m->disabled, m->up);
}

const char *view_path_state(const struct snap_path *p)
{
	return p->enabled ? path_state_name(p->status.state) : VIEW_DISABLED;
}
