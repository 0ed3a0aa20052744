/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_VIEW_H
#define CHECKERD_CONTROL_VIEW_H

/*
 * A snapshot with what clients need to find their way in it: indexes of the names, and the
 * maps in the order of theirs. Each is made when somebody asks for it, once, for all who read
 * the same snapshot. The control thread's own.
 */
#include "checkerd/control/name_index.h"
#include "checkerd/control/port.h"
#include "checkerd/core/redundancy.h"

/* The word for a path that checkerctl disable covers: its state does not count. */
#define VIEW_DISABLED "disabled"

/* Device-mapper's, or one that is but a name that the configuration gives to paths. */
struct view_map {
	const char *name;
	const struct snap_map *dm; /* NULL: only a name */
	uint32_t first; /* of its paths: in the snapshot's map_paths[], or in by_map[] */
	uint32_t n, up; /* paths */
	uint32_t disabled, overdue; /* of them */
};

struct view {
	struct snapshot *snap; /* NULL: this view is not in use */
	uint32_t users;        /* clients that read it */
	struct mono since;     /* when it came */
	struct name_index path_names, map_names;
	struct view_map *maps; /* NULL: not made yet; by name, each name once */
	uint32_t n_maps;
	uint32_t *by_map; /* paths of maps that are only names, in the order of these */
};

/* Gives back the snapshot, too. */
void view_clear(struct view *v, struct port *p);
/* Bytes one view may allocate: for the bound. */
uint64_t view_bytes(uint32_t max_paths);

/* Before what they are for is used. -ENOMEM. */
_must_check_ int view_make_path_names(struct view *v);
_must_check_ int view_make_maps(struct view *v);
_must_check_ int view_make_map_names(struct view *v); /* and the maps */

/* What a client calls a path: name, node, alias, "8:0", or a link below dev_fd.
 * The path's place in the snapshot, or REGISTRY_NONE. */
uint32_t view_find_path(const struct view *v, int dev_fd, const char *name);
/* What it calls a map: name, "dm-0", "253:0", WWID, uuid, "/dev/mapper/NAME", or a link below
 * dev_fd. Its place in maps[], or REGISTRY_NONE. */
uint32_t view_find_map(const struct view *v, int dev_fd, const char *name);

/* The i-th path of a map: its place in the snapshot; REGISTRY_NONE: it is not one of ours. */
uint32_t view_map_path(const struct view *v, const struct view_map *m, uint32_t i);
enum redundancy view_redundancy(const struct view_map *m);
/* "up", …, or "disabled". */
const char *view_path_state(const struct snap_path *p);
/* The name of the map that a path is in, or NULL. */
const char *view_path_map(const struct snapshot *s, const struct snap_path *p);

#endif
