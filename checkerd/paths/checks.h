/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_CHECKS_H
#define CHECKERD_PATHS_CHECKS_H

/*
 * The round of checks: takes from the schedule what is due, hands it to the engine, and makes
 * states of what comes back. Owns the registry, the schedule and the engine. The loop only;
 * nothing here blocks, and the time is always the caller's.
 */
#include "checkerd/config/config.h"
#include "checkerd/core/maps.h"
#include "checkerd/core/overdue.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/schedule.h"
#include "checkerd/paths/events.h"
#include "libcheck/pathcheck.h"

/* Paths handled at one go: a round of the loop stays far below its 5 ms. */
#define CHECKS_SLICE 256
/* Of them that failed, attributes of sysfs read at one go: some 10 us each, and ten times that on
 * a slow machine. Thousands that fail together take some rounds more. */
#define CHECKS_STATES_SLICE 32
/* Results taken from the engine at once. */
#define CHECKS_BATCH 16
/* New paths are checked within this, however long their interval is. */
#define CHECKS_FIRST_PASS_US (500 * USEC_PER_MSEC)
/* The engine took no more commands: it is asked again after this, or at its next result. */
#define CHECKS_RETRY_US (5 * USEC_PER_MSEC)
/* Discovery lists anew for a name that leads elsewhere so often at most. */
#define CHECKS_RELIST_US (1 * USEC_PER_SEC)
/* How often the engine is looked after while checks are outstanding. */
#define CHECKS_MAINTAIN_US (250 * USEC_PER_MSEC)

/* Who is told that a check completed: it has its final result, or it timed out. */
struct checks_listener {
	/* error: 0, or positive errno: ESTALE: the path is gone, or its name leads elsewhere. */
	void (*completed)(void *userdata, uint32_t path, int error,
	                  enum path_state state);
	void *userdata;
};

struct checks {
	struct pathcheck *engine; /* owned, as are the next two */
	struct registry *registry;
	struct schedule *schedule;
	struct events *events; /* borrowed */
	struct checks_listener listener;
	struct maps *maps; /* borrowed: verdicts are reported there */
	int sys_dev_block; /* /sys/dev/block, or -1: is a disk there, and in which state */
	unsigned states_read;                 /* attributes of it, at this go */
	uint32_t by_state[PATH_STATE_COUNT_]; /* all paths */
	uint32_t disabled[PATH_STATE_COUNT_]; /* those of them that are disabled */
	uint32_t never_checked;               /* enabled paths whose checker is `none` */
	uint32_t outstanding;                 /* checks with the engine */
	uint32_t share;                       /* of paths that have their turn together */
	bool dirty; /* commands were queued since the last flush */
	struct mono
	        blocked_until;   /* the engine takes no commands before; us 0: it does */
	struct mono maintain_at; /* MONO_NEVER: nothing to look after */
	struct mono maintained;  /* when it was last looked after */
	struct mono
	        replaced; /* when the prober was last seen to be replaced; us 0: never */
	bool no_prober;   /* no prober is running */
	struct mono overdue_at; /* no path becomes overdue before */
	uint32_t recheck;       /* the next path to check again, REGISTRY_NONE: none is */
	int64_t lag_last_us, lag_max_us;
	struct histogram_totals durations; /* of all good checks */
	uint64_t stale;                    /* results for paths that are gone */
	uint64_t other_device;             /* results of another device than the path's */
	bool relist;             /* discovery has to look; whoever tells it clears this */
	struct mono relist_from; /* not before */
};

/* checks_deinit() may be called on it. */
#define CHECKS_NULL                 \
	{                           \
		.sys_dev_block = -1 \
	}

struct checks_options {
	const struct config *config; /* read by checks_init() only */
	struct events *events;
	struct maps *maps;
	struct checks_listener listener;
};

/* Starts the engine. -errno as of pathcheck_new(), *ret_what says what failed. */
_must_check_ int checks_init(struct checks *c, const struct checks_options *o,
                             const char **ret_what);
/* Kills the engine: returns at once, whatever hangs. */
void checks_deinit(struct checks *c);

/*
 * Adds a path and files its first check, soon. -EAGAIN: the engine takes no commands now, try
 * again after its next result; -ENOSPC, -EEXIST, as of registry_add(); others as of
 * pathcheck_add().
 */
_must_check_ int checks_add(struct checks *c, struct device *d,
                            const struct path_settings *s, struct mono now,
                            uint32_t *ret_index);
/* gone: its device went away, which is told first. -EAGAIN as above. */
_must_check_ int checks_remove(struct checks *c, uint32_t index, bool gone,
                               struct mono now);
/* Another description or other settings for the same path: state and history stay. -EAGAIN as
 * above; others as of pathcheck_add(): its checks are deferred until the next change. */
_must_check_ int checks_change(struct checks *c, uint32_t index, struct device *d,
                               const struct path_settings *s, struct mono now);

/* checkerctl disable, enable. until: MONO_NEVER: by hand. */
void checks_disable(struct checks *c, uint32_t index, struct mono until);
void checks_enable(struct checks *c, uint32_t index, struct mono now);
/* Makes the next check of the path the next thing that is done, if none is outstanding. */
void checks_expedite(struct checks *c, uint32_t index, struct mono now);

/* Starts what is due, a slice at most. */
void checks_run(struct checks *c, struct mono now);
/* When checks_run() is wanted next. */
struct mono checks_next(struct checks *c);
/* Takes results, a slice at most; true: there may be more. */
bool checks_collect(struct checks *c, struct mono now);
/* Hands over what was queued: once at the end of each round of the loop. */
void checks_flush(struct checks *c, struct mono now);
/* Looks after the engine; to be called at maintain_at. */
void checks_maintain(struct checks *c, struct mono now);

/* Paths in each state, and behind them those that are disabled. */
void checks_count(const struct checks *c, uint32_t ret[PATH_KINDS]);

/* True: every path that is to be checked has had an answer or a timeout. */
bool checks_all_answered(const struct checks *c);

#endif
