/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAP_H
#define CHECKERD_CORE_MAP_H

/*
 * A multipath map and the kernel's view of its paths, as read at one time. It is immutable and
 * counts its references, so that the device-mapper thread, the loop and the control thread's
 * snapshots share it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

#define MAP_NAME_MAX   128  /* DM_NAME_LEN: final NUL included */
#define MAP_UUID_MAX   129  /* DM_UUID_LEN: final NUL included */
#define MAP_PATHS_MAX  1024 /* paths of one map */
#define MAP_GROUPS_MAX 1024 /* priority groups of one map */
/* Bits of a device number (include/linux/kdev_t.h). */
#define MAP_MAJOR_BITS 12
#define MAP_MINOR_BITS 20

enum map_group_state {
	MAP_GROUP_ACTIVE,   /* dm's A: I/O goes through it */
	MAP_GROUP_ENABLED,  /* E */
	MAP_GROUP_DISABLED, /* D: bypassed */
};

struct map_path {
	uint32_t devt_major, devt_minor;
	uint32_t group;      /* from 1, as in the table */
	uint32_t fail_count; /* failures since the table was loaded */
	bool active; /* dm's A; false: its F, the kernel sends no I/O through the path */
};

struct map {
	_Atomic uint32_t refs; /* [atomic any→any] */
	uint32_t devt_major, devt_minor;
	uint32_t event_nr; /* dm's event number when this was read */
	bool queueing;     /* queue_if_no_path: I/O waits while no path is active */
	bool suspended;
	bool handled; /* its table names a hardware handler: alua, rdac, emc, hp_sw */
	uint32_t n_groups, n_paths;
	const char *name; /* never NULL: dm's name */
	/* Never NULL: "mpath-…", or another kind of UUID; "": the device has none. */
	const char *uuid;
	const char *wwid; /* the uuid without "mpath-", NULL: another kind of uuid */
	const enum map_group_state *groups; /* n_groups of them */
	const struct map_path *paths;       /* n_paths of them, in the table's order */
};

/* The fields to make one from. */
struct map_spec {
	uint32_t devt_major, devt_minor, event_nr;
	bool queueing, suspended, handled;
	uint32_t n_groups, n_paths;
	const char *name, *uuid;
	const enum map_group_state *groups;
	const struct map_path *paths;
};

/*
 * One reference; everything is copied into one allocation. -EINVAL: no name, too many paths or
 * groups, a path of a group that does not exist, or an impossible device number. -ENAMETOOLONG:
 * name or uuid. -ENOMEM.
 */
_must_check_ int map_new(struct map **ret, const struct map_spec *spec);
struct map *map_ref(struct map *m);
struct map *map_unref(struct map *m); /* NULL allowed; returns NULL */
/* Compares every field but the references and event_nr. */
bool map_equal(const struct map *a, const struct map *b);

/*
 * Room for maps, and for the paths of all maps. max_paths paths fit in maps of any shape, one path
 * each or all paths in one. There is room for the paths of one more map, because a path may be in
 * two maps, and some paths are not the daemon's.
 */
uint32_t map_room(uint32_t max_paths);
uint32_t map_path_room(uint32_t max_paths);

#endif
