/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What checkerctl explain says: of static paths, and of devices that udev describes. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/config/load.h"
#include "checkerd/discovery/explain.h"
#include "checkerd/discovery/static.h"
#include "tests/fuzz/fuzz-udev.h"

static char root[] = "/tmp/test-explain-XXXXXX";
static int sysfs;
static struct config *config;
static struct udev_watch *watch;
static struct found_list reported, observed;
static struct explanation *e;

/* The linker's name, see local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
int __wrap_access(const char *name, int mode);
int __wrap_access(const char *name, int mode _unused_)
{
	assert_string_equal(name, "/run/udev/control"); /* udevd runs */
	return 0;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void folder(const char *name)
{
	char part[128];

	for (const char *c = strchr(name, '/');; c = strchr(c + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s",
		               c == NULL ? (int)strlen(name) : (int)(c - name), name);
		assert_true(mkdirat(sysfs, part, 0755) == 0 || errno == EEXIST);
		if (c == NULL)
			return;
	}
}

static void configure(const char *text)
{
	config = config_free(config);
	assert_int_equal(load_text("c.conf", text, strlen(text), &config), 0);
}

static const struct explanation *explain(const char *name)
{
	const struct explain_source x = { config, sysfs, watch, &reported, &observed };

	explanation_free(e);
	e = explanation_new(name);
	assert_non_null(e);
	explain_device(&x, e);
	return e;
}

static const struct explanation_setting *setting(const char *keyword)
{
	for (unsigned i = 0; i < e->n_settings; i++)
		if (strcmp(e->settings[i].keyword, keyword) == 0)
			return &e->settings[i];
	fail_msg("no setting %s", keyword);
	return NULL;
}

static void expect_setting(const char *keyword, const char *value, const char *section,
                           const char *file, unsigned line)
{
	const struct explanation_setting *s = setting(keyword);

	assert_string_equal(s->value, value);
	assert_string_equal(s->section == NULL ? "" : s->section, section);
	assert_string_equal(s->at.file, file);
	assert_int_equal(s->at.line, line);
}

static int count(void *arg _unused_, struct found *f)
{
	found_deinit(f);
	return 0;
}

/* One udev message about a disk; the device exists in sysfs. */
static void device(const char *action, const char *name, const char *type,
                   const char *const *properties)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "class/block/%s", name);
	folder(line);
	fuzz_udev_begin(action, "/devices/host3/block", name);
	(void)snprintf(line, sizeof(line), "DEVTYPE=%s", type);
	fuzz_udev_property(line);
	for (; properties != NULL && *properties != NULL; properties++)
		fuzz_udev_property(*properties);
	fuzz_udev_message();
	assert_int_equal(udev_watch_take(watch, config, &reported, count, NULL), 0);
}

static int set_up(void **state _unused_)
{
	strcpy(root + strlen("/tmp/test-explain-"), "XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	reported = observed = (struct found_list)FOUND_LIST_NULL;
	folder("class/block");
	return sysfs < 0;
}

static int tear_down(void **state _unused_)
{
	char command[64];

	fuzz_udev_reset();
	e = explanation_free(e);
	found_list_deinit(&reported);
	found_list_deinit(&observed);
	watch = udev_watch_free(watch);
	config = config_free(config);
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command); /* NOLINT(concurrency-mt-unsafe): one thread */
}

/* --- static paths --- */

static void static_paths(void **state _unused_)
{
	uint32_t excluded;

	configure("defaults { discovery static\n"
	          " polling_interval 2\n"
	          "}\n"
	          "paths { path { device /tmp/left\n alias l\n }\n"
	          " path { device /dev/vdz\n } }\n"
	          "overrides { fail_checks 3\n }\n");
	folder("class/block/vda");
	assert_int_equal(static_scan(config, sysfs, &reported, &observed, &excluded), 0);
	reported = observed;
	observed = (struct found_list)FOUND_LIST_NULL;

	explain("left");
	assert_true(e->found && e->watched);
	assert_string_equal(e->name, "left");
	assert_string_equal(e->rule.section, "paths");
	assert_string_equal(e->rule.expression, "/tmp/left");
	assert_string_equal(e->rule.at.file, "c.conf");
	assert_int_equal(e->rule.at.line, 4);
	assert_string_equal(device_node(e->device), "/tmp/left");
	assert_string_equal(e->checker, "directio");
	expect_setting("polling_interval", "2", "defaults", "c.conf", 2);
	expect_setting("fail_checks", "3", "overrides", "c.conf", 9);
	expect_setting("recover_checks", "1", "", "", 0);
	expect_setting("checker_timeout", "auto: 30", "", "", 0);
	/* Its other names. */
	assert_string_equal(explain("l")->name, "left");
	assert_string_equal(explain("/tmp/left")->name, "left");
	assert_int_equal(explain("/dev/vdz")->rule.at.line, 7);
	/* Not listed; not there. */
	explain("/dev/vda");
	assert_true(e->found && !e->watched);
	assert_non_null(strstr(e->why, "section paths"));
	assert_null(e->device);
	assert_false(explain("vdb")->found);
	assert_false(explain("../block")->found);
}

/* --- udev --- */

static void begin_udev(const char *text)
{
	configure(text);
	assert_int_equal(udev_watch_new(&watch, sysfs), 0);
}

static void included_and_excluded(void **state _unused_)
{
	static const char *const good[] = { "ID_SERIAL=3600a", "SCSI_IDENT_SERIAL=1",
		                            NULL };
	static const char *const usb[] = { "ID_SERIAL=3600b", NULL };

	begin_udev("blacklist {\n"
	           " devnode \"^sd[bc]\"\n"
	           "}\n"
	           "blacklist_exceptions { devnode \"^sdc\" }\n"
	           "overrides { fail_checks 3\n }\n");
	device("add", "sda", "disk", good);
	device("add", "sdb", "disk", good);
	device("add", "sdc", "disk", good);
	device("add", "sdd", "disk", usb);
	device("add", "sda1", "partition", good);
	device("add", "vda", "disk", NULL);

	explain("sda");
	assert_true(e->found && e->watched);
	assert_string_equal(e->why, "no rule excludes it");
	assert_null(e->rule.section);
	assert_string_equal(device_wwid(e->device), "3600a");
	expect_setting("fail_checks", "3", "overrides", "c.conf", 5);

	explain("/dev/sdb");
	assert_true(e->found && !e->watched);
	assert_string_equal(e->name, "sdb");
	assert_string_equal(e->why, "the rule devnode of blacklist excludes it");
	assert_string_equal(e->rule.expression, "^sd[bc]");
	assert_int_equal(e->rule.at.line, 2);
	assert_string_equal(device_wwid(e->device), "3600a");

	explain("sdc");
	assert_true(e->watched);
	assert_string_equal(e->why, "an exception wins over the rule that excludes it");
	assert_int_equal(e->rule.at.line, 2);
	assert_string_equal(e->exception.section, "blacklist_exceptions");
	assert_int_equal(e->exception.at.line, 4);

	explain("sdd");
	assert_false(e->watched);
	assert_non_null(strstr(e->why, "SCSI_IDENT_"));
	explain("sda1");
	assert_false(e->watched);
	assert_non_null(strstr(e->why, "it is a partition"));
	explain("vda");
	assert_false(e->watched);
	assert_non_null(strstr(e->why, "no SCSI, NVMe or DASD disk"));
	assert_false(explain("sdz")->found);
}

/* A kind that an exception includes, and one without a medium. */
static void other_kinds(void **state _unused_)
{
	begin_udev("blacklist_exceptions {\n"
	           " devnode \"^(vd|loop)\"\n"
	           "}\n");
	device("add", "vda", "disk", NULL);
	device("add", "loop0", "disk", NULL);
	explain("vda");
	assert_true(e->watched);
	assert_string_equal(e->why, "an exception includes it");
	assert_string_equal(e->exception.expression, "^(vd|loop)");
	assert_int_equal(e->exception.at.line, 2);
	explain("loop0");
	assert_false(e->watched);
	assert_string_equal(e->why, "it has no medium");
}

/* A disk that was included stays until the configuration changes. */
static void a_rule_that_came_too_late(void **state _unused_)
{
	static const char *const good[] = { "ID_SERIAL=3600a", "SCSI_IDENT_SERIAL=1",
		                            NULL };

	begin_udev("");
	device("add", "sda", "disk", good);
	configure("blacklist { wwid 3600a }\n");
	explain("sda");
	assert_true(e->watched);
	assert_non_null(strstr(e->why, "it was included, and stays"));
	assert_string_equal(e->rule.keyword, "wwid");
}

static void a_path_of_native_multipathing(void **state _unused_)
{
	const struct device_spec spec = { .name = "nvme0c1n1",
		                          .node = "/sys/class/block/nvme0c1n1",
		                          .kind = DEVICE_OBSERVED };
	const struct path_settings settings = { .interval_us = 1000000 };
	struct device *d;

	begin_udev("overrides { polling_interval 1\n }\n");
	device("add", "nvme0n1", "disk", NULL);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(found_list_append(&observed, d, &settings), 0);
	explain("nvme0c1n1");
	assert_true(e->found && e->watched);
	assert_string_equal(e->name, "nvme0c1n1");
	assert_ptr_equal(e->device, d);
	assert_string_equal(e->checker, "ana");
	expect_setting("polling_interval", "1", "overrides", "c.conf", 1);
}

/* "8:0" is a link in sysfs. */
static void a_device_number(void **state _unused_)
{
	begin_udev("");
	folder("dev/block");
	device("add", "vda", "disk", NULL);
	assert_int_equal(symlinkat("../../devices/x/block/vda", sysfs, "dev/block/253:7"),
	                 0);
	explain("253:7");
	assert_true(e->found);
	assert_string_equal(e->name, "vda");
	assert_false(explain("253:8")->found);
}

static void without_memory(void **state _unused_)
{
	begin_udev("");
	device("add", "sda", "disk", NULL);
	fuzz_udev_without_memory(true);
	explain("sda");
	fuzz_udev_without_memory(false);
	assert_true(e->found);
	assert_string_equal(e->why, "it cannot be described: Cannot allocate memory");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(static_paths),
		TEST(included_and_excluded),
		TEST(other_kinds),
		TEST(a_rule_that_came_too_late),
		TEST(a_path_of_native_multipathing),
		TEST(a_device_number),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
