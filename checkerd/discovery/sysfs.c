/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sysfs says of a block device. Runs on the discovery thread. The attributes read here
 * are copies the kernel keeps (drivers/scsi/scsi_sysfs.c, drivers/nvme/host/sysfs.c,
 * drivers/md/dm-sysfs.c); a virtio disk's "serial" is one that would ask the disk.
 */
#include "checkerd/discovery/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* The multipath map that holds the device. */
static void read_map(struct identity *id, int sysfs, int dir)
{
	char name[NAME_MAX + 32], uuid[SYSFS_ATTRIBUTE_MAX];
	DIR *holders = sysfs_entries(id, dir, "holders");
	const struct dirent *e;

	if (holders == NULL)
		return;
	while ((e = sysfs_next(id, holders)) != NULL && id->spec.map == NULL) {
		if (strncmp(e->d_name, "dm-", 3) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "class/block/%s/dm/uuid", e->d_name);
		if (sysfs_attribute(id, sysfs, name, uuid, sizeof(uuid)) == NULL ||
		    strncmp(uuid, "mpath-", 6) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "class/block/%s/dm/name", e->d_name);
		sysfs_take(id, &id->spec.map, sysfs, name);
	}
	closedir(holders);
}

/* "0:0:1:5": the SCSI device's own name. */
static bool is_hcil(const char *name)
{
	unsigned colons = 0;

	for (const char *c = name; *c != '\0'; c++) {
		if (*c == ':' && c != name && isdigit((unsigned char)c[1]))
			colons++;
		else if (!isdigit((unsigned char)*c))
			return false;
	}
	return colons == 3;
}

static void read_numbers(struct identity *id, int dir)
{
	char buf[64], *end;

	if (sysfs_attribute(id, dir, "diskseq", buf, sizeof(buf)) != NULL)
		id->spec.diskseq = strtoull(buf, NULL, 10);
	if (sysfs_attribute(id, dir, "dev", buf, sizeof(buf)) == NULL)
		return;
	id->spec.devt_major = (uint32_t)strtoul(buf, &end, 10);
	if (*end == ':')
		id->spec.devt_minor = (uint32_t)strtoul(end + 1, NULL, 10);
}

/* The target of a link, "" when it is none. */
static const char *read_link(struct identity *id, int dir, const char *name,
                             char buf[static PATH_MAX])
{
	ssize_t n = readlinkat(dir, name, buf, PATH_MAX - 1);

	if (n < 0)
		identity_note(id, errno);
	buf[MAX(n, 0)] = '\0';
	return buf;
}

/* What the disk hangs on, "0:0:1:5" or "nvme0": the last component of its link. */
static void read_parent(struct identity *id, int dir, char ret[static NAME_MAX + 1])
{
	char link[PATH_MAX];
	const char *slash = strrchr(read_link(id, dir, "device", link), '/');
	const char *last = slash == NULL ? link : slash + 1;
	size_t n = strnlen(last, NAME_MAX);

	memcpy(ret, last, n);
	ret[n] = '\0';
}

/* Disks that are their own host, by what multipathd calls them or would. */
static void identify_other(struct identity *id, const char *sysname, const char *parent)
{
	static const struct {
		const char *prefix, *protocol;
	} kinds[] = {
		{ "vd", "virtio" },
		{ "dasd", "ccw" },
		{ "cciss!", "cciss" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strncmp(sysname, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			continue;
		id->spec.protocol = kinds[i].protocol;
		identity_set(id, &id->spec.host, parent);
		return;
	}
}

int identity_read_sysfs(struct identity *id, int sysfs, const char *sysname)
{
	char name[NAME_MAX + 32], link[PATH_MAX];
	_cleanup_(close_fd) int dir = -1;
	char parent[NAME_MAX + 1];

	if (snprintf(name, sizeof(name), "class/block/%s", sysname) >= (int)sizeof(name))
		return -ENOENT;
	dir = openat(sysfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	read_numbers(id, dir);
	read_parent(id, dir, parent);
	if (is_hcil(parent)) {
		sysfs_take(id, &id->spec.sysfs_state, dir, "device/state");
		scsi_identify(id, sysfs, dir, read_link(id, sysfs, name, link), parent);
	} else if (strncmp(sysname, "nvme", 4) == 0) {
		sysfs_take(id, &id->spec.sysfs_state, dir, "device/state");
		nvme_identify(id, dir, parent);
	} else {
		identify_other(id, sysname, parent);
	}
	read_map(id, sysfs, dir);
	return -id->shortage;
}
