/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds, opens and looks at nodes of the sg driver: scsi_device.h. Runs on rescuers. */
#include "libcheck/checkers/scsi_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcheck/checkers/again.h"
#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/sg_header.h"
#include "libcheck/region/limits.h"

#define SG_MAJOR 21 /* include/uapi/linux/major.h: SCSI_GENERIC_MAJOR */

#define NAME_SIZE 32 /* "sg" and a number */
#define FILE_SIZE 96 /* a file in /sys/dev */

#define SECTOR_BYTES 512

/* --- sysfs, which answers from memory --- */

/* The text of a file, without its newline; "": it cannot be read. */
static void read_text(const char *file, char *ret, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[MAX(n, (ssize_t)0)] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static uint64_t read_number(const char *file)
{
	char text[32];

	read_text(file, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* "sg3": the node of a block device's SCSI device. -ENOENT: it has none. */
static int find_node(dev_t block, char ret[static NAME_SIZE])
{
	char file[FILE_SIZE], link[FILE_SIZE];
	const char *name;
	ssize_t n;

	(void)snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/device/generic",
	               major(block), minor(block));
	n = readlink(file, link, sizeof(link) - 1);
	if (n < 0)
		return -ENOENT;
	link[n] = '\0';
	name = strrchr(link, '/');
	name = name == NULL ? link : name + 1;
	if (strncmp(name, "sg", 2) != 0 || strlen(name) >= NAME_SIZE)
		return -ENOENT;
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

static uint32_t block_bytes(dev_t block)
{
	char file[FILE_SIZE];
	uint64_t bytes;

	(void)snprintf(file, sizeof(file),
	               "/sys/dev/block/%u:%u/queue/logical_block_size", major(block),
	               minor(block));
	bytes = read_number(file);
	return bytes >= SECTOR_BYTES && bytes <= BUFFER_LARGE ? (uint32_t)bytes
	                                                      : SECTOR_BYTES;
}

/* --- the node --- */

static bool is_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) == SG_MAJOR;
}

/* "sg3" of an open node. */
static bool is_node_named(int fd, const char *name)
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_node(&st) &&
	       minor(st.st_rdev) == strtoul(name + 2, NULL, 10);
}

/* The device of an open node that was deleted answers ENODEV. */
static bool is_there(int fd)
{
	struct sg_scsi_id id;

	return ioctl(fd, SG_GET_SCSI_ID, &id) == 0;
}

static int open_node(const char *name)
{
	char node[FILE_SIZE];
	unsigned tries = 0;
	int fd, none = 0;

	(void)snprintf(node, sizeof(node), "/dev/%s", name);
	/* Commands are written, so O_RDWR. O_NONBLOCK: open passes a host in error recovery. */
	do
		fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && again(&tries));
	if (fd < 0)
		return -errno;
	if (!is_node_named(fd, name)) {
		(void)close(fd);
		return -ENOENT;
	}
	/* Kernel memory that no command of a checker needs. */
	(void)ioctl(fd, SG_SET_RESERVED_SIZE, &none);
	return fd;
}

/*
 * A number of a node is not used for another device while a descriptor of it is open. So if
 * sysfs still has the same name after the open, the descriptor is that of this block device.
 */
static int open_node_of(dev_t block)
{
	char before[NAME_SIZE], after[NAME_SIZE];
	int fd;

	if (find_node(block, before) < 0)
		return -ENOENT;
	fd = open_node(before);
	if (fd < 0)
		return fd;
	if (find_node(block, after) == 0 && strcmp(before, after) == 0)
		return fd;
	(void)close(fd);
	return -ENOENT;
}

/* --- as of struct checker --- */

static int stat_name(const char *name, struct stat *ret)
{
	unsigned tries = 0;
	int r;

	do
		r = stat(name, ret);
	while (r < 0 && again(&tries));
	return r < 0 ? -errno : 0;
}

int scsi_device_look(const char *name, int fd, uint32_t *ret_block)
{
	char node[NAME_SIZE];
	struct stat st;
	int r;

	if (scsi_device_is_slow(fd)) {
		r = directio_look(name, fd, ret_block);
		*ret_block = MIN(*ret_block, (uint32_t)BUFFER_LARGE);
		return r;
	}
	r = stat_name(name, &st);
	if (r < 0)
		return r;
	if (!S_ISBLK(st.st_mode) || find_node(st.st_rdev, node) < 0 ||
	    !is_node_named(fd, node) || !is_there(fd))
		return 1;
	*ret_block = block_bytes(st.st_rdev);
	return 0;
}

int scsi_device_open(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	struct stat st;
	int fd, r;

	if (stale_fd >= 0) {
		if (scsi_device_look(name, stale_fd, ret_block) == 0) {
			*ret_fd = stale_fd;
			return 0;
		}
		scsi_device_close(stale_fd);
	}
	r = stat_name(name, &st);
	if (r < 0)
		return r;
	fd = S_ISBLK(st.st_mode) ? open_node_of(st.st_rdev) : -ENOENT;
	if (fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE)
		return fd;
	if (fd < 0) {
		r = directio_open(name, -1, ret_fd, ret_block);
		*ret_block = MIN(*ret_block, (uint32_t)BUFFER_LARGE);
		return r;
	}
	*ret_fd = fd;
	*ret_block = block_bytes(st.st_rdev);
	return 0;
}

bool scsi_device_is_slow(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !is_node(&st);
}

/*
 * The name in a folder of sysfs that has one, such as the block device of a SCSI device. Not by
 * readdir(3), which allocates.
 */
static int only_name_in(const char *folder, char ret[static NAME_SIZE])
{
	_Alignas(struct dirent64) char entries[512];
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n = fd < 0 ? -1 : syscall(SYS_getdents64, fd, entries, sizeof(entries));
	int r = -ENOENT;

	for (long at = 0; at < n;) {
		const struct dirent64 *d = (const void *)(entries + at);

		if (d->d_name[0] != '.' && strlen(d->d_name) < NAME_SIZE) {
			memcpy(ret, d->d_name, strlen(d->d_name) + 1);
			r = 0;
		}
		at += d->d_reclen;
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

void scsi_device_describe(int fd, struct opened_device *ret)
{
	char folder[FILE_SIZE], file[2 * FILE_SIZE], name[NAME_SIZE], number[NAME_SIZE];
	unsigned devt_major, devt_minor;
	struct stat st;

	*ret = (struct opened_device){ 0 };
	if (fstat(fd, &st) < 0 || !is_node(&st)) {
		directio_describe(fd, ret);
		return;
	}
	(void)snprintf(folder, sizeof(folder), "/sys/dev/char/%u:%u/device/block",
	               major(st.st_rdev), minor(st.st_rdev));
	if (only_name_in(folder, name) < 0)
		return;
	(void)snprintf(file, sizeof(file), "%s/%s/dev", folder, name);
	read_text(file, number, sizeof(number));
	if (sscanf(number, "%u:%u", &devt_major, &devt_minor) != 2)
		return;
	ret->devt_major = devt_major;
	ret->devt_minor = devt_minor;
	(void)snprintf(file, sizeof(file), "%s/%s/diskseq", folder, name);
	ret->diskseq = read_number(file);
}

void scsi_device_close(int fd)
{
	(void)close(fd);
}

/* Most drivers that know no SCSI commands answer ENOTTY. */
static bool is_no_scsi(int error)
{
	return error == ENOTTY || error == EINVAL || error == EOPNOTSUPP;
}

int scsi_device_send(int fd, struct scsi_exchange *x, void *data)
{
	uint8_t sense[SG_SENSE_BYTES] = { 0 };
	struct sg_io_hdr h;
	unsigned tries = 0;
	int r;

	sg_header_fill(&h, &x->command, data, sense, x->timeout_ms);
	do
		r = ioctl(fd, SG_IO, &h);
	while (r < 0 && again(&tries));
	if (r < 0)
		return is_no_scsi(errno) ? -EOPNOTSUPP : -errno;
	sg_header_read(&h, &x->command, sense, &x->answer);
	return 0;
}
