/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_MULTIPATH_TABLE_H
#define CHECKERD_DEVMAPPER_MULTIPATH_TABLE_H

/*
 * Reads what the kernel's multipath target says of itself, the line of its table and the line
 * of its status (drivers/md/dm-mpath.c, multipath_status()), and makes a map of them. Pure;
 * whatever the lines hold, nothing is read or written out of bounds.
 */
#include "checkerd/core/map.h"

struct multipath_text {
	uint32_t devt_major, devt_minor, event_nr;
	bool suspended;
	const char *name, *uuid;    /* as they are: the kernel takes any bytes */
	const char *table, *status; /* the target's parameters: its type is not in them */
};

/* Room for the map that is being read: too much for a stack. */
struct multipath_room {
	enum map_group_state groups[MAP_GROUPS_MAX];
	uint32_t group_paths[MAP_GROUPS_MAX];
	struct map_path paths[MAP_PATHS_MAX];
};

/*
 * One reference. What `room` held before does not matter. -EINVAL: the lines are not those of
 * a multipath target, or of different ones, or of more paths or groups than a map may have;
 * or what map_new() returns.
 */
_must_check_ int multipath_read(struct map **ret, const struct multipath_text *text,
                                struct multipath_room *room);

#endif
