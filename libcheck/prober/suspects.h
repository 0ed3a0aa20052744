/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SUSPECTS_H
#define LIBCHECK_PROBER_SUSPECTS_H

/*
 * A batch that blocks its submitter. The kernel does not tell which request of the batch
 * blocks, so the path of each request without an answer is a suspect: rescuers read it until
 * one of these reads is quick. A caller's next prober is told of suspects (shared.suspects).
 *
 * If one request has no answer, its submit blocks, and its time runs. If several have none, nothing
 * is known of any of their devices. io_submit keeps the requests of a batch in a plug
 * (block/blk-mq.c), and gives them to their drivers later, in another order: the driver of the first
 * one may not have it yet. The checks of these paths get other slots, and rescuers read them.
 * The old slots become orphans: the kernel may take their requests when the thread goes on. An
 * orphan keeps the path's descriptor, and the path gets a copy, so that no number is used again
 * meanwhile.
 *
 * A SCSI command is a batch of its own. Its write sleeps for a tag of its HBA, so the HBA is slow:
 * runners.h. The command itself stays with the stuck thread, and counts as deferred.
 */
#include "libcheck/prober/submitter.h"

/* The submitter is stuck in that batch, which is of this group. Watcher only. */
void suspects_note(struct group *g, uint64_t batch);
/* Has rescuers check each path of the batch without an answer. The new submitter only. */
void suspects_rescue(struct submitter *sub, struct group *g, uint64_t batch);

#endif
