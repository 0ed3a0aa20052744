/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DEVMAPPER_MULTIPATH_TABLE_H
#define CHECKERD_DEVMAPPER_MULTIPATH_TABLE_H

/*
 * Makes a map from the kernel's text of a multipath target: the line of its table and the line of
 * its status (drivers/md/dm-mpath.c, multipath_status()). Pure. Any text is read within its
 * bounds.
 */
#include "checkerd/core/map.h"

struct multipath_text {
	uint32_t devt_major, devt_minor, event_nr;
	bool suspended;
	const char *name, *uuid;    /* may have any bytes */
	const char *table, *status; /* the target's parameters, without its type */
};

/* Room for the map that is being read; too large for a stack. */
struct multipath_room {
	enum map_group_state groups[MAP_GROUPS_MAX];
	uint32_t group_paths[MAP_GROUPS_MAX];
	struct map_path paths[MAP_PATHS_MAX];
};

/*
 * One reference. `room` may have any content. -EINVAL: the lines are not those of a multipath
 * target, or not of the same one, or have more paths or groups than a map may have. Also what
 * map_new() returns.
 */
_must_check_ int multipath_read(struct map **ret, const struct multipath_text *text,
                                struct multipath_room *room);

#endif
