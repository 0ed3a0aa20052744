/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens, looks at and reads devices: directio.h. Runs on rescuers. */
#include "libcheck/checkers/directio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcheck/checkers/again.h"
#include "libcheck/region/limits.h"

/* The smallest block of a disk; and the read of a file whose alignment is not known. */
#define SECTOR_BYTES 512
#define FILE_BYTES   4096

/*
 * What statx(2) gives for direct I/O, for C libraries that do not know it yet: two 32-bit
 * words, the alignments of memory and of offset, at these positions of the kernel's structure.
 */
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x00002000U
#endif
#define STATX_DIO_MEMORY_ALIGN_AT 152
#define STATX_DIO_OFFSET_ALIGN_AT 156

/* Linux 5.15. */
#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

/* Are both the same device, or the same file? */
static bool same_object(const struct stat *a, const struct stat *b)
{
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
		return false;
	if (S_ISBLK(a->st_mode))
		return a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The open descriptors of a removed disk have no bytes behind them. */
static bool disk_gone(int fd, const struct stat *st)
{
	uint64_t bytes = 0;

	return S_ISBLK(st->st_mode) &&
	       (ioctl(fd, BLKGETSIZE64, &bytes) < 0 || bytes == 0);
}

/* 0: the name still leads to stale_fd; 1: it does not; or the -errno of the name. */
static int look_again(const char *name, int stale_fd)
{
	struct stat now, then;
	unsigned tries = 0;
	int r;

	do
		r = stat(name, &now);
	while (r < 0 && again(&tries));
	if (r < 0)
		return -errno;
	if (fstat(stale_fd, &then) < 0)
		return 1;
	return same_object(&now, &then) && !disk_gone(stale_fd, &then) ? 0 : 1;
}

/*
 * The alignments of direct reads; 0: the kernel does not say. -EINVAL: there are no direct
 * reads.
 */
static int learn_align(int fd, uint32_t *ret_memory, uint32_t *ret_offset)
{
	struct statx sx = { 0 };

	*ret_memory = *ret_offset = 0;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) < 0 ||
	    (sx.stx_mask & STATX_DIOALIGN) == 0)
		return 0;
	static_assert(sizeof(sx) >= STATX_DIO_OFFSET_ALIGN_AT + sizeof(uint32_t),
	              "the structure has its full size in every version");
	memcpy(ret_memory, (const char *)&sx + STATX_DIO_MEMORY_ALIGN_AT,
	       sizeof(*ret_memory));
	memcpy(ret_offset, (const char *)&sx + STATX_DIO_OFFSET_ALIGN_AT,
	       sizeof(*ret_offset));
	return *ret_offset == 0 ? -EINVAL : 0;
}

static int file_block(const struct stat *st, uint32_t offset_align)
{
	if (offset_align != 0)
		return (int)MAX(offset_align, (uint32_t)SECTOR_BYTES);
	return st->st_size >= FILE_BYTES ? FILE_BYTES : SECTOR_BYTES;
}

static int device_block(int fd)
{
	unsigned tries = 0;
	int bytes = 0, r;

	do
		r = ioctl(fd, BLKSSZGET, &bytes);
	while (r < 0 && again(&tries));
	return r < 0 ? -errno : bytes;
}

/*
 * How many bytes a read has. The buffer is aligned to the same number, so a larger alignment of
 * memory makes the read larger.
 */
static int learn_block(int fd, uint32_t *ret_block)
{
	uint32_t memory, offset;
	struct stat st;
	int bytes, r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return -ENOTBLK;
	r = learn_align(fd, &memory, &offset);
	if (r < 0)
		return r;
	bytes = S_ISBLK(st.st_mode) ? device_block(fd) : file_block(&st, offset);
	if (bytes < 0)
		return bytes;
	/* A block that cannot be aligned is noticed here, not at each read. */
	if (bytes < SECTOR_BYTES || bytes > SCRATCH_BYTES ||
	    ((uint32_t)bytes & ((uint32_t)bytes - 1)) != 0)
		return -EINVAL;
	*ret_block = (uint32_t)bytes;
	while (*ret_block < memory && *ret_block < SCRATCH_BYTES)
		*ret_block *= 2;
	return 0;
}

/* The errno of open(2) is the same for a file that is neither. */
static int refused(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && !S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode)
	               ? -ENOTBLK
	               : -EINVAL;
}

static int open_device(const char *name)
{
	unsigned tries = 0;
	int fd;

	/* O_NONBLOCK: not to wait for a FIFO, or for an empty drive. */
	do
		fd = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (fd < 0 && again(&tries));
	if (fd < 0)
		return errno == EINVAL ? refused(name) : -errno;
	return fd;
}

int directio_look(const char *name, int fd, uint32_t *ret_block)
{
	int r = look_again(name, fd);

	if (r == 0 && learn_block(fd, ret_block) < 0)
		return 1;
	return r;
}

int directio_open(const char *name, int stale_fd, int *ret_fd, uint32_t *ret_block)
{
	int fd, r;

	if (stale_fd >= 0) {
		r = look_again(name, stale_fd);
		if (r == 0 && learn_block(stale_fd, ret_block) == 0) {
			*ret_fd = stale_fd;
			return 0;
		}
		directio_close(stale_fd);
		if (r < 0)
			return r;
	}

	fd = open_device(name);
	if (fd < 0)
		return fd;
	r = learn_block(fd, ret_block);
	if (r < 0) {
		directio_close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int64_t directio_read(int fd, void *buffer, uint32_t block)
{
	unsigned tries = 0;
	ssize_t n;

	do
		n = pread(fd, buffer, block, 0);
	while (n < 0 && again(&tries));
	return n < 0 ? -errno : n;
}

void directio_describe(int fd, struct opened_device *ret)
{
	uint64_t diskseq = 0;
	struct stat st;

	*ret = (struct opened_device){ 0 };
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		return;
	ret->devt_major = major(st.st_rdev);
	ret->devt_minor = minor(st.st_rdev);
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) == 0)
		ret->diskseq = diskseq;
}

void directio_close(int fd)
{
	(void)close(fd);
}
