/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_SLOW_H
#define CHECKERD_CORE_SLOW_H

/*
 * Is a path slow? Its recent latency is compared with that of its siblings, the other paths of its
 * map, which lead to the same disk. A path that is as slow as its siblings, and was not before, is
 * no fault of the path: its map, so the array, has high latencies. Pure.
 *
 * The recent latency is smoothed, on a logarithmic scale, so one slow check decides nothing. A
 * change of the verdict needs SLOW_CHECKS checks in a row that agree, and SLOW_TIME_US.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/mono.h"

/* This many times the latency of the siblings, or of the path itself before, … */
#define SLOW_TIMES 10
/* … and this much more. */
#define SLOW_MORE_US (10 * USEC_PER_MSEC)
#define SLOW_CHECKS  5
#define SLOW_TIME_US (60 * USEC_PER_SEC)
/* Checks before a path knows what is usual for it. */
#define SLOW_USUAL_CHECKS 20

/* A latency on a logarithmic scale: 8 steps double it. 0: none yet. */
typedef uint8_t slow_level;
#define SLOW_LEVELS     256
#define SLOW_LEVEL_BITS 8
#define SLOW_COUNT_BITS 10

/* What checkerd does with a path that is slower than the others of its map. */
enum slow_mode { SLOW_MODE_OFF, SLOW_MODE_EVENT, SLOW_MODE_MARGINAL };
#define SLOW_MODE_BITS 2

enum slow_state {
	SLOW_NO,
	SLOW_PATH, /* slower than its siblings */
	SLOW_MAP,  /* slower than before, as its siblings are, or it has none */
	SLOW_STATE_COUNT_
};
#define SLOW_STATE_BITS 2

/* One path's. All zero: nothing is known yet. struct path has it in the same numbers of bits. */
struct slow {
	slow_level recent;
	enum slow_state state, pending; /* pending: `count` checks in a row say so */
	unsigned count;
};

/* What is known at a successful check. Only `latency_us` counts while slow_is_suspect() is false. */
struct slow_check {
	int64_t latency_us;
	int64_t interval_us; /* between two checks of the path */
	slow_level
	        siblings; /* the median of their recent ones; 0: there are none to compare with */
	uint32_t usual_us; /* the median of the path's own checks; 0: not known */
};

slow_level slow_level_of(int64_t us);
/* The least latency of that level; 0: 0. */
int64_t slow_level_us(slow_level level);
/* counts: how many siblings have each level. The lower one of two middle ones. 0: there are none. */
slow_level slow_median(const uint16_t counts[static SLOW_LEVELS]);

/* Takes the latency of a successful check. True: slow_judge() is needed, with all of `slow_check`;
 * else the path is not slow, and was not. */
bool slow_is_suspect(struct slow *s, int64_t latency_us);
/* Judges the path. The state may change. */
void slow_judge(struct slow *s, const struct slow_check *c);

#endif
