/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_IDENTITY_H
#define CHECKERD_DISCOVERY_IDENTITY_H

/*
 * Collects what is known of one device before it becomes a struct device. Texts of hardware are
 * cleaned here: control characters and bytes that are not UTF-8 become \xHH, and all texts of a
 * device together have a limit. Runs on the discovery thread.
 */
#include "checkerd/core/device.h"

#define IDENTITY_TEXT_MAX 768 /* bytes of all strings of one device */

/* What the SCSI device says of itself, as far as the kernel has it in memory. 0: unknown. */
struct identity_scsi {
	unsigned tpgs; /* as in struct checker_facts, as the next two */
	bool rdac_handler;
	bool rdac_page;
	unsigned timeout_s; /* the kernel's timeout of its commands */
};

struct identity {
	struct device_spec spec; /* strings point into text, or are static */
	size_t used;
	/* errno: memory or descriptors were short, so an unknown field may have a value. */
	int shortage;
	struct identity_scsi scsi;
	char text[IDENTITY_TEXT_MAX];
};

void identity_init(struct identity *id);
/* Notes the errno of a failed read, if it means that memory or descriptors are short. */
void identity_note(struct identity *id, int error);

/* Copies the cleaned value into the field. NULL, empty or no room: the field is NULL. */
void identity_set(struct identity *id, const char **field, const char *value);
/* Copies the value byte by byte, for a name that will be opened. -ENAMETOOLONG. */
_must_check_ int identity_set_exact(struct identity *id, const char **field,
                                    const char *value);

/* Sets the WWID of the kernel. It becomes the device's WWID unless udev's is set, and its checksum
 * tells disks apart. */
void identity_set_kernel_wwid(struct identity *id, const char *wwid);

/* libpathcheck's number of an HBA or controller: SCSI hosts in one half, NVMe controllers in the
 * other. Two that share a number share a limit, which costs only speed. */
enum identity_hosts { IDENTITY_SCSI, IDENTITY_NVME };
uint32_t identity_host_key(enum identity_hosts kind, unsigned number);

#endif
