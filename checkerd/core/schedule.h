/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_SCHEDULE_H
#define CHECKERD_CORE_SCHEDULE_H

/*
 * When each path is due: a wheel of lists over the registry's entries. Due times are rounded up to
 * a grid, so that a few paths share their wake-ups and many paths do not come in bursts. All
 * functions are O(1) amortised, and none but schedule_new() allocates. Belongs to the loop.
 */
#include "checkerd/core/registry.h"

#define SCHEDULE_GRID_US PATH_GRID_US

struct schedule;

/* The registry outlives the schedule. -ENOMEM. */
_must_check_ int schedule_new(struct schedule **ret, struct registry *r);
struct schedule *schedule_free(struct schedule *s); /* NULL allowed; returns NULL */

/* Bytes that schedule_new() allocates: for the bound. */
uint64_t schedule_bytes(void);

/*
 * Files the path under its due time, rounded up to the grid and stored in path->due. A path that is
 * filed already is moved; MONO_NEVER removes it. A due time before the latest schedule_pop() counts
 * as the last grid point up to that call: the path is due at once.
 */
void schedule_put(struct schedule *s, uint32_t index, struct mono due);
/* Removes the path if it is filed; path->due becomes MONO_NEVER. */
void schedule_remove(struct schedule *s, uint32_t index);

/* The earliest due time, MONO_NEVER when nothing is filed. */
struct mono schedule_next(struct schedule *s);

/* Removes one path that is due at `now`, the earliest first. REGISTRY_NONE: none is due. path->due
 * stays, for schedule_after(). */
uint32_t schedule_pop(struct schedule *s, struct mono now);

/* At most this many paths with neighbouring indexes are due together: they share one wake-up, and
 * the engine hands over as many reads at once. */
#define SCHEDULE_SHARE 256

/*
 * Spreads the paths of one interval over it by their index, so that paths that were added together
 * are not all checked together, but `share` of them are. Returns the path's next due time, in
 * [now, now + interval_us). Its phase in the interval does not depend on `now`: a path that was
 * checked early, together with others, is spread again at its next due time.
 */
struct mono schedule_spread(struct mono now, int64_t interval_us, uint32_t index,
                            uint32_t share);

/* The due time after a check that was due at `due` and is complete at `now`. It keeps the phase,
 * skips missed times, and is later than due and not earlier than now. */
struct mono schedule_after(struct mono due, int64_t interval_us, struct mono now);

#endif
