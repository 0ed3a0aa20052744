/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_DIAG_WATCH_H
#define CHECKERD_PATHS_DIAG_WATCH_H

/*
 * What the kernel's counters of NVMe paths were when the paths were added, or last came up. A failed
 * check compares them with the counters of now. A successful check reads none. The loop only.
 */
#include "checkerd/core/registry.h"
#include "checkerd/discovery/nvme_diag.h"

/*
 * Paths whose counters are known. Two paths whose indexes differ by a multiple of this number share a
 * place: the one that came up last has it, and the reasons of the other one have no counts.
 */
#define DIAG_WATCH_PLACES 1024

struct diag_watch {
	struct diag_place {
		uint32_t path, generation; /* generation 0: no path has the place */
		struct nvme_diag before;
	} of[DIAG_WATCH_PLACES];
};

/* The path is added, or came up: counts begin again. Returns how many attributes of sysfs it opened. */
unsigned diag_watch_begin(struct diag_watch *w, int sys_dev_block, uint32_t index,
                          const struct path *p);
/*
 * The path does not work: by how much the counters have grown, as nvme_counts(). 0: not, or it is not
 * known. Adds to *opened how many attributes of sysfs it opened.
 */
uint16_t diag_watch_counts(struct diag_watch *w, int sys_dev_block, uint32_t index,
                           const struct path *p, unsigned *opened);

#endif
