/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One map of up to three paths: the real table of maps, the kernel, the device-mapper thread, other
 * programs, and checks with every result at every time. What a path's own state machine and policy
 * can decide is decided here at any time, so every order of decisions that tests/whole/path.c
 * reaches is among these. Paths are alike: states that differ only in the paths' order count once.
 *
 * Owns the table. A state is a copy of its used parts. Times keep their order only.
 */
#include "tests/whole/map_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "util/macro.h"

#define REFS (1U << 20)
/* Rounds in which a quiet world comes to rest. */
#define ROUNDS 8

struct map_world mw;

static uint32_t *heads[1 + 2 * PATHS_MAX];

/* --- copies of the table --- */

static void load(struct state *s)
{
	mw.s = s;
	mw.now.us = T0;
	*mw.maps = s->maps;
	mw.maps->maps[0] = s->map;
	memcpy(mw.maps->entries, s->entries, sizeof(s->entries));
	memcpy(mw.maps->known, s->known, sizeof(s->known));
	for (unsigned i = 0; i < ARRAY_LEN(heads); i++)
		*heads[i] = s->heads[i];
	for (unsigned i = 0; i < PATHS_MAX; i++)
		for (unsigned d = 0; d < 2; d++)
			atomic_store_explicit(&mw.device[i][d]->refs, REFS,
			                      memory_order_relaxed);
	for (unsigned i = 0; i < ARRAY_LEN(mw.map); i++)
		if (mw.map[i] != NULL)
			atomic_store_explicit(&mw.map[i]->refs, REFS,
			                      memory_order_relaxed);
}

static void store(struct state *s)
{
	s->maps = *mw.maps;
	s->map = mw.maps->maps[0];
	memcpy(s->entries, mw.maps->entries, sizeof(s->entries));
	memcpy(s->known, mw.maps->known, sizeof(s->known));
	for (unsigned i = 0; i < ARRAY_LEN(heads); i++)
		s->heads[i] = *heads[i];
}

/* --- each state --- */

static bool move_map(void *state, unsigned move)
{
	struct state *s = state;

	load(s);
	if (!map_may_move(move) || !map_move(move))
		return false;
	store(s);
	return true;
}

static void judge_map(const void *state)
{
	struct state s = *(const struct state *)state;

	load(&s);
	map_judge_table();
	mw.sent = 0;
	for (unsigned i = 0; i < ROUNDS; i++)
		map_be_quiet();
	map_judge_agreement();
}

/* --- keys --- */

static struct key key_of_path(unsigned path)
{
	const struct maps_path *e = map_entry(path);
	const struct agreement *a = &e->agreement;
	const struct maps_known *k = &mw.maps->known[path];
	const struct state *s = mw.s;
	const struct shadow *p = &s->of[path];
	bool answered = s->record == RECORD_ANSWER && s->record_path == path;
	const uint8_t key[] = {
		p->active,
		p->view,
		p->ours,
		p->same,
		p->barred,
		p->known,
		p->gone,
		p->other,
		p->described,
		p->before,
		p->held,
		p->reuse,
		p->forced,
		p->last,
		p->disabled,
		p->emptied,
		p->old,
		p->running,
		p->verdict,
		p->flight,
		/* The record for the loop. */
		answered ? (uint8_t)(s->record_verb + 3 * s->refused) : 0,
		s->record == RECORD_NEWS ? 1 + (s->record_bits >> path & 1) : 0,
		/* The table. */
		a->active,
		a->recheck_requested,
		a->ours,
		a->in_flight,
		a->refusals,
		a->not_before.us != 0,
		a->unchecked_since.us != 0,
		e->kept,
		e->kept_reported,
		e->gone,
		e->released,
		e->unproven,
		e->expedite,
		(uint8_t)e->bar,
		e->held,
		e->spared,
		e->spared_reported,
		(uint8_t)e->verdict,
		e->list,
		(uint8_t)(e->id.kernel_id == 0 ? 0 : 1 + (e->id.kernel_id == mw.wwid[1])),
		k->used,
		k->used && k->forced,
		k->used && k->disabled,
		k->used && k->even_last,
		k->used && k->held,
		k->used && k->plain,
		k->used && k->unidentified,
		k->used && k->old,
		k->used ? (uint8_t)k->verdict : 0,
		k->used && k->reuse > T0 / HOLD_TICK_US,
		k->used && k->emptied,
	};

	return key_of(key, sizeof(key));
}

static struct key key_map(const void *state)
{
	const struct state *s = state;
	const uint8_t rest[] = {
		s->record,       s->control,
		s->keep,         s->settling,
		s->maps.control, s->maps.settling,
		s->map.keep,     mw.maps->first_dirty != MAPS_NONE,
	};
	struct key key = key_of(rest, sizeof(rest));

	for (unsigned i = 0; i < mw.n; i++)
		key = key_add(key, key_of_path(i));
	return key;
}

/* --- the worlds --- */

static const char wwids[2][40] = { "3600a098000aaaaaa000000000000000a1",
	                           "3600a098000bbbbbb000000000000000b2" };

static void make_devices(void)
{
	for (unsigned i = 0; i < 2; i++)
		mw.wwid[i] = disk_id_checksum(wwids[i]);
	for (unsigned i = 0; i < PATHS_MAX; i++)
		for (unsigned d = 0; d < 2; d++) {
			char node[] = "/dev/sda";
			const struct device_spec spec = {
				.devt_major = SD_MAJOR,
				.devt_minor = i,
				.kernel_id = mw.wwid[d],
				.name = node + strlen("/dev/"),
				.node = node,
				.wwid = wwids[d],
			};

			node[7] = (char)('a' + i);
			if (device_new(&mw.device[i][d], &spec) < 0)
				explore_fail("no memory");
		}
}

static void make_maps(void)
{
	const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[PATHS_MAX];
	char uuid[64];
	const struct map_spec spec = {
		.devt_major = DM_MAJOR,
		.name = "mpatha",
		.uuid = uuid,
		.n_groups = 1,
		.groups = &group,
		.n_paths = mw.n,
		.paths = paths,
	};

	(void)snprintf(uuid, sizeof(uuid), "mpath-%s", wwids[0]);
	for (unsigned bits = 0; bits < 1U << mw.n; bits++) {
		for (unsigned i = 0; i < mw.n; i++)
			paths[i] = (struct map_path){ SD_MAJOR, i, 1, 0,
				                      (bits >> i & 1) != 0 };
		if (map_new(&mw.map[bits], &spec) < 0)
			explore_fail("no memory");
	}
}

static void start_map(void *state)
{
	struct state *s = state;
	unsigned change;
	uint32_t index;

	mw.s = s;
	s->keep = (mw.features & WITHOUT_KEEP) == 0;
	s->settling = (mw.features & WITH_RESTART) != 0;
	s->control = true;
	maps_set_give_back(mw.maps, true);
	maps_set_control(mw.maps, true);
	maps_set_settling(mw.maps, s->settling);
	if (maps_update(mw.maps, mw.map[(1U << mw.n) - 1], s->keep, mw.now, &index,
	                &change) < 0)
		explore_fail("no room");
	for (unsigned i = 0; i < mw.n; i++) {
		s->of[i].active = s->of[i].view = true;
		map_add_path(i);
	}
	map_end_round();
	store(s);
}

/* Where the table has the numbers of the map and of the paths. */
static void find_heads(void)
{
	struct maps *m = mw.maps;

	heads[0] = &m->map_by_devt[maps_bucket(m, DM_MAJOR, 0)];
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		uint32_t at = maps_bucket(m, SD_MAJOR, i);

		heads[1 + 2 * i] = &m->entry_by_devt[at];
		heads[2 + 2 * i] = &m->known_by_devt[at];
	}
}

/* Nothing of the table changed but what a state has. */
static void judge_rest(struct state *first, const void *before, size_t size)
{
	load(first);
	if (memcmp(mw.maps, before, size) != 0)
		explore_fail("the moves changed what no state has");
}

static void run_world(void (*each)(const struct world *world), const char *name,
                      unsigned n, unsigned features)
{
	size_t size = maps_bytes(PATHS_MAX);
	struct state first = { .record = RECORD_NONE };
	char text[64];
	const struct world world = {
		.name = text,
		.size = sizeof(struct state),
		.n_moves = MAP_MOVES,
		.start = start_map,
		.move = move_map,
		.key = key_map,
		.judge = judge_map,
		.describe = map_describe,
	};
	void *before = malloc(size);

	(void)snprintf(text, sizeof(text), "map of %u, %s", n, name);
	mw.n = n;
	mw.features = features;
	mw.now.us = T0;
	if (before == NULL || maps_new(&mw.maps, PATHS_MAX) < 0)
		explore_fail("no memory");
	find_heads();
	make_maps();
	store(&first);
	memcpy(before, mw.maps, size);
	each(&world);
	judge_rest(&first, before, size);
	mw.maps = maps_free(mw.maps);
	for (unsigned i = 0; i < ARRAY_LEN(mw.map); i++)
		mw.map[i] = map_unref(mw.map[i]);
	free(before);
}

/* Whatever an administrator asks for of a path, one thing at a time. */
#define MARKS (WITH_MARKS | WITH_EMPTIES | WITH_HOLDS | ONE_MARK)

void whole_map(void (*each)(const struct world *w), bool deep)
{
	static const struct {
		const char *name;
		unsigned features;
		unsigned most, deep_most; /* paths */
	} worlds[] = {
		{ "late records, long checks", WITH_LATE_RECORDS | WITH_LONG_CHECKS, 2,
		  2 },
		{ "commands", 0, 3, 3 },
		{ "without keep_last_path", WITHOUT_KEEP, 3, 3 },
		{ "late records", WITH_LATE_RECORDS, 2, 3 },
		{ "long checks", WITH_LONG_CHECKS, 2, 3 },
		{ "refused commands", WITH_REFUSALS, 2, 3 },
		{ "holds", WITH_HOLDS, 3, 3 },
		{ "holds without keep_last_path", WITH_HOLDS | WITHOUT_KEEP, 2, 3 },
		{ "administrator", WITH_ADMIN, 2, 2 },
		{ "administrator, quick kernel", WITH_ADMIN | QUICK_KERNEL, 0, 3 },
		{ "marks", MARKS, 2, 2 },
		{ "marks, quick kernel", MARKS | QUICK_KERNEL, 3, 3 },
		{ "marks and switches, quick kernel",
		  MARKS | WITH_SWITCHES | QUICK_KERNEL, 0, 3 },
		{ "marks, one in flight", MARKS | ONE_IN_FLIGHT, 0, 3 },
		{ "other disks", WITH_DISKS, 2, 2 },
		{ "other disks, quick kernel", WITH_DISKS | QUICK_KERNEL, 0, 3 },
		{ "restart, holds", WITH_RESTART | WITH_HOLDS, 2, 3 },
		{ "paths that go and come", WITH_REMOVAL, 2, 3 },
		{ "other disks that go and come", WITH_REMOVAL | WITH_DISKS, 1, 2 },
	};

	make_devices();
	for (unsigned n = 1; n <= PATHS_MAX; n++)
		for (unsigned i = 0; i < ARRAY_LEN(worlds); i++)
			if (n <= (deep ? worlds[i].deep_most : worlds[i].most))
				run_world(each, worlds[i].name, n, worlds[i].features);
	for (unsigned i = 0; i < PATHS_MAX; i++)
		for (unsigned d = 0; d < 2; d++)
			mw.device[i][d] = device_unref(mw.device[i][d]);
}
