/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: one word for each map of the table. Runs on the loop.
 *
 * Invariant: `next` is not after the time at which something of a map is to be reported.
 */
#include "checkerd/core/map_loss.h"

#include <errno.h>
#include <stdlib.h>

/* As it is in files: the bits of `since`, and these. */
#define STORED_LOST (UINT32_C(1) << MAP_LOSS_SINCE_BITS)
#define STORED_GONE (UINT32_C(2) << MAP_LOSS_SINCE_BITS)

struct map_losses {
	uint32_t max_maps; /* [init] */
	int64_t time_us;
	struct mono next;
	struct map_loss words[]; /* max_maps of them */
};

uint64_t map_losses_bytes(uint32_t max_maps)
{
	return sizeof(struct map_losses) + (uint64_t)max_maps * sizeof(struct map_loss);
}

int map_losses_new(struct map_losses **ret, uint32_t max_maps)
{
	struct map_losses *l = calloc(1, map_losses_bytes(max_maps));

	if (l == NULL)
		return -ENOMEM;
	l->max_maps = max_maps;
	l->next = MONO_NEVER;
	*ret = l;
	return 0;
}

struct map_losses *map_losses_free(struct map_losses *l)
{
	free(l);
	return NULL;
}

static uint32_t units(struct mono t)
{
	int64_t n = (t.us + MAP_LOSS_UNIT_US - 1) / MAP_LOSS_UNIT_US;

	return (uint32_t)MIN(MAX(n, 1), (INT64_C(1) << MAP_LOSS_SINCE_BITS) - 1);
}

void map_losses_set_time(struct map_losses *l, int64_t time_us)
{
	if (l->time_us != time_us)
		l->next = (struct mono){ 0 };
	l->time_us = time_us;
}

int64_t map_losses_time(const struct map_losses *l)
{
	return l->time_us;
}

struct mono map_losses_next(const struct map_losses *l)
{
	return l->next;
}

void map_losses_begin(struct map_losses *l)
{
	l->next = MONO_NEVER;
}

/* --- one map --- */

bool map_loss_note(struct map_losses *l, struct map_loss *m, bool usable, struct mono now)
{
	uint32_t before = map_loss_stored(m);

	m->old = 0;
	if (!usable) {
		m->back = 0;
		if (m->since == 0)
			m->since = units(now) & (STORED_LOST - 1);
		l->next = now; /* Its paths may be gone for good. */
	} else if (m->lost || m->gone) {
		m->back = 1;
		l->next = mono_min(l->next, mono_add(now, MAP_LOSS_BACK_US));
	} else {
		*m = (struct map_loss){ .since = 0 };
	}
	return map_loss_stored(m) != before;
}

/* That the map is usable again is not stored: the successor sees it. */
uint32_t map_loss_stored(const struct map_loss *m)
{
	return m->since | (m->lost ? STORED_LOST : 0) | (m->gone ? STORED_GONE : 0);
}

struct map_loss map_loss_taken(uint32_t stored, struct mono now)
{
	uint32_t since = stored & (STORED_LOST - 1);

	if (since == 0 || since > units(now))
		return (struct map_loss){ .since = 0 };
	return (struct map_loss){
		.since = since & (STORED_LOST - 1),
		.lost = (stored & STORED_LOST) != 0,
		.gone = (stored & STORED_GONE) != 0,
		.old = 1,
	};
}

struct mono map_loss_begun(const struct map_loss *m)
{
	return (struct mono){ m->since * MAP_LOSS_UNIT_US };
}

struct mono map_loss_since(const struct map_loss *m)
{
	return m->back ? (struct mono){ 0 } : map_loss_begun(m);
}

enum map_loss_what map_loss_due(struct map_losses *l, const struct map_loss *m, bool gone,
                                struct mono now)
{
	struct mono due = mono_add(map_loss_begun(m), l->time_us);

	if (m->since == 0 || m->old)
		return MAP_LOSS_NOTHING;
	if (m->back)
		return MAP_LOSS_BACK;
	if (l->time_us == 0)
		return MAP_LOSS_NOTHING;
	if (gone)
		return m->gone ? MAP_LOSS_NOTHING : MAP_LOSS_GONE;
	if (m->lost || m->gone)
		return MAP_LOSS_NOTHING;
	if (!mono_before(now, due))
		return MAP_LOSS_LOST;
	l->next = mono_min(l->next, due);
	return MAP_LOSS_NOTHING;
}

void map_loss_reported(struct map_loss *m, enum map_loss_what what)
{
	if (what == MAP_LOSS_BACK)
		*m = (struct map_loss){ .since = 0 };
	m->lost = m->lost || what == MAP_LOSS_LOST;
	m->gone = m->gone || what == MAP_LOSS_GONE;
}

/* --- the maps of the table --- */

static struct map_loss *of(struct map_losses *l, uint32_t map)
{
	assert(map < l->max_maps);
	return &l->words[map];
}

static const struct map_loss *seen(const struct map_losses *l, uint32_t map)
{
	assert(map < l->max_maps);
	return &l->words[map];
}

bool map_losses_note(struct map_losses *l, uint32_t map, bool usable, struct mono now)
{
	return map_loss_note(l, of(l, map), usable, now);
}

uint32_t map_losses_stored(const struct map_losses *l, uint32_t map)
{
	return map_loss_stored(seen(l, map));
}

void map_losses_take(struct map_losses *l, uint32_t map, uint32_t stored, struct mono now)
{
	const struct map_loss taken = map_loss_taken(stored, now);

	if (taken.since != 0)
		*of(l, map) = taken;
}

void map_losses_forget(struct map_losses *l, uint32_t map)
{
	*of(l, map) = (struct map_loss){ .since = 0 };
}

struct mono map_losses_begun(const struct map_losses *l, uint32_t map)
{
	return map_loss_begun(seen(l, map));
}

struct mono map_losses_since(const struct map_losses *l, uint32_t map)
{
	return map_loss_since(seen(l, map));
}

enum map_loss_what map_losses_due(struct map_losses *l, uint32_t map, bool gone,
                                  struct mono now)
{
	return map_loss_due(l, seen(l, map), gone, now);
}

void map_losses_reported(struct map_losses *l, uint32_t map, enum map_loss_what what)
{
	map_loss_reported(of(l, map), what);
}
