/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PORT_H
#define CHECKERD_CONTROL_PORT_H

/*
 * The one door between the loop and the control thread: rings of fixed-size messages with an
 * eventfd each way, and snapshots handed over whole. Neither side ever waits for the other.
 *
 * loop → control: replies, events, snapshots. control → loop: requests.
 *
 * Every request but PORT_SNAPSHOT gets exactly one reply, and the control thread never has
 * more requests without a reply than the reply ring holds: a reply always finds room.
 * Everything is allocated by port_new(), but for the texts and the second snapshot.
 */
#include <sys/types.h>

#include "checkerd/control/snapshot.h"
#include "checkerd/core/event.h"

enum port_op {
	PORT_SNAPSHOT, /* fill and publish a snapshot; no reply */
	PORT_PING,     /* reply at once */
	/* Check path now. Without wait: reply when that is arranged. With wait: reply when the
	 * check has its final result or has timed out; at once when
	 * the last check is past its deadline and still in the kernel, or when nothing can be
	 * checked (disabled: EBUSY). */
	PORT_CHECK,
	PORT_DISABLE, /* arg: for how long in microseconds, 0: until enabled */
	PORT_ENABLE,
	/* Fail the path in every map that it is in, and keep it failed until it is reinstated.
	 * Reply when that is arranged, or refused: EPERM: dm_control is off; ENXIO: it is in no
	 * map; EBUSY: it is a map's last path, and keep_last_path. */
	PORT_FAIL,
	/* Take that back. EPERM, ENXIO; EXDEV: another disk is there; EIO: done, but its checks
	 * do not find it good. */
	PORT_REINSTATE,
	/* Give the path back in every map in which it was failed, and let go of it until the next
	 * decision; all: every path. ENXIO, EXDEV. */
	PORT_RELEASE,
	/* Reply when applied, or refused (EINVAL); the text says what or why. EBUSY: another one
	 * is on its way. */
	PORT_RELOAD,
	PORT_LOG_LEVEL, /* arg: syslog level 0..7 */
};

struct port_request {
	enum port_op op;
	bool wait;
	bool all; /* RELEASE: path does not matter */
	uint32_t path,
	        generation; /* of a snapshot; another generation now: reply ESTALE */
	int64_t arg;
	uint64_t token; /* handed back in the reply */
	uid_t uid;      /* who asks, for the log */
	pid_t pid;
};

struct port_reply {
	uint64_t token;
	int error;             /* 0, or positive errno: ESTALE: that path is gone */
	enum path_state state; /* what is about a path: its state, after it */
	struct text *text; /* a reference that goes along, or NULL. RELOAD: what changed,
	                        * or every error, one a line */
};

struct port;

/* max_paths: 1 to REGISTRY_PATHS_MAX. -ENOMEM, -EINVAL, or what eventfd() says. */
_must_check_ int port_new(struct port **ret, uint32_t max_paths);
/* When both sides have stopped. NULL allowed; returns NULL. */
struct port *port_free(struct port *p);
/* Bytes port_new(max_paths) takes: for the bound. */
uint64_t port_bytes(uint32_t max_paths);
uint32_t port_max_paths(const struct port *p);
uint32_t port_replies_max(uint32_t max_paths); /* requests that may be without a reply */

/* --- the loop's side --- */
int port_loop_fd(const struct port *p); /* POLLIN: requests are waiting */
void port_loop_clear(struct port *p);   /* resets that; before taking the requests */
bool port_loop_next(struct port *p, struct port_request *ret);
/* Takes over reply->text. */
void port_loop_reply(struct port *p, const struct port_reply *reply);
/* No room: it is dropped and counted. */
void port_loop_event(struct port *p, const struct event *e);
/*
 * The snapshot that may be filled now, emptied but for its times; NULL while the control
 * thread still reads the last two, which it does not when it asks for one. Filling may take
 * many rounds of the loop; one that is begun and not published is to be begun again.
 * Publish hands it over.
 */
struct snapshot *port_loop_snapshot_begin(struct port *p);
void port_loop_snapshot_publish(struct port *p, struct snapshot *s);

/* --- the control thread's side --- */
/* POLLIN: replies, events, a snapshot, or room. */
int port_control_fd(const struct port *p);
void port_control_clear(struct port *p); /* resets that; before draining */
void port_control_wake(struct port *p);  /* makes it readable; any thread */
/* How many requests may be without a reply. */
uint32_t port_control_replies_max(const struct port *p);
/* False: no room; port_control_fd() tells when there is some again. */
_must_check_ bool port_control_request(struct port *p, const struct port_request *r);
bool port_control_reply(struct port *p, struct port_reply *ret); /* ret->text: to unref */
bool port_control_event(struct port *p, struct event *ret);
uint64_t port_control_events_lost(struct port *p);
/* Takes over the newest snapshot published since the last call; NULL: none was. At most two
 * can be had at once. */
struct snapshot *port_control_snapshot(struct port *p);
/*
 * Brings the memory of the second snapshot, for a request that is made while the first one is
 * still being read; it is taken away when one of them is released. -ENOMEM: the loop does
 * without, and publishes nothing.
 */
_must_check_ int port_control_snapshot_bring(struct port *p);
/* It has been, and not taken away yet. */
bool port_control_snapshot_brought(const struct port *p);
/* Gives back what the snapshot holds, and the snapshot. */
void port_control_snapshot_release(struct port *p, struct snapshot *s);

#endif
