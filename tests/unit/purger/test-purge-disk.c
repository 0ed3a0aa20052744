/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disk is deleted, with a sysfs made for the test: only the one that was meant. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkerd/purger/purge_disk.h"

#define DEVICE "devices/host3/target3:0:0/3:0:0:1"

static char root[64];
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

/* What was written to the attribute `delete`. */
static const char *written(void)
{
	static char text[16];
	int fd = openat(sysfs, DEVICE "/delete", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

/* The disk sdb, 8:16, with the sequence number 42, of the SCSI device 3:0:0:1. */
static int make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test-purge-disk-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	sysfs = open(root, O_PATH | O_DIRECTORY);
	file(DEVICE "/delete", "");
	file(DEVICE "/scsi_device/3:0:0:1/uevent", "");
	file(DEVICE "/block/sdb/dev", "8:16\n");
	file(DEVICE "/block/sdb/diskseq", "42\n");
	file("dev/block/none", "");
	if (symlinkat("../..", sysfs, DEVICE "/block/sdb/device") < 0 ||
	    symlinkat("../../" DEVICE "/block/sdb", sysfs, "dev/block/8:16") < 0)
		return -1;
	sys_dev_block = openat(sysfs, "dev/block", O_PATH | O_DIRECTORY);
	return sys_dev_block < 0;
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	close(sys_dev_block);
	close(sysfs);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static int purge(const char *devt, const char *diskseq, const char *hcil)
{
	struct purge_disk d;

	assert_int_equal(purge_disk_parse(&d, devt, diskseq, hcil), 0);
	return purge_disk_delete(sys_dev_block, &d);
}

static void the_disk_that_is_meant(void **state)
{
	(void)state;
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), 0);
	assert_string_equal(written(), "1");
}

static void another_disk_under_the_number(void **state)
{
	(void)state;
	assert_int_equal(purge("8:16", "41", "3:0:0:1"), -ESTALE);
	assert_int_equal(purge("8:16", "4", "3:0:0:1"), -ESTALE);
	assert_int_equal(purge("8:16", "421", "3:0:0:1"), -ESTALE);
	assert_string_equal(written(), "");
}

static void another_address(void **state)
{
	(void)state;
	assert_int_equal(purge("8:16", "42", "3:0:0:2"), -ESTALE);
	assert_int_equal(purge("8:16", "42", "4:0:0:1"), -ESTALE);
	assert_string_equal(written(), "");
}

static void another_number_of_the_disk(void **state)
{
	(void)state;
	file(DEVICE "/block/sdb/dev", "8:160\n");
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), -ESTALE);
	assert_string_equal(written(), "");
}

static void what_is_gone(void **state)
{
	(void)state;
	assert_int_equal(purge("8:32", "42", "3:0:0:1"), -ENOENT);
	/* The directory of a device that was removed is empty. */
	assert_int_equal(unlinkat(sysfs, DEVICE "/block/sdb/diskseq", 0), 0);
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), -ENOENT);
	file(DEVICE "/block/sdb/diskseq", "42\n");
	assert_int_equal(unlinkat(sysfs, DEVICE "/delete", 0), 0);
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), -ENOENT);
}

/* While the disk is examined, its device goes and another one gets all its names. The first one is
 * a FIFO, so the child has the time for it. */
static void another_device_in_its_place(void **state)
{
	char attribute[128], text[8];
	pid_t child;
	int fd;

	(void)state;
	(void)snprintf(attribute, sizeof(attribute), "%s/" DEVICE "/block/sdb/dev", root);
	assert_int_equal(unlink(attribute), 0);
	assert_int_equal(mkfifo(attribute, 0600), 0);
	child = fork();
	if (child == 0) {
		(void)alarm(20);                /* for a program that does not read it */
		fd = open(attribute, O_WRONLY); /* waits for the reader */
		if (renameat(sysfs, DEVICE, sysfs, "devices/before") < 0)
			_exit(1);
		file(DEVICE "/delete", "");
		file(DEVICE "/scsi_device/3:0:0:1/uevent", "");
		file(DEVICE "/block/sdb/dev", "8:16\n");
		file(DEVICE "/block/sdb/diskseq", "42\n");
		_exit(write(fd, "8:16\n", 5) != 5);
	}
	assert_true(child > 0);
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), 0);
	assert_int_equal(waitpid(child, &fd, 0), child);
	assert_int_equal(fd, 0);
	assert_string_equal(written(), "");
	fd = openat(sysfs, "devices/before/delete", O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 1);
	close(fd);
}

static void a_write_that_is_refused(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(sysfs, DEVICE "/delete", 0), 0);
	assert_int_equal(mkdirat(sysfs, DEVICE "/delete", 0755), 0);
	assert_int_equal(purge("8:16", "42", "3:0:0:1"), -EISDIR);
}

static void what_is_not_a_scsi_disk(void **state)
{
	(void)state;
	file("devices/virtual/block/loop0/dev", "7:0\n");
	assert_int_equal(
	        symlinkat("../../devices/virtual/block/loop0", sysfs, "dev/block/7:0"),
	        0);
	assert_int_equal(purge("7:0", "42", "3:0:0:1"), -ENOENT);
}

static void arguments(void **state)
{
	static const char *const wrong[][3] = {
		{ "8", "42", "3:0:0:1" },
		{ "8:16x", "42", "3:0:0:1" },
		{ "8:16", "", "3:0:0:1" },
		{ "8:16", "0", "3:0:0:1" },
		{ "8:16", "42x", "3:0:0:1" },
		{ "8:16", "42", "3:0:0" },
		{ "8:16", "42", "3:0:0:1/.." },
		{ "8:16", "42", "3:0:0: 1" },
		{ "8:16", "42", "" },
		{ "0:16", "42", "3:0:0:1" },
		{ "8:16", "42", "3:0:0:00000000000000000000000000001" },
	};
	struct purge_disk d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(
		        purge_disk_parse(&d, wrong[i][0], wrong[i][1], wrong[i][2]),
		        -EINVAL);
	assert_int_equal(purge_disk_parse(&d, "65:16", "18446744073709551615",
	                                  "12:0:3:4294967295"),
	                 0);
	assert_int_equal(d.devt_major, 65);
	assert_int_equal(d.devt_minor, 16);
	assert_true(d.diskseq == UINT64_MAX);
	assert_string_equal(d.hcil, "12:0:3:4294967295");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
	static const struct CMUnitTest tests[] = {
		TEST(the_disk_that_is_meant),
		TEST(another_disk_under_the_number),
		TEST(another_address),
		TEST(another_number_of_the_disk),
		TEST(what_is_gone),
		TEST(another_device_in_its_place),
		TEST(a_write_that_is_refused),
		TEST(what_is_not_a_scsi_disk),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
