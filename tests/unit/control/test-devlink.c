/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory stands for /dev. The targets of its links are read, and never opened. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "checkerd/control/devlink.h"
#include "util/macro.h"

static char directory[] = "/tmp/test-devlink-XXXXXX";
static int fd, dev_fd;

static const struct {
	const char *name, *target;
} links[] = {
	{ "disk/by-id/a", "../../sda" },
	{ "disk/by-id/b", "/dev/sdb" },
	{ "vg/lv", "../dm-0" },
	{ "disk/by-id/deep", "./x//y/../../../by-path/./z" },
	{ "disk/by-id/out", "../../../etc/passwd" },
	{ "disk/by-id/root", "/etc/passwd" },
	{ "disk/by-id/near", "/device/x" },
	{ "disk/by-id/dev", "/dev" },
	{ "disk/by-id/above", "../../../../../../../dev/sdc" },
	{ "self", "self" },
	{ "fd", "/proc/self/fd" },
	{ "etc", "/etc" },
};

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	dev_fd = devlink_open(directory);
	if (fd < 0 || dev_fd < 0 || mkdirat(fd, "disk", 0755) < 0 ||
	    mkdirat(fd, "disk/by-id", 0755) < 0 || mkdirat(fd, "vg", 0755) < 0 ||
	    mkdirat(fd, "mnt", 0755) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (symlinkat(links[i].target, fd, links[i].name) < 0)
			return -1;
	return mknodat(fd, "sda", S_IFREG | 0600, 0);
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		unlinkat(fd, links[i].name, 0);
	unlinkat(fd, "sda", 0);
	unlinkat(fd, "blk", 0);
	unlinkat(fd, "mnt", AT_REMOVEDIR);
	unlinkat(fd, "vg", AT_REMOVEDIR);
	unlinkat(fd, "disk/by-id", AT_REMOVEDIR);
	unlinkat(fd, "disk", AT_REMOVEDIR);
	close(fd);
	close(dev_fd);
	return rmdir(directory);
}

static void leads_to(const char *name, const char *target)
{
	char got[DEVLINK_MAX];

	assert_int_equal(devlink_read(dev_fd, name, got), 0);
	assert_string_equal(got, target);
}

static void leads_nowhere(const char *name, int error)
{
	char got[DEVLINK_MAX];

	assert_int_equal(devlink_read(dev_fd, name, got), error);
}

static void test_links(void **state)
{
	(void)state;
	leads_to("/dev/disk/by-id/a", "/dev/sda");
	leads_to("/dev/disk/by-id/b", "/dev/sdb");
	leads_to("/dev/vg/lv", "/dev/dm-0");
	leads_to("/dev/disk/by-id/deep", "/dev/disk/by-path/z");
	leads_to("/dev/disk/by-id/above", "/dev/sdc");
	leads_to("/dev/self", "/dev/self");
}

static void test_no_links(void **state)
{
	(void)state;
	leads_nowhere("sda", -EINVAL);
	leads_nowhere("", -EINVAL);
	leads_nowhere("/dev", -EINVAL);
	leads_nowhere("/dev/", -EINVAL);
	leads_nowhere("/dev/sda", -EINVAL);
	leads_nowhere("/dev/disk/by-id/", -EINVAL);
	leads_nowhere("/dev//self", -EINVAL);
	leads_nowhere("/dev/none", -ENOENT);
	leads_nowhere("/dev/none/none", -ENOENT);
	leads_nowhere("/etc/mtab", -EINVAL);
}

static void test_ways_out(void **state)
{
	(void)state;
	leads_nowhere("/dev/disk/by-id/out", -EINVAL);
	leads_nowhere("/dev/disk/by-id/root", -EINVAL);
	leads_nowhere("/dev/disk/by-id/near", -EINVAL);
	leads_nowhere("/dev/disk/by-id/dev", -EINVAL);
	leads_nowhere("/dev/../etc/mtab", -EINVAL);
	leads_nowhere("/dev/./self", -EINVAL);
	leads_nowhere("/dev/disk/../self", -EINVAL);
	/* a link on the way is not followed */
	leads_nowhere("/dev/fd/0", -ENOTDIR);
	leads_nowhere("/dev/etc/mtab", -ENOTDIR);
	leads_nowhere("/dev/sda/x", -ENOTDIR);
}

static void test_long_names(void **state)
{
	char name[DEVLINK_MAX + 8];

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "/dev/", 5);
	name[DEVLINK_MAX] = '\0';
	leads_nowhere(name, -ENAMETOOLONG);
	name[DEVLINK_MAX - 1] = '\0';
	leads_nowhere(name, -ENAMETOOLONG); /* the kernel's limit for one component */
	for (size_t i = 6; i < DEVLINK_MAX - 1; i += 2)
		name[i] = '/';
	leads_nowhere(name, -ENOENT);
}

static void test_number(void **state)
{
	uint32_t major, minor;

	(void)state;
	assert_int_equal(devlink_number(dev_fd, "/dev/sda", &major, &minor), -EINVAL);
	assert_int_equal(devlink_number(dev_fd, "/dev/self", &major, &minor), -EINVAL);
	assert_int_equal(devlink_number(dev_fd, "/dev/none", &major, &minor), -ENOENT);
	assert_int_equal(devlink_number(dev_fd, "/etc", &major, &minor), -EINVAL);
	if (mknodat(fd, "blk", S_IFBLK | 0600, makedev(259, 70000)) < 0)
		skip(); /* only root can */
	assert_int_equal(devlink_number(dev_fd, "/dev/blk", &major, &minor), 0);
	assert_int_equal(major, 259);
	assert_int_equal(minor, 70000);
}

/* A mount is never entered. */
static void test_mount(void **state)
{
	char name[64];
	int r;

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/mnt", directory);
	if (mount("none", name, "tmpfs", 0, NULL) < 0)
		skip(); /* only root can */
	r = symlinkat("../sda", fd, "mnt/link");
	if (r == 0) {
		char got[DEVLINK_MAX];

		r = devlink_read(dev_fd, "/dev/mnt/link", got);
	}
	assert_int_equal(umount(name), 0);
	assert_int_equal(r, -EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),    cmocka_unit_test(test_no_links),
		cmocka_unit_test(test_ways_out), cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_number),   cmocka_unit_test(test_mount),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
