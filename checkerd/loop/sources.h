/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_SOURCES_H
#define CHECKERD_LOOP_SOURCES_H

/* The loop: what wakes the daemon, and in which order. The loop's thread only. No function that is
 * called from here may block. */
#include "checkerd/loop/daemon.h"

/* Blocks the signals that the loop reads. To be called before the first thread starts. */
void sources_block_signals(void);

/* Runs the loop until a signal ends it. 0, or -errno: the loop could not start. */
_must_check_ int sources_run(struct daemon *d);

#endif
