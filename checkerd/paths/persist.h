/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_PERSIST_H
#define CHECKERD_PATHS_PERSIST_H

/*
 * Which states are to be written for the successor, and what the predecessor left. The loop only.
 *
 * A path or map whose state, marks or hold changed is touched, and written at the end of the round.
 * Counters and latencies change with every check: a walk writes them once in PERSIST_WALK_US, together
 * with wake-ups that happen anyway. So a successful check costs nothing here.
 */
#include "checkerd/core/gather.h"
#include "checkerd/core/hold_gather.h"
#include "checkerd/core/map_loss.h"
#include "checkerd/core/maps.h"
#include "checkerd/core/registry.h"
#include "checkerd/store/store.h"

/* Time between two walks. */
#define PERSIST_WALK_US (60 * USEC_PER_SEC)
/* Paths per slice of a walk. */
#define PERSIST_SLICE 64
/* When the ring was full, the rest is put after this time. */
#define PERSIST_AGAIN_US    (20 * USEC_PER_MSEC)
#define PERSIST_PATIENCE_US (10 * USEC_PER_SEC)

struct persist {
	/* Borrowed, as are the next five. */
	struct store *store;
	struct registry *registry;
	struct maps *maps;
	/* Changes that are not reported yet. */
	const struct gather *gathered;
	struct map_losses *losses;
	struct hold_gather *holds;
	/* Owned: sets of indexes. Paths and maps that are to be written. */
	uint64_t *paths, *changed_maps;
	/* Owned: paths whose record has a change that was not reported. */
	uint64_t *unreported;
	/* Owned: paths whose state is the predecessor's, and which a check is to confirm. */
	uint64_t *awaited;
	uint32_t max_paths, max_maps;
	uint32_t n_paths, n_maps, n_awaited, n_unreported;
	/* The next path of the walk. REGISTRY_NONE: no walk is under way. */
	uint32_t next;
	struct mono walk_at; /* the next one begins then */
	/* The ring was full: when the rest is put. MONO_NEVER: it was not. */
	struct mono again;
	/* persist_end_old() was called, and records are to be put before. */
	bool ending;
	/* When the first path or map could have been taken up. us 0: not yet. */
	struct mono began;
	/* Paths that were taken up. */
	uint32_t taken;
};

struct persist_parts {
	struct store *store;
	struct registry *registry;
	struct maps *maps;
	const struct gather *gathered;
	struct map_losses *losses;
	struct hold_gather *holds;
	uint32_t max_paths;
};

/* -ENOMEM. */
_must_check_ int persist_init(struct persist *ps, const struct persist_parts *parts);
void persist_deinit(struct persist *ps);
/* Bytes that persist_init() allocates: for the bound. */
uint64_t persist_bytes(uint32_t max_paths);

/* --- writing --- */

/* The path changed, was added or was removed. */
void persist_touch(struct persist *ps, uint32_t path);
void persist_touch_map(struct persist *ps, uint32_t map);
/* Puts what was touched. To be called before commands are sent, and at the end of a round. */
void persist_run(struct persist *ps, struct mono now);
/* Was everything that was touched put? False: the ring was full, or persist_run() was not called since. */
static inline bool persist_has_put(const struct persist *ps)
{
	return ps->n_paths == 0 && ps->n_maps == 0;
}
/* When persist_run() is needed although nothing else happens. */
struct mono persist_next(const struct persist *ps);
/* Writes everything, at the end of the daemon. Waits for the thread until then at most. */
void persist_finish(struct persist *ps, struct mono now, struct mono until);

/* --- taking up --- */

/* The path is new in the registry. Gives it the predecessor's state, if it left one. *ret_marks: what
 * persist_take_marks() is to apply. */
bool persist_take_path(struct persist *ps, uint32_t path, struct mono now,
                       struct stored_marks *ret_marks);
/* The path is in the table of maps. */
void persist_take_marks(struct persist *ps, uint32_t path, const struct stored_marks *m);
/* The map is new in the table. */
void persist_take_map(struct persist *ps, uint32_t map, struct mono now);
/* The devices and maps that exist are known: forgets what the predecessor left of others, once
 * persist_run() has put the records of all that was taken up. */
void persist_end_old(struct persist *ps);
/* Paths and maps are still being taken up. Not longer than PERSIST_PATIENCE_US, even if devices cannot
 * be listed. */
bool persist_is_taking(const struct persist *ps, struct mono now);

/* A check is to confirm the state of the path; or not any more. */
void persist_await(struct persist *ps, uint32_t path, bool on);
static inline bool persist_awaits(const struct persist *ps, uint32_t path)
{
	return ps->n_awaited > 0 && (ps->awaited[path / 64] >> path % 64 & 1) != 0;
}

#endif
