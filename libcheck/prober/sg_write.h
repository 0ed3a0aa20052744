/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SG_WRITE_H
#define LIBCHECK_PROBER_SG_WRITE_H

/*
 * The write of one SCSI command, in three parts: before it and after it the lock is held. The
 * submitter writes the commands of an HBA whose writes do not sleep, and runners those of the others.
 * No deadline runs before the write has returned, because the write may sleep. Then the thread
 * may not have the slot any more: an answer that overtakes it may have freed the slot. The number tells.
 */
#include "libcheck/prober/group.h"

struct sg_write {
	struct slot *slot; /* NULL: nothing was written */
	void *context;     /* NULL: its path is gone */
	uint64_t number;   /* a batch of one: see slot.batch */
	struct mono before;
	int result; /* of the backend's submit() */
};

/* With group.lock held. Builds the command that is due, also for SG_IO. */
void sg_write_prepare(struct group *g, struct slot *s);
/* With group.lock held. The prepared command enters the context. */
void sg_write_begin(struct sg_write *w, struct group *g, struct slot *s, uint64_t number,
                    struct mono now);
/* Lock not held. May sleep. */
void sg_write_do(struct sg_write *w, struct group *g);
/*
 * With group.lock held. True: the reaper has to be woken. A check that ends well here has its result
 * in *results, which is not full, and its slot is given back. NULL: the reaper completes it.
 */
_must_check_ bool sg_write_end(const struct sg_write *w, struct group *g, struct mono now,
                               struct result_batch *results);

#endif
