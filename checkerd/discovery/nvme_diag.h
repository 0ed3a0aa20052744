/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_NVME_DIAG_H
#define CHECKERD_DISCOVERY_NVME_DIAG_H

/*
 * The counters of an NVMe path and of its controller in the folders `diag` of sysfs, which Linux has
 * since 7.2. Runs on the loop.
 *
 * Reading them never blocks: each show function in drivers/nvme/host/sysfs.c prints one number from the
 * kernel's memory, without a lock. For the rest see device_state.h.
 */
#include "checkerd/core/device.h"
#include "checkerd/core/nvme_counts.h"

/* No counter has this value: it is not known. A larger one is NVME_DIAG_MAX. */
#define NVME_DIAG_UNKNOWN UINT32_MAX
#define NVME_DIAG_MAX     (UINT32_MAX - 1)

struct nvme_diag {
	uint32_t value[NVME_COUNTS];
};

/* Attributes that nvme_diag_read() opens, for callers that limit their work. */
#define NVME_DIAG_ATTRIBUTES (NVME_COUNTS + 1)

/* Is it an NVMe path, which may have counters? */
bool nvme_diag_may_have(const struct device *d);
/*
 * sys_dev_block: a descriptor of /sys/dev/block, or -1. False: there is no counter, because the kernel is
 * older, or the device is gone, or memory or descriptors are short. Allocates nothing.
 */
bool nvme_diag_read(int sys_dev_block, const struct device *d, struct nvme_diag *ret);

#endif
