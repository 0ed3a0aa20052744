/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that change many paths: all of them or none, once each, and with one event for many. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/answers/batch.h"
#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_todo.h"
#include "tests/unit/paths/checks-bed.h"

#define ITEMS 64
#define UUID  "mpath-w"

/* No request waits for a check here. */
void port_loop_reply(struct port *p, const struct port_reply *reply)
{
	(void)p;
	(void)reply;
	fail();
}

uint32_t port_max_paths(const struct port *p)
{
	(void)p;
	return PATHS;
}

uint32_t port_replies_max(uint32_t max_paths)
{
	return max_paths;
}

static struct dm dm;
static uint32_t first_waiter[PATHS];
static struct waits waits;
static struct batch_parts parts;
static struct event kept[ITEMS];
static unsigned n_kept;

static void keep(const struct event *e)
{
	if (n_kept < ITEMS)
		kept[n_kept++] = *e;
}

static int begin(void **state)
{
	int r = setup(state);

	memset(first_waiter, 0xff, sizeof(first_waiter));
	waits = (struct waits){ .max_paths = PATHS, .first = first_waiter };
	dm = (struct dm){
		.checks = &checks, .events = &events, .maps = maps, .control = true
	};
	parts = (struct batch_parts){
		.checks = &checks, .events = &events, .waits = &waits, .dm = &dm
	};
	maps_set_control(maps, true);
	events.maps_decide = true;
	n_kept = 0;
	on_event = keep;
	return r;
}

static int end(void **state)
{
	on_event = NULL;
	return teardown(state);
}

/* Path n: 8:n, which is up. */
static uint32_t add_disk(unsigned n)
{
	char name[16], node[32];
	const struct device_spec spec = {
		.name = name, .node = node, .devt_major = 8, .devt_minor = n
	};
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &usual, t0, &index), 0);
	device_unref(d);
	checks_expedite(&checks, index, at(SEC));
	answer(index, PATHCHECK_OK, 0, false, at(SEC));
	return index;
}

/* Map `minor` has the paths from..from+n-1 now. */
static uint32_t have_map(uint32_t minor, unsigned from, unsigned n)
{
	const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[ITEMS] = { 0 };
	char name[16], uuid[16];
	const struct map_spec spec = { .devt_major = 253,
		                       .devt_minor = minor,
		                       .name = name,
		                       .uuid = uuid,
		                       .n_groups = 1,
		                       .groups = &group,
		                       .n_paths = n,
		                       .paths = paths };
	unsigned change;
	struct map *m;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "m%u", minor);
	(void)snprintf(uuid, sizeof(uuid), "%s%u", UUID, minor);
	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ .devt_major = 8,
			                      .devt_minor = from + i,
			                      .group = 1,
			                      .active = true };
	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, true, t0, &index, &change), 0);
	map_unref(m);
	return index;
}

static union {
	struct port_batch batch;
	unsigned char room[sizeof(struct port_batch) + ITEMS * sizeof(struct port_item)];
} of;

static void choose(bool named, unsigned from, unsigned n)
{
	memset(&of, 0, sizeof(of));
	of.batch.named = named;
	of.batch.n = n;
	for (unsigned i = 0; i < n; i++)
		of.batch.items[i] =
		        (struct port_item){ .index = from + i,
			                    .generation = path(from + i)->generation };
}

/* Serves the request. The maps of the items were given, and are given back. */
static int serve(enum port_op op)
{
	const struct port_request r = { .op = op, .batch = &of.batch, .uid = 0 };
	int error;

	n_kept = 0;
	error = batch_serve(&parts, &r, at(10 * SEC));
	for (unsigned i = 0; i < of.batch.n; i++)
		of.batch.items[i].map = map_unref(of.batch.items[i].map);
	return error;
}

static uint16_t expected(uint32_t map)
{
	return maps_get(maps, map)->expected;
}

static void accept_counts_the_paths_that_there_are(void **state)
{
	uint32_t m;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add_disk(i);
	m = have_map(0, 0, 4);
	(void)have_map(0, 0, 2);
	assert_int_equal(expected(m), 4);
	checks.persist.n_maps = 0;
	memset(checks.persist.changed_maps, 0, sizeof(uint64_t));
	choose(true, 0, 2);
	assert_int_equal(serve(PORT_ACCEPT), 0);
	assert_int_equal(expected(m), 2);
	assert_int_equal(of.batch.items[0].error, 0);
	assert_int_equal(of.batch.items[1].error, 0);
	assert_int_equal(of.batch.items[1].state, PATH_UP);
	/* A successor is to know it. */
	assert_int_equal(checks.persist.n_maps, 1);
	/* Said for the path that changed it, and for no other. */
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0].type, EVENT_CONFIG);
	assert_string_equal(kept[0].path, "sd0");
	assert_string_equal(kept[0].message,
	                    "sd0: counted as all paths of the map, by uid 0 (root)");
	choose(true, 0, 2);
	assert_int_equal(serve(PORT_ACCEPT), 0);
	assert_int_equal(n_kept, 0);
}

static void other_maps_keep_their_number(void **state)
{
	uint32_t a, b;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		add_disk(i);
	a = have_map(0, 0, 4);
	b = have_map(1, 4, 4);
	(void)have_map(0, 0, 2);
	(void)have_map(1, 4, 2);
	choose(true, 4, 1);
	assert_int_equal(serve(PORT_ACCEPT), 0);
	assert_int_equal(expected(a), 4);
	assert_int_equal(expected(b), 2);
}

/* Paths in no map: named ones refuse all, selected ones are excluded. */
static void all_or_none(void **state)
{
	uint32_t m;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add_disk(i);
	m = have_map(0, 0, 4);
	(void)have_map(0, 0, 2);
	choose(true, 1, 2);
	assert_int_equal(serve(PORT_ACCEPT), ENXIO);
	assert_int_equal(expected(m), 4);
	assert_int_equal(n_kept, 0);
	choose(false, 1, 2);
	assert_int_equal(serve(PORT_ACCEPT), 0);
	assert_int_equal(of.batch.items[0].error, 0);
	assert_int_equal(of.batch.items[1].error, ENXIO);
	assert_int_equal(expected(m), 2);
	/* None of those that were selected can be changed. */
	choose(false, 2, 2);
	assert_int_equal(serve(PORT_ACCEPT), ENXIO);
}

static void a_path_that_went_meanwhile_is_stale(void **state)
{
	uint32_t m;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add_disk(i);
	m = have_map(0, 0, 4);
	(void)have_map(0, 0, 2);
	choose(true, 0, 2);
	of.batch.items[1].generation++;
	assert_int_equal(serve(PORT_ACCEPT), ESTALE);
	assert_int_equal(of.batch.items[1].state, PATH_REMOVED);
	assert_int_equal(expected(m), 4);
	choose(true, 0, 2);
	of.batch.items[0].index = PATHS - 1;
	assert_int_equal(serve(PORT_ACCEPT), ESTALE);
	assert_int_equal(expected(m), 4);
}

static void many_paths_are_one_event(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 34; i++) {
		add_disk(i);
		if (i % 2 == 1) {
			(void)have_map(i / 2, i - 1, 2);
			(void)have_map(i / 2, i - 1, 1);
		}
	}
	choose(false, 0, 34);
	assert_int_equal(serve(PORT_ACCEPT), 0);
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].path, "");
	assert_string_equal(kept[0].message,
	                    "17 paths counted as all paths of the map, by uid 0 (root)");
	for (uint32_t m = 0; m < 17; m++)
		assert_int_equal(expected(m), 1);
}

/* Not the last usable path of a map, unless it is forced. Then nothing has changed. */
static void the_last_path_needs_force(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add_disk(i);
	(void)have_map(0, 0, 2);
	(void)have_map(1, 2, 2);
	choose(true, 1, 3);
	assert_int_equal(serve(PORT_DISABLE), EBUSY);
	assert_int_equal(of.batch.items[0].error, 0);
	assert_int_equal(of.batch.items[1].error, EBUSY);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(path(i)->enabled);
	assert_int_equal(n_kept, 0);
	choose(true, 1, 3);
	of.batch.force = true;
	assert_int_equal(serve(PORT_DISABLE), 0);
	assert_true(path(0)->enabled);
	for (uint32_t i = 1; i < 4; i++)
		assert_false(path(i)->enabled);
	assert_int_equal(n_kept, 3);
	assert_string_equal(kept[2].message,
	                    "sd3: disabled by uid 0 (root) until enabled");
	choose(true, 0, 4);
	assert_int_equal(serve(PORT_ENABLE), 0);
	assert_int_equal(n_kept, 3);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(path(i)->enabled);
}

static void only_with_dm_control_are_paths_failed(void **state)
{
	(void)state;
	add_disk(0);
	add_disk(1);
	(void)have_map(0, 0, 2);
	dm.control = false;
	choose(true, 0, 1);
	assert_int_equal(serve(PORT_FAIL), EPERM);
	assert_false(maps_is_forced(maps, 0));
	dm.control = true;
	choose(true, 0, 1);
	assert_int_equal(serve(PORT_FAIL), 0);
	assert_true(maps_is_forced(maps, 0));
	assert_int_equal(kept[0].type, EVENT_DM);
	choose(true, 1, 1);
	assert_int_equal(serve(PORT_FAIL), EBUSY);
	choose(true, 0, 1);
	assert_int_equal(serve(PORT_RELEASE), 0);
	assert_false(maps_is_forced(maps, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(accept_counts_the_paths_that_there_are),
		TEST(other_maps_keep_their_number),
		TEST(all_or_none),
		TEST(a_path_that_went_meanwhile_is_stale),
		TEST(many_paths_are_one_event),
		TEST(the_last_path_needs_force),
		TEST(only_with_dm_control_are_paths_failed),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
