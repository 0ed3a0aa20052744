/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_H
#define CHECKERD_CORE_MAPS_H

/*
 * The table of multipath maps, which of our paths are in them, and what is still to be sent
 * so that the kernel agrees with what was decided. Paths and maps find each other by device
 * number, whichever comes first. A path may be in several maps, and a map holds paths that
 * are not ours: those are left alone.
 *
 * Each path of a map remembers which disk was under its number. When another disk is there, the
 * path is barred from that map until it leaves the map's table: it is failed, also as the last
 * one, and is not reinstated. What discovery knew before the path came into the table may be
 * older than the table: it bars nothing, unless the disk or discovery says so again.
 *
 * Everything is allocated at start. Belongs to the loop; pure.
 */
#include "checkerd/core/agreement.h"
#include "checkerd/core/disk_id.h"
#include "checkerd/core/map.h"

#define MAPS_NONE UINT32_MAX

/* How it was noticed that another disk is there. */
enum maps_bar {
	BAR_NONE,
	BAR_FOUND, /* discovery found other WWIDs, or another sequence number */
	BAR_MAP,   /* its WWID is not the map's */
	BAR_READ,  /* the disk itself said so */
};

/* One path of one map. There is locked memory for max_paths of them and more, so they have no
 * padding. */
struct maps_path {
	struct agreement agreement;
	struct disk_id id; /* the disk that was under its number; 0: not known yet */
	uint32_t devt_major : MAP_MAJOR_BITS, devt_minor : MAP_MINOR_BITS;
	uint32_t generation;
	uint32_t map;
	uint32_t path;         /* the registry's index; MAPS_NONE: not one of ours */
	uint32_t next;         /* of its map, in the table's order; or free */
	uint32_t next_of_devt; /* chain of the index */
	uint32_t next_of_path;
	uint32_t list_prev, list_next;
	bool used : 1;
	bool seen : 1; /* mark while a new table is compared */
	bool kept : 1; /* down, and not failed: the last one of its map */
	bool kept_told : 1;
	bool gone : 1;     /* its device is: there is nothing to give back */
	bool released : 1; /* let go: only given back, if we failed it */
	bool unproven : 1; /* what is known of its disk may be older than its place here */
	bool expedite : 1; /* the same, and it contradicts the map: check it now, list anew */
	enum maps_bar bar : 2;
	bool bar_told : 1; /* the teller's */
	enum path_verdict verdict : 2;
	enum agreement_turn turn : 2; /* news for the teller, who clears it */
	uint8_t list : 2;             /* enum maps_list: to be looked at, now or later */
};

static_assert(sizeof(struct maps_path) == 96, "nothing of it is padding");

struct maps_map {
	struct map *map; /* a reference; NULL: not in use */
	uint32_t first;  /* its paths; MAPS_NONE: none */
	uint32_t next_dirty;
	uint32_t next;            /* chain of the index, or free */
	bool keep : 1;            /* keep_last_path */
	bool dirty : 1;           /* something changed since maps_next_dirty() gave it */
	enum redundancy told : 2; /* the teller's: what was told last */
	bool told_any : 1;        /* the teller's */
	bool handler_seen : 1; /* the teller's: its paths have an access state, or it was told */
};

/* What became of a map; bits. */
enum maps_change {
	MAPS_NEW = 1 << 0,
	MAPS_RENAMED = 1 << 1,
	MAPS_PATHS = 1 << 2,     /* others, or in another order */
	MAPS_SUSPENDED = 1 << 3, /* suspended, or resumed */
	MAPS_QUEUEING = 1 << 4,
};

/* What is to be done for one path of a map. */
struct maps_order {
	enum agreement_step step; /* NOTHING and WAIT, too: then nothing is */
	uint32_t entry;           /* maps_path() */
	uint64_t token;           /* for the answer */
};

struct maps;

/* -ENOMEM. */
_must_check_ int maps_new(struct maps **ret, uint32_t max_paths);
/* Drops the references. NULL allowed; returns NULL. */
struct maps *maps_free(struct maps *m);
uint64_t maps_bytes(uint32_t max_paths);

/* --- what is known --- */
uint32_t maps_end(const struct maps *m); /* indexes of maps are below */
uint32_t maps_count(const struct maps *m);
struct maps_map *maps_get(struct maps *m, uint32_t index); /* NULL: no such map */
struct maps_path *maps_path(struct maps *m, uint32_t entry);
/* The map a path of ours is in, the first of them; NULL: in none. */
const struct map *maps_of(struct maps *m, uint32_t path);
/* The first place of a path in a map, MAPS_NONE: in none; next_of_path leads on. */
uint32_t maps_first_of_path(const struct maps *m, uint32_t path);
/* Paths that I/O can go through: active in the kernel, not disabled, not barred, and not decided to be
 * unusable. */
uint32_t maps_usable(struct maps *m, const struct maps_map *map);
/* Paths of it that are disabled: they count neither as usable nor as down. */
uint32_t maps_disabled(struct maps *m, const struct maps_map *map);
enum redundancy maps_redundancy(struct maps *m, const struct maps_map *map);

/* --- news from the kernel --- */
/*
 * A map is like that now; takes a reference of its own. *ret_change: maps_change bits.
 * -ENOSPC: no room for it or its paths, and it is no longer known.
 */
_must_check_ int maps_told(struct maps *m, struct map *map, bool keep, struct mono now,
                           uint32_t *ret_index, unsigned *ret_change);
/* MAPS_NONE: it is not known. */
uint32_t maps_find(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);
void maps_remove(struct maps *m, uint32_t index);
/*
 * The answer to a command. The entry it was for, with *ret_command; MAPS_NONE: that path is
 * no longer in that map, and the answer means nothing.
 */
uint32_t maps_answered(struct maps *m, uint64_t token, int error, struct mono now,
                       enum agreement_command *ret_command);

/* --- news of our paths; path: the registry's index --- */
/* Takes a reference of its own. */
void maps_path_added(struct maps *m, uint32_t path, struct device *d);
/* It is described otherwise now, with the same number: other WWIDs, say. */
void maps_path_changed(struct maps *m, uint32_t path, struct device *d);
/* gone: its device is, so that it is unusable wherever it still is; else it is let go: nothing
 * of it is decided any more. */
void maps_path_removed(struct maps *m, uint32_t path, bool gone);
/* A check of it was begun; identify: it asks the disk which one it is. */
void maps_path_asked(struct maps *m, uint32_t path, bool identify);
/* A check of it has read which disk it is; before the check itself is told. */
void maps_path_read(struct maps *m, uint32_t path, const struct disk_read *read);
/* A check has come back, or the state changed otherwise. good: the check found it good. */
void maps_path_checked(struct maps *m, uint32_t path, enum path_verdict verdict,
                       bool good, struct mono started);
/* Is it failed somewhere, so that its checks have to tell which disk it is? */
bool maps_is_to_be_identified(const struct maps *m, uint32_t path);

/* Another path of ours that leads to the same device; MAPS_NONE: there is none. */
uint32_t maps_twin(const struct maps *m, uint32_t path);

/* --- letting go --- */
/* Is what we failed given back when a path is let go (dm_release)? */
void maps_set_give_back(struct maps *m, bool on);
/* release: what we failed of it is given back, and nothing is wanted of it until another
 * decision is made, or this is taken back. MAPS_NONE: of everything we failed. */
void maps_release(struct maps *m, uint32_t path, bool release);
/* The path is not checked any more (false: is again), which lets it go if paths are given
 * back. */
void maps_let_go(struct maps *m, uint32_t path, bool go);

/* --- checkerctl disable, enable --- */
void maps_disable(struct maps *m, uint32_t path, bool disabled);
bool maps_is_disabled(const struct maps *m, const struct maps_path *e);

/* --- checkerctl fail, reinstate --- */
/*
 * A path that is forced counts as unusable in its maps, whatever its checks find, until that
 * is taken back or the path goes.
 */
void maps_force(struct maps *m, uint32_t path, bool fail);
bool maps_is_forced(const struct maps *m, uint32_t path);
/* In one of its maps another disk was under its number. */
bool maps_is_barred(const struct maps *m, uint32_t path);
/* Is it active in a map that is to keep its last path, with nothing else there to go on? */
bool maps_is_needed(struct maps *m, uint32_t path);

/* --- what follows --- */
void maps_set_control(struct maps *m, bool on);
void maps_set_keep(struct maps *m, uint32_t index, bool keep);
/* One path that was to be looked at. False: none is. */
bool maps_next(struct maps *m, struct mono now, struct maps_order *ret);
/* That order could not be given: it comes again. */
void maps_put_back(struct maps *m, const struct maps_order *o);
/* FAIL or REINSTATE was sent. */
void maps_sent(struct maps *m, const struct maps_order *o);
/* When maps_next() has something again: us 0: now; MONO_NEVER: not by time alone. */
struct mono maps_wake(const struct maps *m);
/* A map that has changed since it was last given; MAPS_NONE: there is none. */
uint32_t maps_next_dirty(struct maps *m);

#endif
