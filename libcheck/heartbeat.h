/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_HEARTBEAT_H
#define LIBCHECK_HEARTBEAT_H

/*
 * Is a prober making progress? Seen from the caller's side of the shared memory: the lane takes
 * commands while there are some, and reapers are awake when they wanted to be. No clock of its
 * own. The caller's thread only.
 */
#include "libcheck/region/shared.h"

struct heartbeat {
	uint32_t seen_head; /* of the commands */
	struct mono seen_at;
	struct mono looked; /* when heartbeat_still_us() was last asked */
	struct mono
	        turn_from; /* it has one more turn from then on; us 0: it needs none */
};

/* It has something to do from now on. */
void heartbeat_begin(struct heartbeat *h, struct mono now);

/* How long nothing moved while there was something to do. groups: there are, whatever the shared
 * memory says. */
int64_t heartbeat_age_us(struct heartbeat *h, const struct shared *s,
                         const struct ring_producer *commands, uint32_t groups,
                         struct mono now);

/*
 * The same, but for what may not be its fault. Who asks only after long was itself not running,
 * maybe, as when the whole machine was paused: then it has one more turn. Only one, since a
 * caller may also ask as seldom as that.
 */
int64_t heartbeat_still_us(struct heartbeat *h, int64_t age_us, int64_t stall_us,
                           struct mono now);

#endif
