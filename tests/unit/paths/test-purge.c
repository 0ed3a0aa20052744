/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop's side of purge_disconnected over a fake purger: when a disk is given to it, and what is
 * reported. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/paths/purge.h"

#define N     80 /* more paths than may wait */
#define PATHS 128
#define SEC   USEC_PER_SEC

static_assert(N > PURGE_WAITING, "some have no room");

struct purger {
	struct purger_order order;
	struct purger_result result;
	unsigned orders;
	bool busy, done;
};

static struct purger thread;
static struct registry *registry;
static struct maps *maps;
static struct events events;
static struct checks checks;
static struct dm dm;
static struct purge purge;
static struct checks_listener listener;
static struct event reported[N + 16];
static unsigned n_reported, n_next;
static struct mono now;

bool purger_delete(struct purger *p, const struct purger_order *o)
{
	if (p->busy)
		return false;
	p->order = *o;
	p->busy = true;
	p->orders++;
	return true;
}

bool purger_take(struct purger *p, struct purger_result *ret)
{
	if (!p->done)
		return false;
	*ret = p->result;
	p->busy = p->done = false;
	return true;
}

bool port_loop_has_room(const struct port *p)
{
	(void)p;
	return true;
}

void port_loop_event(struct port *p, const struct event *e)
{
	(void)p;
	if (n_reported < ARRAY_LEN(reported))
		reported[n_reported] = *e;
	n_reported++;
}

void log_push(struct log *l, const struct event *e)
{
	(void)l;
	(void)e;
}

static void next_completed(void *userdata, uint32_t path, int error, enum path_state s)
{
	(void)userdata;
	(void)path;
	(void)error;
	(void)s;
	n_next++;
}

/* sdN, 8:N, 3:0:0:N, with the sequence number 100 + N. */
static void add(uint32_t n, uint64_t diskseq)
{
	const struct path_settings s = { .interval_us = 5 * SEC, .purge = 1 };
	char name[16], node[32], hcil[16];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .hcil = hcil,
		                          .wwid = "3600",
		                          .devt_major = 8,
		                          .devt_minor = n,
		                          .diskseq = diskseq };
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	(void)snprintf(hcil, sizeof(hcil), "3:0:0:%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(registry_add(registry, d, &s, now, &index), 0);
	maps_path_added(maps, index, d);
	device_unref(d);
}

/* One map of all paths, which the kernel has failed. */
static void add_map(void)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[N];
	const struct map_spec spec = {
		.devt_major = 254,
		.name = "mpatha",
		.uuid = "mpath-3600",
		.n_groups = 1,
		.groups = &group,
		.n_paths = N,
		.paths = paths,
	};
	struct map *m;
	unsigned change;
	uint32_t index;

	for (uint32_t i = 0; i < N; i++)
		paths[i] =
		        (struct map_path){ .devt_major = 8, .devt_minor = i, .group = 1 };
	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, false, now, &index, &change), 0);
	map_unref(m);
}

/* The path's check completes. */
static void hear(uint32_t i, enum outcome_kind kind)
{
	const struct path_policy policy = { 1, 1 };
	const struct outcome o = { .kind = kind, .stage = STAGE_READ, .error = EIO };
	struct path *p = registry_get(registry, i);

	(void)path_status_step(&p->status, &o, &policy, SEC, now, &p->status);
	p->last = now;
	maps_path_checked(maps, i, p->status.verdict, kind == OUTCOME_OK, now);
	listener.completed(listener.userdata, i, 0, p->status.state);
}

/* All of them answer, and the loop ends its round. */
static void all_hear(unsigned n, enum outcome_kind kind)
{
	for (uint32_t i = 0; i < n; i++)
		hear(i, kind);
	purge_run(&purge, now);
}

/* Two of the three answers; one more allows the deletion. */
static void answer_twice(void)
{
	for (unsigned n = 0; n < 2; n++) {
		all_hear(N, OUTCOME_DISCONNECTED);
		now = mono_add(now, 5 * SEC);
	}
	assert_int_equal(thread.orders, 0);
}

static void finish(const struct purger_result *r)
{
	thread.result = *r;
	thread.done = true;
	purge_take(&purge, now);
	purge_run(&purge, now);
}

static int make(void **state)
{
	struct events_options o = { .level = LOG_DEBUG, .max_paths = PATHS };
	struct purge_parts parts = {
		.purger = &thread,
		.checks = &checks,
		.events = &events,
		.dm = &dm,
		.next = { .completed = next_completed },
	};

	(void)state;
	thread = (struct purger){ .busy = false };
	n_reported = n_next = 0;
	now = (struct mono){ 1000 * SEC };
	if (registry_new(&registry, PATHS) < 0 || maps_new(&maps, PATHS) < 0)
		return -1;
	checks = (struct checks){ .registry = registry, .maps = maps };
	dm = (struct dm){ .control = true };
	o.maps = parts.maps = maps;
	if (events_init(&events, &o) < 0)
		return -1;
	for (uint32_t i = 0; i < N; i++)
		add(i, 100 + i);
	add_map();
	purge_init(&purge, &parts);
	listener = purge_listener(&purge);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	purge_deinit(&purge);
	events_deinit(&events);
	maps = maps_free(maps);
	registry = registry_free(registry);
	return 0;
}

static void a_disk_is_deleted(void **state)
{
	const struct purger_result done = { .took_us = 40 * USEC_PER_MSEC };
	const struct event *e = &reported[0];

	(void)state;
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	assert_int_equal(n_next, 3 * N);
	assert_int_equal(thread.orders, 1);
	assert_int_equal(thread.order.disk.devt_major, 8);
	assert_int_equal(thread.order.disk.devt_minor, 0);
	assert_int_equal(thread.order.disk.diskseq, 100);
	assert_string_equal(thread.order.disk.hcil, "3:0:0:0");
	assert_true(mono_diff(thread.order.until, now) == SEC);
	assert_int_equal(n_reported, 0);
	/* The device is gone before the write returns. */
	maps_path_removed(maps, 0, true);
	registry_remove(registry, 0);
	finish(&done);
	assert_int_equal(n_reported, 1);
	assert_int_equal(e->type, EVENT_PATH_REMOVED);
	assert_int_equal(e->priority, LOG_NOTICE);
	assert_string_equal(
	        e->message,
	        "sd0: deleted from this host (3:0:0:0, WWID 3600): for 10 s its target "
	        "said that it has no such unit (05/25/00); the deletion took 0.040 s");
	assert_int_equal(purge.deleted, 1);
	/* The next one, from the same answers. */
	assert_int_equal(thread.orders, 2);
	assert_string_equal(thread.order.disk.hcil, "3:0:0:1");
}

static void one_at_a_time(void **state)
{
	const struct purger_result done = { .took_us = 1 };

	(void)state;
	answer_twice();
	for (unsigned n = 0; n < 10; n++) {
		all_hear(N, OUTCOME_DISCONNECTED);
		assert_int_equal(thread.orders, 1);
		now = mono_add(now, SEC);
	}
	/* The answers are old now: nothing is deleted before the next ones. */
	now = mono_add(now, SEC);
	finish(&done);
	assert_int_equal(thread.orders, 1);
	hear(70, OUTCOME_DISCONNECTED);
	purge_run(&purge, now);
	assert_int_equal(thread.orders, 2);
	assert_string_equal(thread.order.disk.hcil, "3:0:0:70");
}

static void only_with_dm_control(void **state)
{
	(void)state;
	dm.control = false;
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	assert_int_equal(thread.orders, 0);
	dm.control = true;
	purge_run(&purge, now);
	assert_int_equal(thread.orders, 0);
	all_hear(1, OUTCOME_DISCONNECTED);
	assert_int_equal(thread.orders, 1);
}

/* What is known at the end of the round counts, and not what a check said before. */
static void the_unit_is_back(void **state)
{
	(void)state;
	answer_twice();
	hear(0, OUTCOME_DISCONNECTED);
	hear(0, OUTCOME_OK);
	purge_run(&purge, now);
	assert_int_equal(thread.orders, 0);
}

static void another_path_has_the_index(void **state)
{
	(void)state;
	answer_twice();
	for (uint32_t i = 0; i < N; i++)
		hear(i, OUTCOME_DISCONNECTED);
	maps_path_removed(maps, 0, true);
	registry_remove(registry, 0);
	add(0, 100);
	registry_get(registry, 0)->status = registry_get(registry, 1)->status;
	registry_get(registry, 0)->last = now;
	purge_run(&purge, now);
	assert_int_equal(thread.orders, 1);
	assert_string_equal(thread.order.disk.hcil, "3:0:0:1");
}

static void a_refusal_is_reported_once(void **state)
{
	const struct purger_result refused = { .error = -EROFS, .took_us = 1 };

	(void)state;
	answer_twice();
	for (unsigned n = 1; n <= 3; n++) {
		all_hear(N, OUTCOME_DISCONNECTED);
		assert_int_equal(thread.orders, n);
		finish(&refused);
		assert_int_equal(thread.orders, n);
		now = mono_add(now, PURGE_PAUSE_US - 1);
		all_hear(N, OUTCOME_DISCONNECTED);
		assert_int_equal(thread.orders, n);
		now = mono_add(now, 1);
	}
	assert_int_equal(n_reported, 1);
	assert_int_equal(reported[0].priority, LOG_WARNING);
	assert_string_equal(reported[0].message,
	                    "sd0: disconnected, and cannot be deleted (3:0:0:0): "
	                    "Read-only file system (EROFS); allow checkerd.service to "
	                    "write: ReadWritePaths=/sys/devices in a drop-in");
	assert_int_equal(purge.failed, 3);
	assert_int_equal(purge.deleted, 0);
}

static void what_is_of_one_disk_stops_no_other(void **state)
{
	const struct purger_result results[] = { { .error = -ESTALE },
		                                 { .error = -ENODEV },
		                                 { .error = -ETIME } };
	static const char *const words[] = { "another disk is there now", "it is gone",
		                             "the order came too late" };

	(void)state;
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	for (unsigned n = 0; n < ARRAY_LEN(results); n++) {
		finish(&results[n]);
		assert_int_equal(thread.orders, n + 2);
		assert_int_equal(reported[n].priority, LOG_INFO);
		assert_non_null(strstr(reported[n].message, words[n]));
	}
	assert_int_equal(purge.failed, 3);
}

static void a_program_that_is_missing(void **state)
{
	const struct purger_result missing = { .error = -ENOENT, .no_program = true };

	(void)state;
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	finish(&missing);
	assert_int_equal(thread.orders, 1);
	assert_int_equal(reported[0].priority, LOG_WARNING);
	assert_non_null(strstr(reported[0].message, "CHECKERD_PURGER"));
}

static void a_deletion_that_hangs(void **state)
{
	char text[PURGE_WARNING_SIZE];

	(void)state;
	assert_true(mono_is_never(purge_next(&purge)));
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	assert_true(mono_diff(purge_next(&purge), now) == PURGE_SLOW_US);
	now = mono_add(now, PURGE_SLOW_US - 1);
	purge_run(&purge, now);
	assert_string_equal(purge_warning(&purge, now, text), "");
	assert_int_equal(n_reported, 0);
	now = mono_add(now, 1);
	for (unsigned n = 0; n < 3; n++)
		purge_run(&purge, now);
	assert_true(mono_is_never(purge_next(&purge)));
	assert_int_equal(n_reported, 1);
	assert_int_equal(reported[0].priority, LOG_WARNING);
	now = mono_add(now, 5 * SEC);
	assert_string_equal(purge_warning(&purge, now, text),
	                    "sd0: its deletion (3:0:0:0) takes 15 s so far: the kernel "
	                    "waits for its requests, or for its HBA; other deletions "
	                    "wait");
	finish(&(struct purger_result){ .took_us = 15 * SEC });
	assert_string_equal(purge_warning(&purge, now, text), "");
}

static void a_kernel_without_sequence_numbers(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		maps_path_removed(maps, i, true);
		registry_remove(registry, i);
	}
	for (uint32_t i = 0; i < N; i++)
		add(i, 0);
	answer_twice();
	all_hear(N, OUTCOME_DISCONNECTED);
	assert_int_equal(thread.orders, 0);
	assert_int_equal(n_reported, 1);
	assert_non_null(strstr(reported[0].message, "diskseq"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
	static const struct CMUnitTest tests[] = {
		TEST(a_disk_is_deleted),
		TEST(one_at_a_time),
		TEST(only_with_dm_control),
		TEST(the_unit_is_back),
		TEST(another_path_has_the_index),
		TEST(a_refusal_is_reported_once),
		TEST(what_is_of_one_disk_stops_no_other),
		TEST(a_program_that_is_missing),
		TEST(a_deletion_that_hangs),
		TEST(a_kernel_without_sequence_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
