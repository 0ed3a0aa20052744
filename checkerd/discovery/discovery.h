/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_DISCOVERY_H
#define CHECKERD_DISCOVERY_DISCOVERY_H

/*
 * Finds out which paths there are, on a thread of its own: from the configuration's `paths`
 * section, or from udev. What it finds goes to the loop as records through a bounded ring;
 * when that is full the thread waits, so that nothing is lost and the loop never has to.
 *
 * Its own list of what it has told is the truth a reload or a re-enumeration is compared
 * with: the loop only ever sees differences.
 */
#include <stdbool.h>

#include "checkerd/config/config_ref.h"
#include "checkerd/discovery/found.h"

struct discovery;

/* Starts the thread, which then waits for discovery_apply(). -ENOMEM, -EAGAIN, -EMFILE. */
_must_check_ int discovery_new(struct discovery **ret);

/* Ends the thread; false: it hangs and was left behind with its memory after limit_us. */
bool discovery_free(struct discovery *d, int64_t limit_us);

/* --- the loop's side --- */

/* From now on this configuration counts. Its records end with a FOUND_SYNC of its
 * generation; a configuration that is overtaken by the next one may never give one. */
void discovery_apply(struct discovery *d, struct config_ref *ref);
/* Makes the thread compare what there is now with what it has told. The loop. */
void discovery_look(struct discovery *d);
int discovery_fd(const struct discovery *d); /* POLLIN: records are waiting */
void discovery_clear(struct discovery *d);   /* resets the descriptor, before taking */
bool discovery_next(struct discovery *d, struct found *ret);

/* Bytes at most, its thread's stack and every device included: for the bound. */
uint64_t discovery_bytes(uint32_t max_paths);

#endif
