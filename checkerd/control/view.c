/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/control/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/devlink.h"

#define LINKS_MAX 8 /* links one after the other */

/* What a path can be called, the more certain before the less. */
enum key { KEY_NAME, KEY_NODE, KEY_ALIAS, KEY_NUMBER, KEY_COUNT_ };

#define NUMBER_TEXT 24 /* "4294967295:4294967295" */

static_assert(REGISTRY_PATHS_MAX <= UINT32_MAX / KEY_COUNT_ / 4,
              "slots are numbered in 32 bits");

static uint32_t slots_for(uint32_t n_paths)
{
	uint32_t slots = 2;

	while (slots < 2 * KEY_COUNT_ * n_paths)
		slots *= 2;
	return slots;
}

uint64_t view_bytes(uint32_t max_paths)
{
	return ((uint64_t)slots_for(max_paths) + max_paths) * sizeof(uint32_t);
}

void view_clear(struct view *v, struct port *p)
{
	assert(v->users == 0);
	if (v->snap)
		port_control_snapshot_release(p, v->snap);
	free(v->index);
	free(v->by_map);
	*v = (struct view){ 0 };
}

/* One of a path's names, or NULL when it has none of that kind. */
static const char *key_of(const struct snap_path *p, enum key key, char buf[NUMBER_TEXT])
{
	const struct device *d = p->device;

	switch (key) {
	case KEY_NAME:
		return d->name;
	case KEY_NODE:
		return d->node;
	case KEY_ALIAS:
		return d->alias;
	case KEY_NUMBER:
		if (d->devt_major == 0 && d->devt_minor == 0)
			return NULL;
		(void)snprintf(buf, NUMBER_TEXT, "%u:%u", d->devt_major, d->devt_minor);
		return buf;
	case KEY_COUNT_:
		break;
	}
	assert(!"a key");
	return NULL;
}

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

int view_make_index(struct view *v)
{
	uint32_t slots = slots_for(v->snap->n_paths);
	char buf[NUMBER_TEXT];

	if (v->index)
		return 0;
	v->index = malloc(slots * sizeof(*v->index));
	if (!v->index)
		return -ENOMEM;
	v->mask = slots - 1;
	for (uint32_t i = 0; i < slots; i++)
		v->index[i] = REGISTRY_NONE;
	for (uint32_t i = 0; i < v->snap->n_paths; i++)
		for (unsigned k = 0; k < KEY_COUNT_; k++) {
			const char *s = key_of(&v->snap->paths[i], k, buf);
			uint32_t at;

			if (!s)
				continue;
			at = hash(s) & v->mask;
			while (v->index[at] != REGISTRY_NONE)
				at = (at + 1) & v->mask;
			v->index[at] = i * KEY_COUNT_ + k;
		}
	return 0;
}

/* Several may have the same: an alias can be another one's name. The surest one counts. */
static uint32_t find(const struct view *v, const char *name)
{
	uint32_t found = REGISTRY_NONE;
	unsigned found_key = KEY_COUNT_;
	char buf[NUMBER_TEXT];

	for (uint32_t at = hash(name) & v->mask; v->index[at] != REGISTRY_NONE;
	     at = (at + 1) & v->mask) {
		uint32_t i = v->index[at] / KEY_COUNT_;
		unsigned k = v->index[at] % KEY_COUNT_;
		const char *s = key_of(&v->snap->paths[i], k, buf);

		if (k < found_key && strcmp(s, name) == 0) {
			found = i;
			found_key = k;
		}
	}
	return found;
}

uint32_t view_find(const struct view *v, int dev_fd, const char *name)
{
	char names[2][DEVLINK_MAX], number[NUMBER_TEXT];
	uint32_t found = find(v, name), major, minor;

	for (unsigned i = 0; found == REGISTRY_NONE && i < LINKS_MAX; i++) {
		char *next = names[i % 2];

		if (devlink_read(dev_fd, name, next) < 0)
			break;
		name = next;
		found = find(v, name);
	}
	if (found != REGISTRY_NONE || devlink_number(dev_fd, name, &major, &minor) < 0)
		return found;
	/* A path that is configured by one of its links, asked for by its node. */
	(void)snprintf(number, sizeof(number), "%u:%u", major, minor);
	return find(v, number);
}

static int compare_maps(const void *a, const void *b, void *userdata)
{
	const struct snapshot *s = userdata;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = strcmp(s->paths[x].device->map, s->paths[y].device->map);

	return r != 0 ? r : (x > y) - (x < y);
}

int view_make_maps(struct view *v)
{
	const struct snapshot *s = v->snap;

	if (v->by_map)
		return 0;
	v->by_map = malloc((s->n_paths + 1) * sizeof(*v->by_map));
	if (!v->by_map)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_paths; i++)
		if (s->paths[i].device->map)
			v->by_map[v->n_by_map++] = i;
	qsort_r(v->by_map, v->n_by_map, sizeof(*v->by_map), compare_maps, v->snap);
	return 0;
}

bool view_map(const struct view *v, uint32_t first, struct view_map *ret)
{
	const struct snap_path *paths = v->snap->paths;
	struct view_map m = { .first = first };

	if (first >= v->n_by_map)
		return false;
	m.name = paths[v->by_map[first]].device->map;
	while (first + m.n < v->n_by_map) {
		const struct snap_path *p = &paths[v->by_map[first + m.n]];

		if (strcmp(p->device->map, m.name) != 0)
			break;
		m.up += path_state_usable(p->state);
		m.n++;
	}
	*ret = m;
	return true;
}

uint32_t view_find_map(const struct view *v, const char *name)
{
	uint32_t low = 0, high = v->n_by_map;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(v->snap->paths[v->by_map[middle]].device->map, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == v->n_by_map ||
	    strcmp(v->snap->paths[v->by_map[low]].device->map, name) != 0)
		return REGISTRY_NONE;
	return low;
}

enum redundancy view_redundancy(const struct view_map *m)
{
	return redundancy_of(m->n, m->up);
}
