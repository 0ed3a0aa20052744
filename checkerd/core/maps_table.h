/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_TABLE_H
#define CHECKERD_CORE_MAPS_TABLE_H

/*
 * The inside of struct maps, for its two files: maps.c has the table, maps_work.c what is to
 * be done about it.
 */
#include "checkerd/core/maps.h"

enum maps_list { LIST_NONE, LIST_TODO, LIST_LATER, LIST_COUNT_ };

/* A path of ours, by the registry's index. */
struct maps_known {
	bool used;
	bool forced; /* unusable, whatever the verdict is */
	enum path_verdict verdict : 8;
	uint32_t devt_major, devt_minor; /* 0:0: a file, which is in no map */
	uint32_t first;                  /* its places in maps */
	uint32_t next;                   /* chain of the index */
};

struct maps {
	uint32_t max_maps, max_entries, max_paths, buckets; /* [init] */
	uint32_t n_maps, n_entries, end;
	uint32_t free_map, free_entry, first_dirty;
	bool control;
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

/* The entry is in no list any more. */
void maps_unlist(struct maps *m, uint32_t entry);
/* Something about the entry may want something done. */
void maps_look_at(struct maps *m, uint32_t entry);
/* Something about one path of the map changed: what is told of it may, and whether a path
 * is its last one. */
void maps_changed(struct maps *m, uint32_t index);

#endif
