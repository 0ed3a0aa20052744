/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_SNAPSHOT_H
#define CHECKERD_CONTROL_SNAPSHOT_H

/*
 * A copy of what the loop knows, from which the control thread answers. A snapshot has one
 * owner at a time: the loop fills it, then the control thread reads it. port.h hands it over.
 */
#include "checkerd/core/cause.h"
#include "checkerd/core/device.h"
#include "checkerd/core/map.h"
#include "checkerd/core/map_loss.h"
#include "checkerd/core/overdue.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/timers.h"
#include "libcheck/pathcheck.h"
#include "util/text.h"

#define SNAP_INDEX_BITS 18

static_assert(REGISTRY_PATHS_MAX <= 1 << SNAP_INDEX_BITS, "an index fits");

/* One path. A snapshot has max_paths entries in locked memory, so they have no padding. */
struct snap_path {
	/* A reference. */
	struct device *device;
	/* As in struct path. Of a disabled path: due: when it is enabled again; heard: since
	 * when. */
	struct mono last, due, started, good, heard;
	struct path_status status;
	uint64_t interval_us : PATH_INTERVAL_BITS;
	/* PATH_GROUP_NONE: no result came through a group yet. */
	uint64_t group : 16;
	/* enum pathcheck_engine: what the last check went through. */
	uint64_t engine : 2;
	uint64_t enabled : 1, outstanding : 1;
	/* A check succeeded, so there are latencies. */
	uint64_t has_latency : 1;
	/* At the time of the snapshot. */
	uint64_t overdue : 1;
	/* checkerctl fail: the path is to be failed in its maps. */
	uint64_t forced : 1;
	/* checkerctl disable; else a maintenance window, if the path is not enabled. */
	uint64_t by_hand : 1;
	uint32_t timeout_us;
	uint32_t index : SNAP_INDEX_BITS;
	uint32_t checker : CHECKER_KIND_BITS;    /* enum checker_kind */
	uint32_t checker_why : CHECKER_WHY_BITS; /* enum checker_why */
	uint32_t window : PATH_WINDOW_BITS;      /* 1 + the number of a place; 0: none */
	uint32_t slow : 1; /* slower than the other paths of its map */
	uint32_t generation;
	struct path_counters counters;
	/* With has_latency. */
	uint32_t last_us, p50_us, p99_us, max_us;
	/* The path's entry in map_paths[]; REGISTRY_NONE: no device-mapper map has the path. */
	uint32_t in_map;
	/* With has_latency: histogram_cells(). */
	uint16_t cells[HISTOGRAM_CELLS];
	/* Only with overdue, or while the last check was not judged. */
	struct overdue_why why;
	/* As last read. */
	struct sysfs_state sysfs;
	/* enum hold_why. HOLD_NONE: the path is not held. */
	uint8_t held_why : 4;
	/* The checks of a held path are a sample. */
	uint8_t sampled : 1;
	/* Failures that its rule remembers. */
	uint8_t hold_failures;
	/* 3 bytes are padding. */
	struct error_share share;
	/* With held_why: since then, and not shorter than until then. 0: until its cause ends. */
	union {
		hold_time held_since;
		/* Of an observed path, which is never held: as lost_since of struct snap_map. */
		uint32_t map_lost_since;
	};
	hold_time held_until;
};

static_assert(sizeof(struct snap_path) <= 192, "few bytes are padding");

/* One path of one map. paths[] of its struct map has the rest, at the same place. */
struct snap_map_path {
	/* Index in paths[] of the snapshot; REGISTRY_NONE: checkerd does not check the path. */
	uint32_t path;
	/* Index in maps[] of the snapshot. */
	uint32_t map;
	/* errno of the path's last command, which is tried again; 0: it was not refused. */
	uint16_t error;
	/* The kernel's state of the path; newer than the one in the struct map. */
	bool active;
	/* A command for the path has no answer yet. */
	bool pending;
	/* The path is down but not failed: it is the last one, and keep_last_path is on. */
	bool kept;
	/* Another disk was found under the path's number. */
	bool barred;
	/* The path is held, but used: it is the last usable one. */
	bool spared;
};

/*
 * One map of device-mapper. A map that only the configuration names is not here: struct view
 * makes it from the devices of its paths.
 */
struct snap_map {
	/* A reference: name, uuid, wwid, queueing, suspended, … */
	struct map *map;
	/* Index in map_paths[]: from there on, map->n_paths entries in the table's order. */
	uint32_t first_path;
	/* Paths that I/O can use: not decided to be down, and active in the kernel. For a path
	 * that checkerd does not check, or never checked, only the kernel's state counts. */
	uint16_t paths_up;
	/* These paths do not count for redundancy. */
	uint16_t paths_disabled;
	/* Overdue paths that are not disabled. */
	uint16_t paths_overdue;
	/* As struct maps_map. */
	uint16_t paths_expected;
	/* When the map lost its last usable path, in MAP_LOSS_UNIT_US. 0: it has one. */
	uint32_t lost_since;
};

static_assert(sizeof(struct snap_map) <= 24 && MAP_PATHS_MAX <= UINT16_MAX,
              "a snapshot has one of each map");

#define SNAP_WARNINGS_MAX 8
#define SNAP_WARNING_SIZE 256

/* What a warning is about: the ids of checkerctl doctor. */
#define SNAP_WARNING_OVERDUE     "paths-overdue"
#define SNAP_WARNING_DM          "device-mapper"
#define SNAP_WARNING_KEPT        "paths-kept"
#define SNAP_WARNING_SPARED      "held-paths-used"
#define SNAP_WARNING_RULES       "hold-rules-full"
#define SNAP_WARNING_PURGE       "purge-failed"
#define SNAP_WARNING_SEALED      "allocation"
#define SNAP_WARNING_AIO         "aio-quota"
#define SNAP_WARNING_REALTIME    "no-realtime"
#define SNAP_WARNING_FLUSHER     "no-io-flusher"
#define SNAP_WARNING_MEMLOCK     "memory-not-locked"
#define SNAP_WARNING_OOM         "oom-score"
#define SNAP_WARNING_DESCRIPTORS "descriptors"

struct snapshot {
	/* [init] capacity of the arrays */
	uint32_t max_paths, max_groups, max_maps, max_map_paths;
	/* Rows that have memory: util/room.h. */
	uint32_t prepared;
	/* When the loop began to fill it: no value in here is older. */
	struct mono taken;
	/* The same moment as a date: it turns each struct mono in here into a date. */
	int64_t taken_realtime_us;
	int64_t started_realtime_us;
	bool ready;
	/* checkerd sends commands to device-mapper. */
	bool dm_control;
	/* The maps could be listed, and maps[] has them. */
	bool dm_known;
	/* A path that device-mapper has in no map is in no map. False: the map's name that a
	 * device has counts, because nothing else is known. */
	bool dm_decides;
	/* Positive errno of the listing; 0: none, or no listing ended yet. */
	int dm_error;
	uint32_t n_paths;
	/* In the order of their indexes. */
	struct snap_path *paths;
	uint32_t n_groups;
	struct pathcheck_group *groups;
	uint32_t n_maps;
	/* In no order. */
	struct snap_map *maps;
	uint32_t n_map_paths;
	struct snap_map_path *map_paths;
	/* Maps for which there was no room. */
	uint32_t maps_left_out;
	/* Commands since the start: done, and refused by the kernel. */
	uint64_t dm_failed, dm_reinstated;
	uint64_t dm_refused;
	/* Holds that have begun, by reason. */
	uint64_t holds_begun[HOLD_WHY_COUNT_];
	/* Events about a common cause. */
	uint32_t cause_events[CAUSE_KINDS][CAUSE_TURNS];
	/* Disks that purge_disconnected deleted, and deletions that failed. */
	uint64_t purge_deleted, purge_failed;
	/* Counters of the engine. A counter is added there, and shown where it is to be seen. */
	struct pathcheck_stats engine;
	/* -1: not known */
	int64_t aio_nr, aio_max_nr;
	int64_t lag_last_us, lag_max_us;
	/* Of successful checks. */
	struct histogram_totals durations;
	uint32_t n_overdue;
	/* With n_overdue > 0: how many paths are overdue, and why. */
	char overdue_text[SNAP_WARNING_SIZE];
	uint64_t bound_bytes, locked_bytes;
	/* Forbidden allocations of both processes. */
	uint64_t sealed_allocations;
	/* engine.prober_end in words; "": no prober has ended. */
	char prober_end[SNAP_WARNING_SIZE];
	uint32_t n_warnings;
	const char *warning_ids[SNAP_WARNINGS_MAX]; /* static words */
	char warnings[SNAP_WARNINGS_MAX][SNAP_WARNING_SIZE];
	/* A reference: the kernel's timers; NULL: they were not read yet. */
	struct timer_report *timers;
	/* Devices that the rules exclude. */
	uint32_t excluded;
	/* Positive errno: the devices could not be listed. */
	int discovery_error;
	/* A reference: the places of the maintenance windows, each with its NUL; or NULL. */
	struct text *window_places;
	/* A reference: the output of `checkerd -T` for the configuration in force. */
	struct text *config_text;
	/* A reference: the JSON object of GetRules. */
	struct text *rules_text;
	/* A reference: the JSON object of show memory. */
	struct text *memory_text;
};

/* The path's entry in its map; NULL: no device-mapper map has the path. */
static inline const struct snap_map_path *snap_in_map(const struct snapshot *s,
                                                      const struct snap_path *p)
{
	return p->in_map == REGISTRY_NONE ? NULL : &s->map_paths[p->in_map];
}

/* Sets the capacities of a zeroed snapshot, which has no arrays yet. */
void snapshot_init(struct snapshot *s, uint32_t max_paths);
/* Allocates the arrays. -ENOMEM: there are none. */
_must_check_ int snapshot_new_arrays(struct snapshot *s);
/* Gives memory to so many rows. It may wait for memory: not on the loop. */
void snapshot_prepare(struct snapshot *s, uint32_t rows);
/* Frees the arrays, if there are any. No entry may hold a reference: snapshot_reset() first. */
void snapshot_free_arrays(struct snapshot *s);
/* Gives back the references and sets all but capacities and arrays to zero. Any thread. */
void snapshot_reset(struct snapshot *s);
/* Bytes of the arrays: for the limit of memory. */
uint64_t snapshot_array_bytes(uint32_t max_paths);

#endif
