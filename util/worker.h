/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_WORKER_H
#define UTIL_WORKER_H

/*
 * What every thread that works for another one is made of: the thread, an eventfd to wake the
 * worker, an eventfd to notify its owner, and the flag that stops the worker. The worker may
 * block. The owner never does, except in worker_stop(), which has a limit.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include "util/ring.h"
#include "util/thread.h"
#include "util/wake.h"

struct worker {
	int out_fd;        /* [init] eventfd, worker→owner; -1: it notifies nobody */
	int wake_fd;       /* [init] eventfd, owner→worker */
	pthread_t thread;  /* [init] */
	_Atomic bool stop; /* [atomic owner→worker] */
};

#define WORKER_NULL                         \
	{                                   \
		.out_fd = -1, .wake_fd = -1 \
	}

/* Makes the eventfds; notifies: with out_fd. -errno, and then *w is WORKER_NULL. */
_must_check_ int worker_init(struct worker *w, bool notifies);
/* Starts the thread: see thread_start(). -errno. */
_must_check_ int worker_start(struct worker *w, const char *name, size_t stack_bytes,
                              void *(*fn)(void *), void *arg);
/* Stops and joins the thread. False: the thread still runs after limit_us. */
_must_check_ bool worker_stop(struct worker *w, int64_t limit_us);
/* Closes the eventfds. No thread runs. */
void worker_deinit(struct worker *w);

/* --- the owner --- */

static inline void worker_wake(struct worker *w)
{
	wake(w->wake_fd);
}

/* Takes the notification. False: there was none. */
static inline bool worker_clear(struct worker *w)
{
	return wake_clear(w->out_fd);
}

/* --- the worker's thread --- */

static inline bool worker_stopping(struct worker *w)
{
	return atomic_load(&w->stop);
}

static inline void worker_notify(struct worker *w)
{
	wake(w->out_fd);
}

enum { WORKER_WOKEN = 1, WORKER_READABLE = 2 };

/*
 * Waits until the owner wakes it, fd (-1: none) is readable, or timeout_ms (-1: none) are over.
 * Returns those of the bits above that are true; the wake-up is taken. -errno: memory was short for
 * a moment.
 */
int worker_wait(struct worker *w, int fd, int timeout_ms);

/*
 * Puts an element into the ring to the owner, and notifies it. While fewer than 1 + kept places are
 * free it waits for room, and calls `meanwhile` (NULL: nothing) again and again. -ECANCELED: the
 * worker is to stop, or meanwhile() returned a negative number.
 */
_must_check_ int worker_emit(struct worker *w, struct ring_producer *ring,
                             const void *element, uint32_t kept,
                             int (*meanwhile)(void *arg), void *arg);

#endif
