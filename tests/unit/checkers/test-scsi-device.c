/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is opened for SCSI commands when there is no node of the sg driver: the device or file itself,
 * by the same rules as for reads. The nodes are in the VM's scenarios.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/scsi_device.h"
#include "libcheck/region/limits.h"
#include "tests/unit/prober/direct-files.h"

#define FILE_BYTES 8192

static unsigned open_before;

static int setup(void **state)
{
	(void)state; /* no fixture */
	open_before = files_open();
	files_make("good", FILE_BYTES);
	files_make("other", FILE_BYTES);
	return 0;
}

/* Each test gives its descriptors back, also when an open fails. */
static int teardown(void **state)
{
	(void)state; /* no fixture */
	files_unlink("good");
	files_unlink("other");
	return files_open() == open_before ? 0 : -1;
}

static int open_file(const char *file, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	char name[FILE_NAME_MAX];

	files_name(name, file);
	return scsi_device_open(name, stale_fd, ret_fd, ret_block);
}

static int look(const char *file, int fd)
{
	char name[FILE_NAME_MAX];
	uint32_t block = 0;
	int r;

	files_name(name, file);
	r = scsi_device_look(name, fd, &block);
	assert_true(r != 0 || (block >= 512 && block <= BUFFER_LARGE));
	return r;
}

static int open_well(const char *file)
{
	uint32_t block = 0;
	int fd = -1;

	assert_int_equal(open_file(file, -1, &fd, &block), 0);
	assert_true(fd >= 0 && block >= 512 && block <= BUFFER_LARGE);
	return fd;
}

static bool leads_to(int fd, const char *file)
{
	char name[FILE_NAME_MAX];
	struct stat a, b;

	files_name(name, file);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(stat(name, &b), 0);
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A file has no node: rescuers would send its commands, and it knows none. */
static void a_file(void **state)
{
	struct scsi_exchange x = { .command = { .cdb_size = 6 }, .timeout_ms = 1000 };
	struct opened_device is, as;
	int fd = open_well("good");

	(void)state; /* no fixture */
	assert_true(leads_to(fd, "good"));
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_true(scsi_device_is_slow(fd));
	assert_int_equal(scsi_device_send(fd, &x, NULL), -EOPNOTSUPP);
	memset(&is, 0xa5, sizeof(is));
	memset(&as, 0x5a, sizeof(as));
	scsi_device_describe(fd, &is);
	directio_describe(fd, &as);
	assert_int_equal(is.devt_major, as.devt_major);
	assert_int_equal(is.devt_minor, as.devt_minor);
	assert_int_equal(is.diskseq, as.diskseq);
	scsi_device_close(fd);
}

static void an_open_descriptor_is_kept(void **state)
{
	uint32_t block = 0;
	int fd = open_well("good"), again = -1;

	(void)state; /* no fixture */
	assert_int_equal(look("good", fd), 0);
	assert_int_equal(open_file("good", fd, &again, &block), 0);
	assert_int_equal(again, fd);
	assert_true(block >= 512 && block <= BUFFER_LARGE);
	scsi_device_close(fd);
}

/* The name leads to another file: the old descriptor is closed, the other file is opened. */
static void another_file_under_the_name(void **state)
{
	uint32_t block = 0;
	int fd = open_well("good"), other = -1;

	(void)state; /* no fixture */
	assert_int_not_equal(look("other", fd), 0);
	assert_int_equal(open_file("other", fd, &other, &block), 0);
	assert_true(leads_to(other, "other"));
	scsi_device_close(other);
}

/* A name that leads nowhere closes the old descriptor, too: teardown() counts. */
static void names_that_cannot_be_opened(void **state)
{
	static const struct {
		const char *name;
		int error;
	} table[] = {
		{ "/nowhere/at/all", ENOENT },
		{ "/dev/null/below", ENOTDIR },
		{ "/dev/null", ENOTBLK },
		{ "/", ENOTBLK },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint32_t block = 0;
		int fd = -1, old = open_well("good");

		assert_int_equal(scsi_device_open(table[i].name, -1, &fd, &block),
		                 -table[i].error);
		assert_int_equal(fd, -1);
		assert_int_not_equal(scsi_device_look(table[i].name, old, &block), 0);
		assert_int_equal(scsi_device_open(table[i].name, old, &fd, &block),
		                 -table[i].error);
		assert_int_equal(fd, -1);
		assert_int_equal(files_open(), open_before);
	}
}

static void a_link_to_itself(void **state)
{
	char name[FILE_NAME_MAX];
	uint32_t block = 0;
	int fd = -1;

	(void)state; /* no fixture */
	files_name(name, "loop");
	assert_int_equal(symlink("loop", name), 0);
	assert_int_equal(scsi_device_open(name, -1, &fd, &block), -ELOOP);
	files_unlink("loop");
}

/* The open does not wait for its other end. */
static void a_fifo(void **state)
{
	char name[FILE_NAME_MAX];
	uint32_t block = 0;
	int fd = -1;

	(void)state; /* no fixture */
	files_name(name, "fifo");
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_int_equal(scsi_device_open(name, -1, &fd, &block), -ENOTBLK);
	files_unlink("fifo");
}

/* Only root may make one, and without its driver it has no node in sysfs. */
static void a_block_device_that_does_not_exist(void **state)
{
	char name[FILE_NAME_MAX];
	uint32_t block = 0;
	int fd = -1, r;

	(void)state; /* no fixture */
	files_name(name, "device");
	if (mknod(name, S_IFBLK | 0600, makedev(4095, 1)) < 0) {
		assert_int_equal(errno, EPERM);
		return;
	}
	r = scsi_device_open(name, -1, &fd, &block);
	/* EACCES: the file system is mounted with nodev. EPERM: the cgroup allows no such device. */
	assert_true(r == -ENXIO || r == -EACCES || r == -EPERM);
	files_unlink("device");
}

/* What is no node of the sg driver: nothing is written to it. */
static void what_is_no_node(void **state)
{
	struct scsi_exchange x = { .command = { .cdb_size = 6 }, .timeout_ms = 1000 };
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), fds[2];
	uint32_t block = 0;

	(void)state; /* no fixture */
	assert_true(fd >= 0);
	assert_true(scsi_device_is_slow(fd));
	assert_int_not_equal(scsi_device_look("/dev/null", fd, &block), 0);
	assert_int_equal(scsi_device_send(fd, &x, NULL), -EOPNOTSUPP);
	scsi_device_close(fd);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(scsi_device_is_slow(fds[0]));
	assert_int_equal(scsi_device_send(fds[0], &x, NULL), -EOPNOTSUPP);
	close(fds[0]);
	close(fds[1]);
	assert_true(scsi_device_is_slow(-1));
	assert_int_equal(scsi_device_send(-1, &x, NULL), -EBADF);
}

static int group_setup(void **state)
{
	(void)state; /* no fixture */
	files_begin();
	return 0;
}

static int group_teardown(void **state)
{
	(void)state; /* no fixture */
	files_end();
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file),
		TEST(an_open_descriptor_is_kept),
		TEST(another_file_under_the_name),
		TEST(names_that_cannot_be_opened),
		TEST(a_link_to_itself),
		TEST(a_fifo),
		TEST(a_block_device_that_does_not_exist),
		TEST(what_is_no_node),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
