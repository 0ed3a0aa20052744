/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_WAITS_H
#define CHECKERD_ANSWERS_WAITS_H

/*
 * Requests for a check (PORT_CHECK with wait) that are answered when the check completes. Each
 * path has a list of them. The loop only.
 */
#include "checkerd/control/port.h"
#include "checkerd/paths/checks.h"

struct waiter;

struct waits {
	/* Borrowed. */
	struct port *port;
	uint32_t max_paths;
	/* The first request of each path. */
	uint32_t *first;
	/* As many as there may be requests without a reply. */
	struct waiter *waiters;
	uint32_t free_waiter;
};

/* Allocates everything. -ENOMEM: waits_deinit() is still allowed. */
_must_check_ int waits_init(struct waits *w, struct port *port);
void waits_deinit(struct waits *w);
/* Bytes that waits_init() allocates: for the limit of memory. */
uint64_t waits_bytes(uint32_t max_paths);

/* Keeps the request until waits_complete() of its path. */
void waits_add(struct waits *w, const struct port_request *r);
/* Replies to all who wait for a check of that path. error: 0, or positive errno. */
void waits_complete(struct waits *w, uint32_t path, int error, enum path_state state);
/* What calls waits_complete() for each check that completes. */
struct checks_listener waits_listener(struct waits *w);

#endif
