/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of paths and their maps are complete, also when paths and maps come and go while a
 * snapshot is filled. The engine counts nothing. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/answers/snapshot_fill.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_paths.h"
#include "tests/unit/disk.h"

#define PATHS (3 * SNAPSHOT_SLICE)
#define EACH  2 /* paths of a map */
#define MAPS  (PATHS / EACH)

int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret)
{
	(void)pc;
	(void)ret;
	return -ENODEV;
}

int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret)
{
	(void)pc;
	(void)id;
	(void)ret;
	return -ENOENT;
}

bool devmapper_next(struct devmapper *d, struct dm_record *ret)
{
	(void)d;
	(void)ret;
	return false;
}

bool devmapper_command(struct devmapper *d, const struct dm_command *c)
{
	(void)d;
	(void)c;
	return true;
}

void devmapper_look(struct devmapper *d)
{
	(void)d;
}

void devmapper_report_again(struct devmapper *d)
{
	(void)d;
}

void checks_expedite(struct checks *c, uint32_t index, struct mono now)
{
	(void)c;
	(void)index;
	(void)now;
}

bool purger_delete(struct purger *p, const struct purger_order *o)
{
	(void)p;
	(void)o;
	return false;
}

bool purger_take(struct purger *p, struct purger_result *ret)
{
	(void)p;
	(void)ret;
	return false;
}

struct mono checks_next(struct checks *c)
{
	(void)c;
	return MONO_NEVER;
}

void log_push(struct log *l, const struct event *e)
{
	(void)l;
	(void)e;
}

static struct checks checks;
static struct events events;
static struct port *port;
static struct maps *maps;
static struct dm dm;
static struct purge purge;
static struct ready ready;
static struct aio_quota aio_quota;
static struct warnings warnings;
static struct reload reload;
static struct inventory inventory;
static struct windows windows;
static struct snapshot_fill fill;
static const struct mono t0 = { USEC_PER_SEC };

static uint32_t add_path(uint32_t n)
{
	static const struct path_settings usual = { .interval_us = USEC_PER_SEC };
	struct device *d = disk_new(n, NULL);
	uint32_t index;

	assert_int_equal(registry_add(checks.registry, d, &usual, t0, &index), 0);
	device_unref(d);
	maps_path_added(maps, index, registry_get(checks.registry, index)->device);
	return index;
}

static void remove_path(uint32_t index)
{
	maps_path_removed(maps, index, false);
	registry_remove(checks.registry, index);
}

/* Map n of the paths 2n and 2n + 1; the second one is failed in every third map. */
static void add_map(uint32_t n)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	char name[16];
	const struct map_path paths[EACH] = {
		{ 8, EACH * n, 1, 0, true },
		{ 8, EACH * n + 1, 1, 0, n % 3 != 0 },
	};
	const struct map_spec spec = {
		.devt_major = 254,
		.devt_minor = n,
		.name = name,
		.uuid = "",
		.n_groups = 1,
		.n_paths = EACH,
		.groups = &group,
		.paths = paths,
	};
	struct map *m;
	uint32_t index;
	unsigned change;

	(void)snprintf(name, sizeof(name), "m%u", n);
	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), 0);
	map_unref(m);
}

static int setup(void **state)
{
	struct dm_parts of_dm = { .checks = &checks, .events = &events };
	struct events_options of_events = { .max_paths = PATHS };
	struct snapshot_fill_parts parts = {
		.checks = &checks,
		.dm = &dm,
		.purge = &purge,
		.ready = &ready,
		.aio_quota = &aio_quota,
		.warnings = &warnings,
		.reload = &reload,
		.inventory = &inventory,
		.windows = &windows,
		.bound_bytes = 1,
	};
	struct text *memory;

	(void)state;
	checks = (struct checks){ .sys_dev_block = -1 };
	aio_quota = (struct aio_quota){ .nr_fd = -1, .max_fd = -1 };
	if (registry_new(&checks.registry, PATHS) < 0 || maps_new(&maps, PATHS) < 0 ||
	    port_new(&port, PATHS) < 0 || text_new(&memory, "{}", 2) < 0)
		return -1;
	of_events.port = port;
	of_dm.maps = checks.maps = of_events.maps = maps;
	if (events_init(&events, &of_events) < 0)
		return -1;
	dm_init(&dm, &of_dm, t0);
	parts.port = port;
	snapshot_fill_init(&fill, &parts, memory);
	reload.dump = text_ref(memory);
	for (uint32_t i = 0; i < PATHS; i++)
		(void)add_path(i);
	for (uint32_t i = 0; i < MAPS; i++)
		add_map(i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	snapshot_fill_deinit(&fill);
	text_unref(reload.dump);
	events_deinit(&events);
	port = port_free(port);
	maps = maps_free(maps);
	checks.registry = registry_free(checks.registry);
	return 0;
}

static void run_rounds(unsigned n)
{
	while (n-- > 0 && snapshot_fill_wanted(&fill))
		snapshot_fill_run(&fill);
}

static struct snapshot *finish(void)
{
	struct snapshot *s;

	run_rounds(1000);
	s = port_control_snapshot(port);
	assert_non_null(s);
	return s;
}

/* Each map of the snapshot has its own paths, and each path has its own map. */
static void assert_consistent(const struct snapshot *s)
{
	uint32_t linked = 0, in_maps = 0;

	for (uint32_t i = 0; i < s->n_maps; i++) {
		const struct snap_map *m = &s->maps[i];

		for (uint32_t n = 0; n < m->map->n_paths; n++) {
			const struct snap_map_path *e = &s->map_paths[m->first_path + n];

			if (e->path == REGISTRY_NONE)
				continue;
			assert_int_equal(s->paths[e->path].device->devt_minor,
			                 m->map->paths[n].devt_minor);
			assert_ptr_equal(snap_in_map(s, &s->paths[e->path]), e);
			assert_int_equal(e->map, i);
			linked++;
		}
	}
	for (uint32_t i = 0; i < s->n_paths; i++)
		in_maps += s->paths[i].in_map != REGISTRY_NONE;
	assert_int_equal(linked, in_maps);
}

/* The map of an observed path is not in the table of maps: the path has its loss. */
static void a_lost_native_map_is_there(void **state)
{
	static const struct path_settings usual = { .interval_us = USEC_PER_SEC };
	const struct device_spec spec = { .name = "nvme0c1n1",
		                          .node = "/sys/class/block/nvme0c1n1",
		                          .map = "nvme0n1",
		                          .kind = DEVICE_OBSERVED };
	struct snapshot *s;
	struct device *d;
	uint32_t index;

	(void)state;
	remove_path(0); /* There is room for one more. */
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(registry_add(checks.registry, d, &usual, t0, &index), 0);
	device_unref(d);
	assert_int_equal(registry_get(checks.registry, index)->map_loss.since, 0);
	registry_get(checks.registry, index)->map_loss.since = 9;
	snapshot_fill_request(&fill);
	s = finish();
	for (uint32_t i = 0; i < s->n_paths; i++)
		assert_int_equal(s->paths[i].map_lost_since,
		                 s->paths[i].index == index ? 9 : 0);
	port_control_snapshot_release(port, s);
	registry_remove(checks.registry, index);
}

static void all_of_it_is_there(void **state)
{
	struct snapshot *s;

	(void)state;
	snapshot_fill_request(&fill);
	run_rounds(3);
	assert_true(snapshot_fill_wanted(&fill)); /* one round is not enough */
	s = finish();
	assert_int_equal(s->n_paths, PATHS);
	assert_int_equal(s->n_maps, MAPS);
	assert_int_equal(s->n_map_paths, PATHS);
	assert_consistent(s);
	for (uint32_t i = 0; i < PATHS; i++)
		assert_int_not_equal(s->paths[i].in_map, REGISTRY_NONE);
	assert_int_equal(s->maps[0].paths_disabled, 0);
	assert_int_equal(s->maps[0].paths_up, 1);
	assert_int_equal(s->maps[1].paths_disabled, 0);
	port_control_snapshot_release(port, s);
}

static void what_comes_and_goes_meanwhile_breaks_nothing(void **state)
{
	struct snapshot *s;
	uint32_t other;

	(void)state;
	for (unsigned rounds = 1; rounds <= 5; rounds++) {
		snapshot_fill_request(&fill);
		run_rounds(rounds);
		/* A new path takes the index of a removed one, and so does a map. */
		other = registry_get(checks.registry, rounds)->device->devt_minor;
		remove_path(rounds);
		remove_path(0);
		assert_int_equal(add_path(other), 0);
		assert_int_equal(add_path(100000 + rounds), rounds);
		maps_remove(maps, maps_find(maps, 254, MAPS - rounds));
		add_map(MAPS - rounds);
		s = finish();
		assert_int_equal(s->n_paths, PATHS);
		assert_int_equal(s->n_maps, MAPS);
		assert_consistent(s);
		port_control_snapshot_release(port, s);
	}
}

static void trouble_is_a_warning(void **state)
{
	struct snapshot *s;

	(void)state;
	(void)snprintf(dm.trouble, sizeof(dm.trouble), "trouble");
	dm.error = ENOENT;
	snapshot_fill_request(&fill);
	s = finish();
	assert_int_equal(s->n_warnings, 0); /* without dm_control there is no warning */
	assert_int_equal(s->dm_error, ENOENT);
	assert_false(s->dm_known);
	port_control_snapshot_release(port, s);
	dm.control = true;
	snapshot_fill_request(&fill);
	s = finish();
	assert_int_equal(s->n_warnings, 1);
	assert_string_equal(s->warnings[0], "trouble");
	assert_true(s->dm_control);
	port_control_snapshot_release(port, s);
}

/* Notes about the kernel's timers are no warnings. */
static void what_discovery_knows(void **state)
{
	const struct timer_names names = {
		.name = { [TIMER_OF_SESSION] = "session2", [TIMER_OF_HOST] = "host3" }
	};
	struct snapshot *s;
	struct timers timers;

	(void)state;
	timers_init(&timers);
	timers.us[TIMER_CHECKER] = 30 * USEC_PER_SEC;
	timers.us[TIMER_RECOVERY] = 120 * USEC_PER_SEC;
	timers.us[TIMER_EH_DEADLINE] = TIMER_OFF;
	inventory = (struct inventory){ .excluded = 3,
		                        .error = EMFILE,
		                        .timers = timer_report_new() };
	timer_report_add(inventory.timers, "sda", &names, &timers);
	snapshot_fill_request(&fill);
	s = finish();
	assert_int_equal(s->excluded, 3);
	assert_int_equal(s->discovery_error, EMFILE);
	assert_ptr_equal(s->timers, inventory.timers);
	assert_int_equal(s->n_warnings, 1);
	assert_string_equal(s->warning_ids[0], "iscsi-recovery-long");
	assert_int_equal(
	        strncmp(s->warnings[0], "session2: /sys/class/iscsi_session/", 35), 0);
	/* The snapshot has a reference of its own. */
	inventory.timers = timer_report_unref(inventory.timers);
	assert_int_equal(s->timers->tally[TIMER_RULE_EH_DEADLINE_OFF].count, 1);
	port_control_snapshot_release(port, s);
	inventory = (struct inventory){ .error = 0 };
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_of_it_is_there),
		TEST(a_lost_native_map_is_there),
		TEST(what_comes_and_goes_meanwhile_breaks_nothing),
		TEST(trouble_is_a_warning),
		TEST(what_discovery_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
