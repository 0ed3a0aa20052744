/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SYSFS_SCSI_H
#define CHECKERD_DISCOVERY_SYSFS_SCSI_H

/* What sysfs knows of a SCSI disk. Runs on the discovery thread. */
#include "checkerd/discovery/identity.h"

/* path: the disk's place in sysfs. hcil: the name of its SCSI device, "0:0:1:5". */
void sysfs_scsi_identify(struct identity *id, int sysfs, int dir, const char *path,
                         const char *hcil);
/* Reads the WWID, the hardware handler and the timeout again: nothing tells when they change. */
void sysfs_scsi_renew(struct identity *id, int dir);

#endif
