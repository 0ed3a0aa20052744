/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the descriptor of the device's directory, until it returns. Runs on the discovery thread.
 * The kernel answers the attributes read here from memory (drivers/scsi/scsi_sysfs.c,
 * drivers/nvme/host/sysfs.c, drivers/md/dm-sysfs.c). A virtio disk's "serial" is not read, because
 * the kernel would ask the disk for it.
 */
#include "checkerd/discovery/sysfs_block.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/discovery/sysfs.h"
#include "checkerd/discovery/sysfs_nvme.h"
#include "checkerd/discovery/sysfs_scsi.h"

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
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

/* The disk's parent, "0:0:1:5" or "nvme0": the last component of its link. */
static void read_parent(struct identity *id, int dir, char ret[static NAME_MAX + 1])
{
	char link[PATH_MAX];
	const char *slash = strrchr(sysfs_link(id, dir, "device", link), '/');
	const char *last = slash == NULL ? link : slash + 1;
	size_t n = strnlen(last, NAME_MAX);

	memcpy(ret, last, n);
	ret[n] = '\0';
}

/* Disks without an HBA or controller of their own. The protocols are multipathd's words. */
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

static int open_block(int sysfs, const char *sysname)
{
	char name[NAME_MAX + 32];
	int dir;

	if (snprintf(name, sizeof(name), "class/block/%s", sysname) >= (int)sizeof(name))
		return -ENOENT;
	dir = openat(sysfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : dir;
}

static bool is_nvme(const char *sysname)
{
	return strncmp(sysname, "nvme", 4) == 0;
}

int sysfs_block_renew(struct identity *id, int sysfs, const char *sysname)
{
	const char *wwid = id->spec.wwid;
	_cleanup_(close_fd) int dir = -1;

	if (id->spec.hcil == NULL && !is_nvme(sysname))
		return 0;
	dir = open_block(sysfs, sysname);
	if (dir < 0)
		return dir;
	id->spec.sysfs_state = NULL;
	id->spec.kernel_id = 0;
	sysfs_take(id, &id->spec.sysfs_state, dir, "device/state");
	if (id->spec.hcil != NULL)
		sysfs_scsi_renew(id, dir);
	else
		sysfs_nvme_read_wwid(id, dir);
	id->spec.wwid = wwid;
	return -id->shortage;
}

int sysfs_block_identify(struct identity *id, int sysfs, const char *sysname)
{
	char name[NAME_MAX + 32], link[PATH_MAX];
	_cleanup_(close_fd) int dir = open_block(sysfs, sysname);
	char parent[NAME_MAX + 1];

	if (dir < 0)
		return dir;
	read_numbers(id, dir);
	read_parent(id, dir, parent);
	if (is_hcil(parent)) {
		sysfs_take(id, &id->spec.sysfs_state, dir, "device/state");
		(void)snprintf(name, sizeof(name), "class/block/%s", sysname);
		sysfs_scsi_identify(id, sysfs, dir, sysfs_link(id, sysfs, name, link),
		                    parent);
	} else if (is_nvme(sysname)) {
		sysfs_take(id, &id->spec.sysfs_state, dir, "device/state");
		sysfs_nvme_identify(id, dir, parent);
	} else {
		identify_other(id, sysname, parent);
	}
	read_map(id, sysfs, dir);
	return -id->shortage;
}
