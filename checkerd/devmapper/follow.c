/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of device-mapper devices, in the order of their numbers, and the reported maps.
 * Runs on the device-mapper thread.
 */
#include "checkerd/devmapper/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/clean.h"

#define SWEEP_PAUSE_FACTOR 10

enum known_kind {
	KNOWN_NEW,     /* never read */
	KNOWN_EMPTY,   /* without a table when it was read */
	KNOWN_OTHER,   /* another target, which rarely changes */
	KNOWN_NO_ROOM, /* a map that found no room */
	KNOWN_MAP,
};

struct follow_known {
	uint32_t devt_major, devt_minor;
	uint32_t event_nr; /* when it was read */
	enum known_kind kind : 3;
	bool listed : 1; /* in the last list */
	bool stale : 1;  /* to be read */
	bool fresh : 1;  /* read in this update */
	bool report : 1; /* to be reported, changed or not */
	bool again : 1;  /* MAP: may change without an event, so it is read again */
	struct map *map; /* MAP: the reported one, a reference */
};

static int compare(const struct follow_known *k, uint32_t devt_major, uint32_t devt_minor)
{
	if (k->devt_major != devt_major)
		return k->devt_major < devt_major ? -1 : 1;
	if (k->devt_minor != devt_minor)
		return k->devt_minor < devt_minor ? -1 : 1;
	return 0;
}

/* The index of a device, or where it would be. */
static uint32_t find_place(const struct follow *f, uint32_t devt_major,
                           uint32_t devt_minor)
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

static struct follow_known *find_known(const struct follow *f, uint32_t devt_major,
                                       uint32_t devt_minor)
{
	uint32_t at = find_place(f, devt_major, devt_minor);

	if (at == f->n_known || compare(&f->known[at], devt_major, devt_minor) != 0)
		return NULL;
	return &f->known[at];
}

/* Does the listed name, cleaned like a map's, differ? */
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
	uint32_t at = find_place(f, l->devt_major, l->devt_minor);

	k = &f->known[at];
	if (at == f->n_known || compare(k, l->devt_major, l->devt_minor) != 0) {
		if (f->n_known == f->max_known) {
			f->no_room++;
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

static int emit_map(struct follow *f, enum dm_record_type op, struct map *m)
{
	struct dm_record n = { .op = op, .map = m };

	return f->emit(f->arg, &n);
}

/* The device is no map any more: reports that the map is gone. */
static int emit_gone(struct follow *f, struct follow_known *k)
{
	struct map *m = k->map;

	if (k->kind != KNOWN_MAP)
		return 0;
	k->map = NULL;
	k->kind = KNOWN_NEW;
	f->n_maps--;
	return emit_map(f, DM_RECORD_GONE, m);
}

static int drop_unlisted(struct follow *f)
{
	uint32_t kept = 0;
	int r = 0;

	for (uint32_t i = 0; i < f->n_known; i++) {
		struct follow_known *k = &f->known[i];

		if (!k->listed && r == 0) {
			r = emit_gone(f, k);
			continue;
		}
		f->known[kept++] = *k;
	}
	f->n_known = kept;
	return r;
}

/* Is the map suspended or without an active path, so that it may change without an event? */
static bool may_change_silently(const struct map *m)
{
	for (uint32_t i = 0; i < m->n_paths && !m->suspended; i++) {
		if (m->paths[i].active)
			return false;
	}
	return true;
}

/* Starts to read the map again and again, with short pauses first, if it may change without an
 * event, or just stopped to. */
static void plan_reads(struct follow *f, struct follow_known *k, const struct map *m)
{
	bool may = may_change_silently(m);
	bool might = k->kind == KNOWN_MAP && may_change_silently(k->map);
	bool was_suspended = k->kind == KNOWN_MAP && k->map->suspended;

	k->again = k->again || may;
	if (may != might || (m->suspended && !was_suspended)) {
		f->again_at = MONO_NEVER;
		f->again_pause_us = FOLLOW_AGAIN_MIN_US;
	}
}

/* A map was read; takes the reference. */
static int take_map(struct follow *f, struct follow_known *k, struct map *m)
{
	bool untouched = k->event_nr == m->event_nr;
	int r;

	/* Another map has the number now. */
	if (k->kind == KNOWN_MAP && strcmp(k->map->uuid, m->uuid) != 0) {
		r = emit_gone(f, k);
		if (r < 0) {
			map_unref(m);
			return r;
		}
	}
	k->event_nr = m->event_nr;
	plan_reads(f, k, m);
	if (k->kind == KNOWN_MAP) {
		/* A map that changed and changed back is reported: the loop may have got an
		 * answer. */
		bool same = untouched && !k->report && map_equal(k->map, m);

		map_unref(k->map);
		k->map = m;
		k->report = false;
		return same ? 0 : emit_map(f, DM_RECORD_MAP, map_ref(m));
	}
	if (f->n_maps == f->max_maps) {
		k->kind = KNOWN_NO_ROOM;
		map_unref(m);
		return 0;
	}
	k->kind = KNOWN_MAP;
	k->map = m;
	f->n_maps++;
	return emit_map(f, DM_RECORD_MAP, map_ref(m));
}

/* Reads one device and reports its change. */
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
	k->stale = r != 0; /* the next update reads it again */
	if (r != 0)
		return 0;
	if (m != NULL)
		return take_map(f, k, m);
	r = emit_gone(f, k);
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

		/* A first table does not change the event number. */
		if (k->stale || k->kind == KNOWN_EMPTY || again)
			r = read_known(f, k);
		if (again && k->kind == KNOWN_MAP)
			k->again = may_change_silently(k->map) ||
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
		    (k->kind == KNOWN_NO_ROOM && f->n_maps == f->max_maps))
			continue;
		r = read_known(f, k);
	}
	to = f->backend->now(f->backend);
	f->sweep_from = mono_add(to, SWEEP_PAUSE_FACTOR * mono_diff(to, from));
	f->sweep_owed = r < 0;
	return r;
}

/* Plans when the maps that may change without an event are read again. */
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

static int list_devices(struct follow *f)
{
	int r;

	f->no_room = 0;
	f->armed = false;
	r = f->backend->open(f->backend);
	if (r < 0)
		return r;
	/* Arming comes first, so that a change after the list is an event. */
	r = f->backend->arm(f->backend);
	if (r < 0)
		return r;
	f->armed = true;
	for (uint32_t i = 0; i < f->n_known; i++)
		f->known[i].listed = f->known[i].fresh = false;
	return f->backend->list(f->backend, note_listed, f);
}

static int emit_sync(struct follow *f, int error)
{
	struct dm_record n = { .op = DM_RECORD_SYNC, .error = -error };

	for (uint32_t i = 0; i < f->n_known; i++)
		f->no_room += f->known[i].kind == KNOWN_NO_ROOM;
	n.no_room = f->no_room;
	if (f->synced && f->sync_error == n.error && f->sync_no_room == n.no_room)
		return 0;
	f->synced = true;
	f->sync_error = n.error;
	f->sync_no_room = n.no_room;
	return f->emit(f->arg, &n);
}

int follow_update(struct follow *f, bool all)
{
	uint32_t n_known;
	int r;

	f->stale = false;
	do {
		r = list_devices(f);
		if (r < 0) {
			/* The next event, or devmapper_look(), lists again. */
			f->sweep_owed = false;
			plan_again(f);
			return emit_sync(f, r);
		}
		n_known = f->n_known;
		r = drop_unlisted(f);
		/* A device that found no room may find some now. */
	} while (r == 0 && f->no_room > 0 && f->n_known < n_known);
	if (r == 0)
		r = read_stale(f);
	if (r < 0)
		return r;
	f->sweep_owed = true;
	if (all || !mono_before(f->backend->now(f->backend), f->sweep_from))
		r = sweep(f, all);
	plan_again(f);
	return r < 0 ? r : emit_sync(f, 0);
}

void follow_mark(struct follow *f, uint32_t devt_major, uint32_t devt_minor)
{
	struct follow_known *k = find_known(f, devt_major, devt_minor);

	if (k == NULL)
		return;
	k->stale = true;
	f->stale = true;
}

void follow_report_again(struct follow *f)
{
	for (uint32_t i = 0; i < f->n_known; i++)
		if (f->known[i].kind == KNOWN_MAP)
			f->known[i].report = f->known[i].stale = true;
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
