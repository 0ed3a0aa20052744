/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_DISCOVERY_H
#define CHECKERD_DISCOVERY_DISCOVERY_H

/*
 * Finds the paths, on a thread of its own: in the `paths` section of the configuration, or with
 * udev. Records of what it finds go to the loop through a bounded ring. When the ring is full the
 * thread waits, so that no record is lost and the loop does not wait.
 *
 * Discovery keeps a list of what it reported, and compares each new list with it: the loop gets
 * only differences.
 */
#include <stdbool.h>

#include "checkerd/config/config_ref.h"
#include "checkerd/core/explanation.h"
#include "checkerd/discovery/found.h"
#include "util/room.h"

struct discovery;

/* Starts the thread, which waits for discovery_apply(). room: made before paths are reported.
 * -ENOMEM, -EAGAIN, -EMFILE. */
_must_check_ int discovery_new(struct discovery **ret, struct room *room);

/* Ends the thread. False: it hangs, and stays with its memory after limit_us. */
bool discovery_free(struct discovery *d, int64_t limit_us);

/* These are called on the loop. */

/* Uses this configuration from now on. Its records end with a FOUND_SYNC of its generation,
 * unless the next configuration comes first. */
void discovery_apply(struct discovery *d, struct config_ref *ref);
/* Makes the thread list the devices again, and report the differences. */
void discovery_look(struct discovery *d);
/* Makes the thread compare the kernel's timers again. The report's `asked` is the returned number,
 * or greater. */
uint32_t discovery_read_timers(struct discovery *d);
/* An explanation that was asked for, on its way there or back. */
struct discovery_answer {
	uint64_t token;
	struct explanation *explanation; /* owned */
};

/* Has the thread fill in an explanation, which it takes over. False: too many are on their way. */
_must_check_ bool discovery_explain(struct discovery *d,
                                    const struct discovery_answer *question);
/* Takes an explanation that is filled in. False: there is none. */
bool discovery_next_answer(struct discovery *d, struct discovery_answer *ret);
int discovery_fd(const struct discovery *d); /* POLLIN: records are waiting */
void discovery_clear(struct discovery *d); /* resets the descriptor; to be called first */
bool discovery_next(struct discovery *d, struct found *ret);

/* The most bytes, with the thread's stack and every device: for the bound. */
uint64_t discovery_bytes(uint32_t max_paths);

#endif
