/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CONTROL_H
#define CHECKERD_CONTROL_CONTROL_H

/*
 * The Varlink server: a thread of its own over a port. A client never touches the loop; one
 * that sends garbage, sends slowly or never reads costs itself its connection.
 *
 * Who may connect may read: the socket's mode decides. Only root may change things, and the
 * daemon's own user when it does not run as root.
 */
#include "checkerd/control/port.h"

struct control;

/* Times of 0: the default in limits.h. */
struct control_options {
	struct port *port; /* has to outlive the control */
	int listen_fd;     /* taken over, also by a control_new() that fails: from socket
	                       * activation, or control_listen() */
	uint32_t max_clients;     /* of which a few places are kept for root */
	int64_t write_timeout_us; /* a client that takes nothing for so long is dropped */
	int64_t reply_timeout_us; /* so is one that has not taken all of a reply by then */
	int64_t idle_timeout_us;  /* so is one that asks nothing */
	int64_t request_timeout_us; /* so is one that has begun to ask and does not finish */
	int64_t loop_timeout_us;    /* for the loop's answer; then: Busy */
};

/*
 * Binds and listens. A socket with a living daemon behind it: -EADDRINUSE; one left over is
 * replaced; -EEXIST: something else has that name; -ENAMETOOLONG. Makes the directory when
 * there is none. The mode is 0660, the group `group` unless that is (gid_t)-1.
 *
 * -ENOTUNIQ: the name is not ours alone: the lock file beside it is somebody else's; or, for
 * root, others may replace what is in the directory.
 */
_must_check_ int control_listen(const char *path, gid_t group, int *ret_fd);
/*
 * May a socket that was handed over be served? -EPROTOTYPE: it is no unix stream socket that
 * listens; -EADDRNOTAVAIL: it has no name in the file system, so no owner and no mode: everybody
 * could connect.
 */
_must_check_ int control_may_serve(int fd);

/* Starts the thread. -EINVAL: not a listening unix socket; -ENOMEM; -EAGAIN: no thread. */
_must_check_ int control_new(struct control **ret, const struct control_options *o);
/* Stops the thread within a moment, whatever its clients do. NULL allowed; returns NULL. */
struct control *control_free(struct control *c);
/* Bytes it may use at most, the port's not counted: for the bound. */
uint64_t control_bytes(uint32_t max_paths, uint32_t max_clients);

#endif
