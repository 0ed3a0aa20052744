/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_TABLE_H
#define CHECKERD_CORE_MAPS_TABLE_H

/* The inside of struct maps, for maps.c, which owns it, and for the other files maps_*.c. */
#include "checkerd/core/maps.h"
#include "checkerd/core/policy.h"

enum maps_list { LIST_NONE, LIST_TODO, LIST_LATER, LIST_COUNT_ };

/* A path of the daemon, by the registry's index. */
struct maps_known {
	bool used : 1;
	bool forced : 1;   /* unusable, whatever the verdict is */
	bool disabled : 1; /* not checked, and not counted */
	bool emptied : 1;  /* with disabled: unusable, so that no I/O goes through it */
	/* With forced or emptied: failed although its map keeps its last path. */
	bool even_last : 1;
	bool held : 1; /* kept out of use, if another path of the map can be used */
	/* The check in flight does not ask the disk for its identity. */
	bool plain : 1;
	/* The last check that asked for the identity got no answer to that. */
	bool unidentified : 1;
	/* The verdict is the predecessor's: it counts, and nothing is decided by it. */
	bool old : 1;
	enum path_verdict verdict : 2;
	/* A held path that is used all the same is not reinstated before. */
	hold_time reuse;
	struct device *device; /* a reference; NULL: not in use. Number 0:0: a file */
	uint32_t first;        /* its first entry */
	uint32_t next;         /* chain of the index */
};

static_assert(sizeof(struct maps_known) <= 24, "each path has one, in locked memory");

struct maps {
	uint32_t max_maps, max_entries, max_paths, buckets; /* [init] */
	uint32_t n_maps, n_entries;
	uint32_t end, entries_end; /* no map, no entry from there on was ever used */
	uint32_t free_map, free_entry, first_dirty;
	bool control;   /* commands may be sent */
	bool settling;  /* paths are still being taken up: see maps_set_settling() */
	bool give_back; /* a released path that the daemon failed is reinstated */
	struct mono later_at; /* not after the first time in LIST_LATER */
	struct {
		uint32_t first, last;
	} lists[LIST_COUNT_];
	/* [init] These arrays follow the struct. */
	struct maps_map *maps;
	struct maps_path *entries;
	struct maps_known *known;
	uint32_t *map_by_devt; /* heads of chains */
	uint32_t *entry_by_devt;
	uint32_t *known_by_devt;
};

uint32_t maps_bucket(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);
/* The path of the daemon with that device number. MAPS_NONE: there is none. */
uint32_t maps_known_at(const struct maps *m, uint32_t devt_major, uint32_t devt_minor);

#endif
