/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is concluded of disks that there is no memory to look at: nothing. libudev is a test's own. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkerd/config/load.h"
#include "checkerd/discovery/udev_watch.h"
#include "tests/fuzz/fuzz-udev.h"

static char root[] = "/tmp/test-watch-XXXXXX";
static struct config *config;
static struct udev_watch *watch;
static struct found_list told = FOUND_LIST_NULL;
static unsigned removed; /* records */
static int sysfs;

/* Reading a directory fails with ENOMEM. */
static bool entries_end;
static bool udevd;     /* is running */
static unsigned looks; /* at a file of sysfs */
static time_t later;   /* seconds that the clock is ahead */

/* The linker's names, see local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
struct dirent *REAL_OF_FILE(readdir)(DIR *entries);
struct dirent *WRAP_OF_FILE(readdir)(DIR *entries);

int __wrap_access(const char *name, int mode);
int __real_faccessat(int dir, const char *name, int mode, int flags);
int __wrap_faccessat(int dir, const char *name, int mode, int flags);

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	int r = __real_clock_gettime(clock, ts);

	ts->tv_sec += later;
	return r;
}

int __wrap_faccessat(int dir, const char *name, int mode, int flags)
{
	looks++;
	return __real_faccessat(dir, name, mode, flags);
}

int __wrap_access(const char *name, int mode)
{
	(void)mode;
	assert_string_equal(name, "/run/udev/control");
	errno = ENOENT;
	return udevd ? 0 : -1;
}

struct dirent *WRAP_OF_FILE(readdir)(DIR *entries)
{
	if (!entries_end)
		return REAL_OF_FILE(readdir)(entries);
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

static bool write_file(const char *name, const char *text)
{
	int fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	return fd >= 0 && close(fd) == 0 && written;
}

/* Reports sda, which is in the map dm-0. */
static int make(void **state)
{
	static const char *const folders[] = { "class",
		                               "class/block",
		                               "class/block/sda",
		                               "class/block/dm-0",
		                               "class/block/dm-0/slaves",
		                               "class/block/dm-0/slaves/sda",
		                               "class/block/dm-0/dm",
		                               "class/block/nvme0n1",
		                               "class/block/nvme0n1/holders" };
	static const char text[] = "blacklist { devnode \"^sdz\" }\n";

	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(sysfs, folders[i], 0700) < 0)
			return -1;
	if (symlinkat("../../nvme-subsys0", sysfs, "class/block/nvme0n1/device") < 0 ||
	    !write_file("class/block/dm-0/dm/uuid", "mpath-uuid.1") ||
	    !write_file("class/block/dm-0/dm/name", "data"))
		return -1;
	if (load_text("test.conf", text, strlen(text), &config) != 0 ||
	    udev_watch_new(&watch, sysfs) < 0)
		return -1;
	message("add");
	return udev_watch_take(watch, config, &told, count_removed, NULL);
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	fuzz_udev_reset();
	found_list_deinit(&told);
	udev_watch_free(watch);
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
	assert_int_equal(udev_watch_scan(watch, config, false, &list, &left_out),
	                 -ENOMEM);
	found_list_deinit(&list);
	fuzz_udev_without_memory(false);
	list = (struct found_list)FOUND_LIST_NULL;
	assert_int_equal(udev_watch_scan(watch, config, true, &list, &left_out), 0);
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
	assert_int_equal(udev_watch_scan(watch, config, true, &list, &left_out), -ENOMEM);
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
	r = udev_watch_scan(watch, config, true, &list, &left_out);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(list.n, 0);
}

static void a_map_without_memory_costs_no_path(void **state)
{
	(void)state;
	fuzz_udev_without_memory(true);
	map_message();
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOMEM);
	assert_int_equal(told.n, 1);
	assert_int_equal(removed, 0);
	fuzz_udev_without_memory(false);
	map_message();
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL), 0);
	assert_int_equal(told.n, 1);
	assert_int_equal(removed, 0);
}

/* --- with udevd, whose properties may be missing for a moment --- */

#define WWID "3600140500000000000000000000000aa"

static struct {
	unsigned n, removed, gone;
} records;

static int count(void *arg, struct found *f)
{
	(void)arg;
	records.n++;
	records.removed += f->op == FOUND_REMOVE;
	records.gone += f->op == FOUND_REMOVE && f->gone;
	device_unref(f->device);
	return 0;
}

static void message_with(const char *action, bool serial, bool wwn)
{
	if (serial)
		fuzz_udev_property("ID_SERIAL=" WWID);
	if (wwn)
		fuzz_udev_property("ID_WWN=0x60014050000000");
	message(action);
}

static void take(const struct config *c, struct found_list *l)
{
	records.n = records.removed = records.gone = 0;
	assert_int_equal(udev_watch_take(watch, c, l, count, NULL), 0);
}

static struct config *rules(const char *text)
{
	struct config *c;

	assert_int_equal(load_text("test.conf", text, strlen(text), &c), 0);
	return c;
}

/* Lists again; the new list replaces the reported one. */
static void list(const struct config *c, bool reload, struct found_list *l)
{
	struct found_list now = FOUND_LIST_NULL;
	uint32_t left_out = 0;

	now.before = l;
	assert_int_equal(udev_watch_scan(watch, c, reload, &now, &left_out), 0);
	now.before = NULL;
	found_list_deinit(l);
	*l = now;
}

static int begin_with_udevd(void **state)
{
	(void)state;
	fuzz_udev_reset();
	udev_watch_free(watch);
	udevd = true;
	return udev_watch_new(&watch, sysfs);
}

static void a_path_without_properties_stays(void **state)
{
	struct config *usual = rules("blacklist_exceptions { property \"ID_WWN\" }\n");
	struct found_list l = FOUND_LIST_NULL;

	(void)state;
	message_with("add", true, true);
	take(usual, &l);
	assert_int_equal(l.n, 1);
	message_with("change", false, false);
	take(usual, &l);
	assert_int_equal(records.n, 0);
	assert_string_equal(device_wwid(l.entries[0].device), WWID);
	list(usual, false, &l);
	assert_int_equal(l.n, 1);
	/* Also one of which a rule would not let in what is known now. */
	message_with("change", true, false);
	take(usual, &l);
	list(usual, false, &l);
	assert_int_equal(l.n, 1);
	message_with("change", false, false);
	take(usual, &l);
	list(usual, true, &l);
	assert_int_equal(l.n, 1);
	/* One that was never let in does not come in by that. */
	found_list_deinit(&l);
	message_with("change", true, false);
	take(usual, &l);
	assert_int_equal(l.n, 0);
	config_free(usual);
}

static void only_other_rules_and_removals_take_it_away(void **state)
{
	struct config *usual = rules("blacklist_exceptions { property \"ID_WWN\" }\n");
	struct config *never = rules("blacklist { property \"ID_SERIAL\" }\n");
	struct config *wwids = rules("blacklist { wwid \"^3600\" }\n"
	                             "blacklist_exceptions { property \"ID_WWN\" }\n");
	struct found_list l = FOUND_LIST_NULL;

	(void)state;
	message_with("add", true, true);
	take(usual, &l);
	message_with("change", false, false);
	take(usual, &l);
	/* Its properties are not known when the rules are others: they are judged later. */
	list(never, true, &l);
	assert_int_equal(l.n, 1);
	message_with("change", false, false);
	take(never, &l);
	assert_int_equal(records.n, 0);
	message_with("change", true, true);
	take(never, &l);
	assert_int_equal(records.removed, 1);
	assert_int_equal(records.gone, 0);
	assert_int_equal(l.n, 0);
	/* Its WWID is known from before. */
	message_with("add", true, true);
	take(usual, &l);
	message_with("change", false, false);
	take(usual, &l);
	list(wwids, true, &l);
	assert_int_equal(l.n, 0);
	message_with("add", true, true);
	take(usual, &l);
	message_with("remove", false, false);
	take(usual, &l);
	assert_int_equal(records.gone, 1);
	found_list_deinit(&l);
	config_free(wwids);
	config_free(never);
	config_free(usual);
}

/* 1,000 paths that are in no map cost nothing when one comes. */
static void a_map_costs_what_it_holds(void **state)
{
	struct found_list l = FOUND_LIST_NULL;
	const struct path_settings s = { .interval_us = 1 };

	(void)state;
	found_list_deinit(&l);
	for (unsigned i = 0; i < 1000; i++) {
		char name[16], node[32];
		const struct device_spec spec = { .name = name, .node = node };
		struct device *d;

		(void)snprintf(name, sizeof(name), "sd%u", i);
		(void)snprintf(node, sizeof(node), "/dev/sd%u", i);
		assert_int_equal(device_new(&d, &spec), 0);
		assert_int_equal(found_list_append(&l, d, &s), 0);
	}
	(void)found_list_sort(&l);
	looks = 0;
	map_message();
	assert_int_equal(udev_watch_take(watch, config, &l, count_removed, NULL), 0);
	assert_in_range(looks, 0, 10);
	found_list_deinit(&l);
}

/* The disk of a subsystem, whose paths the kernel chooses. */
static void nvme_message(const char *action, const char *name)
{
	fuzz_udev_begin(action, "/devices/nvme-subsystem", name);
	fuzz_udev_property("ID_WWN=uuid.1");
	fuzz_udev_message();
}

/* The WWID that the rules see, and that a path has, is the value of the property of uid_attribute. */
static void the_wwid_is_that_of_uid_attribute(void **state)
{
	static const struct {
		const char *text, *wwid;
	} cases[] = {
		{ "", WWID },
		{ "defaults { uid_attribute ID_WWN }", "0x60014050000000" },
		{ "defaults { uid_attrs sda:ID_WWN } overrides { uid_attribute NONE }",
		  "0x60014050000000" },
		{ "overrides { uid_attribute NONE }", NULL },
		{ "overrides { uid_attribute ID_WWN } blacklist { wwid ^0x }", "" },
		{ "blacklist { wwid ^0x }", WWID },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *c = rules(cases[i].text);
		struct found_list l = FOUND_LIST_NULL;
		const char *wwid;

		message_with("add", true, true);
		take(c, &l);
		wwid = l.n == 0 ? "" : device_wwid(l.entries[0].device);
		if ((wwid == NULL) != (cases[i].wwid == NULL) ||
		    (wwid != NULL && strcmp(wwid, cases[i].wwid) != 0))
			fail_msg("%s: %s", cases[i].text, wwid != NULL ? wwid : "none");
		found_list_deinit(&l);
		config_free(c);
	}
}

static void a_disk_with_paths_of_its_own_is_a_head(void **state)
{
	struct config *usual = rules(""), *off = rules("defaults { native_nvme no }\n");
	struct found_list l = FOUND_LIST_NULL;

	(void)state;
	nvme_message("add", "nvme0n1");
	take(usual, &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.entries[0].device->kind, DEVICE_HEAD);
	assert_int_equal(records.n, 0);
	list(usual, false, &l);
	assert_int_equal(l.entries[0].device->kind, DEVICE_HEAD);
	/* The rules are those for any disk. */
	list(off, true, &l);
	assert_int_equal(l.entries[0].device->kind, DEVICE_READ);
	nvme_message("change", "nvme0n1");
	take(usual, &l);
	assert_int_equal(records.removed, 1);
	assert_int_equal(records.gone, 0);
	/* A map of device-mapper holds it. */
	assert_int_equal(mkdirat(sysfs, "class/block/nvme0n1/holders/dm-0", 0700), 0);
	nvme_message("change", "nvme0n1");
	take(usual, &l);
	assert_int_equal(l.entries[0].device->kind, DEVICE_READ);
	assert_int_equal(records.n, 1);
	found_list_deinit(&l);
	config_free(off);
	config_free(usual);
}

static void messages_about_controllers_are_noticed(void **state)
{
	struct found_list l = FOUND_LIST_NULL;

	(void)state;
	(void)udev_watch_heard_nvme(watch);
	message_with("change", true, true);
	take(config, &l);
	assert_false(udev_watch_heard_nvme(watch));
	nvme_message("add", "nvme7");
	take(config, &l);
	assert_true(udev_watch_heard_nvme(watch));
	assert_false(udev_watch_heard_nvme(watch));
	nvme_message("remove", "nvme0n1");
	take(config, &l);
	assert_true(udev_watch_heard_nvme(watch));
	found_list_deinit(&l);
}

static void what_goes_goes(void **state)
{
	(void)state;
	message("remove");
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL), 0);
	assert_int_equal(told.n, 0);
	assert_int_equal(removed, 1);
}

/* While messages wait the kernel drops others without saying so again. */
static void what_was_dropped_while_messages_waited_is_listed(void **state)
{
	(void)state;
	message("change");
	fuzz_udev_drop();
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOBUFS);
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOBUFS);
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL), 0);
}

static void a_storm_that_lasts_hides_nothing(void **state)
{
	(void)state;
	fuzz_udev_drop();
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOBUFS);
	later = 60;
	message("change");
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOBUFS); /* before the message is read */
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL),
	                 -ENOBUFS); /* after it */
	assert_int_equal(udev_watch_take(watch, config, &told, count_removed, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_that_lasts_hides_nothing),
		cmocka_unit_test(what_was_dropped_while_messages_waited_is_listed),
		cmocka_unit_test(a_list_without_memory_is_none),
		cmocka_unit_test(a_list_that_ends_too_early_is_none),
		cmocka_unit_test(a_list_without_descriptors_is_none),
		cmocka_unit_test(a_map_without_memory_costs_no_path),
		cmocka_unit_test(a_map_costs_what_it_holds),
		cmocka_unit_test(what_goes_goes),
		cmocka_unit_test_setup(a_path_without_properties_stays, begin_with_udevd),
		cmocka_unit_test_setup(only_other_rules_and_removals_take_it_away,
		                       begin_with_udevd),
		cmocka_unit_test_setup(the_wwid_is_that_of_uid_attribute,
		                       begin_with_udevd),
		cmocka_unit_test_setup(a_disk_with_paths_of_its_own_is_a_head,
		                       begin_with_udevd),
		cmocka_unit_test_setup(messages_about_controllers_are_noticed,
		                       begin_with_udevd),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
