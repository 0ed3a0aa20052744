/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sysfs says of a block device. Runs on the discovery thread. The attributes read here
 * are copies the kernel keeps (drivers/scsi/scsi_sysfs.c, drivers/nvme/host/sysfs.c,
 * drivers/md/dm-sysfs.c); a virtio disk's "serial" is one that would ask the disk.
 */
#include "checkerd/discovery/identity.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libpathcheck's host numbers: SCSI hosts in one half, NVMe controllers in the other. Two that
 * share a number share a cap, which costs nothing but speed. */
#define HOST_KEYS 511

#define ATTRIBUTE_MAX 256

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

const char *sysfs_attribute(int dir, const char *name, char *buf, size_t size)
{
	_cleanup_(close_fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, buf, size - 1);
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	return buf;
}

/* The attribute into a field, unless that is known already. */
static void take(struct identity *id, const char **field, int dir, const char *name)
{
	char buf[ATTRIBUTE_MAX];

	if (*field == NULL)
		identity_set(id, field, sysfs_attribute(dir, name, buf, sizeof(buf)));
}

/* What follows `word` in a path's component: "host3" gives 3. False: no such component. */
static bool component_number(const char *path, const char *word, unsigned *ret,
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
		*ret = (unsigned)strtoul(c + n, NULL, 10);
		memcpy(ret_component, c, length);
		ret_component[length] = '\0';
		return true;
	}
	return false;
}

static const char *scsi_protocol(const char *path)
{
	static const struct {
		const char *component, *protocol;
	} table[] = {
		{ "/rport-", "scsi:fcp" },      { "/session", "scsi:iscsi" },
		{ "/end_device-", "scsi:sas" }, { "/ata", "scsi:ata" },
		{ "/usb", "scsi:usb" },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strstr(path, table[i].component) != NULL)
			return table[i].protocol;
	}
	return "scsi:unspec";
}

/* The far end: the port's name with Fibre Channel, the target's with iSCSI. */
static void scsi_target(struct identity *id, int sysfs, const char *path)
{
	static const struct {
		const char *word, *class, *attribute;
	} table[] = {
		{ "rport-", "fc_remote_ports", "port_name" },
		{ "session", "iscsi_session", "targetname" },
	};
	char component[64], name[160];
	unsigned number;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!component_number(path, table[i].word, &number, component,
		                      sizeof(component)))
			continue;
		(void)snprintf(name, sizeof(name), "class/%s/%s/%s", table[i].class,
		               component, table[i].attribute);
		take(id, &id->spec.target, sysfs, name);
	}
}

static void read_scsi(struct identity *id, int sysfs, int dir, const char *path)
{
	char component[32];
	unsigned host;

	take(id, &id->spec.vendor, dir, "device/vendor");
	take(id, &id->spec.product, dir, "device/model");
	take(id, &id->spec.revision, dir, "device/rev");
	take(id, &id->spec.wwid, dir, "device/wwid");
	if (component_number(path, "host", &host, component, sizeof(component))) {
		identity_set(id, &id->spec.host, component);
		id->spec.host_key = 1 + host % HOST_KEYS;
	}
	id->spec.protocol = scsi_protocol(path);
	scsi_target(id, sysfs, path);
}

static void read_nvme(struct identity *id, int dir, const char *sysname)
{
	char transport[32], protocol[48], component[32];
	unsigned controller;

	take(id, &id->spec.product, dir, "device/model");
	take(id, &id->spec.serial, dir, "device/serial");
	take(id, &id->spec.revision, dir, "device/firmware_rev");
	take(id, &id->spec.wwid, dir, "wwid");
	take(id, &id->spec.target, dir, "device/subsysnqn");
	identity_set(id, &id->spec.vendor, "NVME");
	if (component_number(sysname, "nvme", &controller, component,
	                     sizeof(component))) {
		(void)snprintf(component, sizeof(component), "nvme%u", controller);
		identity_set(id, &id->spec.host, component);
		id->spec.host_key = 1 + HOST_KEYS + controller % HOST_KEYS;
	}
	if (sysfs_attribute(dir, "device/transport", transport, sizeof(transport)) ==
	    NULL)
		return;
	(void)snprintf(protocol, sizeof(protocol), "nvme:%s", transport);
	identity_set(id, &id->spec.protocol, protocol);
}

/* The multipath map that holds the device. */
static void read_map(struct identity *id, int sysfs, int dir)
{
	char name[NAME_MAX + 32], uuid[ATTRIBUTE_MAX];
	const struct dirent *e;
	DIR *holders;
	int fd;

	fd = openat(dir, "holders", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	holders = fdopendir(fd);
	if (holders == NULL) {
		close(fd);
		return;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own */
	while ((e = readdir(holders)) != NULL && id->spec.map == NULL) {
		if (strncmp(e->d_name, "dm-", 3) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "class/block/%s/dm/uuid", e->d_name);
		if (sysfs_attribute(sysfs, name, uuid, sizeof(uuid)) == NULL ||
		    strncmp(uuid, "mpath-", 6) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "class/block/%s/dm/name", e->d_name);
		take(id, &id->spec.map, sysfs, name);
	}
	closedir(holders);
}

/* "0:0:1:5": the SCSI device's own name. */
static bool is_hcil(const char *name)
{
	unsigned colons = 0;

	for (const char *c = name; *c != '\0'; c++) {
		if (*c == ':')
			colons++;
		else if (!isdigit((unsigned char)*c))
			return false;
	}
	return colons == 3;
}

int identity_read_sysfs(struct identity *id, int sysfs, const char *sysname)
{
	char name[NAME_MAX + 32], link[PATH_MAX], buf[ATTRIBUTE_MAX];
	_cleanup_(close_fd) int dir = -1;
	ssize_t n;

	if (snprintf(name, sizeof(name), "class/block/%s", sysname) >= (int)sizeof(name))
		return -ENOENT;
	dir = openat(sysfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (sysfs_attribute(dir, "dev", buf, sizeof(buf)) != NULL) {
		char *end;

		id->spec.devt_major = (uint32_t)strtoul(buf, &end, 10);
		if (*end == ':')
			id->spec.devt_minor = (uint32_t)strtoul(end + 1, NULL, 10);
	}
	take(id, &id->spec.sysfs_state, dir, "device/state");
	if (strncmp(sysname, "nvme", 4) == 0)
		read_nvme(id, dir, sysname);
	n = readlinkat(dir, "device", link, sizeof(link) - 1);
	if (n > 0) {
		const char *last;

		link[n] = '\0';
		last = strrchr(link, '/');
		last = last == NULL ? link : last + 1;
		if (is_hcil(last)) {
			identity_set(id, &id->spec.hcil, last);
			n = readlinkat(sysfs, name, link, sizeof(link) - 1);
			link[MAX(n, 0)] = '\0';
			read_scsi(id, sysfs, dir, link);
		}
	}
	read_map(id, sysfs, dir);
	return 0;
}
