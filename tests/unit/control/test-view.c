/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and maps of a snapshot, and the cursors of the events that are kept. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/control/devlink.h"
#include "checkerd/control/history.h"
#include "checkerd/control/control_limits.h"
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

	*p = (struct snap_path){ .in_map = REGISTRY_NONE, .enabled = true };
	assert_int_equal(device_new(&p->device, spec), 0);
	s->n_paths++;
}

static void take(struct snapshot *s)
{
	port_loop_snapshot_publish(port, s);
	view.snap = port_control_snapshot(port);
	assert_ptr_equal(view.snap, s);
	assert_int_equal(view_make_path_names(&view), 0);
	assert_int_equal(view_make_path_names(&view), 0); /* is made once */
	assert_int_equal(view_make_map_names(&view), 0);
	assert_int_equal(view_make_map_names(&view), 0);
}

static void test_surest_name_counts(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	/* the name of each path is another name of the next path */
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
	assert_int_equal(view_find_path(&view, dev_fd, "n0"), 0);
	assert_int_equal(view_find_path(&view, dev_fd, "n1"), 1);
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/n2"), 2);
	assert_int_equal(view_find_path(&view, dev_fd, "8:16"), 2);
	assert_int_equal(view_find_path(&view, dev_fd, "8:0"), 2);
	assert_int_equal(view_find_path(&view, dev_fd, "0:0"), REGISTRY_NONE);
	assert_int_equal(view_find_path(&view, dev_fd, "n"), REGISTRY_NONE);
	assert_int_equal(view_find_path(&view, dev_fd, ""), REGISTRY_NONE);
}

/* Two names of one device are one path of a map. A file has no number, so it stays a path. */
static void test_two_names_of_one_device(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char name[8], node[16];

		(void)snprintf(name, sizeof(name), "n%u", i);
		(void)snprintf(node, sizeof(node), "/dev/n%u", i);
		add(s, &(struct device_spec){ .name = name,
		                              .node = node,
		                              .map = i == 3 ? "other" : "m",
		                              .devt_major = i == 1 ? 9 : 8 });
		s->paths[i].status.state = PATH_UP;
	}
	add(s, &(struct device_spec){ .name = "f0", .node = "/f0", .map = "files" });
	add(s, &(struct device_spec){ .name = "f1", .node = "/f1", .map = "files" });
	take(s);
	assert_int_equal(view.n_maps, 3);
	assert_string_equal(view.maps[1].name, "m");
	assert_int_equal(view.maps[1].n, 2);
	assert_int_equal(view.maps[1].up, 2);
	assert_int_equal(view_map_path(&view, &view.maps[1], 0), 0);
	assert_int_equal(view_map_path(&view, &view.maps[1], 1), 1);
	assert_int_equal(view.maps[0].n, 2);
	assert_int_equal(view.maps[2].n, 1);
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
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/a"), 1);
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/b"), 1);
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/loop"), REGISTRY_NONE);
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/x"), REGISTRY_NONE);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		assert_int_equal(unlinkat(fd, links[i].name, 0), 0);
	close(fd);
}

/* The configuration has a link, the client names the node. */
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
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/n"), REGISTRY_NONE);
	if (mknodat(fd, "n", S_IFBLK | 0600, (259 << 8) | 7) < 0) {
		close(fd);
		skip(); /* only root can */
	}
	assert_int_equal(view_find_path(&view, dev_fd, "/dev/n"), 0);
	assert_int_equal(unlinkat(fd, "n", 0), 0);
	close(fd);
}

static void test_many(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		char name[32], node[32], map[32];

		(void)snprintf(name, sizeof(name), "sd%u", i);
		(void)snprintf(node, sizeof(node), "/dev/sd%u", i);
		(void)snprintf(map, sizeof(map), "map%02u", i % 50);
		add(s, &(struct device_spec){ .name = name, .node = node, .map = map });
		s->paths[i].status.state = i % 50 < 25 ? PATH_UP : PATH_DOWN;
	}
	take(s);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(
		        view_find_path(&view, dev_fd, device_name(s->paths[i].device)),
		        i);
	assert_int_equal(view.n_maps, 50);
	for (uint32_t i = 0; i < view.n_maps; i++) {
		const struct view_map *m = &view.maps[i];

		assert_null(m->dm);
		assert_int_equal(m->n, MANY / 50);
		assert_int_equal(m->up, i < 25 ? m->n : 0);
		assert_int_equal(view_find_map(&view, dev_fd, m->name), i);
		for (uint32_t k = 0; k < m->n; k++)
			assert_int_equal(view_map_path(&view, m, k), i + k * 50);
	}
	assert_int_equal(view_find_map(&view, dev_fd, "map"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, dev_fd, "map49x"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, dev_fd, "a"), REGISTRY_NONE);
}

/* --- device-mapper's maps --- */

/* Two groups of two paths, numbered from 8:16 * first on. */
static void add_map(struct snapshot *s, const char *name, const char *uuid,
                    uint32_t minor, uint32_t first)
{
	const enum map_group_state groups[] = { MAP_GROUP_ACTIVE, MAP_GROUP_ENABLED };
	struct map_path paths[4];
	struct snap_map *m = &s->maps[s->n_maps];

	for (uint32_t i = 0; i < ARRAY_LEN(paths); i++)
		paths[i] = (struct map_path){ .devt_major = 8,
			                      .devt_minor = 16 * (first + i),
			                      .group = 1 + i / 2 };
	*m = (struct snap_map){ .first_path = s->n_map_paths, .paths_up = 3 };
	assert_int_equal(map_new(&m->map, &(struct map_spec){ .devt_major = 253,
	                                                      .devt_minor = minor,
	                                                      .name = name,
	                                                      .uuid = uuid,
	                                                      .n_groups = 2,
	                                                      .groups = groups,
	                                                      .n_paths = 4,
	                                                      .paths = paths }),
	                 0);
	for (uint32_t i = 0; i < ARRAY_LEN(paths); i++)
		s->map_paths[s->n_map_paths++] =
		        (struct snap_map_path){ .path = first + i };
	s->n_maps++;
}

static void add_numbered(struct snapshot *s, uint32_t minor, const char *map, uint32_t dm)
{
	char name[32], node[32];

	(void)snprintf(name, sizeof(name), "p%u", minor);
	(void)snprintf(node, sizeof(node), "/dev/p%u", minor);
	add(s, &(struct device_spec){ .name = name,
	                              .node = node,
	                              .devt_major = 8,
	                              .devt_minor = minor,
	                              .map = map });
	if (dm == REGISTRY_NONE)
		return;
	s->paths[s->n_paths - 1].in_map = s->n_map_paths;
	s->map_paths[s->n_map_paths++] =
	        (struct snap_map_path){ .path = s->n_paths - 1, .map = dm };
}

static void test_disabled_and_overdue(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		add_numbered(s, 16 * i, "named", REGISTRY_NONE);
		s->paths[i].status.state = PATH_UP;
	}
	s->paths[0].enabled = false;
	s->paths[2].overdue = true;
	take(s);
	assert_int_equal(view.n_maps, 1);
	assert_int_equal(view.maps[0].n, 3);
	assert_int_equal(view.maps[0].up, 2);
	assert_int_equal(view.maps[0].disabled, 1);
	assert_int_equal(view.maps[0].overdue, 1);
	assert_int_equal(view_redundancy(&view.maps[0]), REDUNDANCY_FULL);
	assert_string_equal(view_path_state(&s->paths[0]), "disabled");
	assert_string_equal(view_path_state(&s->paths[1]), "up");
}

static void test_device_mapper(void **state)
{
	struct snapshot *s = begin();

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		add_numbered(s, 16 * i, i == 0 ? "a name of its own" : NULL, i / 4);
	add_numbered(s, 128, "zz", REGISTRY_NONE);
	add_numbered(
	        s, 144, "mb",
	        REGISTRY_NONE); /* the device names a map that does not have the path */
	add_map(s, "mb", "mpath-3600b", 7, 0);
	add_map(s, "ma", "LVM-x", 3, 4);
	take(s);
	assert_int_equal(view.n_maps, 3);
	assert_string_equal(view.maps[0].name, "ma");
	assert_string_equal(view.maps[1].name, "mb");
	assert_string_equal(view.maps[2].name, "zz");
	assert_int_equal(view.maps[1].n, 4);
	assert_int_equal(view.maps[1].up, 3);
	assert_int_equal(view_redundancy(&view.maps[1]), REDUNDANCY_DEGRADED);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(view_map_path(&view, &view.maps[0], i), 4 + i);
	assert_null(view.maps[2].dm);
	assert_int_equal(view_map_path(&view, &view.maps[2], 0), 8);
	assert_string_equal(view_path_map(s, &s->paths[0]), "mb");
	assert_string_equal(view_path_map(s, &s->paths[4]), "ma");
	assert_string_equal(view_path_map(s, &s->paths[8]), "zz");
	s->dm_decides = true; /* device-mapper has no map zz */
	assert_null(view_path_map(s, &s->paths[8]));
	assert_string_equal(view_path_map(s, &s->paths[0]), "mb");
	s->dm_decides = false;
}

static void add_observed(struct snapshot *s, const char *name, const char *map,
                         enum path_state is)
{
	char node[64];

	(void)snprintf(node, sizeof(node), "/sys/class/block/%s", name);
	add(s, &(struct device_spec){
	               .name = name, .node = node, .map = map, .kind = DEVICE_OBSERVED });
	s->paths[s->n_paths - 1].status.state = is;
}

/* device-mapper does not know the maps of native NVMe multipathing. */
static void test_observed(void **state)
{
	static const uint32_t up[] = { 2, 1, 0, 1, 1 };
	struct snapshot *s = begin();

	(void)state;
	s->dm_known = s->dm_decides = true;
	add_observed(s, "nvme0c0n1", "nvme0n1", PATH_UP);
	add_observed(s, "nvme0c1n1", "nvme0n1", PATH_GHOST);
	add_observed(s, "nvme0c0n2", "nvme0n2", PATH_UP);
	add_observed(s, "nvme0c1n2", "nvme0n2", PATH_DOWN);
	add_observed(s, "nvme0c0n3", "nvme0n3", PATH_GHOST);
	add_observed(s, "nvme0c1n3", "nvme0n3", PATH_GHOST);
	add_observed(s, "nvme0c0n4", "nvme0n4", PATH_UP);
	add_observed(s, "nvme0c1n4", "nvme0n4", PATH_GHOST);
	s->paths[7].enabled = false;
	add_observed(s, "nvme0c0n5", "nvme0n5", PATH_UP);
	add_observed(s, "nvme0c1n5", "nvme0n5", PATH_GHOST);
	s->paths[8].enabled = false;
	s->paths[4].map_lost_since = s->paths[5].map_lost_since = 7;
	take(s);
	assert_int_equal(view.n_maps, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(view.maps[i].observed);
		assert_int_equal(view_lost_since(&view.maps[i]).us,
		                 i == 2 ? 7 * MAP_LOSS_UNIT_US : 0);
	}
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(view.maps[i].n, 2);
		assert_int_equal(view.maps[i].up, up[i]);
	}
	assert_string_equal(view.maps[0].name, "nvme0n1");
	assert_int_equal(view_redundancy(&view.maps[0]), REDUNDANCY_FULL);
	assert_int_equal(view_redundancy(&view.maps[2]), REDUNDANCY_NONE);
	assert_int_equal(view.maps[3].disabled, 1);
	assert_string_equal(view_path_map(s, &s->paths[1]), "nvme0n1");
	assert_int_equal(view_find_map(&view, dev_fd, "nvme0n3"), 2);
	assert_int_equal(view_find_path(&view, dev_fd, "nvme0c1n2"), 3);
}

static void test_names_of_a_map(void **state)
{
	static const struct {
		const char *name;
		uint32_t map;
	} cases[] = {
		{ "ma", 0 },
		{ "dm-3", 0 },
		{ "253:3", 0 },
		{ "LVM-x", 0 },
		{ "/dev/dm-3", 0 },
		{ "/dev/mapper/ma", 0 },
		{ "mb", 1 },
		{ "3600b", 1 },
		{ "mpath-3600b", 1 },
		{ "/dev/disk-by-id", 1 },
		{ "dm-0", REGISTRY_NONE },
		{ "x", REGISTRY_NONE },
		{ "", REGISTRY_NONE },
		{ "/dev/mapper/zz", REGISTRY_NONE }, /* only a name */
		{ "zz", 2 },
	};
	int fd = open(directory, O_RDONLY | O_DIRECTORY);
	struct snapshot *s = begin();

	(void)state;
	assert_int_equal(symlinkat("dm-7", fd, "disk-by-id"), 0);
	for (uint32_t i = 0; i < 8; i++)
		add_numbered(s, 16 * i, NULL, i / 4);
	add_numbered(s, 128, "zz", REGISTRY_NONE);
	add_map(s, "mb", "mpath-3600b", 7, 0);
	add_map(s, "ma", "LVM-x", 3, 4);
	take(s);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(view_find_map(&view, dev_fd, cases[i].name),
		                 cases[i].map);
	assert_int_equal(unlinkat(fd, "disk-by-id", 0), 0);
	close(fd);
}

static void test_empty(void **state)
{
	(void)state;
	take(begin());
	assert_int_equal(view_find_path(&view, dev_fd, "sda"), REGISTRY_NONE);
	assert_int_equal(view_find_map(&view, dev_fd, "m"), REGISTRY_NONE);
	assert_int_equal(view.n_maps, 0);
}

/* --- events --- */

static void record(struct history *h, uint64_t seq)
{
	history_slot(h)->seq = seq;
	history_added(h);
}

/* Reads to the end. Returns how many events there were, and how many are lost. */
static uint64_t read_all(struct history *h, struct history_cursor c, uint64_t *ret_lost)
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

/* Events of any length: the newest ones come back in order, and unchanged. */
static void test_history_of_long_ones(void **state)
{
	struct history h;
	uint64_t lost, n;

	(void)state;
	assert_int_equal(history_init(&h), 0);
	for (uint64_t i = 1; i <= 3 * EVENTS_KEPT; i++) {
		struct event *e = history_slot(&h);
		size_t length = i * 7919 % (EVENT_MESSAGE_MAX - 1);
		struct history_cursor c;
		const struct event *last = NULL, *x;

		memset(e->message, 'm', length);
		e->message[length] = '\0';
		memset(e->reason, 'r', length % EVENT_REASON_MAX);
		e->reason[length % EVENT_REASON_MAX] = '\0';
		(void)snprintf(e->path, sizeof(e->path), "p%u", (unsigned)i);
		record(&h, i);
		c = history_find(&h, i - 1);
		while ((x = history_next(&h, &c, &lost)))
			last = x;
		assert_non_null(last);
		assert_int_equal(last->seq, i);
		assert_int_equal(strlen(last->message), length);
		assert_int_equal(strlen(last->reason), length % EVENT_REASON_MAX);
		assert_int_equal(strtoul(last->path + 1, NULL, 10), i);
		assert_string_equal(last->map, "");
	}
	n = read_all(&h, history_find(&h, 0), &lost);
	assert_in_range(n, HISTORY_BYTES / sizeof(struct event), EVENTS_KEPT);
	assert_int_equal(lost, 3 * EVENTS_KEPT - n);
	history_deinit(&h);
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
	/* some events never came, and the client starts after them */
	record(&h, EVENTS_KEPT + 11);
	assert_int_equal(read_all(&h, history_find(&h, EVENTS_KEPT + 1), &lost), 1);
	assert_int_equal(lost, 9);
	assert_int_equal(read_all(&h, history_find(&h, EVENTS_KEPT + 6), &lost), 1);
	assert_int_equal(lost, 4);
	history_deinit(&h);
}

/* New events overwrite those that a client has not read. */
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
	/* a number from before a restart: nothing is there, then only new events */
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
		TEST(test_two_names_of_one_device),
		TEST(test_links),
		TEST(test_number_behind_a_node),
		TEST(test_many),
		TEST(test_empty),
		TEST(test_disabled_and_overdue),
		TEST(test_device_mapper),
		TEST(test_observed),
		TEST(test_names_of_a_map),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_of_long_ones),
		cmocka_unit_test(test_history_overtakes),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
