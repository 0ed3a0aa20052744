/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the descriptors of the files that it reads. Runs on the loader thread, and in main() before
 * the loop starts, because reading blocks on the file system.
 */
#include "checkerd/config/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/block.h"

bool source_trusts(const struct stat *st, uid_t euid, const char *name,
                   char why[REFUSAL_SIZE])
{
	if (euid != 0)
		return true;
	if (st->st_uid != 0)
		snprintf(why, REFUSAL_SIZE,
		         "belongs to user %u, not to root: chown root %.100s",
		         (unsigned)st->st_uid, name);
	else if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		snprintf(why, REFUSAL_SIZE,
		         "others than root may write it (mode %04o): chmod go-w %.100s",
		         (unsigned)st->st_mode & 07777U, name);
	else
		return true;
	return false;
}

static int explain(int error, const char *what, char *why)
{
	char text[128];

	snprintf(why, REFUSAL_SIZE, "%s: %s", what,
	         strerror_r(error, text, sizeof(text)));
	return -error;
}

/* Reads one byte more than a file may have, at most. Returns the bytes read, or -errno. */
static ssize_t read_all(int fd, char *buf)
{
	size_t used = 0;

	while (used <= CONFIG_FILE_BYTES_MAX) {
		ssize_t n = read(fd, buf + used, CONFIG_FILE_BYTES_MAX + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static int read_fd(struct source_file *ret, int fd, const char *name,
                   enum source_trust trust, char *why)
{
	struct stat st;
	ssize_t size;
	char *text;

	if (fstat(fd, &st) < 0)
		return explain(errno, "cannot be looked at", why);
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, REFUSAL_SIZE, "not a regular file: name one that is");
		return -EINVAL;
	}
	if (trust == SOURCE_TRUST_ROOT && !source_trusts(&st, geteuid(), name, why))
		return -EPERM;
	text = block_new(1, CONFIG_FILE_BYTES_MAX + 1);
	if (text == NULL)
		return -ENOMEM;
	size = read_all(fd, text);
	if (size < 0 || size > CONFIG_FILE_BYTES_MAX) {
		block_free(text);
		if (size < 0)
			return explain((int)-size, "cannot be read", why);
		snprintf(why, REFUSAL_SIZE,
		         "larger than 1 MiB: this is no configuration file");
		return -EFBIG;
	}
	*ret = (struct source_file){ text, (size_t)size };
	return 0;
}

int source_file_read(struct source_file *ret, int at_fd, const char *file,
                     const char *name, enum source_trust trust, char why[REFUSAL_SIZE])
{
	/* O_NONBLOCK: open() of a FIFO must not block before fstat() recognises it. */
	int fd = openat(at_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd < 0)
		return explain(errno, "cannot be opened", why);
	r = read_fd(ret, fd, name, trust, why);
	close(fd);
	return r;
}

void source_file_deinit(struct source_file *f)
{
	block_free(f->text);
	*f = (struct source_file){ 0 };
}

int source_dir_open(const char *dir, enum source_trust trust, char why[REFUSAL_SIZE])
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK), r = 0;
	struct stat st;

	if (fd < 0)
		return explain(errno, "cannot be opened", why);
	if (fstat(fd, &st) < 0)
		r = explain(errno, "cannot be looked at", why);
	else if (trust == SOURCE_TRUST_ROOT && !source_trusts(&st, geteuid(), dir, why))
		r = -EPERM;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int source_dir_list(int fd, int (*is_wanted)(const struct dirent *), struct dirent ***ret,
                    char why[REFUSAL_SIZE])
{
	struct dirent **list;
	int n = scandirat(fd, ".", &list, is_wanted, compare_names);

	static_assert(CONFIG_DROPINS_MAX == 256, "said below");
	if (n < 0)
		return explain(errno, "cannot be listed", why);
	if (n <= CONFIG_DROPINS_MAX) {
		*ret = list;
		return n;
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	snprintf(why, REFUSAL_SIZE, "more than 256 *.conf files: put some into one");
	return -E2BIG;
}
