/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_ENTRIES_H
#define CHECKERD_CORE_MAPS_ENTRIES_H

/* What the kernel reports of each map: its state, and the paths in its table. Belongs to the loop;
 * pure. */
#include "checkerd/core/maps.h"

/* What changed of a map; bits. */
enum maps_change {
	MAPS_NEW = 1 << 0,
	MAPS_RENAMED = 1 << 1,
	MAPS_PATHS = 1 << 2,     /* other paths, or another order */
	MAPS_SUSPENDED = 1 << 3, /* suspended, or resumed */
	MAPS_QUEUEING = 1 << 4,
};

/*
 * Makes the table agree with a map as the kernel reported it. Takes a reference of its own.
 * *ret_change: maps_change bits. -ENOSPC: no room for the map or its paths; it is forgotten.
 */
_must_check_ int maps_update(struct maps *m, struct map *map, bool keep, struct mono now,
                             uint32_t *ret_index, unsigned *ret_change);
void maps_remove(struct maps *m, uint32_t index);

#endif
