/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: one word for each path, the list of removed paths, and the table of parts. Runs on the loop.
 *
 * Invariants: an item that is gathered is counted once in its turn and in each part of its device.
 * `first` of a turn is not after the time of any of its items.
 */
#include "checkerd/core/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The word of an item; all 0: nothing is gathered. lasted_us is fraction << shift, in UNIT_US. */
#define FRACTION_BITS 17

struct word {
	uint32_t gathered : 1;
	uint32_t changed : 1;
	uint32_t commanded : 1;
	uint32_t foreign : 1;
	uint32_t turn : 2; /* enum cause_turn */
	uint32_t from : 4; /* enum path_state */
	uint32_t shift : 5;
	uint32_t fraction : FRACTION_BITS;
};

static_assert(sizeof(struct word) == 4, "each path has one");
static_assert(PATH_STATE_COUNT_ <= 1 << 4 && TURN_COUNT_ <= 1 << 2, "they fit");

#define UNIT_US   1000
#define SHIFT_MAX 31

/* Of a change in a map: when, in UNIT_US. The low bits tell it from other times of half a minute. */
typedef uint16_t map_time;

static_assert(GATHER_LONGEST_US / UNIT_US < INT16_MAX, "a gathered change is not older");

struct turn {
	uint32_t n;
	struct mono first, last;
	bool company;  /* one part has CAUSE_MEMBERS_MIN of the changes */
	bool complete; /* all paths of a part changed, and no others */
};

struct gather {
	uint32_t max_paths; /* [init] */
	uint32_t n_gone;
	struct turn turns[TURN_COUNT_];
	struct causes causes;
	struct gather_gone gone[GATHER_GONE_MAX];
	map_time *mapped;    /* [init] behind the words; as many */
	struct word words[]; /* max_paths + GATHER_GONE_MAX of them */
};

uint64_t gather_bytes(uint32_t max_paths)
{
	return sizeof(struct gather) + ((uint64_t)max_paths + GATHER_GONE_MAX) *
	                                       (sizeof(struct word) + sizeof(map_time));
}

int gather_new(struct gather **ret, uint32_t max_paths)
{
	struct gather *h = calloc(1, gather_bytes(max_paths));

	if (h == NULL)
		return -ENOMEM;
	h->max_paths = max_paths;
	h->mapped = (map_time *)(void *)(h->words + max_paths + GATHER_GONE_MAX);
	for (unsigned t = 0; t < TURN_COUNT_; t++)
		h->turns[t].first = h->turns[t].last = MONO_NEVER;
	causes_init(&h->causes);
	*ret = h;
	return 0;
}

static void drop_gone(struct gather *h, struct gather_gone *g)
{
	g->device = device_unref(g->device);
	g->map = map_unref(g->map);
	h->n_gone--;
}

struct gather *gather_free(struct gather *h)
{
	if (h == NULL)
		return NULL;
	for (unsigned i = 0; i < GATHER_GONE_MAX; i++)
		if (h->gone[i].device != NULL)
			drop_gone(h, &h->gone[i]);
	free(h);
	return NULL;
}

struct causes *gather_causes(struct gather *h)
{
	return &h->causes;
}

bool gather_has(const struct gather *h, uint32_t item)
{
	assert(item < gather_end(h));
	return h->words[item].gathered;
}

/* The time with these low bits that is next to the first change of the turn. */
static struct mono mapped_at(const struct gather *h, uint32_t item)
{
	int64_t first = h->turns[h->words[item].turn].first.us / UNIT_US;
	int64_t after = (int16_t)(map_time)(h->mapped[item] - (map_time)first);

	return (struct mono){ (first + after) * UNIT_US };
}

struct gather_change gather_get(const struct gather *h, uint32_t item)
{
	const struct word *w = &h->words[item];

	assert(gather_has(h, item));
	return (struct gather_change){
		.lasted_us = ((int64_t)w->fraction << w->shift) * UNIT_US,
		.from = w->from,
		.turn = w->turn,
		.changed = w->changed,
		.commanded = w->commanded,
		.foreign = w->foreign,
		.mapped = w->commanded || w->foreign ? mapped_at(h, item)
		                                     : (struct mono){ 0 },
	};
}

static struct word word_of(const struct gather_change *c)
{
	struct word w = {
		.gathered = 1,
		.changed = c->changed,
		.commanded = c->commanded,
		.foreign = c->foreign,
		.turn = c->turn & 3U,
		.from = c->from & 15U,
	};
	int64_t fraction = MAX(c->lasted_us, 0) / UNIT_US;
	unsigned shift = 0;

	while (fraction >= INT64_C(1) << FRACTION_BITS && shift < SHIFT_MAX) {
		fraction /= 2;
		shift++;
	}
	w.shift = shift & 31U;
	w.fraction = (uint32_t)MIN(fraction, (INT64_C(1) << FRACTION_BITS) - 1) &
	             ((1U << FRACTION_BITS) - 1);
	return w;
}

static void count_out(struct gather *h, uint32_t item, const struct device *d)
{
	enum cause_turn turn = h->words[item].turn;
	struct turn *t = &h->turns[turn];

	(void)causes_count(&h->causes, d, turn,
	                   -1); /* How many are left does not matter. */
	h->words[item] = (struct word){ .gathered = 0 };
	if (--t->n > 0)
		return;
	t->first = t->last = MONO_NEVER;
	t->company = t->complete = false;
}

void gather_put(struct gather *h, uint32_t item, const struct device *d,
                const struct gather_change *c, struct mono now)
{
	struct turn *t = &h->turns[c->turn];

	h->mapped[item] = (map_time)(c->mapped.us / UNIT_US);
	if (gather_has(h, item) && h->words[item].turn == c->turn) {
		h->words[item] = word_of(c);
		return;
	}
	if (gather_has(h, item))
		count_out(h, item, d);
	h->words[item] = word_of(c);
	t->n++;
	t->first = mono_min(t->first, now);
	t->last = now;
	if (causes_count(&h->causes, d, c->turn, 1) >= CAUSE_MEMBERS_MIN)
		t->company = true;
	t->complete = t->company && causes_is_complete(&h->causes, d, c->turn, t->n);
}

void gather_drop(struct gather *h, uint32_t item, const struct device *d)
{
	assert(gather_has(h, item));
	count_out(h, item, d);
	if (item >= h->max_paths)
		drop_gone(h, &h->gone[item - h->max_paths]);
}

uint32_t gather_put_gone(struct gather *h, struct device *d, struct map *map,
                         const struct gather_change *c, struct mono now)
{
	uint32_t i = 0;

	if (h->n_gone == GATHER_GONE_MAX)
		return GATHER_NONE;
	while (h->gone[i].device != NULL)
		i++;
	h->gone[i] = (struct gather_gone){
		.device = device_ref(d),
		.map = map == NULL ? NULL : map_ref(map),
		.since = now,
	};
	h->n_gone++;
	gather_put(h, h->max_paths + i, d, c, now);
	return h->max_paths + i;
}

struct gather_gone *gather_gone(struct gather *h, uint32_t item)
{
	return item < h->max_paths ? NULL : &h->gone[item - h->max_paths];
}

uint32_t gather_find_gone(const struct gather *h, const char *name)
{
	for (uint32_t i = 0, left = h->n_gone; left > 0; i++) {
		if (h->gone[i].device == NULL)
			continue;
		if (strcmp(device_name(h->gone[i].device), name) == 0)
			return h->max_paths + i;
		left--;
	}
	return GATHER_NONE;
}

uint32_t gather_count(const struct gather *h, enum cause_turn turn)
{
	return h->turns[turn].n;
}

struct mono gather_due(const struct gather *h, enum cause_turn turn)
{
	const struct turn *t = &h->turns[turn];
	struct mono alone = mono_add(t->first, GATHER_ALONE_US);

	if (t->n == 0)
		return MONO_NEVER;
	if (turn == TURN_GONE && h->n_gone == GATHER_GONE_MAX)
		return t->first;
	if (!t->company)
		return alone;
	if (t->complete)
		return mono_add(t->last, GATHER_ALONE_US);
	return mono_min(mono_max(alone, mono_add(t->last, GATHER_QUIET_US)),
	                mono_add(t->first, GATHER_LONGEST_US));
}

uint32_t gather_next(const struct gather *h, enum cause_turn turn, uint32_t *cursor,
                     uint32_t *visits)
{
	for (; *visits > 0 && *cursor < gather_end(h); (*visits)--) {
		uint32_t item = (*cursor)++;

		if (h->words[item].gathered && h->words[item].turn == turn) {
			(*visits)--;
			return item;
		}
	}
	return GATHER_NONE;
}

uint32_t gather_end(const struct gather *h)
{
	return h->max_paths + GATHER_GONE_MAX;
}

void gather_reported(struct gather *h, enum cause_turn turn, struct mono oldest)
{
	struct turn *t = &h->turns[turn];

	if (t->n == 0)
		return;
	t->first = oldest;
	t->company = t->complete = false;
}
