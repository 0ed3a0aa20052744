/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the directory and the lock of a struct kept. One thread at a time. */
#include "util/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/hash.h"

#define SUFFIX_MAX 8

static_assert(sizeof(struct kept_header) <= KEPT_BYTES, "the header has room");

static void name_of(const struct kept *k, const char *suffix,
                    char ret[KEPT_NAME_MAX + SUFFIX_MAX])
{
	(void)snprintf(ret, KEPT_NAME_MAX + SUFFIX_MAX, "%s%s", k->name, suffix);
}

static int read_boot_id(char ret[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	memset(ret, 0, 40);
	n = read(fd, ret, 36);
	close(fd);
	return n == 36 ? 0 : -EIO;
}

/* Could other users replace a file in it, or a link to it? A sticky directory prevents both. */
static int check_directory(int fd, bool any_file_system)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (geteuid() == 0 &&
	    (st.st_uid != 0 ||
	     ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)))
		return -ENOTUNIQ;
	/* A write to a disk could hang, and with it the exit of this process. */
	if (!any_file_system && (uint32_t)fs.f_type != TMPFS_MAGIC &&
	    (uint32_t)fs.f_type != RAMFS_MAGIC)
		return -EXDEV;
	return 0;
}

/* Is it a regular file of this user, under one name, that nobody else may change? */
static int check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 &&
	                       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0
	               ? 0
	               : -ENOTUNIQ;
}

static int take_lock(struct kept *k)
{
	char name[KEPT_NAME_MAX + SUFFIX_MAX];
	int r;

	name_of(k, ".lock", name);
	k->lock_fd = openat(k->dir_fd, name,
	                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (k->lock_fd < 0)
		return errno == ELOOP ? -ENOTUNIQ : -errno;
	r = check_file(k->lock_fd);
	if (r == 0 && flock(k->lock_fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return r;
}

int kept_init(struct kept *k, const struct kept_options *o)
{
	const char *slash = strrchr(o->file, '/');
	const char *base = slash == NULL ? o->file : slash + 1;
	char directory[512] = "./";
	int r;

	*k = (struct kept)KEPT_NULL;
	if (base[0] == '\0' || strlen(base) >= sizeof(k->name) ||
	    (size_t)(base - o->file) >= sizeof(directory))
		return -EINVAL;
	strcpy(k->name, base);
	memcpy(k->magic, o->magic, sizeof(k->magic));
	k->version = o->version;
	r = read_boot_id(k->boot_id);
	if (r < 0)
		return r;
	if (slash != NULL)
		(void)snprintf(directory, sizeof(directory), "%.*s",
		               (int)(base - o->file), o->file);
	k->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->dir_fd < 0)
		return -errno;
	r = check_directory(k->dir_fd, o->any_file_system);
	return r == 0 && !o->unlocked ? take_lock(k) : r;
}

void kept_deinit(struct kept *k)
{
	if (k->lock_fd >= 0)
		close(k->lock_fd);
	if (k->dir_fd >= 0)
		close(k->dir_fd);
	*k = (struct kept)KEPT_NULL;
}

int kept_set_aside(const struct kept *k)
{
	char bad[KEPT_NAME_MAX + SUFFIX_MAX];

	name_of(k, ".bad", bad);
	return renameat(k->dir_fd, k->name, k->dir_fd, bad) < 0 ? -errno : 0;
}

static uint64_t sum_of(const struct kept_header *h)
{
	return hash_bytes(h, offsetof(struct kept_header, sum));
}

void kept_seal(struct kept_header *h)
{
	h->sum = sum_of(h);
}

/* The version comes first: a later one may have another header. */
static enum kept_found judge(const struct kept *k, const struct kept_header *h, int64_t n)
{
	if (n < (int64_t)offsetof(struct kept_header, bytes) ||
	    memcmp(h->magic, k->magic, sizeof(h->magic)) != 0)
		return KEPT_FOUND_DAMAGED;
	if (h->version != k->version)
		return KEPT_FOUND_VERSION;
	if (n != (int64_t)sizeof(*h) || h->bytes != KEPT_BYTES || h->sum != sum_of(h))
		return KEPT_FOUND_DAMAGED;
	return memcmp(h->boot_id, k->boot_id, sizeof(h->boot_id)) == 0 ? KEPT_FOUND
	                                                               : KEPT_FOUND_NONE;
}

int kept_find(const struct kept *k, enum kept_found *ret, int *ret_fd,
              struct kept_header *ret_header)
{
	struct kept_header h = { 0 };
	int64_t n;
	int fd;

	*ret = KEPT_FOUND_NONE;
	*ret_fd = -1;
	fd = openat(k->dir_fd, k->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || check_file(fd) < 0) {
		*ret = KEPT_FOUND_FOREIGN;
	} else {
		n = kept_read(fd, &h, sizeof(h), 0);
		*ret = n < 0 ? KEPT_FOUND_DAMAGED : judge(k, &h, n);
	}
	if (*ret == KEPT_FOUND) {
		*ret_fd = fd;
		*ret_header = h;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return *ret == KEPT_FOUND_NONE ? 0 : kept_set_aside(k);
}

int kept_create(const struct kept *k, const uint64_t layout[KEPT_LAYOUTS], int *ret_fd)
{
	struct kept_header h = { .version = k->version, .bytes = KEPT_BYTES };
	char name[KEPT_NAME_MAX + SUFFIX_MAX];
	int fd, r;

	name_of(k, ".new", name);
	/* A predecessor that was killed may have left one. */
	if (unlinkat(k->dir_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(k->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	            0600);
	if (fd < 0)
		return -errno;
	memcpy(h.magic, k->magic, sizeof(h.magic));
	memcpy(h.boot_id, k->boot_id, sizeof(h.boot_id));
	memcpy(h.layout, layout, sizeof(h.layout));
	kept_seal(&h);
	r = kept_write(fd, &h, sizeof(h), 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int kept_commit(const struct kept *k)
{
	char name[KEPT_NAME_MAX + SUFFIX_MAX];

	name_of(k, ".new", name);
	return renameat(k->dir_fd, name, k->dir_fd, k->name) < 0 ? -errno : 0;
}

int64_t kept_read(int fd, void *to, size_t n, uint64_t at)
{
	unsigned char *p = to;
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, p + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

int kept_write(int fd, const void *from, size_t n, uint64_t at)
{
	const unsigned char *p = from;

	while (n > 0) {
		ssize_t put = pwrite(fd, p, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		p += put;
		at += (size_t)put;
		n -= (size_t)put;
	}
	return 0;
}
