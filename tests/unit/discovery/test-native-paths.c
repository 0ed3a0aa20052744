/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The paths of native NVMe multipathing, from a sysfs made for the test. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/config.h"
#include "checkerd/discovery/native_paths.h"

static char root[] = "/tmp/test-native-paths-XXXXXX";
static int sysfs;
static struct found_list heads;
static struct native_paths native;
static const struct path_settings usual = {
	.interval_us = 5 * USEC_PER_SEC,
	.max_interval_grid = 20 * USEC_PER_SEC / PATH_GRID_US,
	.timeout_us = 2 * USEC_PER_SEC,
	.fail_checks = 2,
	.unjudged = 1,
};

/* --- sysfs --- */

static void make_folders(const char *name)
{
	char part[256];

	for (const char *c = strchr(name, '/'); c != NULL; c = strchr(c + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(c - name), name);
		assert_true(mkdirat(sysfs, part, 0755) == 0 || errno == EEXIST);
	}
}

static void file(const char *folder, const char *attribute, const char *text)
{
	char name[256];
	int fd;

	(void)snprintf(name, sizeof(name), "%s/%s", folder, attribute);
	make_folders(name);
	fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void point(const char *folder, const char *name, const char *target)
{
	char link[256];

	(void)snprintf(link, sizeof(link), "%s/%s", folder, name);
	make_folders(link);
	assert_int_equal(symlinkat(target, sysfs, link), 0);
}

/* A controller of subsystem 0. */
static void controller(const char *name)
{
	char folder[64], target[64];

	(void)snprintf(folder, sizeof(folder), "devices/%s", name);
	file(folder, "state", "live\n");
	file(folder, "transport", "tcp\n");
	file(folder, "serial", "S1  \n");
	(void)snprintf(target, sizeof(target), "../../../devices/%s", name);
	point("class/nvme-subsystem/nvme-subsys0", name, target);
}

/* A path of subsystem 0 through a controller. ana_state: NULL: the controller has none. */
static void path(const char *controller_name, const char *name, const char *ana_state)
{
	char folder[64], target[128];

	(void)snprintf(folder, sizeof(folder), "devices/%s/%s", controller_name, name);
	file(folder, "diskseq", "7\n");
	file(folder, "wwid", "uuid.1\n");
	if (ana_state != NULL)
		file(folder, "ana_state", ana_state);
	(void)snprintf(target, sizeof(target), "../../%s", controller_name);
	point(folder, "device", target);
	(void)snprintf(target, sizeof(target), "../../%s", folder);
	point("class/block", name, target);
}

static void destroy(const char *name)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "rm -rf %s/%s", root, name);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the name is ours */
}

/* --- the heads and the records --- */

static struct device *head(const char *name, const char *map)
{
	char node[64];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .map = map,
		                          .wwid = "uuid.1",
		                          .kind = DEVICE_HEAD };
	struct device *d;

	(void)snprintf(node, sizeof(node), "/dev/%s", name);
	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void add_head(const char *name, const char *map)
{
	assert_int_equal(found_list_add(&heads, head(name, map), &usual), 0);
}

/* The records, a word each: "+nvme0c0n1 nvme0c0n1:live/optimized." */
static char told[1024];
static struct found last;

static int tell(void *arg, struct found *f)
{
	const char *controller_state = sysfs_word_text(f->state.device);
	const char *access = sysfs_word_text(f->state.access);
	size_t n = strlen(told);

	(void)arg;
	if (f->op == FOUND_STATE)
		(void)snprintf(told + n, sizeof(told) - n, "%s%s:%s/%s%s",
		               n > 0 ? " " : "", device_name(f->device),
		               controller_state != NULL ? controller_state : "-",
		               access != NULL ? access : "-", f->last ? "." : "");
	else
		(void)snprintf(told + n, sizeof(told) - n, "%s%s%s%s", n > 0 ? " " : "",
		               f->op == FOUND_ADD      ? "+"
		               : f->op == FOUND_REMOVE ? "-"
		                                       : "*",
		               device_name(f->device), f->replaced ? "~" : "");
	last = *f;
	device_unref(f->device);
	return 0;
}

static void update(const char *want)
{
	told[0] = '\0';
	assert_int_equal(native_paths_update(&native, sysfs, &heads, true, tell, NULL),
	                 0);
	assert_string_equal(told, want);
}

/* A disk with a path through each of two controllers. */
static int make(void **state)
{
	(void)state;
	strcpy(strrchr(root, '-'), "-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	controller("nvme0");
	controller("nvme1");
	path("nvme0", "nvme0c0n1", "optimized\n");
	path("nvme1", "nvme0c1n1", "inaccessible\n");
	heads = (struct found_list)FOUND_LIST_NULL;
	native = (struct native_paths)NATIVE_PATHS_NULL;
	return 0;
}

static int clean(void **state)
{
	(void)state;
	native_paths_deinit(&native);
	found_list_deinit(&heads);
	close(sysfs);
	destroy("");
	return 0;
}

/* --- the tests --- */

static void which_names_are_those_of_paths(void **state)
{
	static const struct {
		const char *path, *head;
	} cases[] = {
		{ "nvme0c0n1", "nvme0n1" },
		{ "nvme12c345n678", "nvme12n678" },
		{ "nvme0n1", NULL },
		{ "nvme0", NULL },
		{ "nvme0c0", NULL },
		{ "nvme0c0n", NULL },
		{ "nvmec0n1", NULL },
		{ "nvme0cn1", NULL },
		{ "nvme0c0n1p1", NULL },
		{ "nvme0c0n1 ", NULL },
		{ "ng0c0n1", NULL },
		{ "", NULL },
		{ "nvme0c0n000000000000000000000000000000000000000000000000000000001",
		  NULL },
	};
	char name[DEVICE_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(native_paths_head(cases[i].path, name),
		                 cases[i].head != NULL);
		if (cases[i].head != NULL)
			assert_string_equal(name, cases[i].head);
	}
	assert_true(native_paths_is_controller("nvme12"));
	assert_false(native_paths_is_controller("nvme"));
	assert_false(native_paths_is_controller("nvme0n1"));
	assert_false(native_paths_is_controller("nvme-subsys0"));
}

static void a_disk_has_a_path_through_each_controller(void **state)
{
	const struct device *d;

	(void)state;
	add_head("nvme0n1", NULL);
	update("+nvme0c0n1 +nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible.");
	d = native.list.entries[1].device;
	assert_true(device_is_observed(d));
	assert_string_equal(device_node(d), "/sys/class/block/nvme0c1n1");
	assert_string_equal(device_map(d), "nvme0n1");
	assert_string_equal(device_wwid(d), "uuid.1");
	assert_string_equal(device_host(d), "nvme1");
	assert_string_equal(device_protocol(d), "nvme:tcp");
	assert_string_equal(device_serial(d), "S1");
	assert_null(device_sysfs_state(d));
	assert_int_equal(d->devt_major, 0);
	assert_int_equal(native.list.entries[1].settings.checker, CHECKER_NONE);
	assert_int_equal(native.list.entries[1].settings.fail_checks, 2);
	/* Nothing is put off: the interval of a healthy path does not grow. */
	assert_int_equal(path_max_interval_us(&native.list.entries[1].settings),
	                 usual.interval_us);
}

static void states_are_reported_each_time(void **state)
{
	(void)state;
	add_head("nvme0n1", NULL);
	update("+nvme0c0n1 +nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible.");
	update("nvme0c0n1:live/optimized nvme0c1n1:live/inaccessible.");
	file("devices/nvme0", "state", "connecting\n");
	file("devices/nvme1/nvme0c1n1", "ana_state", "change\n");
	update("nvme0c0n1:connecting/optimized nvme0c1n1:live/change.");
	/* A controller without ANA. */
	destroy("devices/nvme1/nvme0c1n1/ana_state");
	update("nvme0c0n1:connecting/optimized nvme0c1n1:live/-.");
	/* A path that goes while it is read. */
	destroy("devices/nvme1/state");
	update("nvme0c0n1:connecting/optimized nvme0c1n1:-/-.");
}

static void paths_come_and_go(void **state)
{
	(void)state;
	add_head("nvme0n1", NULL);
	destroy("devices/nvme1/nvme0c1n1");
	destroy("class/block/nvme0c1n1");
	update("+nvme0c0n1 nvme0c0n1:live/optimized.");
	path("nvme1", "nvme0c1n1", "non-optimized\n");
	update("+nvme0c1n1 nvme0c0n1:live/optimized nvme0c1n1:live/non-optimized.");
	/* Another namespace has the name of the first. */
	file("devices/nvme0/nvme0c0n1", "diskseq", "8\n");
	update("-nvme0c0n1~ +nvme0c0n1~ nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/non-optimized.");
	destroy("class/nvme-subsystem");
	update("-nvme0c0n1 -nvme0c1n1");
}

static void paths_are_grouped_by_their_map(void **state)
{
	(void)state;
	path("nvme0", "nvme0c0n2", NULL);
	path("nvme1", "nvme0c1n2", NULL);
	add_head("nvme0n1", "data");
	add_head("nvme0n2", "boot");
	update("+nvme0c0n1 +nvme0c0n2 +nvme0c1n1 +nvme0c1n2 nvme0c0n2:live/- "
	       "nvme0c1n2:live/-. nvme0c0n1:live/optimized nvme0c1n1:live/inaccessible.");
	assert_string_equal(device_map(native.list.entries[0].device), "data");
	/* The alias changes in place. */
	found_list_deinit(&heads);
	add_head("nvme0n1", "archive");
	add_head("nvme0n2", "boot");
	update("*nvme0c0n1 *nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible. nvme0c0n2:live/- nvme0c1n2:live/-.");
}

static void only_heads_have_paths(void **state)
{
	struct device *d = head("nvme0n1", NULL);

	(void)state;
	update("");
	assert_true(mono_is_never(native.due));
	d->kind = DEVICE_READ;
	assert_int_equal(found_list_add(&heads, d, &usual), 0);
	update("");
	d->kind = DEVICE_HEAD;
	update("+nvme0c0n1 +nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible.");
	d->kind = DEVICE_READ;
	update("-nvme0c0n1 -nvme0c1n1");
	assert_true(last.gone && !last.replaced);
	assert_true(mono_is_never(native.due));
}

static void it_is_due_once_an_interval(void **state)
{
	struct mono now = mono_now();

	(void)state;
	add_head("nvme0n1", NULL);
	update("+nvme0c0n1 +nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible.");
	assert_in_range(mono_diff(native.due, now), usual.interval_us,
	                usual.interval_us + 4 * USEC_PER_SEC);
	/* Soon after a uevent, which does not put it off again and again. */
	native_paths_expect(&native, now);
	assert_int_equal(mono_diff(native.due, now), NATIVE_PATHS_WAIT_US);
	native_paths_expect(&native, mono_add(now, 1000));
	assert_int_equal(mono_diff(native.due, now), NATIVE_PATHS_WAIT_US);
}

/* Without descriptors nothing is concluded, and it is tried again. */
static void a_list_without_descriptors_is_none(void **state)
{
	struct rlimit before, none;
	int r;

	(void)state;
	add_head("nvme0n1", NULL);
	update("+nvme0c0n1 +nvme0c1n1 nvme0c0n1:live/optimized "
	       "nvme0c1n1:live/inaccessible.");
	told[0] = '\0';
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	for (rlim_t few = 0; few < 3; few++) {
		none.rlim_cur = (rlim_t)sysfs + 1 + few;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		r = native_paths_update(&native, sysfs, &heads, true, tell, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(r, -EMFILE);
		assert_string_equal(told, "");
		assert_false(mono_is_never(native.due));
	}
	update("nvme0c0n1:live/optimized nvme0c1n1:live/inaccessible.");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_names_are_those_of_paths),
		cmocka_unit_test_setup_teardown(a_disk_has_a_path_through_each_controller,
		                                make, clean),
		cmocka_unit_test_setup_teardown(states_are_reported_each_time, make,
		                                clean),
		cmocka_unit_test_setup_teardown(paths_come_and_go, make, clean),
		cmocka_unit_test_setup_teardown(paths_are_grouped_by_their_map, make,
		                                clean),
		cmocka_unit_test_setup_teardown(only_heads_have_paths, make, clean),
		cmocka_unit_test_setup_teardown(it_is_due_once_an_interval, make, clean),
		cmocka_unit_test_setup_teardown(a_list_without_descriptors_is_none, make,
		                                clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
