/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_H
#define CHECKERD_CORE_MAPS_H

/*
 * The table of multipath maps, and which of the daemon's paths are in them. Everything is allocated
 * at start. Belongs to the loop; pure.
 *
 * Paths and maps find each other by device number, whichever comes first. A path may be in several
 * maps. A map may hold paths that are not the daemon's; the daemon leaves these alone.
 *
 * maps_entries.h: what the kernel reports of a map. maps_paths.h: what the daemon knows of a path.
 * maps_disks.h: which disk a path leads to. maps_holds.h: which paths are held. maps_count.h: how many paths a map can use.
 * maps_todo.h: what waits for attention. maps_orders.h: what is to be sent to device-mapper.
 */
#include "checkerd/core/agreement.h"
#include "checkerd/core/disk_id.h"
#include "checkerd/core/map.h"
#include "checkerd/core/redundancy.h"
#include "util/room.h"

#define MAPS_NONE UINT32_MAX

/* Why a path is barred from a map: the evidence that its disk is not the map's. */
enum maps_bar {
	BAR_NONE,
	BAR_FOUND, /* discovery found another WWID, or another sequence number */
	BAR_MAP,   /* the disk's WWID is not the map's */
	BAR_READ,  /* the disk itself answered with another identity */
};

/* One path of one map. Locked memory holds more than max_paths of them, so they have no padding. */
struct maps_path {
	struct agreement agreement;
	struct disk_id id; /* the disk under the device number; 0: not known yet */
	uint32_t devt_major : MAP_MAJOR_BITS, devt_minor : MAP_MINOR_BITS;
	uint32_t generation;
	uint32_t map;
	uint32_t path;         /* the registry's index; MAPS_NONE: not the daemon's */
	uint32_t next;         /* of its map, in the table's order; or of the free ones */
	uint32_t next_of_devt; /* chain of the index */
	uint32_t next_of_path;
	uint32_t list_prev, list_next;
	bool used : 1;
	bool seen : 1; /* mark while a new table is compared */
	bool kept : 1; /* down, and not failed, because it is the last one of its map */
	bool kept_reported : 1;
	bool gone : 1;     /* the device is gone: there is nothing to reinstate */
	bool released : 1; /* only reinstated, if the daemon failed it */
	/* What is known of the disk may be older than the entry. */
	bool unproven : 1;
	/* Unproven, and the disk contradicts the map: check it now, and list the devices. */
	bool expedite : 1;
	enum maps_bar bar : 2;
	bool bar_reported : 1; /* the reporter's */
	bool held : 1;         /* the path is held: failed, if another one can be used */
	/* Held, and used all the same, because it is the last usable path of its map. */
	bool spared : 1;
	bool spared_reported : 1;
	enum path_verdict verdict : 2;
	enum agreement_foreign foreign : 2; /* for the reporter, which clears it */
	uint8_t list : 2;                   /* enum maps_list */
};

static_assert(sizeof(struct maps_path) <= 88, "struct maps_path has no padding");

struct maps_map {
	struct map *map; /* a reference; NULL: not in use */
	uint32_t first;  /* its entries; MAPS_NONE: none */
	uint32_t next_dirty;
	uint32_t next; /* chain of the index, or of the free ones */
	/* The most paths that it had since it was made, or since maps_accept(). */
	uint16_t expected;
	bool keep : 1;                /* keep_last_path */
	bool dirty : 1;               /* on the list of changed maps */
	bool reported_any : 1;        /* the reporter's: `reported` counts */
	enum redundancy reported : 2; /* the reporter's: what it reported last */
	/* The reporter's: the paths have an access state, or the missing handler was reported. */
	bool handler_seen : 1;
	/* For last_path.c, and false outside of it. */
	bool judged : 1, loses : 1;
	bool gathered : 1; /* the reporter's: another redundancy is to be reported */
};

struct maps;

/* -ENOMEM. */
_must_check_ int maps_new(struct maps **ret, uint32_t max_paths);
/* Drops the references. NULL allowed; returns NULL. */
struct maps *maps_free(struct maps *m);
/* The rows of maps and paths have no memory before the room is made: util/room.h. */
void maps_add_room(struct maps *m, struct room *room);
/* Bytes that maps_new() allocates: for the bound. */
uint64_t maps_bytes(uint32_t max_paths);

/* Indexes of maps are below this. */
uint32_t maps_end(const struct maps *m);
uint32_t maps_count(const struct maps *m);
/* NULL: no map has that index. */
struct maps_map *maps_get(struct maps *m, uint32_t index);
struct maps_path *maps_path(struct maps *m, uint32_t entry);
/* The index of the map with that device number. MAPS_NONE: unknown. */
uint32_t maps_find(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);
/* The first map that holds the path. NULL: none does. path: the registry's index. */
const struct map *maps_of(struct maps *m, uint32_t path);
/* The first entry of the path, followed by next_of_path. MAPS_NONE: the path is in no map. */
uint32_t maps_first_of_path(const struct maps *m, uint32_t path);

#endif
