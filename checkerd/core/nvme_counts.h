/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_NVME_COUNTS_H
#define CHECKERD_CORE_NVME_COUNTS_H

/*
 * How much the kernel's counters of an NVMe path have grown: the third part of a reason. Every
 * remembered change has a reason, so it has 15 bits: the size of each number. Pure; any thread.
 */
#include <stddef.h>
#include <stdint.h>

/* In the order in which a reason names them. */
enum nvme_count {
	NVME_RESETS,     /* of the controller */
	NVME_RECONNECTS, /* attempts of the controller to connect again */
	NVME_FAILOVERS,  /* commands that native multipathing sent through another path */
	NVME_ERRORS,     /* commands that failed */
	NVME_RETRIES,    /* commands that were sent again */
	NVME_COUNTS
};

#define NVME_COUNT_BITS  3
#define NVME_COUNTS_BITS (NVME_COUNTS * NVME_COUNT_BITS)

/* grown: by how much. */
uint16_t nvme_counts(const uint32_t grown[static NVME_COUNTS]);

/*
 * Writes for example "new: 1 reset, 10+ errors"; what does not fit is left out, words stay whole. "":
 * nothing has grown, or nothing fits. Always ends in NUL; returns the length.
 */
size_t nvme_counts_format(uint16_t counts, char *buf, size_t size);

#endif
