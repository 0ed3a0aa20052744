/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CLIENT_H
#define CHECKERD_CONTROL_CLIENT_H

/*
 * One connection. A client is in one state at a time, and its calls are served one after the
 * other:
 *
 *   READING ──▶ QUEUED ──▶ PARKED ──▶ PENDING ──▶ REPLYING ──▶ READING
 *
 * QUEUED: the list is long, and others come first. PARKED: the call waits for a snapshot that is newer
 * than the newest one. PENDING: the call waits for the main loop. A call may skip each of the three.
 * Nothing is taken from the socket in a state other than READING. The control thread's own.
 */
#include "checkerd/control/call.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/json_writer.h"
#include "checkerd/control/service.h"

enum client_state {
	CLIENT_FREE, /* the place is not taken */
	CLIENT_READING,
	CLIENT_QUEUED,
	CLIENT_PARKED,
	CLIENT_PENDING,
	CLIENT_REPLYING,
};

struct client {
	enum client_state state;
	uint32_t slot,
	        serial; /* serial: tells clients that follow each other in a slot apart */
	int fd;
	bool hung_up; /* the other end is closed: no epoll, but oneway calls may be left */
	uint32_t interest;          /* epoll events that are waited for */
	struct mono deadline;       /* of the state */
	struct mono reply_deadline; /* REPLYING: for all of the reply */

	char *in; /* REQUEST_SMALL bytes, or REQUEST_MAX + 1 that are borrowed */
	size_t in_size, in_used;
	size_t in_request; /* bytes of the request that is served, with its NUL */

	struct mono needs;   /* PARKED: a snapshot that is not older than this */
	struct mono accepts; /* or than this, while both snapshots are being read */
	uint64_t queued;     /* QUEUED: the smaller, the earlier */
	/* Others wait for its list until then, and not longer than until the end. 0: they do not. */
	struct mono list_until, list_end;
	struct call call;

	struct jw jw; /* the state of the document; the buffer is the service's */
	char *rest;   /* borrowed: what the socket did not take */
	size_t rest_size, rest_sent;
};

static inline struct client *client_of(struct call *c)
{
	return container_of(c, struct client, call);
}

/* Takes fd over when it succeeds. -ENOMEM, or what epoll_ctl() says. */
_must_check_ int client_init(struct service *s, struct client *c, int fd);
void client_drop(struct service *s, struct client *c);
/* Does all that can be done for the client without waiting. It may be dropped. */
void client_run(struct service *s, struct client *c);
/* A deadline has passed. */
void client_expired(struct service *s, struct client *c);
/* The other end was closed. */
void client_hangup(struct service *s, struct client *c);
/* The client has read something of its list: its time without progress begins anew. */
static inline void client_progress(const struct service *s, struct client *c)
{
	c->list_until = mono_min(c->list_end, mono_add(s->now, LIST_STALL_US));
}
/* The call needs a snapshot, and nobody comes first. client_run() has to follow. */
void client_park(struct service *s, struct client *c);
/* The newest snapshot fits. client_run() has to follow. */
void client_unpark(struct service *s, struct client *c);
/* The loop has answered everything. client_run() has to follow. */
void client_answered(struct service *s, struct client *c);

#endif
