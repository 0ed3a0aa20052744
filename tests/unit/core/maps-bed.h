/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_CORE_MAPS_BED_H
#define TESTS_UNIT_CORE_MAPS_BED_H

/* What the tests of the table of maps share: maps, paths, and the next order. */
#include <stdio.h>
#include <string.h>

#include "checkerd/core/maps.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"

#define SEC   USEC_PER_SEC
#define PATHS 32
#define DM    254
#define SD    8

static const struct mono t0 = { 1000 * SEC };
static struct maps *maps;
static bool suspended;          /* of the maps that are made */
static struct device_spec disk; /* the description of the disks that are added */
static const char *uuid;        /* of the maps that are made */

static inline struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static inline int setup(void **state)
{
	(void)state;
	suspended = false;
	disk = (struct device_spec){ 0 };
	uuid = "";
	return maps_new(&maps, PATHS);
}

static inline int teardown(void **state)
{
	(void)state;
	maps = maps_free(maps);
	return 0;
}

/* Makes a map of the paths with these minors. failed: bits of the failed ones. */
static inline struct map *make(uint32_t minor, unsigned n, const uint32_t *minors,
                               uint32_t failed)
{
	struct map_path paths[MAP_PATHS_MAX] = { { 0 } };
	const enum map_group_state group = MAP_GROUP_ACTIVE;
	char name[16];
	const struct map_spec spec = {
		.devt_major = DM,
		.devt_minor = minor,
		.name = name,
		.uuid = uuid,
		.n_groups = 1,
		.groups = &group,
		.n_paths = n,
		.suspended = suspended,
		.paths = paths,
	};
	struct map *m;

	(void)snprintf(name, sizeof(name), "m%u", minor);
	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ SD, minors[i], 1, 0,
			                      minors[i] >= 32 ||
			                              (failed >> minors[i] & 1) == 0 };
	assert_int_equal(map_new(&m, &spec), 0);
	return m;
}

static unsigned last_change;

static inline uint32_t tell_n(uint32_t minor, unsigned n, const uint32_t *minors,
                              uint32_t failed, bool keep, struct mono now)
{
	struct map *m = make(minor, n, minors, failed);
	uint32_t index;

	assert_int_equal(maps_update(maps, m, keep, now, &index, &last_change), 0);
	assert_int_equal(atomic_load(&m->refs), 2);
	map_unref(m);
	return index;
}

/* The usual map: paths 0 and 1, with keep_last_path. */
static inline uint32_t tell(uint32_t failed, struct mono now)
{
	static const uint32_t minors[] = { 0, 1 };

	return tell_n(0, 2, minors, failed, true, now);
}

static inline struct device *make_device(uint32_t path, uint32_t major, uint32_t minor)
{
	struct device_spec spec = disk;
	char node[32];
	struct device *d;

	(void)snprintf(node, sizeof(node), "/dev/sd%u", path);
	spec.node = node;
	spec.name = node + strlen("/dev/");
	spec.devt_major = major;
	spec.devt_minor = minor;
	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static inline void add_path(uint32_t path, uint32_t major, uint32_t minor)
{
	struct device *d = make_device(path, major, minor);

	maps_path_added(maps, path, d);
	assert_int_equal(atomic_load(&d->refs), 2);
	device_unref(d);
}

static inline void know(uint32_t path, enum path_verdict v)
{
	add_path(path, SD, path);
	if (v != VERDICT_NONE)
		maps_path_checked(maps, path, v, v == VERDICT_USABLE, t0);
}

static inline uint32_t minor_of(uint32_t entry)
{
	return maps_path(maps, entry)->devt_minor;
}

/* The next step of any path but NOTHING and WAIT. NOTHING: there is none. */
static inline enum agreement_step next(struct mono now, struct maps_order *o)
{
	while (maps_next(maps, now, o))
		if (o->step != STEP_NOTHING && o->step != STEP_WAIT)
			return o->step;
	return STEP_NOTHING;
}

static inline void expect(enum agreement_step step, uint32_t minor, struct mono now,
                          struct maps_order *ret)
{
	assert_int_equal(next(now, ret), step);
	assert_int_equal(minor_of(ret->entry), minor);
	if (step == STEP_FAIL || step == STEP_REINSTATE)
		maps_sent(maps, ret);
}

static inline void expect_nothing(struct mono now)
{
	struct maps_order o;

	assert_int_equal(next(now, &o), STEP_NOTHING);
}

static inline void answer(const struct maps_order *o, int error, struct mono now)
{
	enum agreement_command c;

	assert_int_equal(maps_answered(maps, o->token, error, now, &c), o->entry);
}

#endif
