/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: one word for each map. Runs on the loop.
 *
 * Invariant: `next` is not after the time at which something of a map is to be reported.
 */
#include "checkerd/core/map_loss.h"

#include <errno.h>
#include <stdlib.h>

/* As it is in files: the bits of `since`, and these. */
#define SINCE_BITS  28
#define STORED_LOST (UINT32_C(1) << SINCE_BITS)
#define STORED_GONE (UINT32_C(2) << SINCE_BITS)

struct word {
	uint32_t since
	    : SINCE_BITS; /* in MAP_LOSS_UNIT_US, rounded up; 0: the map has a usable path */
	uint32_t lost : 1; /* reported: no usable path for the whole time */
	uint32_t gone : 1; /* reported: all paths are gone for good */
	uint32_t back : 1; /* usable again, and that is to be reported */
	uint32_t old : 1;  /* the predecessor's: the paths of the map are not known yet */
};

struct map_losses {
	uint32_t max_maps; /* [init] */
	int64_t time_us;
	struct mono next;
	struct word words[]; /* max_maps of them */
};

uint64_t map_losses_bytes(uint32_t max_maps)
{
	return sizeof(struct map_losses) + (uint64_t)max_maps * sizeof(struct word);
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

	return (uint32_t)MIN(MAX(n, 1), (INT64_C(1) << SINCE_BITS) - 1);
}

static struct mono since_of(const struct word *w)
{
	return (struct mono){ w->since * MAP_LOSS_UNIT_US };
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

bool map_losses_note(struct map_losses *l, uint32_t map, bool usable, struct mono now)
{
	struct word *w = &l->words[map];
	uint32_t before = map_losses_stored(l, map);

	w->old = 0;
	if (!usable) {
		w->back = 0;
		if (w->since == 0)
			w->since = units(now) & (STORED_LOST - 1);
		l->next = now; /* Its paths may be gone for good. */
	} else if (w->lost || w->gone) {
		w->back = 1;
		l->next = mono_min(l->next, mono_add(now, MAP_LOSS_BACK_US));
	} else {
		*w = (struct word){ .since = 0 };
	}
	return map_losses_stored(l, map) != before;
}

/* That the map is usable again is not stored: the successor sees it. */
uint32_t map_losses_stored(const struct map_losses *l, uint32_t map)
{
	const struct word *w = &l->words[map];

	assert(map < l->max_maps);
	return w->since | (w->lost ? STORED_LOST : 0) | (w->gone ? STORED_GONE : 0);
}

void map_losses_take(struct map_losses *l, uint32_t map, uint32_t stored, struct mono now)
{
	uint32_t since = stored & (STORED_LOST - 1);

	assert(map < l->max_maps);
	if (since == 0 || since > units(now))
		return;
	l->words[map] = (struct word){
		.since = since & (STORED_LOST - 1),
		.lost = (stored & STORED_LOST) != 0,
		.gone = (stored & STORED_GONE) != 0,
		.old = 1,
	};
}

void map_losses_forget(struct map_losses *l, uint32_t map)
{
	assert(map < l->max_maps);
	l->words[map] = (struct word){ .since = 0 };
}

struct mono map_losses_begun(const struct map_losses *l, uint32_t map)
{
	assert(map < l->max_maps);
	return since_of(&l->words[map]);
}

struct mono map_losses_since(const struct map_losses *l, uint32_t map)
{
	const struct word *w = &l->words[map];

	assert(map < l->max_maps);
	if (w->back)
		return (struct mono){ 0 };
	return since_of(w);
}

struct mono map_losses_next(const struct map_losses *l)
{
	return l->next;
}

void map_losses_begin(struct map_losses *l)
{
	l->next = MONO_NEVER;
}

enum map_loss_what map_losses_due(struct map_losses *l, uint32_t map, bool gone,
                                  struct mono now)
{
	const struct word *w = &l->words[map];
	struct mono due = mono_add(since_of(w), l->time_us);

	assert(map < l->max_maps);
	if (w->since == 0 || w->old)
		return MAP_LOSS_NOTHING;
	if (w->back)
		return MAP_LOSS_BACK;
	if (l->time_us == 0)
		return MAP_LOSS_NOTHING;
	if (gone)
		return w->gone ? MAP_LOSS_NOTHING : MAP_LOSS_GONE;
	if (w->lost || w->gone)
		return MAP_LOSS_NOTHING;
	if (!mono_before(now, due))
		return MAP_LOSS_LOST;
	l->next = mono_min(l->next, due);
	return MAP_LOSS_NOTHING;
}

void map_losses_reported(struct map_losses *l, uint32_t map, enum map_loss_what what)
{
	struct word *w = &l->words[map];

	assert(map < l->max_maps);
	if (what == MAP_LOSS_BACK)
		*w = (struct word){ .since = 0 };
	w->lost = w->lost || what == MAP_LOSS_LOST;
	w->gone = w->gone || what == MAP_LOSS_GONE;
}
