/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_IDENTITY_H
#define CHECKERD_DISCOVERY_IDENTITY_H

/*
 * Collects what is known of one device before it becomes a struct device. What hardware says
 * of itself is made harmless here, where it enters: control characters and what is not UTF-8
 * become \xHH, and all strings of a device together have a limit.
 *
 * Reads sysfs only, and of that only what the kernel answers from memory: asking the disk,
 * as some attributes do, could hang.
 */
#include "checkerd/core/device.h"

#define IDENTITY_TEXT_MAX 640 /* bytes of all strings of one device */

struct identity {
	struct device_spec spec; /* strings point into text, or are static */
	size_t used;
	int shortage; /* errno, when something could not be read for want of memory or
	               * descriptors: what is not known may be there all the same */
	char text[IDENTITY_TEXT_MAX];
};

void identity_init(struct identity *id);
/* Why something was not read, errno: noted as a shortage if it is one. */
void identity_note(struct identity *id, int error);

/* Copies value into the field, made harmless; NULL, empty or no room: the field is NULL. */
void identity_set(struct identity *id, const char **field, const char *value);
/* The same without changing a byte: for a name that will be opened. -ENAMETOOLONG. */
_must_check_ int identity_set_exact(struct identity *id, const char **field,
                                    const char *value);

/* The WWID as the kernel knows it: the device's, unless udev's is there already. It is also
 * what tells one disk from another when both are known only from the kernel. */
void identity_set_kernel_wwid(struct identity *id, const char *wwid);

/* libpathcheck's number of a host: SCSI hosts in one half, NVMe controllers in the other. Two
 * that share a number share a cap, which costs nothing but speed. */
enum identity_hosts { IDENTITY_SCSI, IDENTITY_NVME };
uint32_t identity_host_key(enum identity_hosts kind, unsigned number);

#endif
