/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reload applies its rules to what is known of the disks. While memory is said to be short, each
 * reading of a device fails: a list that is made then has read none. libudev is a test's own.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/load.h"
#include "checkerd/discovery/known.h"
#include "checkerd/discovery/udev_watch.h"
#include "tests/fuzz/fuzz-udev.h"

#define WWID  "3600140500000000000000000000000aa"
#define OTHER "3600140500000000000000000000000bb"

static char root[] = "/tmp/test-known-XXXXXX";
static struct udev_watch *watch;
static struct found_list told = FOUND_LIST_NULL;
static struct config *usual;
static uint32_t left_out;
static int sysfs;

/* udevd is running. NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, see local.mk. */
int __wrap_access(const char *name, int mode);

int __wrap_access(const char *name, int mode)
{
	(void)mode;
	assert_string_equal(name, "/run/udev/control");
	return 0;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static int ignore(void *arg, struct found *f)
{
	(void)arg;
	device_unref(f->device);
	return 0;
}

static struct config *rules(const char *text)
{
	struct config *c;

	assert_int_equal(load_text("test.conf", text, strlen(text), &c), 0);
	return c;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_in_range(fd, 0, INT32_MAX);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* A message that ends with the properties of a disk. */
static void message(const char *action, const char *name, const char *wwid)
{
	char line[96];

	fuzz_udev_begin(action, "/devices/host3/block", name);
	fuzz_udev_property("DEVTYPE=disk");
	fuzz_udev_property("ID_WWN=0x60014050000000");
	if (wwid != NULL) {
		(void)snprintf(line, sizeof(line), "ID_SERIAL=%s", wwid);
		fuzz_udev_property(line);
	}
	fuzz_udev_message();
}

static void take(void)
{
	assert_int_equal(udev_watch_take(watch, usual, &told, ignore, NULL), 0);
}

static void map_message(const char *name)
{
	char line[64];

	fuzz_udev_property("ACTION=change");
	fuzz_udev_property("DEVPATH=/devices/virtual/block/dm-0");
	fuzz_udev_property("DEVNAME=dm-0");
	if (name != NULL) {
		(void)snprintf(line, sizeof(line), "DM_NAME=%s", name);
		fuzz_udev_property(line);
	}
	fuzz_udev_message();
	take();
}

/* Lists again. read: a device may be read. */
static int list_with(const struct config *c, bool reload, bool read)
{
	struct found_list now = FOUND_LIST_NULL;
	int r;

	now.before = &told;
	fuzz_udev_without_memory(!read);
	r = udev_watch_scan(watch, c, reload, &now, &left_out);
	fuzz_udev_without_memory(false);
	now.before = NULL;
	if (r < 0) {
		found_list_deinit(&now);
		return r;
	}
	found_list_deinit(&told);
	told = now;
	return 0;
}

/* A reload that reads no device. */
static void reload(const char *text)
{
	struct config *c = rules(text);

	if (list_with(c, true, false) != 0)
		fail_msg("%s: a device was read", text);
	config_free(c);
}

/* A reload that has to read a device. */
static void reload_reads(const char *text)
{
	struct config *c = rules(text);

	if (list_with(c, true, false) != -ENOMEM)
		fail_msg("%s: no device was read", text);
	assert_int_equal(list_with(c, true, true), 0);
	config_free(c);
}

static const struct found_entry *entry(const char *name)
{
	size_t at = found_list_find(&told, name);

	return at < told.n ? &told.entries[at] : NULL;
}

/* Two SCSI disks, and a map. */
static int make_tree(void **state)
{
	static const char *const folders[] = {
		"class",
		"class/block",
		"class/block/sda",
		"class/block/sda/holders",
		"class/block/sdb",
		"class/block/sdb/holders",
		"class/block/dm-0",
		"class/block/dm-0/slaves",
		"class/block/dm-0/dm",
		"3:0:0:0",
		"3:0:0:1",
	};

	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(sysfs, folders[i], 0700) < 0)
			return -1;
	if (symlinkat("../../../3:0:0:0", sysfs, "class/block/sda/device") < 0 ||
	    symlinkat("../../../3:0:0:1", sysfs, "class/block/sdb/device") < 0)
		return -1;
	write_file("class/block/dm-0/dm/uuid", "mpath-1");
	write_file("class/block/dm-0/dm/name", "data");
	usual = rules("");
	return 0;
}

static int clean_tree(void **state)
{
	char command[64];

	(void)state;
	config_free(usual);
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command); /* NOLINT(cert-env33-c): the name is ours */
}

/* Both disks are reported, and known from their messages. */
static int begin(void **state)
{
	static const char *const names[] = { "sda", "sdb" };

	(void)state;
	write_file("3:0:0:0/state", "running");
	write_file("3:0:0:0/timeout", "30");
	if (udev_watch_new(&watch, sysfs) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		message("add", names[i], i == 0 ? WWID : OTHER);
		take();
	}
	map_message("data");
	return told.n == 2 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	fuzz_udev_reset();
	found_list_deinit(&told);
	watch = udev_watch_free(watch);
	return 0;
}

static void rules_are_applied_without_reading(void **state)
{
	const struct device *before = entry("sda")->device;

	(void)state;
	reload("");
	assert_int_equal(told.n, 2);
	assert_ptr_equal(entry("sda")->device, before);
	assert_string_equal(device_wwid(before), WWID);
	reload("defaults { polling_interval 7 }");
	assert_int_equal(entry("sda")->settings.interval_us, 7000000);
	reload("overrides { protocol { type \"scsi:unspec\" fast_io_fail_tmo 5 } }\n"
	       "devices { device { vendor \".*\" product \".*\" path_checker tur } }");
	reload("multipaths { multipath { wwid " WWID " alias one } }");
	assert_string_equal(device_map(entry("sda")->device), "one");
	assert_null(device_map(entry("sdb")->device));
	reload("");
	assert_null(device_map(entry("sda")->device));
	assert_ptr_not_equal(entry("sda")->device, NULL);
}

static void what_is_excluded_stays_known(void **state)
{
	static const char *const texts[] = {
		"blacklist { devnode \"^sda\" }",
		"blacklist { wwid " WWID " }",
		"blacklist { property \"^ID_SERIAL$\" }",
		"blacklist { protocol \"^scsi\" }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		reload(texts[i]);
		if (entry("sda") != NULL)
			fail_msg("%s: it is included", texts[i]);
		reload("");
		if (told.n != 2 || left_out != 1)
			fail_msg("%s: %zu paths, %u excluded", texts[i], told.n,
			         left_out);
	}
	/* Maps are excluded by their kind, so nothing of this one is known. */
	reload_reads("blacklist_exceptions { devnode \"^dm-0$\" }");
}

static void another_uid_attribute_is_read(void **state)
{
	(void)state;
	reload_reads("defaults { uid_attribute ID_WWN }");
	assert_string_equal(device_wwid(entry("sda")->device), "0x60014050000000");
	reload("defaults { uid_attribute ID_WWN polling_interval 7 }");
	reload_reads("");
	assert_string_equal(device_wwid(entry("sda")->device), WWID);
}

static void messages_change_what_is_known(void **state)
{
	(void)state;
	message("change", "sda", OTHER);
	take();
	reload("");
	assert_string_equal(device_wwid(entry("sda")->device), OTHER);
	/* Excluded by the rules, but it stays included until a reload. */
	config_free(usual);
	usual = rules("blacklist { wwid " OTHER " }");
	message("change", "sdb", OTHER);
	take();
	assert_int_equal(told.n, 2);
	reload("blacklist { wwid " OTHER " }");
	assert_int_equal(told.n, 0);
	config_free(usual);
	usual = rules("");
	message("remove", "sda", WWID);
	take();
	reload("");
	assert_null(entry("sda"));
	assert_non_null(entry("sdb"));
	/* Without properties it is not judged, and nothing of it is kept. */
	message("change", "sdb", NULL);
	take();
	reload_reads("");
}

static void another_disk_of_the_name_is_read(void **state)
{
	(void)state;
	reload("");
	assert_int_equal(renameat(sysfs, "class/block/sda", sysfs, "former"), 0);
	assert_int_equal(mkdirat(sysfs, "class/block/sda", 0700), 0);
	assert_int_equal(symlinkat("../../../3:0:0:0", sysfs, "class/block/sda/device"),
	                 0);
	reload_reads("");
	assert_int_equal(unlinkat(sysfs, "class/block/sda/device", 0), 0);
	assert_int_equal(unlinkat(sysfs, "class/block/sda", AT_REMOVEDIR), 0);
	reload("");
	assert_null(entry("sda"));
	assert_int_equal(renameat(sysfs, "former", sysfs, "class/block/sda"), 0);
	reload_reads("");
	assert_non_null(entry("sda"));
}

static void lost_messages_have_all_read(void **state)
{
	(void)state;
	assert_int_equal(list_with(usual, false, false), -ENOMEM);
	/* What was known is not believed after the failed list either. */
	assert_int_equal(list_with(usual, true, false), -ENOMEM);
	assert_int_equal(list_with(usual, false, true), 0);
	reload("");
	assert_int_equal(told.n, 2);
}

/* What the kernel changes without a message. */
static void sysfs_is_read_again(void **state)
{
	(void)state;
	write_file("3:0:0:0/timeout", "45");
	write_file("3:0:0:0/state", "offline");
	reload("defaults { checker_timeout auto }");
	assert_int_equal(entry("sda")->settings.timeout_us, 45000000);
	assert_string_equal(device_sysfs_state(entry("sda")->device), "offline");
	write_file("3:0:0:0/wwid", "naa.60014050000000000000000000000cc1");
	reload_reads("");
	reload("");
	write_file("3:0:0:0/wwid", "naa.60014050000000000000000000000cc2");
	reload_reads("");
	assert_int_equal(unlinkat(sysfs, "3:0:0:0/wwid", 0), 0);
	reload_reads("");
}

/* The map of disks that the rules exclude is known, too. */
static void maps_have_their_disks_read(void **state)
{
	static const char hide[] = "blacklist { devnode \"^sd\" }";

	(void)state;
	reload(hide);
	assert_int_equal(told.n, 0);
	assert_int_equal(mkdirat(sysfs, "class/block/sda/holders/dm-0", 0700), 0);
	assert_int_equal(mkdirat(sysfs, "class/block/dm-0/slaves/sda", 0700), 0);
	config_free(usual);
	usual = rules(hide);
	map_message("data");
	reload_reads(hide);
	reload("");
	assert_string_equal(device_map(entry("sda")->device), "data");
	/* It leaves the map while it is excluded. */
	reload(hide);
	assert_int_equal(unlinkat(sysfs, "class/block/sda/holders/dm-0", AT_REMOVEDIR),
	                 0);
	assert_int_equal(unlinkat(sysfs, "class/block/dm-0/slaves/sda", AT_REMOVEDIR), 0);
	map_message("data");
	reload_reads(hide);
	reload("");
	assert_null(device_map(entry("sda")->device));
	/* Nobody says whose map it was. */
	map_message(NULL);
	reload_reads("");
	config_free(usual);
	usual = rules("");
}

/* The disk of a subsystem. The kernel chooses among its controllers. */
static void nvme_message(const char *name)
{
	fuzz_udev_begin("add", "/devices/nvme-subsystem", name);
	fuzz_udev_property("ID_WWN=uuid.1");
	fuzz_udev_message();
	take();
}

static void a_controller_has_its_disks_read(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(sysfs, "class/block/nvme0n1", 0700), 0);
	assert_int_equal(mkdirat(sysfs, "class/block/nvme0n1/holders", 0700), 0);
	assert_int_equal(
	        symlinkat("../../nvme-subsys0", sysfs, "class/block/nvme0n1/device"), 0);
	nvme_message("nvme0n1");
	reload("");
	assert_int_equal(entry("nvme0n1")->device->kind, DEVICE_HEAD);
	reload("defaults { native_nvme no }");
	assert_int_equal(entry("nvme0n1")->device->kind, DEVICE_READ);
	reload("");
	assert_int_equal(entry("nvme0n1")->device->kind, DEVICE_HEAD);
	nvme_message("nvme1");
	reload_reads("");
	assert_non_null(entry("nvme0n1"));
	assert_int_equal(unlinkat(sysfs, "class/block/nvme0n1/device", 0), 0);
	assert_int_equal(unlinkat(sysfs, "class/block/nvme0n1/holders", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(sysfs, "class/block/nvme0n1", AT_REMOVEDIR), 0);
}

/* --- limits --- */

#define PATHS 1000

static void put(struct known *k, unsigned n, const char *property, bool excluded)
{
	struct known_facts facts = { .extent = KNOWN_DISK, .properties = { property } };
	const struct device_spec spec = { .name = "sda", .node = "/dev/sda" };
	struct device *d;
	char name[16];

	assert_int_equal(device_new(&d, &spec), 0);
	(void)snprintf(name, sizeof(name), "sd%u", n);
	known_put(k, PATHS, name, n + 1, &facts, d, excluded);
	device_unref(d);
}

static unsigned count_known(struct known *k, unsigned n)
{
	unsigned found = 0;
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "sd%u", i);
		found += known_find(k, name, i + 1) != NULL;
	}
	return found;
}

static void all_is_bounded(void **state)
{
	struct known k = KNOWN_NULL;
	char property[16];

	(void)state;
	for (unsigned i = 0; i < 3 * KNOWN_EXCLUDED_MAX; i++)
		put(&k, i, "ID_SERIAL", false);
	assert_int_equal(count_known(&k, 3 * KNOWN_EXCLUDED_MAX),
	                 2 * PATHS + KNOWN_EXCLUDED_MAX);
	for (unsigned i = 0; i < 2 * KNOWN_EXCLUDED_MAX; i++)
		put(&k, i, "ID_SERIAL", true);
	assert_int_equal(count_known(&k, 2 * KNOWN_EXCLUDED_MAX), KNOWN_EXCLUDED_MAX);
	known_deinit(&k);
	/* One list of names is that of the attribute. */
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(property, sizeof(property), "ID_%u", i);
		put(&k, i, property, false);
	}
	assert_in_range(count_known(&k, 1000), 50, 100);
	/* Lists that no disk has make room. */
	for (unsigned i = 0; i < 100; i++)
		put(&k, i, "ID_SERIAL", false);
	for (unsigned i = 0; i < 50; i++) {
		(void)snprintf(property, sizeof(property), "ID_%u", i);
		put(&k, i, property, false);
	}
	assert_int_equal(count_known(&k, 100), 100);
	known_deinit(&k);
}

static void what_is_not_listed_is_dropped(void **state)
{
	struct known k = KNOWN_NULL;

	(void)state;
	put(&k, 0, "ID_SERIAL", false);
	put(&k, 1, "ID_SERIAL", true);
	put(&k, 2, "ID_SERIAL", false);
	known_begin(&k);
	known_end(&k, false);
	assert_int_equal(count_known(&k, 4), 3);
	known_begin(&k);
	put(&k, 3, "ID_SERIAL", true);
	known_listed(&k, known_find(&k, "sd0", 1), NULL, false);
	put(&k, 2, "ID_WWN", false);
	known_end(&k, true);
	assert_int_equal(count_known(&k, 4), 3);
	assert_null(known_find(&k, "sd1", 2));
	assert_null(known_find(&k, "sd3", 5));
	assert_string_equal(known_properties(known_find(&k, "sd2", 3))[0], "ID_WWN");
	assert_int_equal(k.excluded, 1);
	known_drop(&k, "sd3");
	assert_int_equal(k.excluded, 0);
	known_deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules_are_applied_without_reading, begin,
		                                end),
		cmocka_unit_test_setup_teardown(what_is_excluded_stays_known, begin, end),
		cmocka_unit_test_setup_teardown(another_uid_attribute_is_read, begin,
		                                end),
		cmocka_unit_test_setup_teardown(messages_change_what_is_known, begin,
		                                end),
		cmocka_unit_test_setup_teardown(another_disk_of_the_name_is_read, begin,
		                                end),
		cmocka_unit_test_setup_teardown(lost_messages_have_all_read, begin, end),
		cmocka_unit_test_setup_teardown(sysfs_is_read_again, begin, end),
		cmocka_unit_test_setup_teardown(maps_have_their_disks_read, begin, end),
		cmocka_unit_test_setup_teardown(a_controller_has_its_disks_read, begin,
		                                end),
		cmocka_unit_test(all_is_bounded),
		cmocka_unit_test(what_is_not_listed_is_dropped),
	};

	return cmocka_run_group_tests(tests, make_tree, clean_tree);
}
