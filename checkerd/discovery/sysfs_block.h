/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_SYSFS_BLOCK_H
#define CHECKERD_DISCOVERY_SYSFS_BLOCK_H

/* What sysfs knows of a block device. Runs on the discovery thread. */
#include "checkerd/discovery/identity.h"

/*
 * Fills in what sysfs knows of the block device; fields that are set stay. sysfs: a directory's
 * descriptor, of /sys or of a test's. -ENOENT: no such block device. -ENOMEM, -EMFILE, -ENFILE:
 * id->shortage.
 */
_must_check_ int sysfs_block_identify(struct identity *id, int sysfs,
                                      const char *sysname);
/*
 * Reads again what the kernel changes without a message: the state, the checksum of the WWID, and of
 * struct identity_scsi the handler and the timeout. id: as sysfs_block_identify() filled it in. Returns
 * the same.
 */
_must_check_ int sysfs_block_renew(struct identity *id, int sysfs, const char *sysname);

#endif
