/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_SOURCES_H
#define CHECKERD_LOOP_SOURCES_H

/*
 * The loop: what wakes the daemon, and in which order. The loop's thread only, and nothing
 * that is called from here may block.
 */
#include "checkerd/loop/daemon.h"

/* The signals the loop wants; to be blocked before any thread is started. */
void sources_block_signals(void);

/* Runs until a signal ends it. 0, or -errno: the loop could not be set up. */
_must_check_ int sources_run(struct daemon *d);

#endif
