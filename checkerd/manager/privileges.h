/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_PRIVILEGES_H
#define CHECKERD_MANAGER_PRIVILEGES_H

/*
 * Privileges with which the daemon goes on when the system is short of memory or I/O. Each missing
 * privilege is reported once, and kept for `show status`.
 */
#include "checkerd/control/snapshot.h"

struct warnings {
	unsigned n;
	const char *ids[SNAP_WARNINGS_MAX]; /* SNAP_WARNING_… */
	char text[SNAP_WARNINGS_MAX][SNAP_WARNING_SIZE];
};

/* Drops the warning when there is no room. */
void warnings_add(struct warnings *w, const char *id, const char *format, ...)
        _printf_(3, 4);

/*
 * Gives the calling thread realtime priority. Threads and processes that it starts later inherit it,
 * until privileges_no_realtime(). priority 0: does nothing. w: NULL: does not warn again.
 */
void privileges_realtime(struct warnings *w, uint32_t priority);
void privileges_no_realtime(void);

/*
 * To be called before the first allocation: large blocks go back to the kernel when they are freed,
 * and are not locked as a hole in the heap.
 */
void privileges_prepare(void);

/*
 * To be called before the first thread starts: threads inherit the privileges. descriptors: how many
 * one process may need.
 */
void privileges_acquire(struct warnings *w, uint32_t descriptors);

#endif
