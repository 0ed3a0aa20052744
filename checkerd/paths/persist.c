/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the sets of paths and maps that are to be written. The loop only. */
#include "checkerd/paths/persist.h"

#include <errno.h>
#include <stdlib.h>

#include "checkerd/core/maps_paths.h"

static uint32_t words_for(uint32_t n)
{
	return (n + 63) / 64;
}

int persist_init(struct persist *ps, const struct persist_parts *parts)
{
	*ps = (struct persist){
		.store = parts->store,
		.registry = parts->registry,
		.maps = parts->maps,
		.gathered = parts->gathered,
		.losses = parts->losses,
		.holds = parts->holds,
		.max_paths = parts->max_paths,
		.max_maps = map_room(parts->max_paths),
		.next = REGISTRY_NONE,
		.again = MONO_NEVER,
	};
	ps->paths = calloc(words_for(ps->max_paths), sizeof(*ps->paths));
	ps->awaited = calloc(words_for(ps->max_paths), sizeof(*ps->awaited));
	ps->unreported = calloc(words_for(ps->max_paths), sizeof(*ps->unreported));
	ps->changed_maps = calloc(words_for(ps->max_maps), sizeof(*ps->changed_maps));
	if (ps->paths != NULL && ps->awaited != NULL && ps->unreported != NULL &&
	    ps->changed_maps != NULL)
		return 0;
	persist_deinit(ps);
	return -ENOMEM;
}

void persist_deinit(struct persist *ps)
{
	free(ps->paths);
	free(ps->awaited);
	free(ps->unreported);
	free(ps->changed_maps);
	ps->paths = ps->awaited = ps->unreported = ps->changed_maps = NULL;
}

uint64_t persist_bytes(uint32_t max_paths)
{
	return (3 * (uint64_t)words_for(max_paths) + words_for(map_room(max_paths))) *
	       sizeof(uint64_t);
}

/* --- sets --- */

static void insert(uint64_t *set, uint32_t i, uint32_t *n)
{
	uint64_t bit = UINT64_C(1) << i % 64;

	*n += (set[i / 64] & bit) == 0;
	set[i / 64] |= bit;
}

static void erase(uint64_t *set, uint32_t i, uint32_t *n)
{
	uint64_t bit = UINT64_C(1) << i % 64;

	*n -= (set[i / 64] & bit) != 0;
	set[i / 64] &= ~bit;
}

/* The first index from there on. max: there is none. */
static uint32_t first(const uint64_t *set, uint32_t from, uint32_t max)
{
	while (from < max) {
		uint64_t word = set[from / 64] >> from % 64;

		if (word != 0)
			return from + (uint32_t)__builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return max;
}

/* --- writing --- */

void persist_touch(struct persist *ps, uint32_t path)
{
	assert(path < ps->max_paths);
	insert(ps->paths, path, &ps->n_paths);
}

void persist_touch_map(struct persist *ps, uint32_t map)
{
	assert(map < ps->max_maps);
	insert(ps->changed_maps, map, &ps->n_maps);
}

/* What device-mapper and the administrator know of the path. */
static struct stored_marks marks_of(const struct persist *ps, uint32_t index,
                                    const struct path *p)
{
	uint32_t i = maps_first_of_path(ps->maps, index);
	struct stored_marks m = {
		.forced = maps_is_forced(ps->maps, index),
		.even_last = maps_is_even_last(ps->maps, index),
		.waived = p->window_waived,
		.map_reported = p->map_reported,
	};

	if (device_is_observed(p->device))
		m.map_loss = map_loss_stored(&p->map_loss);
	if (p->by_hand) {
		m.disabled_until = p->due;
		m.disabled_since = p->heard;
		m.empties = p->by_hand_empties;
	}
	for (; i != MAPS_NONE; i = maps_path(ps->maps, i)->next_of_path) {
		const struct maps_path *e = maps_path(ps->maps, i);

		m.ours = m.ours || e->agreement.ours;
		m.released = m.released || e->released;
		m.kept_reported = m.kept_reported || e->kept_reported;
		m.spared_reported = m.spared_reported || e->spared_reported;
	}
	return m;
}

/* Began. An end that the successor does not report is not worth a place in the record. */
static bool hold_is_unreported(const struct persist *ps, uint32_t index)
{
	const struct hold_change *c = hold_gather_find(ps->holds, index);

	return c != NULL && !policy_is_held(&c->before);
}

/* The successor reports what this daemon did not. */
static void note_unreported(struct persist *ps, uint32_t index, struct stored_marks *m)
{
	struct gather_change c = { .changed = false };

	m->hold_unreported = hold_is_unreported(ps, index);
	if (m->hold_unreported != 0)
		insert(ps->unreported, index, &ps->n_unreported);
	if (gather_has(ps->gathered, index))
		c = gather_get(ps->gathered, index);
	if (!c.changed)
		return;
	m->unreported_from = (uint8_t)(1 + c.from);
	m->unreported_lasted_ms =
	        (uint32_t)MIN(c.lasted_us / USEC_PER_MSEC, (int64_t)UINT32_MAX);
	insert(ps->unreported, index, &ps->n_unreported);
}

/* A change that was reported is written as such. */
static void touch_reported(struct persist *ps)
{
	uint32_t i = 0;

	while (ps->n_unreported > 0 &&
	       (i = first(ps->unreported, i, ps->max_paths)) < ps->max_paths) {
		if (!gather_has(ps->gathered, i) && !hold_is_unreported(ps, i)) {
			erase(ps->unreported, i, &ps->n_unreported);
			persist_touch(ps, i);
		}
		i++;
	}
}

static bool put_path(struct persist *ps, uint32_t index, struct mono now)
{
	const struct path *p = registry_get(ps->registry, index);
	struct stored_marks marks;

	if (p == NULL)
		return store_drop_path(ps->store, index);
	marks = marks_of(ps, index, p);
	note_unreported(ps, index, &marks);
	return store_put_path(ps->store, index, p, &marks, now);
}

static bool put_map(struct persist *ps, uint32_t index, struct mono now)
{
	const struct maps_map *m = maps_get(ps->maps, index);

	if (m == NULL)
		return store_drop_map(ps->store, index);
	return store_put_map(
	        ps->store, index, m->map,
	        &(struct stored_map){ .reported_any = m->reported_any,
	                              .reported = m->reported,
	                              .expected = m->expected,
	                              .loss = map_losses_stored(ps->losses, index) },
	        now);
}

/* False: the ring is full, and the rest stays in its set. */
static bool put_touched(struct persist *ps, struct mono now)
{
	uint32_t i = 0;

	while (ps->n_paths > 0 &&
	       (i = first(ps->paths, i, ps->max_paths)) < ps->max_paths) {
		if (!put_path(ps, i, now))
			return false;
		erase(ps->paths, i, &ps->n_paths);
	}
	i = 0;
	while (ps->n_maps > 0 &&
	       (i = first(ps->changed_maps, i, ps->max_maps)) < ps->max_maps) {
		if (!put_map(ps, i, now))
			return false;
		erase(ps->changed_maps, i, &ps->n_maps);
	}
	return true;
}

/* Touches the paths of a slice, when a walk is due. */
static void walk(struct persist *ps, struct mono now)
{
	uint32_t end = registry_end(ps->registry);

	if (ps->next == REGISTRY_NONE) {
		if (mono_before(now, ps->walk_at) || !store_is_open(ps->store))
			return;
		ps->next = 0;
		ps->walk_at = mono_add(now, PERSIST_WALK_US);
	}
	for (unsigned n = 0; n < PERSIST_SLICE && ps->next < end; n++, ps->next++)
		if (registry_get(ps->registry, ps->next) != NULL)
			persist_touch(ps, ps->next);
	if (ps->next >= end)
		ps->next = REGISTRY_NONE;
}

void persist_run(struct persist *ps, struct mono now)
{
	if (ps->began.us == 0)
		ps->began = now;
	touch_reported(ps);
	if (ps->n_paths == 0)
		walk(ps, now);
	if (ps->n_paths > 0 || ps->n_maps > 0) {
		ps->again = put_touched(ps, now) ? MONO_NEVER
		                                 : mono_add(now, PERSIST_AGAIN_US);
		store_flush(ps->store);
	}
	if (ps->ending && ps->n_paths == 0 && ps->n_maps == 0) {
		ps->ending = false;
		store_end_old(ps->store);
	}
}

struct mono persist_next(const struct persist *ps)
{
	return ps->again;
}

void persist_finish(struct persist *ps, struct mono now, struct mono until)
{
	if (!store_is_open(ps->store))
		return;
	for (uint32_t i = 0; i < registry_end(ps->registry); i++)
		if (registry_get(ps->registry, i) != NULL)
			persist_touch(ps, i);
	while (!put_touched(ps, now))
		if (!store_wait(ps->store, until))
			return;
	store_flush(ps->store);
}

/* --- taking up --- */

bool persist_take_path(struct persist *ps, uint32_t path, struct mono now,
                       struct stored_marks *ret_marks)
{
	struct path *p = registry_get(ps->registry, path);
	struct stored_path old;

	if (!store_find_path(ps->store, p->device, now, &old))
		return false;
	p->status = old.status;
	p->last = old.last;
	p->good = old.good;
	p->counters = old.counters;
	p->latency = old.latency;
	p->hold = old.hold;
	p->share = old.share;
	p->map_reported = old.marks.map_reported & 3;
	if (device_is_observed(p->device))
		p->map_loss = map_loss_taken(old.marks.map_loss, now);
	p->window_waived = old.marks.waived != 0;
	ps->taken++;
	*ret_marks = old.marks;
	return true;
}

static void mark_entry(struct persist *ps, uint32_t entry, const struct stored_marks *m)
{
	struct maps_path *e = maps_path(ps->maps, entry);

	e->agreement.ours = m->ours != 0 && !e->agreement.active;
	/* A path that is failed has nothing to keep, and the record may be older than the last decision. */
	e->released = m->released != 0 && !e->gone && e->agreement.active;
	e->kept_reported = m->kept_reported != 0;
	e->spared_reported = m->spared_reported != 0;
}

void persist_take_marks(struct persist *ps, uint32_t path, const struct stored_marks *m)
{
	const struct path *p = registry_get(ps->registry, path);
	uint32_t i = maps_first_of_path(ps->maps, path);

	if (p->status.verdict != VERDICT_NONE)
		maps_take_verdict(ps->maps, path, p->status.verdict);
	if (m->forced != 0)
		maps_force(ps->maps, path, true, m->even_last != 0);
	for (; i != MAPS_NONE; i = maps_path(ps->maps, i)->next_of_path)
		mark_entry(ps, i, m);
}

/* A path may be known before its map. */
static void mark_entries(struct persist *ps, const struct maps_map *m, struct mono now)
{
	for (uint32_t i = m->first; i != MAPS_NONE; i = maps_path(ps->maps, i)->next) {
		const struct maps_path *e = maps_path(ps->maps, i);
		const struct path *p =
		        e->path == MAPS_NONE ? NULL : registry_get(ps->registry, e->path);
		struct stored_path old;

		if (p != NULL && store_find_path(ps->store, p->device, now, &old))
			mark_entry(ps, i, &old.marks);
	}
}

void persist_take_map(struct persist *ps, uint32_t map, struct mono now)
{
	struct maps_map *m = maps_get(ps->maps, map);
	struct stored_map old;

	if (!store_has_old(ps->store))
		return;
	if (store_find_map(ps->store, m->map, &old)) {
		m->reported_any = old.reported_any;
		m->reported = old.reported;
		m->expected = MAX(m->expected, old.expected);
		map_losses_take(ps->losses, map, old.loss, now);
	}
	mark_entries(ps, m, now);
}

void persist_end_old(struct persist *ps)
{
	ps->ending = true;
}

bool persist_is_taking(const struct persist *ps, struct mono now)
{
	return store_has_old(ps->store) &&
	       mono_diff(now, ps->began) < PERSIST_PATIENCE_US;
}

void persist_await(struct persist *ps, uint32_t path, bool on)
{
	assert(path < ps->max_paths);
	if (on)
		insert(ps->awaited, path, &ps->n_awaited);
	else
		erase(ps->awaited, path, &ps->n_awaited);
}
