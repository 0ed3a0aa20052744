/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state file: the records are the product's, and this is the place where they are kept. The thread
 * that writes them is late by some milliseconds, and a daemon that is killed loses what it had not
 * written. It outlives the daemons of a seed.
 */
#include <string.h>

#include "checkerd/store/store.h"
#include "tests/sim/calls.h"

#define RING  32 /* as in store.c */
#define SLOTS (2 * PATHS_MAX)

struct store_write {
	uint32_t slot;
	struct record record;
};

struct store {
	bool has_old;
};

static struct store store;
static struct {
	/* Of this daemon: paths first, then maps. */
	struct record records[SLOTS];
	/* What it found. */
	struct record old[SLOTS];
	uint32_t n_old;
	/* Put, and not written yet. */
	struct store_write ring[RING];
	uint32_t n_ring;
	bool flushing;
} file;

void sim_store_reset(void)
{
	memset(&file, 0, sizeof(file));
}

/* --- the thread --- */

static void write_all(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < file.n_ring; i++)
		file.records[file.ring[i].slot] = file.ring[i].record;
	file.n_ring = 0;
	file.flushing = false;
}

void store_flush(struct store *s)
{
	(void)s;
	if (file.n_ring == 0 || file.flushing)
		return;
	file.flushing = true;
	(void)event_at(mono_add(sim.now, sim_between(0, 5 * USEC_PER_MSEC)), write_all,
	               NULL);
}

bool store_wait(struct store *s, struct mono until)
{
	(void)s;
	(void)until;
	write_all(NULL);
	return true;
}

/* --- a daemon ends, and the next one begins --- */

bool sim_store_has_unwritten(const char *name)
{
	char other[MAP_UUID_MAX];

	for (uint32_t i = 0; i < file.n_ring; i++)
		if (file.ring[i].record.head.kind == RECORD_PATH &&
		    stored_path_name(&file.ring[i].record, other) &&
		    strcmp(other, name) == 0)
			return true;
	return false;
}

void sim_store_lose(void)
{
	file.n_ring = 0;
}

static bool name_of(const struct record *r, char ret[MAP_UUID_MAX])
{
	return r->head.kind == RECORD_PATH ? stored_path_name(r, ret)
	                                   : stored_map_name(r, ret);
}

/* The old record of that kind and name. NULL: there is none. */
static struct record *old_of(enum record_kind kind, const char *name)
{
	char other[MAP_UUID_MAX];

	for (uint32_t i = 0; i < file.n_old; i++)
		if (file.old[i].head.kind == kind && name_of(&file.old[i], other) &&
		    strcmp(other, name) == 0)
			return &file.old[i];
	return NULL;
}

/* Of two records of one path the later one counts. */
static void keep_old(const struct record *r)
{
	char name[MAP_UUID_MAX];
	struct record *same;

	if (r->head.kind == RECORD_NONE)
		return;
	if (!record_is_good(r, sim.now) || !name_of(r, name))
		sim_fail("a record is damaged");
	same = old_of((enum record_kind)r->head.kind, name);
	if (same == NULL) {
		if (file.n_old == SLOTS)
			sim_fail("more old records than the simulation has room for");
		same = &file.old[file.n_old++];
	} else if (mono_before(r->head.written, same->head.written)) {
		return;
	}
	*same = *r;
}

int store_new(struct store **ret, const struct store_options *o, struct mono now)
{
	(void)o;
	(void)now;
	if (!store.has_old)
		file.n_old = 0; /* The predecessor has taken up all of them. */
	for (uint32_t i = 0; i < SLOTS; i++)
		keep_old(&file.records[i]);
	memset(file.records, 0, sizeof(file.records));
	file.n_ring = 0;
	store.has_old = file.n_old > 0;
	*ret = &store;
	return 0;
}

bool store_free(struct store *s, int64_t limit_us)
{
	(void)s;
	(void)limit_us;
	write_all(NULL);
	return true;
}

bool store_is_open(const struct store *s)
{
	(void)s;
	return true;
}

bool store_has_old(const struct store *s)
{
	return s->has_old;
}

void store_end_old(struct store *s)
{
	s->has_old = false;
}

bool store_find_path(const struct store *s, const struct device *d, struct mono now,
                     struct stored_path *ret)
{
	const struct stored_disk disk = stored_disk_of(d);
	const struct record *r = s->has_old ? old_of(RECORD_PATH, device_name(d)) : NULL;
	struct stored_path p;

	if (r == NULL)
		return false;
	if (!stored_path_read(r, now, &p))
		sim_fail("%s: its record cannot be read", device_name(d));
	if (!stored_disk_same(&p.disk, &disk))
		return false;
	judge_found(device_name(d));
	*ret = p;
	return true;
}

bool store_find_map(const struct store *s, const struct map *m, struct stored_map *ret)
{
	const struct record *r =
	        s->has_old ? old_of(RECORD_MAP, stored_map_key(m)) : NULL;

	return r != NULL && stored_map_read(r, ret);
}

/* --- the loop --- */

static bool put(const struct store_write *w)
{
	if (file.n_ring == RING)
		return false;
	file.ring[file.n_ring++] = *w;
	return true;
}

bool store_put_path(struct store *s, uint32_t index, const struct path *p,
                    const struct stored_marks *marks, struct mono now)
{
	struct store_write w = { .slot = index };

	(void)s;
	stored_path_write(&w.record, p, marks, now);
	record_seal(&w.record);
	return put(&w);
}

bool store_put_map(struct store *s, uint32_t index, const struct map *map,
                   const struct stored_map *m, struct mono now)
{
	struct store_write w = { .slot = SLOTS / 2 + index };

	(void)s;
	stored_map_write(&w.record, stored_map_key(map), m, now);
	record_seal(&w.record);
	return put(&w);
}

bool store_drop_path(struct store *s, uint32_t index)
{
	const struct store_write w = { .slot = index };

	(void)s;
	return put(&w);
}

bool store_drop_map(struct store *s, uint32_t index)
{
	const struct store_write w = { .slot = SLOTS / 2 + index };

	(void)s;
	return put(&w);
}
