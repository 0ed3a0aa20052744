/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OVERDUE_WATCH_H
#define CHECKERD_PATHS_OVERDUE_WATCH_H

/*
 * Looks for overdue paths, and says when some are and when none is any more. The loop only.
 *
 * When all is well it costs one walk of all paths in about an interval and a timeout, in slices,
 * beside wake-ups that happen anyway: checks.overdue_at says when a path can be overdue at the
 * earliest.
 */
#include "checkerd/core/overdue.h"
#include "checkerd/paths/checks.h"
#include "checkerd/paths/events.h"

/* Paths looked at in one round. */
#define OVERDUE_SLICE 1024
/* Between two walks. Overdue paths are reported when two walks found some: after a pause of the
 * whole machine all paths are overdue for as long as their next checks take. */
#define OVERDUE_WALK_US USEC_PER_SEC

struct overdue_watch {
	struct checks *checks; /* borrowed */
	struct events *events; /* borrowed */
	uint32_t next;       /* path to go on with; REGISTRY_NONE: no walk is under way */
	struct mono begun;   /* of the last walk */
	struct mono soonest; /* of this walk so far: when a path can be overdue */
	struct overdue_engine engine;
	struct overdue_tally now;  /* of this walk so far */
	struct overdue_tally last; /* of the last complete one */
	bool reported;             /* and it is not over yet */
	bool kept_quiet;           /* instead: too many reports lately */
	struct rate rate;          /* of these reports */
};

void overdue_watch_init(struct overdue_watch *o, struct checks *c, struct events *ev);
/* When overdue_watch_run() is needed. */
struct mono overdue_watch_next(const struct overdue_watch *o);
/* A slice, when it is time; a little earlier, too, because the loop is awake now. */
void overdue_watch_run(struct overdue_watch *o, struct mono now);

/* What the engine says now of its being able to check anything. */
struct overdue_engine overdue_watch_engine(const struct checks *c);
/* Why a path that is overdue is so. */
struct overdue_why overdue_watch_why(const struct path *p,
                                     const struct overdue_engine *engine);
/* "12 paths are overdue: no prober is running (the last one: signal SIGKILL)" */
const char *overdue_watch_format(const struct overdue_tally *t, struct pathcheck *engine,
                                 char *buf, size_t size);

#endif
