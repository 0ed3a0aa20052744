/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_TABLE_H
#define CHECKERD_CORE_MAPS_TABLE_H

/*
 * The inside of struct maps, for its files: maps.c has the table, maps_paths.c the paths of ours
 * and which disks they are, maps_work.c what is to be done about it.
 */
#include "checkerd/core/maps.h"

enum maps_list { LIST_NONE, LIST_TODO, LIST_LATER, LIST_COUNT_ };

/* A path of ours, by the registry's index. */
struct maps_known {
	bool used;
	bool forced;       /* unusable, whatever the verdict is */
	bool disabled;     /* not checked: it counts for nothing */
	bool plain;        /* its check does not ask which disk it is */
	bool unidentified; /* the last check that was to tell which disk it is, could not */
	enum path_verdict verdict : 8;
	struct device *device; /* a reference; NULL: not in use. Number 0:0: a file */
	uint32_t first;        /* its places in maps */
	uint32_t next;         /* chain of the index */
};

struct maps {
	uint32_t max_maps, max_entries, max_paths, buckets; /* [init] */
	uint32_t n_maps, n_entries, end;
	uint32_t free_map, free_entry, first_dirty;
	bool control;
	bool give_back;       /* what we failed, when a path is let go */
	struct mono later_at; /* the earliest of `later`, or before it */
	struct {
		uint32_t first, last;
	} lists[LIST_COUNT_];
	struct maps_map *maps; /* [init] as are those below: behind the struct */
	struct maps_path *entries;
	struct maps_known *known;
	uint32_t *map_by_devt; /* heads of chains */
	uint32_t *entry_by_devt;
	uint32_t *known_by_devt;
};

uint32_t maps_bucket(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);
/* The path of ours with that number; MAPS_NONE: there is none. */
uint32_t maps_known_at(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);
/* The entry is that path of ours from now on: its disk is held against what is remembered. */
void maps_link(struct maps *m, uint32_t entry, uint32_t path);
/* The same of an entry that is new, by a path that was known before. */
void maps_link_new(struct maps *m, uint32_t entry, uint32_t path);
/* It is none of ours any more. */
void maps_unlink(struct maps *m, uint32_t entry);
/* Something else in its map that I/O can go through and will: one of ours, found good. */
bool maps_has_another(struct maps *m, uint32_t entry);
/* Something else in its map that may be found good yet: its first check is not over. */
bool maps_awaits_another(struct maps *m, uint32_t entry);
/* The entry is in no list any more. */
void maps_unlist(struct maps *m, uint32_t entry);
/* Something about the entry may want something done. */
void maps_look_at(struct maps *m, uint32_t entry);
/* Something about one path of the map changed: what is told of it may, and whether a path
 * is its last one. */
void maps_changed(struct maps *m, uint32_t index);

#endif
