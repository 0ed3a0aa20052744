/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is concluded of disks that there is no memory to look at: nothing. libudev is a test's own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "checkerd/discovery/scan.h"
#include "tests/fuzz/fuzz-udev.h"

static char root[] = "/tmp/test-watch-XXXXXX";
static struct config *config;
static struct watch *watch;
static struct found_list told = FOUND_LIST_NULL;
static unsigned removed; /* records */
static int sysfs;

static bool entries_end; /* a directory's do, for want of memory */

/* The linker's names, see local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
struct dirent *__real_readdir(DIR *entries);
struct dirent *__wrap_readdir(DIR *entries);

struct dirent *__wrap_readdir(DIR *entries)
{
	if (!entries_end)
		return __real_readdir(entries);
	errno = ENOMEM;
	return NULL;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static int count_removed(void *arg, struct found *f)
{
	(void)arg;
	removed += f->op == FOUND_REMOVE;
	device_unref(f->device);
	return 0;
}

static void message(const char *action)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "ACTION=%s", action);
	fuzz_udev_property(line);
	fuzz_udev_property("DEVPATH=/devices/host3/block/sda");
	fuzz_udev_property("DEVNAME=sda");
	fuzz_udev_property("DEVTYPE=disk");
	fuzz_udev_message();
}

static void map_message(void)
{
	fuzz_udev_property("ACTION=change");
	fuzz_udev_property("DEVPATH=/devices/virtual/block/dm-0");
	fuzz_udev_property("DEVNAME=dm-0");
	fuzz_udev_property("DM_NAME=data");
	fuzz_udev_message();
}

/* sda is told of, and is in the map dm-0. */
static int make(void **state)
{
	static const char *const folders[] = { "class",
		                               "class/block",
		                               "class/block/sda",
		                               "class/block/dm-0",
		                               "class/block/dm-0/slaves",
		                               "class/block/dm-0/slaves/sda" };
	static const char text[] = "blacklist { devnode \"^sdz\" }\n";

	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(sysfs, folders[i], 0700) < 0)
			return -1;
	if (config_parse("test.conf", text, strlen(text), &config) != 0 ||
	    watch_new(&watch, sysfs) < 0)
		return -1;
	message("add");
	return watch_take(watch, config, &told, count_removed, NULL);
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	fuzz_udev_reset();
	found_list_deinit(&told);
	watch_free(watch);
	config_free(config);
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command); /* NOLINT(cert-env33-c): the name is ours */
}

static void a_list_without_memory_is_none(void **state)
{
	struct found_list list = FOUND_LIST_NULL;
	uint32_t left_out = 0;

	(void)state;
	assert_int_equal(told.n, 1);
	fuzz_udev_without_memory(true);
	assert_int_equal(watch_scan(watch, config, &list, &left_out), -ENOMEM);
	found_list_deinit(&list);
	fuzz_udev_without_memory(false);
	list = (struct found_list)FOUND_LIST_NULL;
	assert_int_equal(watch_scan(watch, config, &list, &left_out), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(left_out, 0);
	found_list_deinit(&list);
}

static void a_list_that_ends_too_early_is_none(void **state)
{
	struct found_list list = FOUND_LIST_NULL;
	uint32_t left_out = 0;

	(void)state;
	entries_end = true;
	assert_int_equal(watch_scan(watch, config, &list, &left_out), -ENOMEM);
	entries_end = false;
	found_list_deinit(&list);
}

static void a_list_without_descriptors_is_none(void **state)
{
	struct found_list list = FOUND_LIST_NULL;
	struct rlimit before, none;
	uint32_t left_out = 0;
	int r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = watch_scan(watch, config, &list, &left_out);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(list.n, 0);
}

static void a_map_without_memory_costs_no_path(void **state)
{
	(void)state;
	fuzz_udev_without_memory(true);
	map_message();
	assert_int_equal(watch_take(watch, config, &told, count_removed, NULL), -ENOMEM);
	assert_int_equal(told.n, 1);
	assert_int_equal(removed, 0);
	fuzz_udev_without_memory(false);
	map_message();
	assert_int_equal(watch_take(watch, config, &told, count_removed, NULL), 0);
	assert_int_equal(told.n, 1);
	assert_int_equal(removed, 0);
}

static void what_goes_goes(void **state)
{
	(void)state;
	message("remove");
	assert_int_equal(watch_take(watch, config, &told, count_removed, NULL), 0);
	assert_int_equal(told.n, 0);
	assert_int_equal(removed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_without_memory_is_none),
		cmocka_unit_test(a_list_that_ends_too_early_is_none),
		cmocka_unit_test(a_list_without_descriptors_is_none),
		cmocka_unit_test(a_map_without_memory_costs_no_path),
		cmocka_unit_test(what_goes_goes),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
