/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_LAST_PATH_H
#define CHECKERD_CORE_LAST_PATH_H

/*
 * Paths that are to be taken from their maps together, by a command or by maintenance windows: which
 * maps would lose their last usable path? Belongs to the loop; pure.
 *
 * First last_path_pick() for all of them, then last_path_loses(), then last_path_drop() for all.
 * Nothing else may run in between.
 */
#include "checkerd/core/maps.h"
#include "checkerd/core/registry.h"

struct last_path {
	struct registry *registry;
	struct maps *maps;
	/* The table of maps is complete: the map that a device names is ignored. */
	bool maps_decide;
	/* A path that a maintenance window covers counts as if it were not covered. */
	bool as_enabled;
};

void last_path_pick(const struct last_path *l, uint32_t path);
/*
 * The path was picked. True: it is usable in a map that has no usable path but picked ones. *ret_map: its index in the table of maps; MAPS_NONE: it is the map that the device names.
 */
bool last_path_loses(const struct last_path *l, uint32_t path, uint32_t *ret_map);
/* Forgets the pick, and what was found out about the maps of the path. */
void last_path_drop(const struct last_path *l, uint32_t path);

#endif
