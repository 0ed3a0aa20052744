/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HOOK_LIMIT_H
#define CHECKERCTL_HOOK_LIMIT_H

/*
 * How many events start a command: so many in a minute, and so many that wait for their turn. What is
 * above is counted, and later one command gets the number. Pure: the caller has the clock and the queue.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/mono.h"

#define HOOK_LIMIT_WINDOW_US (60 * USEC_PER_SEC)
#define HOOK_LIMIT_MAX       1000

struct hook_limit {
	/* In a window, and in the queue. */
	unsigned at_most;
	/* When the window began; 0: there is none. */
	struct mono begun;
	unsigned used;
	/* Not reported yet: events above the limit, and events that checkerd had no more. */
	uint64_t skipped, lost;
};

/* An event has come, and `waiting` are in the queue. True: its command may be added. False: it is
 * counted. */
bool hook_limit_allows(struct hook_limit *l, unsigned waiting, struct mono now);

/* The command with the numbers may be added: the caller takes the numbers. */
bool hook_limit_reports(struct hook_limit *l, unsigned waiting, struct mono now);

/* When hook_limit_reports() may say yes, as long as `waiting` are in the queue. MONO_NEVER: never. */
struct mono hook_limit_next(const struct hook_limit *l, unsigned waiting);

#endif
