/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_NOTIFY_H
#define CHECKERD_MANAGER_NOTIFY_H

/* Sends messages to the service manager as sd_notify(3) does, but never blocks. The loop only. */
#include "util/macro.h"

struct notify {
	int fd; /* connected to NOTIFY_SOCKET; -1: there is no service manager */
};

#define NOTIFY_NULL \
	{           \
		-1  \
	}

/* Connects to NOTIFY_SOCKET, and removes it from the environment: it is not meant for the prober.
 * When it is not set, or nobody listens, fd stays -1. -errno: no memory or no descriptor: a service
 * manager that waits for READY=1 would never get it. */
_must_check_ int notify_init(struct notify *n);
void notify_deinit(struct notify *n);
/* 0, also without a service manager. -EAGAIN: its socket is full, try again later. */
_must_check_ int notify_send(const struct notify *n, const char *state);

#endif
