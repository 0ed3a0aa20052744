/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_COUNT_H
#define CHECKERD_CORE_MAPS_COUNT_H

/* How many paths of a map I/O can go through. Belongs to the loop; pure. */
#include "checkerd/core/maps.h"

/* Paths that I/O can go through: active in the kernel, and not disabled, barred or decided to be
 * unusable. */
bool maps_is_usable(const struct maps *m, const struct maps_path *e);
uint32_t maps_usable(struct maps *m, const struct maps_map *map);
/* If the path, which is disabled, were not: could I/O go through it? */
bool maps_would_be_usable(const struct maps *m, const struct maps_path *e);
/* Disabled paths of the map. They count neither as usable nor as down. */
uint32_t maps_disabled(struct maps *m, const struct maps_map *map);
bool maps_is_disabled(const struct maps *m, const struct maps_path *e);
/* Is there no path that I/O can go through? It may go through a disabled one. */
bool maps_is_lost(struct maps *m, const struct maps_map *map);
enum redundancy maps_redundancy(struct maps *m, const struct maps_map *map);

/* The verdict on the entry's path. VERDICT_NONE: not by a check of this daemon. */
enum path_verdict maps_decided(const struct maps *m, const struct maps_path *e);

/*
 * Does the entry's map have another path that I/O can go through? Only a path of the daemon counts
 * that was checked and is usable, and that no command is about to fail.
 */
bool maps_has_another(struct maps *m, uint32_t entry);
/* The same, and that path is not held. */
bool maps_has_better(struct maps *m, uint32_t entry);
/* Is there one by the predecessor's verdict, or may there be one that is not known yet? */
bool maps_may_have_better(struct maps *m, uint32_t entry);
/* Does the entry's map have another active path whose first check has not ended? */
bool maps_awaits_another(struct maps *m, uint32_t entry);
/* Is the path the only usable one of a map that keeps its last path? */
bool maps_is_needed(struct maps *m, uint32_t path);

#endif
