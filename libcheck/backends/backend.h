/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_BACKENDS_BACKEND_H
#define LIBCHECK_BACKENDS_BACKEND_H

/*
 * The kernel's asynchronous requests behind four functions: reads by Linux AIO, and SCSI commands
 * by the sg driver. A context belongs to one group: a rescuer sets it up, the submitter submits to it,
 * also rescuers submit commands to it, and the group's reaper reaps and destroys it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "libcheck/checkers/scsi_command.h"
#include "util/macro.h"

/*
 * One read of len bytes at offset 0 that does not block (RWF_NOWAIT), or one SCSI command. It is
 * embedded in a slot, and must stay where it is until its event has been reaped.
 */
struct backend_request {
	union {
		uint64_t opaque[8];        /* libaio's own, first */
		struct scsi_exchange scsi; /* its answer is there with the event */
	};
	int fd;
	union {
		uint32_t len;  /* of a read */
		uint32_t slot; /* of a command: the number of its slot in the group */
	};
	void *buffer;
};

/* Returned by submit() of a command: its answer is there, and no event will come. */
#define BACKEND_ANSWERED 2

struct backend_event {
	struct backend_request *request;
	int64_t result; /* of a read: bytes; of a command: 0; or -errno */
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
	 * Hands over requests in order: commands one at a time, which may block. Returns how many
	 * the kernel has taken, at least 1, or BACKEND_ANSWERED. Or -errno for the first of them,
	 * and none was taken.
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

/* The most memory of this process that a context takes. */
#define BACKEND_CONTEXT_BYTES (68 * 1024)

extern const struct backend backend_libaio, backend_sg;

/* One for each kind of group. */
struct backends {
	const struct backend *reads, *commands;
};
#define BACKENDS_LINUX ((const struct backends){ &backend_libaio, &backend_sg })

#endif
