/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_STORE_STORED_MAP_H
#define CHECKERD_STORE_STORED_MAP_H

/* What a successor takes up of a map, and how it is written in a record. Pure; any thread. */
#include "checkerd/core/map.h"
#include "checkerd/core/redundancy.h"
#include "checkerd/store/record.h"

/* As struct maps_map, and map_losses_stored(). */
struct stored_map {
	bool reported_any;
	enum redundancy reported;
	uint16_t expected;
	uint32_t loss;
};

/* The UUID, or the name if the map has none: what finds the record. */
const char *stored_map_key(const struct map *m);

void stored_map_write(struct record *r, const char *key, const struct stored_map *m,
                      struct mono now);
/* Only the key. False: the record is none of a map, or the key is impossible. */
_must_check_ bool stored_map_name(const struct record *r, char ret[MAP_UUID_MAX]);
/* A good record. False: a value is out of its range. */
_must_check_ bool stored_map_read(const struct record *r, struct stored_map *ret);

#endif
