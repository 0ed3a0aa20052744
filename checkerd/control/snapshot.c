/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the arrays of a snapshot: their capacities, their memory, and the references in them.
 * Whichever thread owns the snapshot runs this: the loop, or the control thread.
 */
#include "checkerd/control/snapshot.h"

#include <errno.h>

#include "util/block.h"
#include "util/room.h"

/* A group that retires has its successor beside it. */
#define GROUPS_MARGIN 16

static uint32_t max_groups(uint32_t max_paths)
{
	return 2 * (max_paths / PATHCHECK_GROUP_SLOTS + 1) + GROUPS_MARGIN;
}

uint64_t snapshot_array_bytes(uint32_t max_paths)
{
	return (uint64_t)max_paths * sizeof(struct snap_path) +
	       max_groups(max_paths) * sizeof(struct pathcheck_group) +
	       map_room(max_paths) * sizeof(struct snap_map) +
	       map_path_room(max_paths) * sizeof(struct snap_map_path);
}

void snapshot_init(struct snapshot *s, uint32_t max_paths)
{
	s->max_paths = max_paths;
	s->max_groups = max_groups(max_paths);
	s->max_maps = map_room(max_paths);
	s->max_map_paths = map_path_room(max_paths);
}

int snapshot_new_arrays(struct snapshot *s)
{
	s->paths = block_new_sparse(s->max_paths, sizeof(*s->paths));
	s->groups = block_new(s->max_groups, sizeof(*s->groups));
	s->maps = block_new_sparse(s->max_maps, sizeof(*s->maps));
	s->map_paths = block_new_sparse(s->max_map_paths, sizeof(*s->map_paths));
	s->prepared = 0;
	if (s->paths == NULL || s->groups == NULL || s->maps == NULL ||
	    s->map_paths == NULL) {
		snapshot_free_arrays(s);
		return -ENOMEM;
	}
	return 0;
}

void snapshot_prepare(struct snapshot *s, uint32_t rows)
{
	struct room room = { .ready = s->prepared };

	room_add(&room, s->paths, sizeof(*s->paths), s->max_paths);
	room_add(&room, s->maps, sizeof(*s->maps), s->max_maps);
	room_add(&room, s->map_paths, sizeof(*s->map_paths), s->max_map_paths);
	/* -ENOMEM: the rows get their memory when they are written. */
	if (room_make(&room, rows) == 0)
		s->prepared = room_ready(&room);
}

void snapshot_free_arrays(struct snapshot *s)
{
	block_free(s->paths);
	block_free(s->groups);
	block_free(s->maps);
	block_free(s->map_paths);
	s->paths = NULL;
	s->groups = NULL;
	s->maps = NULL;
	s->map_paths = NULL;
}

void snapshot_reset(struct snapshot *s)
{
	struct snapshot empty = {
		.max_paths = s->max_paths,
		.max_groups = s->max_groups,
		.max_maps = s->max_maps,
		.max_map_paths = s->max_map_paths,
		.paths = s->paths,
		.groups = s->groups,
		.maps = s->maps,
		.map_paths = s->map_paths,
		.prepared = s->prepared,
	};

	for (uint32_t i = 0; i < s->n_paths; i++)
		device_unref(s->paths[i].device);
	for (uint32_t i = 0; i < s->n_maps; i++)
		map_unref(s->maps[i].map);
	text_unref(s->config_text);
	text_unref(s->rules_text);
	text_unref(s->memory_text);
	text_unref(s->window_places);
	(void)timer_report_unref(s->timers); /* NULL, always */
	*s = empty;
}
