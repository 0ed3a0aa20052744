/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the table of transports. Runs on the discovery thread. The kernel answers all of it from
 * memory: the inquiry data and the vital product data pages that it read when it found the disk
 * (drivers/scsi/scsi_sysfs.c), and the transport class's data of the target.
 */
#include "checkerd/discovery/sysfs_scsi.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/discovery/sysfs.h"
#include "util/vpd.h"

#define RDAC_PAGE 0xc9 /* vendor-specific: volume access control */

/* Transports that are visible in the device's path in sysfs, in multipathd's words. The first match
 * counts: a SATA disk behind a SAS expander belongs to the SAS host. */
static const struct {
	const char *component, *protocol;
	const char *class, *attribute; /* of the target; NULL: it has no name */
	bool link;                     /* the component has a state of its own */
} places[] = {
	{ "rport-", "scsi:fcp", "fc_remote_ports", "port_name", true },
	{ "session", "scsi:iscsi", "iscsi_session", "targetname", true },
	{ "end_device-", "scsi:sas", "sas_device", "sas_address", false },
	{ "ata", "scsi:ata", NULL, NULL, false },
	{ "usb", "scsi:usb", NULL, NULL, false },
};

/* Transports that are visible as a class of the host. */
static const struct {
	const char *class, *protocol;
} hosts[] = {
	{ "spi_host", "scsi:spi" },     { "srp_host", "scsi:srp" },
	{ "fc_host", "scsi:fcp" },      { "sas_host", "scsi:sas" },
	{ "iscsi_host", "scsi:iscsi" },
};

static void identify_transport(struct identity *id, int sysfs, const char *path)
{
	char component[64], name[160];
	unsigned number;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!sysfs_component(path, places[i].component, &number, component,
		                     sizeof(component)))
			continue;
		id->spec.protocol = places[i].protocol;
		if (places[i].link)
			identity_set(id, &id->spec.transport, component);
		if (places[i].class == NULL)
			return;
		(void)snprintf(name, sizeof(name), "class/%s/%s/%s", places[i].class,
		               component, places[i].attribute);
		sysfs_take(id, &id->spec.target, sysfs, name);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		(void)snprintf(name, sizeof(name), "class/%s/%s", hosts[i].class,
		               id->spec.host);
		if (sysfs_has(id, sysfs, name)) {
			id->spec.protocol = hosts[i].protocol;
			return;
		}
	}
	id->spec.protocol = "scsi:unspec";
}

static void read_serial(struct identity *id, int dir)
{
	uint8_t page[VPD_PAGE_MAX];
	char text[VPD_TEXT_MAX];
	ssize_t n = sysfs_bytes(id, dir, "device/vpd_pg80", page, sizeof(page));

	if (n > 0 && vpd_serial(page, (size_t)n, text) == 0)
		identity_set(id, &id->spec.serial, text);
}

static void read_wwid(struct identity *id, int dir)
{
	char text[VPD_TEXT_MAX], buf[SYSFS_ATTRIBUTE_MAX];
	uint8_t page[VPD_PAGE_MAX];
	const char *attribute;
	ssize_t n = sysfs_bytes(id, dir, "device/vpd_pg83", page, sizeof(page));

	if (n > 0 && vpd_wwid(page, (size_t)n, text) == 0) {
		identity_set_kernel_wwid(id, text);
		return;
	}
	attribute = sysfs_attribute(id, dir, "device/wwid", buf, sizeof(buf));
	if (attribute != NULL && vpd_wwid_from_attribute(attribute, text) == 0)
		identity_set_kernel_wwid(id, text);
}

/* The standard INQUIRY data: SPC-4 6.6.2, field TPGS. */
static unsigned read_tpgs(struct identity *id, int dir)
{
	uint8_t data[8];
	ssize_t n = sysfs_bytes(id, dir, "device/inquiry", data, sizeof(data));

	return n > 5 ? data[5] >> 4 & 3U : 0;
}

/* Does the list of VPD pages (SPC-4 7.8.14) have the page? The kernel has the list since 5.5. */
static bool has_page(struct identity *id, int dir, uint8_t page)
{
	uint8_t list[4 + 255];
	ssize_t n = sysfs_bytes(id, dir, "device/vpd_pg0", list, sizeof(list));

	return n > 4 &&
	       memchr(list + 4, page, MIN((size_t)n - 4, (size_t)list[3])) != NULL;
}

/* What an administrator may change. */
static void read_settings(struct identity *id, int dir)
{
	char buf[SYSFS_ATTRIBUTE_MAX];
	const char *text = sysfs_attribute(id, dir, "device/dh_state", buf, sizeof(buf));

	id->scsi.rdac_handler = text != NULL && strcmp(text, "rdac") == 0;
	text = sysfs_attribute(id, dir, "device/timeout", buf, sizeof(buf));
	id->scsi.timeout_s =
	        text != NULL ? (unsigned)MIN(strtoul(text, NULL, 10), UINT_MAX) : 0;
}

void sysfs_scsi_renew(struct identity *id, int dir)
{
	read_wwid(id, dir);
	read_settings(id, dir);
}

void sysfs_scsi_identify(struct identity *id, int sysfs, int dir, const char *path,
                         const char *hcil)
{
	unsigned host = (unsigned)strtoul(hcil, NULL, 10);
	char name[32];

	identity_set(id, &id->spec.hcil, hcil);
	(void)snprintf(name, sizeof(name), "host%u", host);
	identity_set(id, &id->spec.host, name);
	id->spec.host_key = identity_host_key(IDENTITY_SCSI, host);
	sysfs_take(id, &id->spec.vendor, dir, "device/vendor");
	sysfs_take(id, &id->spec.product, dir, "device/model");
	sysfs_take(id, &id->spec.revision, dir, "device/rev");
	read_wwid(id, dir);
	read_serial(id, dir);
	id->scsi.tpgs = read_tpgs(id, dir);
	id->scsi.rdac_page = has_page(id, dir, RDAC_PAGE);
	read_settings(id, dir);
	identify_transport(id, sysfs, path);
}
