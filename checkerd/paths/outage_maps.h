/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_MAPS_H
#define CHECKERD_PATHS_OUTAGE_MAPS_H

/* Reports maps whose redundancy is another one: one by one, or those with the same word together. The
 * loop only. */
#include "checkerd/paths/outage_state.h"

#define OUTAGE_MAPS_TEXT_MAX 80

/* The redundancy of the map may be another one. index: in the table of maps. True: what a successor is
 * to know of the map is another value now. */
bool outage_map(struct events *ev, uint32_t index, struct mono now);
/* When maps are to be reported. MONO_NEVER: none is gathered. */
struct mono outage_maps_due(const struct outage *o);
void outage_maps_begin(struct outage *o);
/* Reports them, a slice at most. */
void outage_maps_run(struct outage *o, struct mono now);
/* Writes "; maps: 64 degraded". False, and "": no map is gathered. */
bool outage_maps_format(const struct outage *o, char *buf, size_t size);

#endif
