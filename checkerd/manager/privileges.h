/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_PRIVILEGES_H
#define CHECKERD_MANAGER_PRIVILEGES_H

/*
 * What keeps the daemon going when the system is short of memory or of I/O, as far as it may
 * have it. What it may not have is said once, and kept for show status.
 */
#include "checkerd/control/snapshot.h"

struct warnings {
	unsigned n;
	char text[SNAP_WARNINGS_MAX][SNAP_WARNING_SIZE];
};

/* More than there is room for is dropped. */
void warnings_add(struct warnings *w, const char *format, ...) _printf_(2, 3);

/*
 * Realtime priority for the calling thread, and for the threads and processes it starts from now
 * on, until it is taken back for those that do not need it. 0: none is wanted. w: NULL when it
 * was said before.
 */
void privileges_realtime(struct warnings *w, uint32_t priority);
void privileges_no_realtime(void);

/*
 * To be called before anything is allocated: what is large goes back to the kernel when it is
 * freed, and is not locked as a hole in the heap.
 */
void privileges_prepare(void);

/*
 * To be called before any thread is started: they inherit. descriptors: how many one process
 * may need.
 */
void privileges_acquire(struct warnings *w, uint32_t descriptors);

#endif
