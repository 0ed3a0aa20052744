/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_GATHER_H
#define CHECKERD_CORE_GATHER_H

/*
 * Changes of paths that are gathered for a moment, because others with the same cause may follow:
 * together they are one event. Nothing but reports waits for this. Belongs to the loop; pure;
 * everything is allocated at start.
 *
 * A gathered change is an item. The item of a path has the registry's index. The items of removed paths
 * follow, and have a reference to the path's device.
 */
#include "checkerd/core/cause.h"
#include "checkerd/core/map.h"
#include "checkerd/core/state.h"

/* A change without company is reported after this time. So are the changes of all paths of a part: no
 * more can follow but those of a larger part. */
#define GATHER_ALONE_US (500 * USEC_PER_MSEC)
/* Changes with company are reported when none has followed for this time … */
#define GATHER_QUIET_US (1 * USEC_PER_SEC)
/* … and this long after the first one, although more may follow. Paths are checked one after the
 * other, over the whole of their interval. */
#define GATHER_LONGEST_US (10 * USEC_PER_SEC)
/* Removed paths that are gathered. Others are reported alone. */
#define GATHER_GONE_MAX 256
#define GATHER_NONE     UINT32_MAX

struct gather_change {
	int64_t lasted_us; /* how long `from` lasted; whole milliseconds, or 1/65,536 of it */
	enum path_state from; /* only with changed */
	enum cause_turn turn;
	bool changed;   /* the state of the path changed from `from` to its present one */
	bool commanded; /* the daemon failed or reinstated the path in its map */
	bool foreign;   /* the kernel or another program failed it there */
	struct mono mapped; /* with one of these two: when; whole milliseconds */
};

/* A path that was removed. */
struct gather_gone {
	struct device *device; /* a reference; NULL: not in use */
	struct map *map;       /* a reference; NULL: it was in none */
	struct mono since;
	bool reported; /* that it was removed was, or is to be, reported with this item */
};

struct gather;

_must_check_ int gather_new(struct gather **ret, uint32_t max_paths); /* -ENOMEM */
/* Drops the references. NULL allowed; returns NULL. */
struct gather *gather_free(struct gather *h);
uint64_t gather_bytes(uint32_t max_paths); /* for the limit of memory */
struct causes *gather_causes(struct gather *h);

bool gather_has(const struct gather *h, uint32_t item);
struct gather_change gather_get(const struct gather *h, uint32_t item);
/* Gathers the change, in place of the one that the item has. */
void gather_put(struct gather *h, uint32_t item, const struct device *d,
                const struct gather_change *c, struct mono now);
/* The change is reported, or not needed any more. Drops the references of a removed path. */
void gather_drop(struct gather *h, uint32_t item, const struct device *d);
/* Gathers the removal of a path, with references of its own. GATHER_NONE: there is no room. */
uint32_t gather_put_gone(struct gather *h, struct device *d, struct map *map,
                         const struct gather_change *c, struct mono now);
/* NULL: the item is not one of a removed path. */
struct gather_gone *gather_gone(struct gather *h, uint32_t item);
/* The item of a removed path with that name. GATHER_NONE: there is none. */
uint32_t gather_find_gone(const struct gather *h, const char *name);

/* How many changes of this turn are gathered. */
uint32_t gather_count(const struct gather *h, enum cause_turn turn);
/* When the changes of this turn are to be reported. MONO_NEVER: none is gathered. */
struct mono gather_due(const struct gather *h, enum cause_turn turn);
/*
 * The next item of this turn from *cursor on, which becomes the one after it. Visits as many items
 * as *visits allows, and counts down. GATHER_NONE: *visits is 0, or *cursor is gather_end().
 */
uint32_t gather_next(const struct gather *h, enum cause_turn turn, uint32_t *cursor,
                     uint32_t *visits);
uint32_t gather_end(const struct gather *h);
/* The changes of this turn that were due were reported. oldest: of those that are gathered still. */
void gather_reported(struct gather *h, enum cause_turn turn, struct mono oldest);

#endif
