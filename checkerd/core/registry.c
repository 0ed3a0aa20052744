/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of paths and its three indexes, in one block of memory that is allocated at start.
 * Runs on the loop. Invariants: an entry below end is either used and in one chain of each index
 * (by map: if the device names one), or on the free list. count is the number of used entries. No entry at or above end was ever used.
 */
#include "checkerd/core/registry.h"

#include <errno.h>
#include <string.h>

#include "util/block.h"
#include "util/hash.h"

struct registry {
	uint32_t max_paths;   /* [init] */
	uint32_t buckets;     /* [init] of each index but by_map, a power of two */
	uint32_t map_buckets; /* [init] the same, of by_map */
	uint32_t count;
	uint32_t end;      /* no entry from here on was ever used */
	uint32_t free;     /* head of the free list */
	uint32_t *by_name; /* [init] buckets: head of a chain, or REGISTRY_NONE */
	uint32_t *by_node; /* [init] */
	uint32_t *by_map;  /* [init] */
	struct path paths[];
};

/* At least one bucket for every two paths: a chain is a path or two long. */
static uint32_t buckets_for(uint32_t max_paths)
{
	return hash_table_size((max_paths + 1) / 2);
}

/* A map has four paths as a rule, and a chain is a map or two long. */
static uint32_t buckets_of_maps(uint32_t max_paths)
{
	return hash_table_size((max_paths + 7) / 8);
}

uint64_t registry_bytes(uint32_t max_paths)
{
	return sizeof(struct registry) + (uint64_t)max_paths * sizeof(struct path) +
	       2 * (uint64_t)buckets_for(max_paths) * sizeof(uint32_t) +
	       (uint64_t)buckets_of_maps(max_paths) * sizeof(uint32_t);
}

static_assert(sizeof(struct path) % _Alignof(uint32_t) == 0,
              "the indexes follow the paths without a gap");

int registry_new(struct registry **ret, uint32_t max_paths)
{
	struct registry *r;

	if (max_paths == 0 || max_paths > REGISTRY_PATHS_MAX)
		return -EINVAL;
	r = block_new_sparse(1, registry_bytes(max_paths));
	if (r == NULL)
		return -ENOMEM;
	r->max_paths = max_paths;
	r->buckets = buckets_for(max_paths);
	r->free = REGISTRY_NONE;
	r->by_name = (uint32_t *)(void *)(r->paths + max_paths);
	r->by_node = r->by_name + r->buckets;
	r->by_map = r->by_node + r->buckets;
	r->map_buckets = buckets_of_maps(max_paths);
	for (uint32_t i = 0; i < r->buckets; i++)
		r->by_name[i] = r->by_node[i] = REGISTRY_NONE;
	for (uint32_t i = 0; i < r->map_buckets; i++)
		r->by_map[i] = REGISTRY_NONE;
	*ret = r;
	return 0;
}

struct registry *registry_free(struct registry *r)
{
	if (r == NULL)
		return NULL;
	for (uint32_t i = 0; i < r->end; i++)
		if (r->paths[i].used)
			(void)device_unref(r->paths[i].device); /* NULL, always */
	block_free(r);
	return NULL;
}

void registry_add_room(struct registry *r, struct room *room)
{
	char *indexes = (char *)r->by_name;

	room_add(room, r, sizeof(*r), 1);
	room_add(room, r->paths, sizeof(r->paths[0]), r->max_paths);
	room_add(room, indexes, (size_t)((char *)(r->by_map + r->map_buckets) - indexes),
	         1);
}

/* The hash is folded, because its low bits choose the chain. Names come from root or the kernel, so
 * nobody has a reason to make them collide. */
static uint32_t *bucket(const struct registry *r, uint32_t *index, const char *s)
{
	uint64_t h = hash_text(s);

	return &index[(h ^ h >> 32) &
	              ((index == r->by_map ? r->map_buckets : r->buckets) - 1)];
}

static void unchain(struct registry *r, uint32_t *link, uint32_t index, size_t next)
{
	while (*link != index) {
		assert(*link < r->end);
		link = (uint32_t *)(void *)((char *)&r->paths[*link] + next);
	}
	*link = *(uint32_t *)(void *)((char *)&r->paths[index] + next);
}

uint32_t registry_find_name(const struct registry *r, const char *name)
{
	uint32_t i = *bucket(r, r->by_name, name);

	while (i != REGISTRY_NONE && strcmp(device_name(r->paths[i].device), name) != 0)
		i = r->paths[i].hash_name;
	return i;
}

uint32_t registry_find_node(const struct registry *r, const char *node)
{
	uint32_t i = *bucket(r, r->by_node, node);

	while (i != REGISTRY_NONE && strcmp(device_node(r->paths[i].device), node) != 0)
		i = r->paths[i].hash_node;
	return i;
}

uint32_t registry_next_of_map(const struct registry *r, const char *map, uint32_t index)
{
	uint32_t i = index == REGISTRY_NONE ? *bucket(r, r->by_map, map)
	                                    : r->paths[index].hash_map;

	while (i != REGISTRY_NONE && strcmp(device_map(r->paths[i].device), map) != 0)
		i = r->paths[i].hash_map;
	return i;
}

static void chain_map(struct registry *r, uint32_t index)
{
	const char *map = device_map(r->paths[index].device);
	uint32_t *head;

	if (map == NULL)
		return;
	head = bucket(r, r->by_map, map);
	r->paths[index].hash_map = *head;
	*head = index;
}

static void unchain_map(struct registry *r, uint32_t index)
{
	const char *map = device_map(r->paths[index].device);

	if (map != NULL)
		unchain(r, bucket(r, r->by_map, map), index,
		        offsetof(struct path, hash_map));
}

static uint32_t take_entry(struct registry *r)
{
	uint32_t i = r->free;

	if (i == REGISTRY_NONE)
		return r->end++;
	r->free = r->paths[i].hash_name;
	return i;
}

/* Results carry the generation. No path has generation 0, so a zeroed result matches none. */
static uint32_t next_generation(uint32_t g)
{
	return g == UINT32_MAX ? 1 : g + 1;
}

int registry_add(struct registry *r, struct device *d, const struct path_settings *s,
                 struct mono now, uint32_t *ret_index)
{
	uint32_t *name, *node, i;
	struct path *p;

	if (registry_find_name(r, device_name(d)) != REGISTRY_NONE ||
	    registry_find_node(r, device_node(d)) != REGISTRY_NONE)
		return -EEXIST;
	if (r->count == r->max_paths)
		return -ENOSPC;
	i = take_entry(r);
	p = &r->paths[i];
	name = bucket(r, r->by_name, device_name(d));
	node = bucket(r, r->by_node, device_node(d));
	*p = (struct path){
		.generation = next_generation(p->generation),
		.used = true,
		.enabled = true,
		.engine_id = REGISTRY_NONE,
		.group = PATH_GROUP_NONE,
		.device = device_ref(d),
		.settings = *s,
		.interval_us = s->interval_us,
		.due = MONO_NEVER,
		.heard = now,
		.overdue_at = MONO_NEVER,
		.sched_prev = REGISTRY_NONE,
		.sched_next = REGISTRY_NONE,
		.sched_slot = REGISTRY_NONE,
		.hash_name = *name,
		.hash_node = *node,
	};
	if (device_is_observed(d))
		p->map_loss = (struct map_loss){ .since = 0 };
	path_status_init(&p->status, now);
	*name = *node = i;
	chain_map(r, i);
	r->count++;
	*ret_index = i;
	return 0;
}

void registry_remove(struct registry *r, uint32_t index)
{
	struct path *p = registry_get(r, index);

	assert(p != NULL && p->sched_slot == REGISTRY_NONE);
	unchain(r, bucket(r, r->by_name, device_name(p->device)), index,
	        offsetof(struct path, hash_name));
	unchain(r, bucket(r, r->by_node, device_node(p->device)), index,
	        offsetof(struct path, hash_node));
	unchain_map(r, index);
	p->device = device_unref(p->device);
	p->used = false;
	p->hash_name = r->free;
	r->free = index;
	r->count--;
}

void registry_update_device(struct registry *r, uint32_t index, struct device *d)
{
	struct path *p = registry_get(r, index);
	struct device *old;

	assert(p != NULL && strcmp(device_name(p->device), device_name(d)) == 0 &&
	       strcmp(device_node(p->device), device_node(d)) == 0);
	old = p->device;
	unchain_map(r, index);
	p->device = device_ref(d);
	chain_map(r, index);
	(void)device_unref(old); /* NULL, always */
}

struct path *registry_get(struct registry *r, uint32_t index)
{
	return index < r->end && r->paths[index].used ? &r->paths[index] : NULL;
}

uint32_t registry_count(const struct registry *r)
{
	return r->count;
}

uint32_t registry_end(const struct registry *r)
{
	return r->end;
}
