/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_TIMERS_WAIT_H
#define CHECKERD_ANSWERS_TIMERS_WAIT_H

/* Clients that wait until discovery has read the kernel's timers again. The loop only. */
#include "checkerd/control/port.h"
#include "checkerd/paths/inventory.h"

/* Clients that can wait. Others are refused. */
#define TIMERS_WAITERS_MAX 32

struct timers_wait {
	/* Borrowed, as are the next two. */
	struct discovery *discovery;
	const struct inventory *inventory;
	struct port *port;
	/* The first n entries are in use. */
	struct {
		uint64_t token;
		uint32_t asked; /* the report's, or greater */
	} waiters[TIMERS_WAITERS_MAX];
	unsigned n;
};

/* The client gets a reply with the token. False: too many clients wait. */
bool timers_wait_add(struct timers_wait *w, uint64_t token);
/* To be called after discovery's records were applied. */
void timers_wait_progress(struct timers_wait *w);

#endif
