/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_SLOW_WATCH_H
#define CHECKERD_PATHS_SLOW_WATCH_H

/*
 * Finds paths that are slower than the other paths of their map, and maps all of whose paths are
 * slower than before. The loop only. A check that takes less than SLOW_MORE_US costs next to
 * nothing here; another one looks at the paths of one map.
 */
#include "checkerd/core/slow.h"
#include "checkerd/paths/holds.h"

struct slow_watch {
	/* Borrowed, as are the next three. */
	struct registry *registry;
	struct maps *maps;
	struct events *events;
	struct holds *holds;
	/* Slow paths at present. */
	uint32_t slow;
};

/* A check has succeeded, and its latency is in the path's histogram. */
void slow_watch_checked(struct slow_watch *w, uint32_t index, struct path *p,
                        struct mono now);
/* The path has other settings, or was taken up. SLOW_MODE_OFF ends all that is slow, EVENT the hold. */
void slow_watch_configured(struct slow_watch *w, uint32_t index, struct path *p,
                           struct mono now);
/* The path is about to be removed. */
void slow_watch_forget(struct slow_watch *w, struct path *p);

#endif
