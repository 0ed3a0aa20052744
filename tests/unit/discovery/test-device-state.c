/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's opinion of a device, from a sysfs made for the test. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/discovery/device_state.h"

static char root[] = "/tmp/test-device-state-XXXXXX";
static int sysfs, sys_dev_block;

static void file(const char *name, const char *text)
{
	char part[256];
	int fd;

	for (const char *c = strchr(name, '/'); c != NULL; c = strchr(c + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(c - name), name);
		assert_true(mkdirat(sysfs, part, 0755) == 0 || errno == EEXIST);
	}
	fd = openat(sysfs, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int make(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY);
	file("dev/block/8:0/device/state", "running\n");
	file("dev/block/8:16/device/state", "blocked\n");
	file("class/iscsi_session/session7/state", "FAILED\n");
	file("dev/block/8:32/device/state", "transport-offline\n");
	file("class/fc_remote_ports/rport-3:0-1/port_state", "Not Present\n");
	file("dev/block/259:0/device/state", "resetting\n");
	file("dev/block/8:80/device/state", "running\n");
	file("dev/block/8:80/device/access_state", "active/non-optimized\n");
	file("dev/block/8:96/device/state", "running\n");
	file("dev/block/8:96/device/access_state", "standby\n");
	file("dev/block/8:48/device/state", "\n");
	file("dev/block/8:64/device/state", "a word that has no end in sight\n");
	sys_dev_block = openat(sysfs, "dev/block", O_PATH | O_DIRECTORY);
	return sys_dev_block < 0;
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	close(sys_dev_block);
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static struct device *new_disk(uint32_t major, uint32_t minor, const char *transport,
                               const char *state)
{
	const struct device_spec spec = {
		.name = "disk",
		.node = "/dev/disk",
		.devt_major = major,
		.devt_minor = minor,
		.protocol = major == 259 ? "nvme:tcp" : "scsi:unspec",
		.sysfs_state = state,
		.transport = transport,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static struct device *disk(uint32_t major, uint32_t minor, const char *transport)
{
	return new_disk(major, minor, transport, "running");
}

/* Takes over the reference. */
static void assert_reads(struct device *d, const char *want)
{
	struct sysfs_state s = { .device = sysfs_word(SYSFS_PORT, "Error"),
		                 .transport = sysfs_word(SYSFS_PORT, "Error"),
		                 .access = sysfs_word(SYSFS_ACCESS, "offline") };
	char buf[80];

	device_state_read(sys_dev_block, d, &s);
	(void)sysfs_state_format(&s, buf, sizeof(buf));
	assert_string_equal(buf, want);
	(void)device_unref(d); /* NULL, always */
}

static void every_layer_is_read(void **state)
{
	(void)state;
	assert_reads(disk(8, 0, NULL), "");
	assert_reads(disk(8, 16, "session7"), "device blocked, session FAILED");
	assert_reads(disk(8, 32, "rport-3:0-1"),
	             "device transport-offline, port Not Present");
	assert_reads(disk(259, 0, NULL), "controller resetting");
	assert_reads(disk(8, 80, NULL), "");
	assert_reads(disk(8, 96, NULL), "access standby");
}

static void a_good_word_is_kept_too(void **state)
{
	struct device *d = disk(8, 0, NULL);
	struct sysfs_state s = { 0 };

	(void)state;
	device_state_read(sys_dev_block, d, &s);
	assert_string_equal(sysfs_word_text(s.device), "running");
	assert_int_equal(s.transport.layer, SYSFS_NONE);
	assert_int_equal(s.access.layer, SYSFS_NONE);
	(void)device_unref(d); /* NULL, always */
}

static void what_is_not_there_is_not_known(void **state)
{
	/* A disk without a state is not asked for one. */
	struct device *none = new_disk(8, 16, NULL, NULL), *unnumbered = disk(0, 0, NULL);
	struct device *gone = disk(8, 240, "session8");

	(void)state;
	assert_int_equal(device_state_attributes(none), 0);
	assert_int_equal(device_state_attributes(unnumbered), 0);
	assert_int_equal(device_state_attributes(gone), 3);
	assert_reads(gone, "");
	assert_reads(disk(8, 16, "session8"), "device blocked");
	assert_reads(disk(8, 48, NULL), "");
	assert_reads(unnumbered, "");
	assert_reads(none, "");
}

static void a_word_without_end_is_none_of_them(void **state)
{
	struct device *d = disk(8, 64, NULL);
	struct sysfs_state s = { 0 };

	(void)state;
	device_state_read(sys_dev_block, d, &s);
	assert_string_equal(sysfs_word_text(s.device), "other");
	(void)device_unref(d); /* NULL, always */
}

static void without_sysfs_nothing_is_known(void **state)
{
	struct device *d = disk(8, 16, NULL);
	struct sysfs_state s = { 0 };

	(void)state;
	device_state_read(-1, d, &s);
	assert_int_equal(s.device.layer, SYSFS_NONE);
	(void)device_unref(d); /* NULL, always */
}

/* And ENXIO from an open does not mean that it is gone. */
static void without_a_descriptor_it_is_as_it_was(void **state)
{
	struct device *d = disk(8, 16, "session7");
	struct rlimit limit, none;
	struct sysfs_state s = { .access = sysfs_word(SYSFS_ACCESS, "standby") };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	device_state_read(sys_dev_block, d, &s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_string_equal(sysfs_word_text(s.device), "running");
	assert_true(sysfs_state_has_device(&s));
	assert_string_equal(sysfs_word_text(s.access), "standby");
	assert_int_equal(s.transport.layer, SYSFS_NONE);
	(void)device_unref(d); /* NULL, always */
}

static void discovery_tells_what_it_read(void **state)
{
	struct sysfs_state s = { .transport = sysfs_word(SYSFS_SESSION, "FAILED") };
	struct device *d = disk(8, 0, "session7");

	(void)state;
	device_state_from_discovery(d, &s);
	assert_string_equal(sysfs_word_text(s.device), "running");
	assert_string_equal(sysfs_word_text(s.transport), "FAILED");
	(void)device_unref(d); /* NULL, always */
	d = new_disk(8, 0, NULL, NULL);
	device_state_from_discovery(d, &s);
	(void)device_unref(d); /* NULL, always */
	assert_int_equal(s.device.layer, SYSFS_NONE);
	assert_int_equal(s.transport.layer, SYSFS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layer_is_read),
		cmocka_unit_test(a_good_word_is_kept_too),
		cmocka_unit_test(what_is_not_there_is_not_known),
		cmocka_unit_test(a_word_without_end_is_none_of_them),
		cmocka_unit_test(without_sysfs_nothing_is_known),
		cmocka_unit_test(without_a_descriptor_it_is_as_it_was),
		cmocka_unit_test(discovery_tells_what_it_read),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
