/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the descriptors that it opens, until it returns. Runs on the discovery thread. Reads
 * whatever it is told to: its callers choose attributes that the kernel answers from memory.
 */
#include "checkerd/discovery/sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

ssize_t sysfs_bytes(struct identity *id, int dir, const char *name, void *buf,
                    size_t size)
{
	_cleanup_(close_fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	if (n >= 0)
		return n;
	n = -errno;
	identity_note(id, errno);
	return n;
}

bool sysfs_has(struct identity *id, int dir, const char *name)
{
	if (faccessat(dir, name, F_OK, 0) == 0)
		return true;
	identity_note(id, errno);
	return false;
}

DIR *sysfs_entries(struct identity *id, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (entries != NULL)
		return entries;
	identity_note(id, errno);
	if (fd >= 0)
		close(fd);
	return NULL;
}

const struct dirent *sysfs_next(struct identity *id, DIR *entries)
{
	const struct dirent *e;

	errno = 0;
	e = readdir(entries); /* NOLINT(concurrency-mt-unsafe): a stream of its own */
	if (e == NULL)
		identity_note(id, errno);
	return e;
}

const char *sysfs_attribute(struct identity *id, int dir, const char *name, char *buf,
                            size_t size)
{
	ssize_t n = sysfs_bytes(id, dir, name, buf, size - 1);

	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	return buf;
}

const char *sysfs_link(struct identity *id, int dir, const char *name,
                       char buf[static PATH_MAX])
{
	ssize_t n = readlinkat(dir, name, buf, PATH_MAX - 1);

	if (n < 0)
		identity_note(id, errno);
	buf[MAX(n, 0)] = '\0';
	return buf;
}

void sysfs_take(struct identity *id, const char **field, int dir, const char *name)
{
	char buf[SYSFS_ATTRIBUTE_MAX];

	if (*field == NULL)
		identity_set(id, field, sysfs_attribute(id, dir, name, buf, sizeof(buf)));
}

bool sysfs_component(const char *path, const char *word, unsigned *ret_number,
                     char *ret_component, size_t size)
{
	size_t n = strlen(word);

	for (const char *c = path; c != NULL; c = strchr(c, '/')) {
		size_t length;

		c += *c == '/';
		length = strcspn(c, "/");
		if (strncmp(c, word, n) != 0 || !isdigit((unsigned char)c[n]) ||
		    length >= size)
			continue;
		*ret_number = (unsigned)strtoul(c + n, NULL, 10);
		memcpy(ret_component, c, length);
		ret_component[length] = '\0';
		return true;
	}
	return false;
}
