/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PENDING_H
#define CHECKERD_CONTROL_PENDING_H

/*
 * Requests that the main loop has not answered. The table has as many places as the port can hold
 * replies, so each reply finds room there. The control thread's own.
 *
 * A token names a place and one use of it. It goes to the loop with the request and comes back
 * with the reply.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

struct call;

struct pending {
	struct call *call; /* NULL: the place is free, or nobody waits for the reply */
	uint32_t target;   /* of the call */
	uint32_t serial;   /* changes with each use */
	uint32_t next_free;
};

struct pending_table {
	struct pending *all;
	uint32_t n, n_free, first_free;
};

_must_check_ int pending_init(struct pending_table *t, uint32_t n); /* -ENOMEM */
void pending_deinit(struct pending_table *t);
/* False: no more than `spare` places are free, and they stay free. */
_must_check_ bool pending_take(struct pending_table *t, struct call *call,
                               uint32_t target, uint32_t spare, uint64_t *ret_token);
/* The request of the token was not sent. */
void pending_return(struct pending_table *t, uint64_t token);
/* Frees the place. The call that waits, and its target; NULL: no call waits any more. */
struct call *pending_answered(struct pending_table *t, uint64_t token,
                              uint32_t *ret_target);
/* The call no longer waits for its n unanswered requests. The replies free the places. */
void pending_forget(struct pending_table *t, const struct call *call, uint32_t n);

#endif
