/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_NOTIFY_H
#define CHECKERD_MANAGER_NOTIFY_H

/*
 * Tells the service manager, as sd_notify(3) does, but never blocks: the loop calls it.
 */
#include "util/macro.h"

struct notify {
	int fd; /* connected to NOTIFY_SOCKET; -1: nobody wants to know */
};

#define NOTIFY_NULL \
	{           \
		-1  \
	}

/* Connects, and takes NOTIFY_SOCKET out of the environment: it is not the prober's. Without
 * one, or when nobody is there, it is left unconnected. -errno: there is no memory or no
 * descriptor for it; who waits for READY=1 would wait in vain. */
_must_check_ int notify_init(struct notify *n);
void notify_deinit(struct notify *n);
/* 0, also when nobody wants to know; -EAGAIN: the manager is behind, try again later. */
_must_check_ int notify_send(const struct notify *n, const char *state);

#endif
