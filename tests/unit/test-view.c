/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and maps of a snapshot, and the cursors of the events that are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/control/devlink.h"
#include "checkerd/control/history.h"
#include "checkerd/control/limits.h"
#include "checkerd/control/view.h"

#define MANY 5000

static struct port *port;
static struct view view;
static char directory[] = "/tmp/test-view-XXXXXX";
static int dev_fd;

static int setup(void **state)
{
	(void)state;
	view = (struct view){ 0 };
	return port_new(&port, MANY);
}

static int teardown(void **state)
{
	(void)state;
	view_clear(&view, port);
	port = port_free(port);
	return 0;
}

static struct snapshot *begin(void)
{
	struct snapshot *s = port_loop_snapshot_begin(port);

	assert_non_null(s);
	return s;
}

static void add(struct snapshot *s, const struct device_spec *spec)
{
	struct snap_path *p = &s->paths[s->n_paths];

	assert_int_equal(device_new(&p->device, spec), 0);
	s->n_paths++;
}

static void take(struct snapshot *s)
{
	port_loop_snapshot_publish(port, s);
	view.snap = port_control_snapshot(port);
	assert_ptr_equal(view.snap, s);
	assert_int_equal(view_make_index(&view), 0);
	assert_int_equal(view_make_index(&view), 0); /* is made once */
	assert_int_equal(view_make_maps(&view), 0);
}

static void test_surest_name_counts(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	/* each is called what the next one is */
	add(s, &(struct device_spec){ .name = "n0", .node = "/dev/n0", .alias = "n1" });
	add(s,
	    &(struct device_spec){ .name = "n1", .node = "/dev/n1", .alias = "/dev/n2" });
	add(s,
	    &(struct device_spec){
	            .name = "n2", .node = "/dev/n2", .devt_major = 8, .alias = "8:16" });
	add(s,
	    &(struct device_spec){
	            .name = "n3", .node = "/dev/n3", .devt_major = 8, .devt_minor = 16 });
	take(s);
	assert_int_equal(view_find(&view, dev_fd, "n0"), 0);
	assert_int_equal(view_find(&view, dev_fd, "n1"), 1);
	assert_int_equal(view_find(&view, dev_fd, "/dev/n2"), 2);
	assert_int_equal(view_find(&view, dev_fd, "8:16"), 2);
	assert_int_equal(view_find(&view, dev_fd, "8:0"), 2);
	assert_int_equal(view_find(&view, dev_fd, "0:0"), REGISTRY_NONE);
	assert_int_equal(view_find(&view, dev_fd, "n"), REGISTRY_NONE);
	assert_int_equal(view_find(&view, dev_fd, ""), REGISTRY_NONE);
}

static void test_links(void **state)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "a", "b" }, { "b", "/dev/sda" },    { "loop", "loop" },
		{ "x", "y" }, { "y", "/dev/null-x" },
	};
	struct snapshot *s = begin();
	int fd = open(directory, O_RDONLY | O_DIRECTORY);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		assert_int_equal(symlinkat(links[i].target, fd, links[i].name), 0);
	add(s, &(struct device_spec){ .name = "sdb", .node = "/dev/sdb" });
	add(s, &(struct device_spec){ .name = "sda", .node = "/dev/sda" });
	take(s);
	assert_int_equal(view_find(&view, dev_fd, "/dev/a"), 1);
	assert_int_equal(view_find(&view, dev_fd, "/dev/b"), 1);
	assert_int_equal(view_find(&view, dev_fd, "/dev/loop"), REGISTRY_NONE);
	assert_int_equal(view_find(&view, dev_fd, "/dev/x"), REGISTRY_NONE);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		assert_int_equal(unlinkat(fd, links[i].name, 0), 0);
	close(fd);
}

/* Configured by a link, asked for by its node. */
static void test_number_behind_a_node(void **state)
{
	struct snapshot *s = begin();
	int fd = open(directory, O_RDONLY | O_DIRECTORY);

	(void)state;
	add(s, &(struct device_spec){ .name = "x",
	                              .node = "/dev/disk/by-id/x",
	                              .devt_major = 259,
	                              .devt_minor = 7 });
	take(s);
	assert_int_equal(view_find(&view, dev_fd, "/dev/n"), REGISTRY_NONE);
	if (mknodat(fd, "n", S_IFBLK | 0600, (259 << 8) | 7) < 0) {
		close(fd);
		skip(); /* only root can */
	}
	assert_int_equal(view_find(&view, dev_fd, "/dev/n"), 0);
	assert_int_equal(unlinkat(fd, "n", 0), 0);
	close(fd);
}

static void test_many(void **state)
{
	struct snapshot *s = begin();
	struct view_map m;
	uint32_t maps = 0, at;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		char name[32], node[32], map[32];

		(void)snprintf(name, sizeof(name), "sd%u", i);
		(void)snprintf(node, sizeof(node), "/dev/sd%u", i);
		(void)snprintf(map, sizeof(map), "map%02u", i % 50);
		add(s, &(struct device_spec){ .name = name, .node = node, .map = map });
		s->paths[i].state = i % 50 < 25 ? PATH_UP : PATH_DOWN;
	}
	take(s);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(view_find(&view, dev_fd, s->paths[i].device->name), i);
	for (at = 0; view_map(&view, at, &m); at += m.n, maps++) {
		assert_int_equal(m.n, MANY / 50);
		assert_int_equal(m.up, maps < 25 ? m.n : 0);
		assert_int_equal(view_find_map(&view, m.name), at);
		for (uint32_t i = 0; i < m.n; i++)
			assert_int_equal(view.by_map[at + i], maps + i * 50);
	}
	assert_int_equal(maps, 50);
	assert_int_equal(view_find_map(&view, "map"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, "map49x"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, "a"), REGISTRY_NONE);
}

static void test_empty(void **state)
{
	struct view_map m;

	(void)state;
	take(begin());
	assert_int_equal(view_find(&view, dev_fd, "sda"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, "m"), REGISTRY_NONE);
	assert_false(view_map(&view, 0, &m));
}

static void test_redundancy(void **state)
{
	static const struct {
		uint32_t n, up;
		const char *name;
	} cases[] = {
		{ 1, 1, "full" },     { 1, 0, "none" }, { 2, 2, "full" },
		{ 2, 1, "last" },     { 2, 0, "none" }, { 3, 1, "last" },
		{ 3, 2, "degraded" }, { 3, 3, "full" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct view_map m = { .n = cases[i].n, .up = cases[i].up };

		assert_string_equal(redundancy_name(view_redundancy(&m)), cases[i].name);
	}
}

/* --- events --- */

static void record(struct history *h, uint64_t seq)
{
	history_slot(h)->seq = seq;
	history_added(h);
}

/* Reads from there to the end: how many, and how many are lost. */
static uint64_t read_all(const struct history *h, struct history_cursor c,
                         uint64_t *ret_lost)
{
	uint64_t n = 0, lost, last = 0;
	const struct event *e;

	*ret_lost = 0;
	while ((e = history_next(h, &c, &lost))) {
		assert_true(e->seq > last);
		last = e->seq;
		*ret_lost += lost;
		n++;
	}
	return n;
}

static void test_history(void **state)
{
	struct history h;
	uint64_t lost;

	(void)state;
	assert_int_equal(history_init(&h), 0);
	assert_int_equal(read_all(&h, history_find(&h, 0), &lost), 0);
	assert_int_equal(read_all(&h, history_find(&h, 9), &lost), 0);
	for (uint64_t i = 1; i <= EVENTS_KEPT; i++)
		record(&h, i);
	assert_int_equal(read_all(&h, history_find(&h, 0), &lost), EVENTS_KEPT);
	assert_int_equal(lost, 0);
	record(&h, EVENTS_KEPT + 1);
	assert_int_equal(read_all(&h, history_find(&h, 0), &lost), EVENTS_KEPT);
	assert_int_equal(lost, 1);
	assert_int_equal(read_all(&h, history_find(&h, 1), &lost), EVENTS_KEPT);
	assert_int_equal(lost, 0);
	assert_int_equal(read_all(&h, history_find(&h, EVENTS_KEPT), &lost), 1);
	assert_int_equal(read_all(&h, history_end(&h), &lost), 0);
	/* some never came; one asks for after them */
	record(&h, EVENTS_KEPT + 11);
	assert_int_equal(read_all(&h, history_find(&h, EVENTS_KEPT + 1), &lost), 1);
	assert_int_equal(lost, 9);
	assert_int_equal(read_all(&h, history_find(&h, EVENTS_KEPT + 6), &lost), 1);
	assert_int_equal(lost, 4);
	history_deinit(&h);
}

/* The ring goes round under a reader. */
static void test_history_overtakes(void **state)
{
	struct history h;
	struct history_cursor c;
	const struct event *e;
	uint64_t lost;

	(void)state;
	assert_int_equal(history_init(&h), 0);
	record(&h, 1);
	record(&h, 2);
	c = history_find(&h, 0);
	assert_int_equal(history_next(&h, &c, &lost)->seq, 1);
	for (uint64_t i = 3; i <= EVENTS_KEPT + 5; i++)
		record(&h, i);
	e = history_next(&h, &c, &lost);
	assert_int_equal(e->seq, 6);
	assert_int_equal(lost, 4);
	e = history_next(&h, &c, &lost);
	assert_int_equal(e->seq, 7);
	assert_int_equal(lost, 0);
	/* from before a restart: nothing, and then what is new */
	c = history_find(&h, 1000000);
	assert_null(history_next(&h, &c, &lost));
	record(&h, EVENTS_KEPT + 6);
	assert_int_equal(history_next(&h, &c, &lost)->seq, EVENTS_KEPT + 6);
	assert_int_equal(lost, 0);
	history_deinit(&h);
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	dev_fd = devlink_open(directory);
	return dev_fd < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
	(void)state;
	close(dev_fd);
	return rmdir(directory);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_surest_name_counts),
		TEST(test_links),
		TEST(test_number_behind_a_node),
		TEST(test_many),
		TEST(test_empty),
		cmocka_unit_test(test_redundancy),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_overtakes),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
