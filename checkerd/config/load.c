/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the descriptors and the text of the files that it reads. Runs on the loader thread, and
 * in main() before the loop starts, because reading blocks on the file system.
 *
 * Opening a name does not hang, whatever the name is, and the checks look at the opened file.
 */
#include "checkerd/config/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/config/parser.h"
#include "util/block.h"

#define DEFAULT_FILE  SYSCONFDIR "/checkerd.conf"
#define DROPIN_SUFFIX ".conf"

bool load_trusts(const struct stat *st, uid_t euid, const char *name,
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

static void refuse_errno(struct reader *r, const char *name, const char *what, int error)
{
	char why[REFUSAL_SIZE], text[128];

	snprintf(why, sizeof(why), "%s: %s", what, strerror_r(error, text, sizeof(text)));
	reader_refuse(r, name, why);
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

static void read_fd(struct reader *r, int fd, const char *name)
{
	char why[REFUSAL_SIZE], *text;
	struct stat st;
	ssize_t size;

	if (fstat(fd, &st) < 0) {
		refuse_errno(r, name, "cannot be looked at", errno);
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		reader_refuse(r, name, "not a regular file: name one that is");
		return;
	}
	if (!load_trusts(&st, geteuid(), name, why)) {
		reader_refuse(r, name, why);
		return;
	}
	text = block_new(1, CONFIG_FILE_BYTES_MAX + 1);
	if (text == NULL) {
		r->problems.oom = true;
		return;
	}
	size = read_all(fd, text);
	if (size < 0)
		refuse_errno(r, name, "cannot be read", (int)-size);
	else
		parser_read(r, name, text, (size_t)size);
	block_free(text);
}

/* at_fd, file: as openat() takes them; name: for messages. */
static void read_file(struct reader *r, int at_fd, const char *file, const char *name,
                      bool may_be_missing)
{
	/* O_NONBLOCK: open() of a FIFO must not block before fstat() recognises it. */
	int fd = openat(at_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0) {
		read_fd(r, fd, name);
		close(fd);
	} else if (errno != ENOENT || !may_be_missing) {
		refuse_errno(r, name, "cannot be opened", errno);
	}
}

static int is_dropin(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), suffix = strlen(DROPIN_SUFFIX);

	return entry->d_name[0] != '.' && size > suffix &&
	       strcmp(entry->d_name + size - suffix, DROPIN_SUFFIX) == 0;
}

/* Compares bytes, so that the order is the same in every locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_dropins(struct reader *r, int dir_fd, const char *dir)
{
	struct dirent **list;
	int n = scandirat(dir_fd, ".", &list, is_dropin, compare_names);

	if (n < 0) {
		refuse_errno(r, dir, "cannot be listed", errno);
		return;
	}
	if (n > CONFIG_DROPINS_MAX)
		reader_refuse(r, dir, "more than 256 *.conf files: put some into one");
	for (int i = 0; i < n; i++) {
		char *name = NULL;

		if (n <= CONFIG_DROPINS_MAX &&
		    asprintf(&name, "%s/%s", dir, list[i]->d_name) < 0)
			r->problems.oom = true;
		else if (name != NULL)
			read_file(r, dir_fd, list[i]->d_name, name, true);
		free(name);
		free(list[i]);
	}
	free(list);
}

static void read_dir(struct reader *r, const char *dir)
{
	char why[REFUSAL_SIZE];
	struct stat st;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT)
			refuse_errno(r, dir, "cannot be opened", errno);
		return;
	}
	if (fstat(fd, &st) < 0)
		refuse_errno(r, dir, "cannot be looked at", errno);
	else if (!load_trusts(&st, geteuid(), dir, why))
		reader_refuse(r, dir, why);
	else
		read_dropins(r, fd, dir);
	close(fd);
}

int load_file(const char *file, struct config **ret_config)
{
	const char *name = file != NULL ? file : DEFAULT_FILE;
	struct reader r;
	char *dir;
	int result = reader_init(&r);

	if (result < 0)
		return result;
	if (asprintf(&dir, "%s.d", name) < 0) {
		reader_deinit(&r);
		return -ENOMEM;
	}
	static_assert(CONFIG_DROPINS_MAX == 256, "said above");
	read_file(&r, AT_FDCWD, name, name, file == NULL);
	read_dir(&r, dir);
	free(dir);
	result = reader_finish(&r, ret_config);
	reader_deinit(&r);
	return result;
}

int load_text(const char *name, const char *text, size_t size, struct config **ret_config)
{
	struct reader r;
	int result = reader_init(&r);

	if (result < 0)
		return result;
	parser_read(&r, name, text, size);
	result = reader_finish(&r, ret_config);
	reader_deinit(&r);
	return result;
}
