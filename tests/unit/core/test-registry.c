/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry: its indexes, generations and limits; then thousands of additions and removals
 * against a model that is too simple to be wrong. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "checkerd/core/registry.h"
#include "libcheck/pathcheck.h"
#include "tests/unit/random.h"
#include "util/macro.h"

/* Core has the engine's numbers, but not its header. */
static_assert(REGISTRY_PATHS_MAX == PATHCHECK_PATHS_MAX, "as many paths as the engine");
static_assert(REGISTRY_NONE == PATHCHECK_NO_ID, "no id is no index");

static const struct mono now = { 77 };
static const struct path_settings settings = {
	.interval_us = 5 * USEC_PER_SEC,
	.max_interval_grid = 20 * USEC_PER_SEC / PATH_GRID_US,
	.timeout_us = 30 * USEC_PER_SEC,
	.fail_checks = 2,
	.recover_checks = 3,
	.checker = 1,
};

static struct registry *make_registry(uint32_t max_paths)
{
	struct registry *r;

	assert_int_equal(registry_new(&r, max_paths), 0);
	return r;
}

static struct device *make_device(const char *name, const char *node)
{
	struct device_spec spec = { .name = name, .node = node };
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static int add(struct registry *r, const char *name, const char *node,
               uint32_t *ret_index)
{
	struct device *d = make_device(name, node);
	int res = registry_add(r, d, &settings, now, ret_index);

	(void)device_unref(d); /* NULL, always: the registry has its own */
	return res;
}

static void a_new_path(void **state)
{
	struct registry *r = make_registry(4);
	uint32_t i = REGISTRY_NONE;
	struct path *p;

	(void)state; /* no fixture */
	assert_int_equal(add(r, "sda", "/dev/sda", &i), 0);
	p = registry_get(r, i);
	assert_non_null(p);
	assert_true(p->used && p->enabled);
	assert_false(p->outstanding || p->expired || p->map_reported != 0);
	assert_int_not_equal(p->generation, 0);
	assert_int_equal(p->status.state, PATH_UNCHECKED);
	assert_int_equal(p->status.since.us, now.us);
	assert_int_equal(p->interval_us, settings.interval_us);
	assert_memory_equal(&p->settings, &settings, sizeof(settings));
	assert_true(mono_is_never(p->due));
	assert_int_equal(p->last.us, 0);
	assert_int_equal(p->engine_id, REGISTRY_NONE);
	assert_int_equal(p->group, PATH_GROUP_NONE);
	assert_int_equal(p->sched_slot, REGISTRY_NONE);
	assert_int_equal(p->latency.samples, 0);
	assert_int_equal(p->counters.checks, 0);
	assert_string_equal(device_name(p->device), "sda");
	assert_null(registry_free(r));
	assert_null(registry_free(NULL));
}

static void finds_by_name_and_node(void **state)
{
	struct registry *r = make_registry(8);
	uint32_t a, b;

	(void)state; /* no fixture */
	assert_int_equal(add(r, "sda", "/dev/sda", &a), 0);
	assert_int_equal(add(r, "sdb", "/dev/sdb", &b), 0);
	assert_int_equal(registry_find_name(r, "sda"), a);
	assert_int_equal(registry_find_name(r, "sdb"), b);
	assert_int_equal(registry_find_node(r, "/dev/sdb"), b);
	assert_int_equal(registry_find_name(r, "/dev/sda"), REGISTRY_NONE);
	assert_int_equal(registry_find_node(r, "sda"), REGISTRY_NONE);
	assert_int_equal(registry_find_name(r, ""), REGISTRY_NONE);
	registry_remove(r, a);
	assert_int_equal(registry_find_name(r, "sda"), REGISTRY_NONE);
	assert_int_equal(registry_find_node(r, "/dev/sda"), REGISTRY_NONE);
	assert_int_equal(registry_find_node(r, "/dev/sdb"), b);
	assert_null(registry_get(r, a));
	assert_null(registry_get(r, 8));
	assert_null(registry_get(r, REGISTRY_NONE));
	(void)registry_free(r); /* NULL, always */
}

static void refuses(void **state)
{
	struct registry *r;
	uint32_t i = 1234;

	(void)state; /* no fixture */
	assert_int_equal(registry_new(&r, 0), -EINVAL);
	assert_int_equal(registry_new(&r, REGISTRY_PATHS_MAX + 1), -EINVAL);
	r = make_registry(2);
	assert_int_equal(add(r, "a", "/a", &i), 0);
	i = 1234;
	assert_int_equal(add(r, "a", "/b", &i), -EEXIST);
	assert_int_equal(add(r, "b", "/a", &i), -EEXIST);
	assert_int_equal(i, 1234);
	assert_int_equal(registry_count(r), 1);
	assert_int_equal(add(r, "b", "/b", &i), 0);
	i = 1234;
	assert_int_equal(add(r, "c", "/c", &i), -ENOSPC);
	assert_int_equal(add(r, "b", "/c", &i), -EEXIST); /* also when full */
	assert_int_equal(i, 1234);
	(void)registry_free(r); /* NULL, always */
}

static void generation_changes_on_reuse(void **state)
{
	struct registry *r = make_registry(1);
	uint32_t i, last = 0;

	(void)state; /* no fixture */
	for (int n = 0; n < 10; n++) {
		assert_int_equal(add(r, "a", "/a", &i), 0);
		assert_int_equal(i, 0);
		assert_int_not_equal(registry_get(r, i)->generation, last);
		last = registry_get(r, i)->generation;
		registry_remove(r, i);
	}
	assert_int_equal(add(r, "a", "/a", &i), 0);
	registry_get(r, i)->generation = UINT32_MAX;
	registry_remove(r, i);
	assert_int_equal(add(r, "a", "/a", &i), 0);
	assert_int_equal(registry_get(r, i)->generation, 1); /* 0 is never used */
	(void)registry_free(r);                              /* NULL, always */
}

static void nothing_is_left_of_the_last_path(void **state)
{
	struct registry *r = make_registry(1);
	struct path *p;
	uint32_t i;

	(void)state; /* no fixture */
	assert_int_equal(add(r, "a", "/a", &i), 0);
	p = registry_get(r, i);
	p->outstanding = p->expired = true;
	p->map_reported = REDUNDANCY_NONE;
	p->enabled = false;
	p->counters.checks = 5;
	p->status.state = PATH_DOWN;
	histogram_add(&p->latency, 100);
	registry_remove(r, i);
	assert_int_equal(add(r, "b", "/b", &i), 0);
	p = registry_get(r, i);
	assert_true(p->enabled);
	assert_false(p->outstanding || p->expired || p->map_reported != 0);
	assert_int_equal(p->counters.checks, 0);
	assert_int_equal(p->status.state, PATH_UNCHECKED);
	assert_int_equal(p->latency.samples, 0);
	(void)registry_free(r); /* NULL, always */
}

static void updates_a_device(void **state)
{
	struct registry *r = make_registry(2);
	struct device_spec spec = { .name = "a", .node = "/a", .wwid = "new" };
	struct device *d;
	uint32_t i;

	(void)state; /* no fixture */
	assert_int_equal(add(r, "a", "/a", &i), 0);
	registry_get(r, i)->status.state = PATH_UP;
	assert_int_equal(device_new(&d, &spec), 0);
	registry_update_device(r, i, d);
	registry_update_device(r, i, d); /* with itself, too */
	assert_int_equal(atomic_load(&d->refs), 2);
	(void)device_unref(d); /* NULL, always */
	assert_string_equal(device_wwid(registry_get(r, i)->device), "new");
	assert_int_equal(registry_get(r, i)->status.state, PATH_UP);
	assert_int_equal(registry_find_name(r, "a"), i);
	assert_int_equal(registry_find_node(r, "/a"), i);
	registry_remove(r, i);
	assert_int_equal(registry_count(r), 0);
	(void)registry_free(r); /* NULL, always */
}

static size_t allocated; /* bytes, the last time */
static size_t in_rooms;  /* bytes */

/* The linker's names, see checkerd/core/local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_block_new_sparse(size_t n, size_t size);
void *__wrap_block_new_sparse(size_t n, size_t size);

void *__wrap_block_new_sparse(size_t n, size_t size)
{
	allocated = n * size;
	return __real_block_new_sparse(n, size);
}
void __wrap_room_add(struct room *r, void *rows, size_t each, uint32_t n);

void __wrap_room_add(struct room *r, void *rows, size_t each, uint32_t n)
{
	(void)r;
	(void)rows;
	in_rooms += each * n;
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* The bound is what is printed and locked: the allocator is not asked for one byte more. */
static void bytes_are_exact(void **state)
{
	static const uint32_t sizes[] = { 1, 3, 64, 1000, 16384 };

	(void)state; /* no fixture */
	for (size_t n = 0; n < ARRAY_LEN(sizes); n++) {
		struct registry *r = make_registry(sizes[n]);
		uint64_t paths = sizes[n] * sizeof(struct path);

		/* Beside the paths: two indexes, with a number for one or two of them. */
		assert_true(registry_bytes(sizes[n]) >
		            paths + sizes[n] * sizeof(uint32_t));
		assert_true(registry_bytes(sizes[n]) <
		            paths + 2 * sizes[n] * sizeof(uint32_t) + 256);
		assert_int_equal(allocated, registry_bytes(sizes[n]));
		/* Every part gets its lock. */
		in_rooms = 0;
		registry_add_room(r, NULL);
		assert_int_equal(in_rooms, allocated);
		(void)registry_free(r); /* NULL, always */
	}
}

/* Names come and go; the model says which are there, where, and of which generation. */
enum { NAMES = 150, PLACES = 100, STEPS = 20000 };

struct model {
	bool there[NAMES];
	uint32_t index[NAMES], generation[NAMES];
	uint32_t last_generation[PLACES];
	uint32_t count;
};

static void check_all(struct registry *r, const struct model *m)
{
	uint32_t used = 0;

	assert_int_equal(registry_count(r), m->count);
	assert_true(registry_end(r) <= PLACES);
	for (uint32_t i = 0; i < registry_end(r); i++)
		used += registry_get(r, i) != NULL;
	assert_int_equal(used, m->count);
	for (uint32_t n = 0; n < NAMES; n++) {
		char name[16], node[32];

		(void)snprintf(name, sizeof(name), "sd%u", n);
		(void)snprintf(node, sizeof(node), "/dev/disk/%u", n);
		assert_int_equal(registry_find_name(r, name),
		                 m->there[n] ? m->index[n] : REGISTRY_NONE);
		assert_int_equal(registry_find_node(r, node),
		                 m->there[n] ? m->index[n] : REGISTRY_NONE);
		if (m->there[n])
			assert_int_equal(registry_get(r, m->index[n])->generation,
			                 m->generation[n]);
	}
}

static void toggle(struct registry *r, struct model *m, uint32_t n)
{
	char name[16], node[32];
	uint32_t i;
	int res;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/disk/%u", n);
	if (m->there[n]) {
		registry_remove(r, m->index[n]);
		m->there[n] = false;
		m->count--;
		return;
	}
	res = add(r, name, node, &i);
	if (m->count == PLACES) {
		assert_int_equal(res, -ENOSPC);
		return;
	}
	assert_int_equal(res, 0);
	assert_true(i < PLACES);
	assert_int_not_equal(registry_get(r, i)->generation, m->last_generation[i]);
	m->there[n] = true;
	m->index[n] = i;
	m->generation[n] = m->last_generation[i] = registry_get(r, i)->generation;
	m->count++;
}

static void conserves_its_entries(void **state)
{
	static struct model m;
	struct registry *r = make_registry(PLACES);
	struct random random = { 1 };

	(void)state; /* no fixture */
	for (int step = 0; step < STEPS; step++) {
		toggle(r, &m, (uint32_t)random_below(&random, NAMES));
		if (step % 50 == 0)
			check_all(r, &m);
	}
	check_all(r, &m);
	for (uint32_t n = 0; n < NAMES; n++)
		if (m.there[n])
			toggle(r, &m, n);
	check_all(r, &m);
	assert_int_equal(registry_count(r), 0);
	(void)registry_free(r); /* NULL, always */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_path),
		cmocka_unit_test(finds_by_name_and_node),
		cmocka_unit_test(refuses),
		cmocka_unit_test(generation_changes_on_reuse),
		cmocka_unit_test(nothing_is_left_of_the_last_path),
		cmocka_unit_test(updates_a_device),
		cmocka_unit_test(bytes_are_exact),
		cmocka_unit_test(conserves_its_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
