/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_VIEW_H
#define CHECKERD_CONTROL_VIEW_H

/*
 * A snapshot with what clients need to find their way in it: an index of the names, and the
 * paths in the order of their maps. Both are made when somebody asks for them, once, for all
 * who read the same snapshot. The control thread's own.
 */
#include "checkerd/control/port.h"

struct view {
	struct snapshot *snap; /* NULL: this view is not in use */
	uint32_t users;        /* clients that read it */
	struct mono since;     /* when it came */
	uint32_t *index;       /* NULL: not made yet */
	uint32_t mask;
	uint32_t *by_map; /* paths that are in a map, in the order of the maps' names */
	uint32_t n_by_map;
};

/* The paths of one map: from by_map[first] on. */
struct view_map {
	const char *name;
	uint32_t first, n, up;
};

/* Gives back the snapshot, too. */
void view_clear(struct view *v, struct port *p);
/* Bytes one view may allocate: for the bound. */
uint64_t view_bytes(uint32_t max_paths);

/* Before the others are called. -ENOMEM. */
_must_check_ int view_make_index(struct view *v);
_must_check_ int view_make_maps(struct view *v);

/* What a client calls a path: name, node, alias, "8:0", or a link below dev_fd.
 * The path's place in the snapshot, or REGISTRY_NONE. */
uint32_t view_find(const struct view *v, int dev_fd, const char *name);

/* The map at that place of by_map; false: there is none. */
bool view_map(const struct view *v, uint32_t first, struct view_map *ret);
/* The place where a map begins, or REGISTRY_NONE. */
uint32_t view_find_map(const struct view *v, const char *name);

enum redundancy view_redundancy(const struct view_map *m);

#endif
