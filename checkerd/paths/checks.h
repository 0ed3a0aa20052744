/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_CHECKS_H
#define CHECKERD_PATHS_CHECKS_H

/*
 * Starts the checks that are due, and steps the state of a path. Owns the registry, the schedule
 * and the engine. membership.h adds and removes paths, results.h reads what comes back. The loop
 * only. No function blocks, and the time is always the caller's.
 */
#include "checkerd/config/config.h"
#include "checkerd/core/maps.h"
#include "checkerd/core/overdue.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/schedule.h"
#include "checkerd/paths/diag_watch.h"
#include "checkerd/paths/events.h"
#include "checkerd/paths/holds.h"
#include "checkerd/paths/slow_watch.h"
#include "checkerd/paths/port_states.h"
#include "checkerd/paths/persist.h"
#include "libcheck/pathcheck.h"

/* Paths per slice: a round of the loop stays far below its limit of 5 ms. */
#define CHECKS_SLICE 256
/* Attributes of sysfs read per slice. Each takes about 10 us, and 100 us on a slow machine.
 * Thousands of paths that fail together take more slices. */
#define CHECKS_STATES_SLICE 32
/* New paths are checked within this time, also with a longer interval. */
#define CHECKS_FIRST_PASS_US (500 * USEC_PER_MSEC)
/* After the engine refused a command, checks waits for this time or for the next result. */
#define CHECKS_RETRY_US (5 * USEC_PER_MSEC)
/* Time between two lists that discovery makes because a name leads to another device. */
#define CHECKS_RELIST_US (1 * USEC_PER_SEC)
/* Time between two calls of pathcheck_tend() while checks are outstanding. */
#define CHECKS_MAINTAIN_US (250 * USEC_PER_MSEC)

/* Called when a check completes: it has its final result, or it timed out. */
struct checks_listener {
	/* error: 0, or positive errno: ESTALE: the path is gone, or its name leads elsewhere. */
	void (*completed)(void *userdata, uint32_t path, int error,
	                  enum path_state state);
	void *userdata;
};

struct checks {
	/* Owned, as are the next two. */
	struct pathcheck *engine;
	struct registry *registry;
	struct schedule *schedule;
	/* What is kept for the successor, and what the predecessor left. */
	struct persist persist;
	/* Borrowed, as is the next one. */
	struct events *events;
	/* Gets the verdict of each check. */
	struct maps *maps;
	struct checks_listener listener;
	/* Which paths are held. */
	struct holds holds;
	struct slow_watch slow;
	struct port_states ports;
	struct diag_watch diag;
	/* Descriptor of /sys/dev/block, or -1: shows whether a disk exists, and its state. */
	int sys_dev_block;
	/* Attributes of sysfs that were read in this slice. */
	unsigned states_read;
	/* Number of paths in each state, disabled ones included. */
	uint32_t by_state[PATH_STATE_COUNT_];
	/* Number of disabled paths in each state. */
	uint32_t disabled[PATH_STATE_COUNT_];
	/* Number of enabled paths that are neither checked nor observed. */
	uint32_t never_checked;
	/* Number of observed paths. */
	uint32_t observed;
	/* Number of checks that the engine has not completed. */
	uint32_t outstanding;
	/* At most this many paths share a due time. */
	uint32_t share;
	/* Commands were queued since the last flush. */
	bool dirty;
	/* The engine refuses commands until then. us 0: it accepts them. */
	struct mono blocked_until;
	/* When checks_maintain() is due. MONO_NEVER: it is not needed. */
	struct mono maintain_at;
	/* When checks_maintain() last ran. */
	struct mono maintained;
	/* When the prober was last found replaced. us 0: never. */
	struct mono replaced;
	/* The engine could not start a prober. */
	bool no_prober;
	/* No path becomes overdue before. */
	struct mono overdue_at;
	/* The next path to check because the prober was replaced, or because paths were enabled.
	 * REGISTRY_NONE: none. */
	uint32_t recheck;
	bool recheck_all; /* The prober was replaced. */
	/* How late the last check started, and the worst of all. */
	int64_t lag_last_us, lag_max_us;
	/* Durations of all successful checks. */
	struct histogram_totals durations;
	/* Number of results for paths that are gone. */
	uint64_t stale;
	/* Number of results that are about another device than the path's. */
	uint64_t other_device;
	/* A path was added, or became unusable. windows.c clears it. */
	bool paths_changed;
	/* Discovery must list the devices again. The loop clears it. */
	bool relist;
	/* Discovery lists the devices again not before this time. */
	struct mono relist_from;
};

/* checks_deinit() may be called on it. */
#define CHECKS_NULL                 \
	{                           \
		.sys_dev_block = -1 \
	}

struct checks_options {
	/* Read by checks_init() only. */
	const struct config *config;
	struct events *events;
	struct maps *maps;
	struct store *store;
	struct checks_listener listener;
};

/* Starts the engine. -errno as of pathcheck_new(), *ret_what names what failed. */
_must_check_ int checks_init(struct checks *c, const struct checks_options *o,
                             const char **ret_what);
/* Kills the engine. Returns at once, also when devices hang. */
void checks_deinit(struct checks *c);

/* Why and how a path is out of service: not checked, and not counted. */
struct checks_outage {
	unsigned
	        window; /* 0: checkerctl disable; else 1 + the index of a maintenance window */
	struct mono until; /* MONO_NEVER: until checks_enable() */
	bool empty;        /* failed in its maps, too */
	bool even_last;    /* also as the last path of a map that keeps its last path */
};
void checks_disable(struct checks *c, uint32_t index, const struct checks_outage *o,
                    struct mono now);
/* checkerctl enable: also ends a maintenance window for this path. many: other paths are enabled in
 * the same round of the loop, so their checks start a slice at a time. */
void checks_enable(struct checks *c, uint32_t index, bool many, struct mono now);
/* The maintenance window does not cover the path any more. */
void checks_end_window(struct checks *c, uint32_t index, bool many, struct mono now);
/* Starts a check of the path now, unless one is outstanding. Its due time stays. */
void checks_expedite(struct checks *c, uint32_t index, struct mono now);

/* Starts what is due, a slice at most. */
void checks_run(struct checks *c, struct mono now);
/* When checks_run() is needed next. */
struct mono checks_next(struct checks *c);
/* Hands the queued commands to the prober. To be called at the end of each round of the loop. */
void checks_flush(struct checks *c, struct mono now);
/* Calls pathcheck_tend(), and reports when the prober was replaced or cannot start. To be called at
 * maintain_at. */
void checks_maintain(struct checks *c, struct mono now);

/* Number of paths in each state, and of the disabled ones. */
void checks_count(const struct checks *c, uint32_t ret[PATH_KINDS]);
/* Every path that is to be checked has answered or timed out since the start. */
bool checks_all_answered(const struct checks *c);

/* --- for membership.c and results.c --- */

/* The checker is not `none`, which it is for an observed path, and the path is not disabled. */
static inline bool checks_is_checked(const struct path *p)
{
	return p->enabled && p->settings.checker != CHECKER_NONE;
}

/* The path is checked, or its state is read from sysfs, and the path is not disabled. */
static inline bool checks_is_heard_of(const struct path *p)
{
	return checks_is_checked(p) || (p->enabled && device_is_observed(p->device));
}

/* No state is to come, and the path is not disabled. */
static inline bool checks_is_never_checked(const struct path *p)
{
	return p->enabled && !checks_is_heard_of(p);
}

/* The first due time of a path at that interval. */
struct mono checks_first_due(const struct checks *c, uint32_t index, int64_t interval_us,
                             struct mono now);
/* Steps the state of the path, and reports what follows from it. enum path_action bits. */
unsigned checks_step(struct checks *c, uint32_t index, struct path *p,
                     const struct outcome *o, struct mono now);
/* The path was heard of, or its grace starts: computes when it becomes overdue. */
void checks_count_from(struct checks *c, struct path *p, struct mono now);
/* Reads the state that sysfs shows for the device, and after a failure the counters of NVMe. */
void checks_read_state(struct checks *c, uint32_t index, struct path *p,
                       struct outcome *o);
/* The path is added, or came up: what the counters of NVMe count begins again. */
void checks_begin_counts(struct checks *c, uint32_t index, const struct path *p);
/* The engine refused a command. */
void checks_block(struct checks *c, struct mono now);
/* Calls the listener. */
static inline void checks_complete(const struct checks *c, uint32_t index, int error,
                                   enum path_state state)
{
	c->listener.completed(c->listener.userdata, index, error, state);
}

#endif
