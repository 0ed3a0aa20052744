/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OVERDUE_WATCH_H
#define CHECKERD_PATHS_OVERDUE_WATCH_H

/*
 * Finds overdue paths, and reports when some are overdue and when none is any more. The loop only.
 *
 * On a healthy host it walks all paths once in about an interval and a timeout, in slices, together
 * with wake-ups that happen anyway: before checks.overdue_at no path is overdue.
 */
#include "checkerd/core/overdue.h"
#include "checkerd/paths/checks.h"
#include "checkerd/paths/events.h"

/* Paths per slice. */
#define OVERDUE_SLICE 1024
/* Time between two walks. Two walks in a row must find overdue paths before they are reported:
 * after a pause of the whole machine, all paths are overdue until their next checks complete. */
#define OVERDUE_WALK_US USEC_PER_SEC

struct overdue_watch {
	/* Borrowed, as is the next one. */
	struct checks *checks;
	struct events *events;
	/* The path at which the walk continues. REGISTRY_NONE: no walk is under way. */
	uint32_t next;
	/* When the last walk started. */
	struct mono started;
	/* The earliest time at which a path becomes overdue, of this walk so far. */
	struct mono soonest;
	/* Whether the engine can check paths, as of the start of this walk. */
	struct overdue_engine engine;
	/* Of this walk so far, and of the last complete one. */
	struct overdue_tally now, last;
	/* Overdue paths were reported, and their end was not. */
	bool reported;
	/* Overdue paths were not reported, because there were too many reports lately. */
	bool suppressed;
	/* Rate of these reports. */
	struct rate rate;
};

void overdue_watch_init(struct overdue_watch *o, struct checks *c, struct events *ev);
/* When overdue_watch_run() is needed next. Before, no path becomes overdue unnoticed. */
struct mono overdue_watch_next(const struct overdue_watch *o);
/* Walks a slice, when a walk is due or will be due before the loop wakes again. */
void overdue_watch_run(struct overdue_watch *o, struct mono now);

/* Whether the engine can check paths now. */
struct overdue_engine overdue_watch_engine(const struct checks *c);
/* Why a path is overdue. */
struct overdue_why overdue_watch_why(const struct path *p,
                                     const struct overdue_engine *engine);
/* "12 paths are overdue: no prober is running (the last one: signal SIGKILL)" */
const char *overdue_watch_format(const struct overdue_tally *t, struct pathcheck *engine,
                                 char *buf, size_t size);

#endif
