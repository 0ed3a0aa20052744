/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SUSPECTS_H
#define LIBCHECK_PROBER_SUSPECTS_H

/*
 * A batch that blocks its submitter. The kernel does not tell which request of the batch
 * blocks, so the path of each request without an answer is a suspect: rescuers read it until
 * one of these reads is quick. A caller's next prober is told of suspects (shared.suspects).
 *
 * The first request without an answer was handed to the kernel by now: its time runs, since
 * those before it may be what took so long. The others may not be handed over yet by the thread
 * that is stuck, so nothing is known of their devices. Their checks get other slots, and
 * rescuers read them. The old slots become orphans: the kernel may take their requests when the
 * thread goes on. An orphan keeps the path's descriptor, and the path gets a copy, so that no
 * number is used again meanwhile.
 */
#include "libcheck/prober/submitter.h"

/* The submitter is stuck in that batch, which is of this group. Watcher only. */
void suspects_note(struct group *g, uint64_t batch);
/* Checks what is behind the blocking request in another way. The new submitter only. */
void suspects_rescue(struct submitter *sub, struct group *g, uint64_t batch);

#endif
