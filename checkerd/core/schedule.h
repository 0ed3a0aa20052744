/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_SCHEDULE_H
#define CHECKERD_CORE_SCHEDULE_H

/*
 * When each path is due. A wheel of lists over the registry's entries: due times are rounded
 * up to a grid, coarse enough that few paths share their wake-ups and fine enough that many
 * do not come in bursts. Putting, taking out and finding the next are O(1) amortised;
 * nothing allocates after schedule_new().
 */
#include "checkerd/core/registry.h"

#define SCHEDULE_GRID_US (10 * USEC_PER_MSEC)

struct schedule;

/* The registry has to outlive it. -ENOMEM. */
_must_check_ int schedule_new(struct schedule **ret, struct registry *r);
struct schedule *schedule_free(struct schedule *s); /* NULL allowed; returns NULL */

/* Bytes schedule_new() takes: for the bound. */
uint64_t schedule_bytes(void);

/* Files path `index` under due (rounded up to the grid, stored in path->due); a path that is
 * already in is moved. MONO_NEVER takes it out. What is due before the latest schedule_pop()
 * is filed under the last grid point up to then: due at once, and never before its turn. */
void schedule_put(struct schedule *s, uint32_t index, struct mono due);
/* Takes it out if it is in; path->due becomes MONO_NEVER. */
void schedule_remove(struct schedule *s, uint32_t index);

/* The earliest due time, MONO_NEVER when nothing is filed. */
struct mono schedule_next(struct schedule *s);

/* Takes out one path that is due at `now`, earliest first; REGISTRY_NONE: none is. Its
 * path->due stays: schedule_after() wants it. */
uint32_t schedule_pop(struct schedule *s, struct mono now);

/* So many paths, neighbours by their index, have their turn together at most: one wake-up for
 * all, and as many reads as the engine hands over at once. */
#define SCHEDULE_SHARE 256

/*
 * The next time a path has its turn when the paths of one interval take turns by their index,
 * so that many that were added at once are not checked at once, but `share` of them are. In
 * [now, now + interval_us).
 * The turn does not depend on `now`: a path may be checked early, together with others, and
 * be spread again by its next due time.
 */
struct mono schedule_spread(struct mono now, int64_t interval_us, uint32_t index,
                            uint32_t share);

/* The due time after a check that was due at `due` and is settled at `now`: keeps the phase,
 * skips what was missed, later than due and never earlier than now. */
struct mono schedule_after(struct mono due, int64_t interval_us, struct mono now);

#endif
