/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/devmapper/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/clean.h"

#define SWEEP_PAUSE_FACTOR 10

enum known_kind {
	KNOWN_NEW,      /* never read */
	KNOWN_EMPTY,    /* without a table when it was read */
	KNOWN_OTHER,    /* no multipath target, and hardly ever will be */
	KNOWN_LEFT_OUT, /* a map too many */
	KNOWN_MAP,
};

struct follow_known {
	uint32_t devt_major, devt_minor;
	uint32_t event_nr; /* when it was read */
	enum known_kind kind : 3;
	bool listed : 1; /* it is in the list that was taken last */
	bool stale : 1;  /* it has to be read */
	bool fresh : 1;  /* it was read in this update */
	bool retell : 1; /* it is told again, changed or not */
	bool again : 1;  /* MAP: nothing tells of what becomes of it */
	struct map *map; /* MAP: what was told, a reference */
};

static int compare(const struct follow_known *k, uint32_t devt_major, uint32_t devt_minor)
{
	if (k->devt_major != devt_major)
		return k->devt_major < devt_major ? -1 : 1;
	if (k->devt_minor != devt_minor)
		return k->devt_minor < devt_minor ? -1 : 1;
	return 0;
}

/* The place of a device, or where it would be. */
static uint32_t place(const struct follow *f, uint32_t devt_major, uint32_t devt_minor)
{
	uint32_t low = 0, high = f->n_known;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&f->known[middle], devt_major, devt_minor) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct follow_known *find(const struct follow *f, uint32_t devt_major,
                                 uint32_t devt_minor)
{
	uint32_t at = place(f, devt_major, devt_minor);

	if (at == f->n_known || compare(&f->known[at], devt_major, devt_minor) != 0)
		return NULL;
	return &f->known[at];
}

/* Against the listed name as a map would have it. */
static bool has_new_name(const struct map *m, const char *listed)
{
	char name[MAP_NAME_MAX];

	(void)clean_copy(name, sizeof(name), listed);
	return strcmp(m->name, name) != 0;
}

static void note_listed(void *arg, const struct dm_listed *l)
{
	struct follow *f = arg;
	struct follow_known *k;
	uint32_t at = place(f, l->devt_major, l->devt_minor);

	k = &f->known[at];
	if (at == f->n_known || compare(k, l->devt_major, l->devt_minor) != 0) {
		if (f->n_known == f->max_known) {
			f->left_out++;
			return;
		}
		memmove(k + 1, k, (f->n_known - at) * sizeof(*k));
		f->n_known++;
		*k = (struct follow_known){
			.devt_major = l->devt_major,
			.devt_minor = l->devt_minor,
			.kind = KNOWN_NEW,
			.stale = true,
		};
	}
	k->listed = true;
	if (k->kind == KNOWN_MAP &&
	    (k->event_nr != l->event_nr || has_new_name(k->map, l->name)))
		k->stale = true;
}

static int tell(struct follow *f, enum dm_news_op op, struct map *m)
{
	struct dm_news n = { .op = op, .map = m };

	return f->emit(f->arg, &n);
}

/* The device is no map any more: what was told is taken back. */
static int tell_gone(struct follow *f, struct follow_known *k)
{
	struct map *m = k->map;

	if (k->kind != KNOWN_MAP)
		return 0;
	k->map = NULL;
	k->kind = KNOWN_NEW;
	f->n_maps--;
	return tell(f, DM_NEWS_GONE, m);
}

static int drop_unlisted(struct follow *f)
{
	uint32_t kept = 0;
	int r = 0;

	for (uint32_t i = 0; i < f->n_known; i++) {
		struct follow_known *k = &f->known[i];

		if (!k->listed && r == 0) {
			r = tell_gone(f, k);
			continue;
		}
		f->known[kept++] = *k;
	}
	f->n_known = kept;
	return r;
}

/* It is suspended, or no path is left: what becomes of that is no event. */
static bool may_change_untold(const struct map *m)
{
	for (uint32_t i = 0; i < m->n_paths && !m->suspended; i++) {
		if (m->paths[i].active)
			return false;
	}
	return true;
}

/* Begins to read the map again and again, with short pauses first, if what was read says so:
 * it may change untold, or has just stopped to. */
static void watch(struct follow *f, struct follow_known *k, const struct map *m)
{
	bool may = may_change_untold(m);
	bool might = k->kind == KNOWN_MAP && may_change_untold(k->map);
	bool was_suspended = k->kind == KNOWN_MAP && k->map->suspended;

	k->again = k->again || may;
	if (may != might || (m->suspended && !was_suspended)) {
		f->again_at = MONO_NEVER;
		f->again_pause_us = FOLLOW_AGAIN_MIN_US;
	}
}

/* What was read is a map; takes the reference. */
static int take_map(struct follow *f, struct follow_known *k, struct map *m)
{
	bool untouched = k->event_nr == m->event_nr;
	int r;

	/* Another map under a number that was used again. */
	if (k->kind == KNOWN_MAP && strcmp(k->map->uuid, m->uuid) != 0) {
		r = tell_gone(f, k);
		if (r < 0) {
			map_unref(m);
			return r;
		}
	}
	k->event_nr = m->event_nr;
	watch(f, k, m);
	if (k->kind == KNOWN_MAP) {
		/* Changed and changed back: the loop may have been answered in between. */
		bool same = untouched && !k->retell && map_equal(k->map, m);

		map_unref(k->map);
		k->map = m;
		k->retell = false;
		return same ? 0 : tell(f, DM_NEWS_MAP, map_ref(m));
	}
	if (f->n_maps == f->max_maps) {
		k->kind = KNOWN_LEFT_OUT;
		map_unref(m);
		return 0;
	}
	k->kind = KNOWN_MAP;
	k->map = m;
	f->n_maps++;
	return tell(f, DM_NEWS_MAP, map_ref(m));
}

/* Reads one device and tells what became of it. */
static int read_known(struct follow *f, struct follow_known *k)
{
	struct multipath_text text;
	enum dm_kind kind;
	struct map *m = NULL;
	int r;

	r = f->between(f->arg);
	if (r < 0)
		return r;
	k->fresh = true;
	r = f->backend->read(f->backend, k->devt_major, k->devt_minor, &kind, &text);
	if (r == 0 && kind == DM_KIND_MULTIPATH)
		r = multipath_read(&m, &text, &f->room);
	k->stale = r != 0; /* the next update tries again */
	if (r != 0)
		return 0;
	if (m != NULL)
		return take_map(f, k, m);
	r = tell_gone(f, k);
	k->kind = kind == DM_KIND_EMPTY ? KNOWN_EMPTY : KNOWN_OTHER;
	return r;
}

static bool is_read_again(const struct follow_known *k)
{
	return k->kind == KNOWN_MAP && k->again;
}

static int read_stale(struct follow *f)
{
	bool due = !mono_before(f->backend->now(f->backend), f->again_at);
	int r = 0;

	for (uint32_t i = 0; i < f->n_known && r == 0; i++) {
		struct follow_known *k = &f->known[i];
		bool again = due && is_read_again(k);

		/* Its first table changes no number. */
		if (k->stale || k->kind == KNOWN_EMPTY || again)
			r = read_known(f, k);
		if (again && k->kind == KNOWN_MAP)
			k->again = may_change_untold(k->map) ||
			           f->again_pause_us < FOLLOW_AGAIN_AFTER_US;
	}
	return r;
}

static int sweep(struct follow *f, bool all)
{
	struct mono from = f->backend->now(f->backend), to;
	int r = 0;

	for (uint32_t i = 0; i < f->n_known && r == 0; i++) {
		struct follow_known *k = &f->known[i];

		if (k->fresh || (k->kind == KNOWN_OTHER && !all) ||
		    (k->kind == KNOWN_LEFT_OUT && f->n_maps == f->max_maps))
			continue;
		r = read_known(f, k);
	}
	to = f->backend->now(f->backend);
	f->sweep_from = mono_add(to, SWEEP_PAUSE_FACTOR * mono_diff(to, from));
	f->sweep_owed = r < 0;
	return r;
}

/* Says when those are read again of which nothing tells. */
static void plan_again(struct follow *f)
{
	struct mono now = f->backend->now(f->backend);
	uint32_t i = 0;

	while (i < f->n_known && !is_read_again(&f->known[i]))
		i++;
	if (i == f->n_known) {
		f->again_at = MONO_NEVER;
	} else if (mono_is_never(f->again_at) || !mono_before(now, f->again_at)) {
		f->again_at = mono_add(now, f->again_pause_us);
		f->again_pause_us = MIN(2 * f->again_pause_us, FOLLOW_AGAIN_MAX_US);
	}
}

static int list(struct follow *f)
{
	int r;

	f->left_out = 0;
	f->armed = false;
	r = f->backend->open(f->backend);
	if (r < 0)
		return r;
	/* In this order: what happens after the list is an event. */
	r = f->backend->arm(f->backend);
	if (r < 0)
		return r;
	f->armed = true;
	for (uint32_t i = 0; i < f->n_known; i++)
		f->known[i].listed = f->known[i].fresh = false;
	return f->backend->list(f->backend, note_listed, f);
}

static int tell_sync(struct follow *f, int error)
{
	struct dm_news n = { .op = DM_NEWS_SYNC, .error = -error };

	for (uint32_t i = 0; i < f->n_known; i++)
		f->left_out += f->known[i].kind == KNOWN_LEFT_OUT;
	n.left_out = f->left_out;
	if (f->synced && f->sync_error == n.error && f->sync_left_out == n.left_out)
		return 0;
	f->synced = true;
	f->sync_error = n.error;
	f->sync_left_out = n.left_out;
	return f->emit(f->arg, &n);
}

int follow_update(struct follow *f, bool all)
{
	uint32_t n_known;
	int r;

	f->stale = false;
	do {
		r = list(f);
		if (r < 0) {
			/* The next event, or look, begins anew. */
			f->sweep_owed = false;
			plan_again(f);
			return tell_sync(f, r);
		}
		n_known = f->n_known;
		r = drop_unlisted(f);
		/* What found no room may find the room that was made. */
	} while (r == 0 && f->left_out > 0 && f->n_known < n_known);
	if (r == 0)
		r = read_stale(f);
	if (r < 0)
		return r;
	f->sweep_owed = true;
	if (all || !mono_before(f->backend->now(f->backend), f->sweep_from))
		r = sweep(f, all);
	plan_again(f);
	return r < 0 ? r : tell_sync(f, 0);
}

void follow_mark(struct follow *f, uint32_t devt_major, uint32_t devt_minor)
{
	struct follow_known *k = find(f, devt_major, devt_minor);

	if (k == NULL)
		return;
	k->stale = true;
	f->stale = true;
}

void follow_tell_again(struct follow *f)
{
	for (uint32_t i = 0; i < f->n_known; i++)
		if (f->known[i].kind == KNOWN_MAP)
			f->known[i].retell = f->known[i].stale = true;
	f->stale = true;
}

struct mono follow_due(const struct follow *f)
{
	if (f->stale)
		return (struct mono){ 0 };
	return f->sweep_owed ? mono_min(f->sweep_from, f->again_at) : f->again_at;
}

int follow_init(struct follow *f, uint32_t max_maps)
{
	*f = (struct follow){
		.max_maps = max_maps,
		.max_known = follow_max_devices(max_maps),
		.again_at = MONO_NEVER,
	};
	f->known = calloc(f->max_known, sizeof(*f->known));
	return f->known == NULL ? -ENOMEM : 0;
}

void follow_deinit(struct follow *f)
{
	for (uint32_t i = 0; i < f->n_known; i++)
		map_unref(f->known[i].map);
	free(f->known);
	f->known = NULL;
	f->n_known = 0;
}

uint32_t follow_max_devices(uint32_t max_maps)
{
	return max_maps + FOLLOW_OTHERS_MAX;
}

uint64_t follow_bytes(uint32_t max_maps)
{
	return (uint64_t)follow_max_devices(max_maps) * sizeof(struct follow_known);
}
