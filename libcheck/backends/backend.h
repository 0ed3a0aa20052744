/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_BACKENDS_BACKEND_H
#define LIBCHECK_BACKENDS_BACKEND_H

/*
 * The kernel's asynchronous reads behind four functions. A context belongs to one group: a
 * rescuer sets it up, the submitter submits to it, and the group's reaper reaps and destroys
 * it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

/*
 * One read of len bytes at offset 0 that does not block (RWF_NOWAIT). It is embedded in a slot,
 * and must stay where it is until its event has been reaped.
 */
struct backend_request {
	uint64_t opaque[8]; /* the backend's own, first */
	int fd;
	uint32_t len;
	void *buffer;
};

struct backend_event {
	struct backend_request *request;
	int64_t result; /* bytes, or -errno */
};

struct backend {
	/*
	 * A context for this many requests. wake_fd: an eventfd; when it is written to, a
	 * reap() that sleeps returns, and clears it. A context for less than a whole group
	 * writes to it for each event, because the reaper may sleep in another context. It may
	 * block: rescuers only. -EAGAIN: the quota is used up; -ENOMEM; or another -errno.
	 */
	int (*setup)(unsigned slots, int wake_fd, void **ret_context);
	/*
	 * Hands over requests in order. Returns how many the kernel has taken, at least 1; or
	 * -errno for the first of them, and none was taken.
	 */
	int (*submit)(void *context, struct backend_request *const *requests, unsigned n);
	/*
	 * Waits up to timeout_us (negative: without end) for events or wake_fd. Returns how
	 * many it has stored, possibly 0; fewer than n: there are no more at the moment.
	 */
	int (*reap)(void *context, struct backend_event *events, unsigned n,
	            int64_t timeout_us);
	/* Waits without end for requests in flight; their events are lost. Reapers only. */
	void (*destroy)(void *context);
};

extern const struct backend backend_libaio;

#endif
