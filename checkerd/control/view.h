/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_VIEW_H
#define CHECKERD_CONTROL_VIEW_H

/*
 * A snapshot with what clients need to find paths and maps in it: indexes of the names, and the
 * maps sorted by name. Each is made when a client first needs it, for all clients that read the
 * same snapshot. The control thread's own.
 */
#include "checkerd/control/name_index.h"
#include "checkerd/control/port.h"
#include "checkerd/core/redundancy.h"

/* The state of a path that checkerctl disable covers. */
#define VIEW_DISABLED "disabled"

/* A map of device-mapper, or a name of a map that the configuration or the kernel's native NVMe
 * multipathing gives to paths. */
struct view_map {
	const char *name;
	/* NULL: the map is only a name. */
	const struct snap_map *dm;
	/* Of its paths: in map_paths[] of the snapshot; of a map that is only a name: in by_map[]. */
	uint32_t first;
	/* Paths: all, and those that are usable, disabled, overdue. */
	uint32_t n, up, disabled, overdue;
	/* Observed paths that are ghost, while the paths are counted. */
	uint32_t ghosts;
	/* As of struct snap_map. */
	uint32_t lost_since;
	bool observed; /* its paths are */
};

/* When the map lost its last usable path. us 0: it has one, or checkerd does not know. */
static inline struct mono view_lost_since(const struct view_map *m)
{
	return (struct mono){ m->lost_since * MAP_LOSS_UNIT_US };
}

struct view {
	/* NULL: the view is not in use. */
	struct snapshot *snap;
	/* Clients that read it. */
	uint32_t users;
	/* When the snapshot came. */
	struct mono since;
	struct name_index path_names, map_names;
	/* By name, each name once. NULL: not made yet. */
	struct view_map *maps;
	uint32_t n_maps;
	/* Paths whose map is only a name, in the order of maps[]. */
	uint32_t *by_map;
};

/* Releases the snapshot, too. */
void view_clear(struct view *v, struct port *p);
/* Bytes that one view may allocate: for the limit of memory. */
uint64_t view_bytes(uint32_t max_paths);

/* Make what the functions below need. -ENOMEM. */
_must_check_ int view_make_path_names(struct view *v);
_must_check_ int view_make_maps(struct view *v);
_must_check_ int view_make_map_names(struct view *v); /* and view_make_maps() */

/* name: a path's name, node, alias, "8:0", or a link below dev_fd. Returns the path's index in
 * the snapshot, or REGISTRY_NONE. */
uint32_t view_find_path(const struct view *v, int dev_fd, const char *name);
/* name: a map's name, "dm-0", "253:0", WWID, uuid, "/dev/mapper/NAME", or a link below dev_fd.
 * Returns the map's index in maps[], or REGISTRY_NONE. */
uint32_t view_find_map(const struct view *v, int dev_fd, const char *name);

/* The index of a map's i-th path in the snapshot; REGISTRY_NONE: checkerd does not check it. */
uint32_t view_map_path(const struct view *v, const struct view_map *m, uint32_t i);
enum redundancy view_redundancy(const struct view_map *m);
/* "up", …, or "disabled". */
const char *view_path_state(const struct snap_path *p);
/* The name of the path's map, or NULL. */
const char *view_path_map(const struct snapshot *s, const struct snap_path *p);

#endif
