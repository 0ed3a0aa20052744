/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAP_LOSS_H
#define CHECKERD_CORE_MAP_LOSS_H

/*
 * Maps without a usable path: since when, and what is to be reported of them. Belongs to the loop;
 * pure; allocated at start. map: index in the table of maps. A map of native NVMe multipathing is not in
 * this table: each of its paths has its struct map_loss.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/mono.h"

/* A map that is usable again is reported after this time: others may follow. */
#define MAP_LOSS_BACK_US (500 * USEC_PER_MSEC)

/* Of the time at which a map lost its last path: 28 bits of it are more than four years. */
#define MAP_LOSS_UNIT_US    (500 * USEC_PER_MSEC)
#define MAP_LOSS_SINCE_BITS 28

enum map_loss_what {
	MAP_LOSS_NOTHING,
	MAP_LOSS_LOST, /* without a usable path for the whole time */
	MAP_LOSS_GONE, /* and all of its paths are gone for good */
	MAP_LOSS_BACK, /* usable again, after one of these was reported */
	MAP_LOSS_COUNT_
};

/* Of one map. */
struct map_loss {
	/* In MAP_LOSS_UNIT_US, rounded up; 0: the map has a usable path. */
	uint32_t since : MAP_LOSS_SINCE_BITS;
	uint32_t lost : 1; /* reported: no usable path for the whole time */
	uint32_t gone : 1; /* reported: all paths are gone for good */
	uint32_t back : 1; /* usable again, and that is to be reported */
	uint32_t old : 1;  /* the predecessor's: the paths of the map are not known yet */
};

struct map_losses;

_must_check_ int map_losses_new(struct map_losses **ret, uint32_t max_maps); /* -ENOMEM */
struct map_losses *map_losses_free(struct map_losses *l); /* NULL allowed; returns NULL */
uint64_t map_losses_bytes(uint32_t max_maps);             /* for the limit of memory */

/* map_lost_time. 0: nothing is reported. */
void map_losses_set_time(struct map_losses *l, int64_t time_us);
int64_t map_losses_time(const struct map_losses *l);
/* The map has a usable path, or none. True: map_losses_stored() is another value now. */
bool map_losses_note(struct map_losses *l, uint32_t map, bool usable, struct mono now);
/* The index belongs to no map, or to another one. */
void map_losses_forget(struct map_losses *l, uint32_t map);
/* When the map lost its last path, also if it is usable again and that is not reported. */
struct mono map_losses_begun(const struct map_losses *l, uint32_t map);
/* us 0: the map has a usable path. */
struct mono map_losses_since(const struct map_losses *l, uint32_t map);

/* For a successor: since when the map is lost, and what was reported of it. 0: nothing. */
uint32_t map_losses_stored(const struct map_losses *l, uint32_t map);
/* Takes up what the predecessor stored. Nothing is reported of it before map_losses_note(). */
void map_losses_take(struct map_losses *l, uint32_t map, uint32_t stored,
                     struct mono now);

/* When map_losses_due() has news. */
struct mono map_losses_next(const struct map_losses *l);
/* Begins a look at all maps, of which map_losses_due() is called for each. */
void map_losses_begin(struct map_losses *l);
/* What is to be reported of the map now. gone: all of its paths are gone for good. */
enum map_loss_what map_losses_due(struct map_losses *l, uint32_t map, bool gone,
                                  struct mono now);
/* That was reported. */
void map_losses_reported(struct map_losses *l, uint32_t map, enum map_loss_what what);

/* The same of one map that the table does not have. */
bool map_loss_note(struct map_losses *l, struct map_loss *m, bool usable,
                   struct mono now);
struct mono map_loss_begun(const struct map_loss *m);
struct mono map_loss_since(const struct map_loss *m);
uint32_t map_loss_stored(const struct map_loss *m);
/* since 0: nothing is to be taken up. */
struct map_loss map_loss_taken(uint32_t stored, struct mono now);
enum map_loss_what map_loss_due(struct map_losses *l, const struct map_loss *m, bool gone,
                                struct mono now);
void map_loss_reported(struct map_loss *m, enum map_loss_what what);

#endif
