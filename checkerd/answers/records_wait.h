/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_ANSWERS_RECORDS_WAIT_H
#define CHECKERD_ANSWERS_RECORDS_WAIT_H

/*
 * Replies to requests that changed paths. They wait until the state file has the changes, so the next
 * daemon knows what a client was told, also after SIGKILL. The loop only.
 */
#include "checkerd/control/port.h"
#include "checkerd/paths/persist.h"

/* A reply waits no longer: the memory of tmpfs may be swapped out. */
#define RECORDS_WAIT_US USEC_PER_SEC

struct waiting_reply;

struct records_wait {
	/* Borrowed, as is the next one. */
	struct port *port;
	const struct persist *persist;
	/* Owned: a queue. The first n_counted of them wait for a record with a known number. */
	struct waiting_reply *replies;
	uint32_t room, first, n, n_counted;
	/* When records_wait_progress() is needed although nothing was written. */
	struct mono next;
};

/* Allocates everything. -ENOMEM: records_wait_deinit() is still allowed. */
_must_check_ int records_wait_init(struct records_wait *w, struct port *port,
                                   const struct persist *persist);
/* Sends the replies that still wait: persist_finish() writes the records. */
void records_wait_deinit(struct records_wait *w);
/* Bytes that records_wait_init() allocates: for the limit of memory. */
uint64_t records_wait_bytes(uint32_t max_paths);

/* The paths were touched. Takes the reply over. */
void records_wait_add(struct records_wait *w, const struct port_reply *reply,
                      struct mono now);
/* To be called after persist_run(). Sends the replies whose records were written. */
void records_wait_progress(struct records_wait *w, struct mono now);
static inline struct mono records_wait_next(const struct records_wait *w)
{
	return w->next;
}

#endif
