/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SYSFS_NVME_H
#define CHECKERD_DISCOVERY_SYSFS_NVME_H

/* What sysfs knows of an NVMe namespace. Runs on the discovery thread. */
#include "checkerd/discovery/identity.h"

/* parent: "nvme0" or, with native multipathing, "nvme-subsys0". */
void sysfs_nvme_identify(struct identity *id, int dir, const char *parent);
/* The WWID of the kernel. */
void sysfs_nvme_read_wwid(struct identity *id, int dir);

#endif
