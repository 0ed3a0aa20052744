/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_PORT_H
#define CHECKERD_CONTROL_PORT_H

/*
 * Everything that the loop and the control thread exchange: rings of messages of fixed size
 * with an eventfd each way, and whole snapshots. Neither side ever waits for the other.
 *
 * loop → control: replies, events, snapshots. control → loop: requests.
 *
 * Each request but PORT_SNAPSHOT gets exactly one reply. The control thread never has more
 * requests without a reply than the reply ring holds, so a reply always finds room.
 * port_new() allocates everything except texts and the second snapshot.
 */
#include <sys/types.h>

#include "checkerd/control/snapshot.h"
#include "checkerd/core/event.h"
#include "checkerd/core/explanation.h"

enum port_op {
	/* Fill and publish a snapshot. No reply. */
	PORT_SNAPSHOT,
	/* Reply at once. */
	PORT_PING,
	/* Check the path now. Without wait: reply when the check is started. With wait: reply
	 * when the check has its final result or has timed out. Reply at once when the last check
	 * is past its deadline and still in the kernel. EBUSY: the path is not checked. */
	PORT_CHECK,
	/* The next ones change all paths of a batch, or none. EBUSY: a map would lose its last usable
	 * path. */
	/* arg: duration in microseconds; 0: until PORT_ENABLE. EBUSY. EPERM: as PORT_FAIL. */
	PORT_DISABLE,
	PORT_ENABLE,
	/* Fail the path in each of its maps, and keep it failed until PORT_REINSTATE. Reply when
	 * the commands are planned. EPERM: dm_control is off. ENXIO: no map has the path. EBUSY. */
	PORT_FAIL,
	/* End PORT_FAIL. EPERM and ENXIO as above. EXDEV: another disk has the path's number. EIO:
	 * PORT_FAIL ended, but the path's checks do not succeed. EINPROGRESS: it ended, but the path
	 * is held. */
	PORT_REINSTATE,
	/* Hold the path until PORT_UNSET_MARGINAL. ENXIO: the path is only observed. */
	PORT_SET_MARGINAL,
	/* End PORT_SET_MARGINAL, and a hold because of failures. ENXIO. EAGAIN: the path is held for
	 * another reason, too. */
	PORT_UNSET_MARGINAL,
	/* The maps of the path have as many paths as they should. ENXIO: no map has the path. */
	PORT_ACCEPT,
	/* Reinstate the path in each map in which checkerd failed it, and send no command for it
	 * until the next decision. ENXIO, EXDEV. */
	PORT_RELEASE,
	/* Reply when the configuration is applied, or refused (EINVAL). The text has the changes,
	 * or the errors. EBUSY: too many requests wait for a reload. */
	PORT_RELOAD,
	/* arg: syslog level, 0 to 7. */
	PORT_LOG_LEVEL,
	/* Read the kernel's timers again. Reply when a snapshot has them. EBUSY: too many requests
	 * wait for them. */
	PORT_READ_TIMERS,
	/* Have discovery fill in the explanation, and reply then. EBUSY: too many are asked for. */
	PORT_EXPLAIN,
};

/* One path of a request that changes paths. */
struct port_item {
	/* A reference, the control thread's: the path as the client saw it. */
	struct device *device;
	/* A reference, from the loop: the first map that has the path; with EBUSY the map that would
	 * lose its last usable path. NULL: it is the map that the device names, or none. */
	struct map *map;
	/* As in a snapshot. */
	uint32_t index, generation;
	/* From the loop: 0, or why the path was refused, as of enum port_op. ESTALE: the path was
	 * removed, or its index belongs to another path. */
	int error;
	/* From the loop: after the operation. */
	enum path_state state;
};

/*
 * All paths that one request changes, at once or not at all. The control thread makes it, the loop
 * has it from the request to the reply.
 */
struct port_batch {
	/* The client named each path: one that cannot be changed refuses all. Else the paths were
	 * selected, and those that cannot be changed are excluded. */
	bool named;
	/* Also if a map loses its last usable path. */
	bool force;
	/* PORT_DISABLE: fail the paths too, until they are enabled. */
	bool empty;
	uint32_t n;
	struct port_item items[];
};

struct port_request {
	enum port_op op;
	bool wait;
	/* PORT_RELEASE: every path; batch is NULL. */
	bool all;
	/* PORT_DISABLE to PORT_RELEASE. */
	struct port_batch *batch;
	/* PORT_EXPLAIN: owned by the loop from the request to the reply. */
	struct explanation *explanation;
	/* As in a snapshot. The reply is ESTALE when the path has another generation now. */
	uint32_t path, generation;
	int64_t arg;
	/* The reply has the same token. */
	uint64_t token;
	/* The client, for the log. */
	uid_t uid;
	pid_t pid;
};

enum port_content { PORT_CONTENT_TEXT, PORT_CONTENT_BATCH, PORT_CONTENT_EXPLANATION };

struct port_reply {
	uint64_t token;
	/* 0, or positive errno. ESTALE: the path was removed. */
	int error;
	/* The path's state after the operation. */
	enum path_state state : 8;
	/* Which of the pointers below it is. All zero: a text, or nothing. */
	enum port_content content : 8;
	union {
		/* A reference that the receiver takes over, or NULL. PORT_RELOAD: the changes, or
		 * the errors, one a line. */
		struct text *text;
		/* The request's. */
		struct port_batch *batch;
		struct explanation *explanation;
	};
};

static_assert(sizeof(struct port_reply) <= 24, "thousands of them are in locked memory");

/* Each of them: NULL: the reply has another content, or none. */
static inline struct text *port_reply_text(const struct port_reply *r)
{
	return r->content == PORT_CONTENT_TEXT ? r->text : NULL;
}

static inline struct port_batch *port_reply_batch(const struct port_reply *r)
{
	return r->content == PORT_CONTENT_BATCH ? r->batch : NULL;
}

static inline struct explanation *port_reply_explanation(const struct port_reply *r)
{
	return r->content == PORT_CONTENT_EXPLANATION ? r->explanation : NULL;
}

/* Of a batch with n items. */
size_t port_batch_bytes(uint32_t n);
/* Gives back the references. */
void port_batch_drop(struct port_batch *b);
/* Gives back the references, and frees the block (util/block.h). NULL allowed. */
void port_batch_free(struct port_batch *b);

struct port;

/* max_paths: 1 to REGISTRY_PATHS_MAX. -ENOMEM, -EINVAL, or what eventfd() says. */
_must_check_ int port_new(struct port **ret, uint32_t max_paths);
/* Before both sides start. Snapshots get memory for as many rows as the room has. */
void port_use_room(struct port *p, const struct room *room);
/* Both sides must have stopped. NULL allowed; returns NULL. */
struct port *port_free(struct port *p);
/* Bytes that port_new() allocates: for the limit of memory. */
uint64_t port_bytes(uint32_t max_paths);
uint32_t port_max_paths(const struct port *p);
/* How many requests may be without a reply. */
uint32_t port_replies_max(uint32_t max_paths);

/* --- the loop's side --- */
/* POLLIN: requests are waiting. */
int port_loop_fd(const struct port *p);
/* Makes port_loop_fd() unreadable: call it before port_loop_next(). */
void port_loop_clear(struct port *p);
/* False: there is no request. */
bool port_loop_next(struct port *p, struct port_request *ret);
/* Takes over reply->text. */
void port_loop_reply(struct port *p, const struct port_reply *reply);
/* Drops and counts the event when there is no room. */
void port_loop_event(struct port *p, const struct event *e);
/* Is at least half of the ring of events free? Then a few fit, whatever their length. */
bool port_loop_has_room(const struct port *p);
/*
 * The snapshot to fill, empty except for its times. NULL: the control thread still reads both;
 * it does not when it requests one. Filling may take many rounds of the loop. A snapshot that
 * was begun and not published is begun again.
 */
struct snapshot *port_loop_snapshot_begin(struct port *p);
/* Hands over the snapshot that port_loop_snapshot_begin() returned. */
void port_loop_snapshot_publish(struct port *p, struct snapshot *s);

/* --- the control thread's side --- */
/* POLLIN: replies, events, a snapshot, or room for a request. */
int port_control_fd(const struct port *p);
/* Makes port_control_fd() unreadable: call it before taking what there is. */
void port_control_clear(struct port *p);
/* Makes port_control_fd() readable. Any thread. */
void port_control_wake(struct port *p);
/* How many requests may be without a reply. */
uint32_t port_control_replies_max(const struct port *p);
/* False: no room. port_control_fd() is readable when there is room again. */
_must_check_ bool port_control_request(struct port *p, const struct port_request *r);
/* False: there is no reply. The caller takes over ret->text. */
bool port_control_reply(struct port *p, struct port_reply *ret);
/* False: there is no event. */
bool port_control_event(struct port *p, struct event *ret);
uint64_t port_control_events_lost(struct port *p);
/* The newest snapshot since the last call, or NULL. The caller releases it, and has two of them
 * at most. */
struct snapshot *port_control_snapshot(struct port *p);
/*
 * Allocates the second snapshot, for a request that is made while the first one is being read.
 * It is freed when one of the two is released. -ENOMEM: the loop publishes nothing.
 */
_must_check_ int port_control_snapshot_bring(struct port *p);
/* True: the second snapshot is allocated. */
bool port_control_snapshot_brought(const struct port *p);
/* Gives back the snapshot, and the references that it holds. */
void port_control_snapshot_release(struct port *p, struct snapshot *s);

#endif
