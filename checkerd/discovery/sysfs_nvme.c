/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. Runs on the discovery thread. The kernel answers these attributes from memory
 * (drivers/nvme/host/sysfs.c, core.c before 6.5).
 *
 * With native multipathing a namespace with several controllers is one disk, whose parent is the
 * subsystem. The paths below it (nvme0c1n1) have no node and cannot be read one by one.
 */
#include "checkerd/discovery/sysfs_nvme.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/discovery/sysfs.h"

/* Names of transports are short: "pcie", "tcp", "rdma", "fc", "loop", "apple-nvme". */
#define TRANSPORT_MAX 32

static void set_protocol(struct identity *id, const char *transport)
{
	char protocol[TRANSPORT_MAX + 8];

	(void)snprintf(protocol, sizeof(protocol), "nvme:%s", transport);
	identity_set(id, &id->spec.protocol, protocol);
}

/* Sets the transport of all controllers of the subsystem; "unspec": they differ. */
static void subsystem_protocol(struct identity *id, int dir)
{
	char first[TRANSPORT_MAX] = "", name[NAME_MAX + 16], buf[TRANSPORT_MAX];
	DIR *entries = sysfs_entries(id, dir, "device");
	const struct dirent *e;

	if (entries == NULL)
		return;
	while ((e = sysfs_next(id, entries)) != NULL) {
		const char *transport;

		if (strncmp(e->d_name, "nvme", 4) != 0 || !isdigit(e->d_name[4]))
			continue;
		(void)snprintf(name, sizeof(name), "%s/transport", e->d_name);
		transport = sysfs_attribute(id, dirfd(entries), name, buf, sizeof(buf));
		if (transport == NULL)
			continue; /* one of its disks */
		if (first[0] == '\0')
			(void)snprintf(first, sizeof(first), "%s", transport);
		else if (strcmp(first, transport) != 0)
			(void)snprintf(first, sizeof(first), "unspec");
	}
	closedir(entries);
	if (first[0] != '\0')
		set_protocol(id, first);
}

void sysfs_nvme_read_wwid(struct identity *id, int dir)
{
	char buf[SYSFS_ATTRIBUTE_MAX];
	const char *attribute = sysfs_attribute(id, dir, "wwid", buf, sizeof(buf));

	if (attribute != NULL)
		identity_set_kernel_wwid(id, attribute);
}

void sysfs_nvme_identify(struct identity *id, int dir, const char *parent)
{
	char buf[SYSFS_ATTRIBUTE_MAX], component[32];
	const char *attribute;
	unsigned number;

	identity_set(id, &id->spec.vendor, "NVME");
	sysfs_take(id, &id->spec.product, dir, "device/model");
	sysfs_take(id, &id->spec.serial, dir, "device/serial");
	sysfs_take(id, &id->spec.revision, dir, "device/firmware_rev");
	sysfs_take(id, &id->spec.target, dir, "device/subsysnqn");
	sysfs_nvme_read_wwid(id, dir);
	/* With native multipathing the disk's name has the number of the subsystem. */
	if (sysfs_component(parent, "nvme-subsys", &number, component,
	                    sizeof(component))) {
		subsystem_protocol(id, dir);
	} else if (sysfs_component(parent, "nvme", &number, component,
	                           sizeof(component))) {
		attribute =
		        sysfs_attribute(id, dir, "device/transport", buf, TRANSPORT_MAX);
		if (attribute != NULL)
			set_protocol(id, attribute);
	} else {
		return;
	}
	identity_set(id, &id->spec.host, component);
	id->spec.host_key = identity_host_key(IDENTITY_NVME, number);
}
