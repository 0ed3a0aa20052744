/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REGISTRY_H
#define CHECKERD_CORE_REGISTRY_H

/*
 * The table of paths: one array of max_paths entries that is allocated at start, a free list, and
 * hash indexes by name, node, and the map that the device names. An entry's index stays the same while the path exists; its
 * generation changes when another path gets the entry. Belongs to the loop.
 */
#include "checkerd/core/checker_kind.h"
#include "checkerd/core/device.h"
#include "checkerd/core/error_share.h"
#include "checkerd/core/histogram.h"
#include "checkerd/core/map_loss.h"
#include "checkerd/core/policy.h"
#include "checkerd/core/redundancy.h"
#include "checkerd/core/slow.h"
#include "checkerd/core/state.h"
#include "util/room.h"

#define REGISTRY_NONE      UINT32_MAX
#define REGISTRY_PATHS_MAX 131072

/* The longest interval or timeout, and the longest interval after back-off. */
#define PATH_TIME_MAX_US     (3600 * USEC_PER_SEC)
#define PATH_INTERVAL_MAX_US (24 * PATH_TIME_MAX_US)
#define PATH_INTERVAL_BITS   37
/* The longest interval is a multiple of this, as the schedule has no finer times. */
#define PATH_GRID_US (10 * USEC_PER_MSEC)
/* A longest interval that PATH_FINE_BITS cannot hold is a multiple of this one instead. */
#define PATH_COARSE_GRID_US (2 * USEC_PER_SEC)
#define PATH_FINE_BITS      16

/* The configuration of one path. Each path and each entry of discovery's list has one, so it is
 * packed. */
struct path_settings {
	uint32_t interval_us, timeout_us;
	/* In PATH_GRID_US, with bit PATH_FINE_BITS in PATH_COARSE_GRID_US; see
	 * path_max_interval_us(). */
	uint64_t max_interval_grid : PATH_FINE_BITS + 1;
	uint64_t fail_checks : 10, recover_checks : 10; /* as of struct path_policy */
	uint64_t checker : CHECKER_KIND_BITS;    /* enum checker_kind, never AUTO */
	uint64_t checker_why : CHECKER_WHY_BITS; /* enum checker_why */
	uint64_t read_every : 6;
	uint64_t keep_open : 2;         /* enum keep_open of the configuration */
	uint64_t purge : 1;             /* purge_disconnected */
	uint64_t rule : 8;              /* of policy_rules_get() */
	uint64_t slow : SLOW_MODE_BITS; /* enum slow_mode */
	/* Discovery's: the device had no properties, so no property rule was applied. */
	uint64_t unjudged : 1;
};

static_assert(PATH_TIME_MAX_US <= UINT32_MAX &&
                      PATH_INTERVAL_MAX_US < INT64_C(1) << PATH_INTERVAL_BITS &&
                      PATH_INTERVAL_MAX_US / PATH_COARSE_GRID_US < 1 << PATH_FINE_BITS,
              "the bit fields have room for the times");
static_assert(sizeof(struct path_settings) == 16, "struct path_settings has no padding");

/* Rounded down. */
static inline uint32_t path_max_interval_grid(int64_t max_interval_us)
{
	int64_t fine = max_interval_us / PATH_GRID_US;

	return fine < 1 << PATH_FINE_BITS
	               ? (uint32_t)fine
	               : 1U << PATH_FINE_BITS |
	                         (uint32_t)(max_interval_us / PATH_COARSE_GRID_US);
}

/* Never less than the interval. */
static inline int64_t path_max_interval_us(const struct path_settings *s)
{
	uint64_t units = s->max_interval_grid & ((1 << PATH_FINE_BITS) - 1);
	bool coarse = s->max_interval_grid >> PATH_FINE_BITS != 0;

	return MAX((int64_t)units * (coarse ? PATH_COARSE_GRID_US : PATH_GRID_US),
	           (int64_t)s->interval_us);
}

static inline struct path_policy path_policy_of(const struct path_settings *s)
{
	return (struct path_policy){ (uint16_t)s->fail_checks,
		                     (uint16_t)s->recover_checks };
}

static inline bool path_settings_same_times(const struct path_settings *a,
                                            const struct path_settings *b)
{
	return a->interval_us == b->interval_us &&
	       a->max_interval_grid == b->max_interval_grid &&
	       a->timeout_us == b->timeout_us;
}

/* With ten checks a second, the most that is possible, they last for more than 13 years. */
struct path_counters {
	uint32_t checks, failures, device_errors, timeouts, transitions;
	uint32_t deferred; /* deferred, or not judged */
};

/* Of struct path and snap_path. */
#define PATH_GROUP_NONE  UINT16_MAX
#define PATH_WINDOW_BITS 5
#define PATH_WINDOW_OLD  31 /* of a configuration that is not in force any more */

/* Locked memory holds max_paths of them, so they have no padding. */
struct path {
	struct device *device; /* a reference */
	struct path_settings settings;
	struct path_status status;
	/* Now: settings.interval_us to path_max_interval_us(). Twice the longest one fits. */
	int64_t interval_us : 40;
	/* As of struct slow; and: it was reported that the path's map is slow. */
	uint64_t slow_recent : SLOW_LEVEL_BITS, slow_state : SLOW_STATE_BITS;
	uint64_t slow_pending : SLOW_STATE_BITS, slow_count : SLOW_COUNT_BITS;
	uint64_t slow_told : 1;
	/* The next check. Not enabled: when checkerctl disable or the window ends. MONO_NEVER: none. */
	struct mono due;
	struct mono started; /* of the outstanding check */
	struct mono last;    /* the last final result that was judged; us 0: none */
	struct mono good;    /* the last successful check; us 0: none */
	/* The last message about the path, or the begin of its grace. Not enabled: since when. */
	struct mono heard;
	struct mono overdue_at; /* overdue from then on; MONO_NEVER: not checked */
	struct path_counters counters;
	struct histogram latency;
	struct hold hold;
	struct error_share share;
	uint32_t generation;
	uint32_t engine_id; /* libpathcheck's */
	union {
		uint32_t sched_prev; /* schedule's link, as is sched_next */
		/* Of an observed path, which the schedule never has: its map's. */
		struct map_loss map_loss;
	};
	uint32_t sched_next;
	uint32_t sched_slot; /* REGISTRY_NONE: not in the schedule */
	/* Chains of the indexes. Unused entry: hash_name is the chain of the free list. */
	uint32_t hash_name, hash_node;
	/* Chain of the index by map. Only with device_map(). */
	uint32_t hash_map;
	uint16_t group; /* of the last result; PATH_GROUP_NONE: none yet */
	/* Positive errno: why the last check was deferred or not judged. 0: it was neither. */
	uint16_t shortage : 12;
	uint16_t engine : 2; /* enum pathcheck_engine of the last result */
	/* Of an observed path: the redundancy of its map that was reported. */
	uint16_t map_reported : 2; /* enum redundancy */
	struct sysfs_state sysfs;  /* the last one read */
	bool used : 1;
	bool enabled : 1; /* false: by_hand, or window is not 0 */
	/* checkerctl disable, and whether it failed the path, too. */
	bool by_hand : 1, by_hand_empties : 1;
	/* A maintenance window covers the path; the same; checkerctl enable has ended that. */
	bool window_empties : 1, window_waived : 1;
	bool resumed : 1;     /* enabled again, and to be checked soon */
	bool outstanding : 1; /* the engine has a check, and its final result is to come */
	bool expired : 1;     /* the outstanding check has passed its deadline */
	bool deferred : 1; /* the outstanding check waits for a resource of the engine */
	bool changing : 1; /* the last check found its port or unit in transition */
	bool number_asked : 1;      /* discovery was asked for the device number */
	uint8_t shortage_stage : 1; /* enum outcome_stage */
	/* For last_path.c, and false outside of it. */
	bool picked : 1, judged : 1, loses : 1;
	/* 1 + the index of the maintenance window that covers the path; 0: none. The same, while
	 * windows.c computes it. */
	uint16_t window : PATH_WINDOW_BITS, window_wanted : PATH_WINDOW_BITS;
	/* Of an observed path: its map's redundancy is to be reported, and nothing was before. One path
	 * of the map has these. */
	uint16_t map_gathered : 1, map_begins : 1;
};
static_assert(sizeof(struct path) <= 304, "each path has one, in locked memory");

static inline bool path_is_overdue(const struct path *p, struct mono now)
{
	return !mono_before(now, p->overdue_at);
}

struct registry;

/* Allocates memory for max_paths, 1 to REGISTRY_PATHS_MAX. -ENOMEM, -EINVAL. */
_must_check_ int registry_new(struct registry **ret, uint32_t max_paths);
/* Drops the references of the remaining paths. NULL allowed; returns NULL. */
struct registry *registry_free(struct registry *r);

/* The rows of paths have no memory before the room is made: util/room.h. */
void registry_add_room(struct registry *r, struct room *room);

/* Bytes that registry_new() allocates: for the bound. */
uint64_t registry_bytes(uint32_t max_paths);

/*
 * Takes a reference to d. The path is enabled, unchecked, not scheduled and never overdue. The
 * engine's fields are zero; group and engine_id are REGISTRY_NONE. -ENOSPC: full. -EEXIST: another
 * path has that name or node.
 */
_must_check_ int registry_add(struct registry *r, struct device *d,
                              const struct path_settings *s, struct mono now,
                              uint32_t *ret_index);
/* The path is not in the schedule. Drops the reference. */
void registry_remove(struct registry *r, uint32_t index);
/* Replaces the device by another one with the same name and node. */
void registry_update_device(struct registry *r, uint32_t index, struct device *d);

/* NULL: no path has that index. */
struct path *registry_get(struct registry *r, uint32_t index);
uint32_t registry_find_name(const struct registry *r, const char *name);
uint32_t registry_find_node(const struct registry *r, const char *node);
/* The next path after `index` whose device names that map; REGISTRY_NONE: the first one. */
uint32_t registry_next_of_map(const struct registry *r, const char *map, uint32_t index);
uint32_t registry_count(const struct registry *r);
/* No path has this index or a higher one. */
uint32_t registry_end(const struct registry *r);

#endif
