/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_HEARTBEAT_H
#define LIBCHECK_HEARTBEAT_H

/*
 * Does a prober make progress? As the caller sees it in the region: the submitter takes
 * commands while there are some, and reapers are awake when they wanted to be. It reads no
 * clock. The caller's thread only.
 */
#include "libcheck/region/shared.h"

struct heartbeat {
	uint32_t seen_head; /* of the ring of commands */
	struct mono seen_at;
	struct mono looked; /* when heartbeat_still_us() was last called */
	/* The prober has all its time again from then on; us 0: it does not need that. */
	struct mono again_from;
};

/* The prober has something to do from now on. */
void heartbeat_begin(struct heartbeat *h, struct mono now);

/*
 * How long the prober has made no progress while it had something to do. groups: as many as
 * there are; the region is not trusted.
 */
int64_t heartbeat_age_us(struct heartbeat *h, const struct shared *s,
                         const struct ring_producer *commands, uint32_t groups,
                         struct mono now);

/*
 * The same, without a pause of the whole machine. If the caller calls this after a long time,
 * it was maybe paused with the prober: then the prober has all its time again. That is so only
 * once, since some callers always call as rarely.
 */
int64_t heartbeat_still_us(struct heartbeat *h, int64_t age_us, int64_t stall_us,
                           struct mono now);

#endif
