/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PURGER_PURGE_DISK_H
#define CHECKERD_PURGER_PURGE_DISK_H

/*
 * Deletes one SCSI disk from this host: sysfs(5), device/delete. Runs in checkerd-purger, because
 * the kernel may wait without a limit: for the requests of the disk (del_gendisk()), and for a scan
 * or the error recovery of its host (scsi_remove_device() in drivers/scsi/scsi_sysfs.c).
 */
#include <stdint.h>

#include "util/macro.h"

#define PURGE_HCIL_MAX 32 /* bytes of "H:C:T:L", final NUL included */

/* What tells this disk from any other one. */
struct purge_disk {
	uint32_t devt_major, devt_minor;
	uint64_t
	        diskseq; /* the kernel's sequence number, which is never used again; not 0 */
	char hcil[PURGE_HCIL_MAX];
};

/* "8:16", "42" and "3:0:0:1". -EINVAL. */
_must_check_ int purge_disk_parse(struct purge_disk *ret, const char *devt,
                                  const char *diskseq, const char *hcil);

/*
 * sys_dev_block: a descriptor of /sys/dev/block. -ESTALE: another disk has the device number or the
 * address. -ENOENT, -ENODEV: the disk is gone, or it is not a SCSI disk. Others as of the write:
 * -EROFS, -EACCES.
 */
_must_check_ int purge_disk_delete(int sys_dev_block, const struct purge_disk *d);

#endif
