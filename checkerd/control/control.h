/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CONTROL_H
#define CHECKERD_CONTROL_CONTROL_H

/*
 * The Varlink server: a thread of its own over a port. A client never touches the loop; one
 * that sends garbage, sends slowly or never reads costs itself its connection.
 */
#include "checkerd/control/port.h"

struct control;

struct control_options {
	struct port *port;
	int listen_fd;         /* taken over: from socket activation, or control_listen() */
	uint32_t max_clients;  /* of which a few places are kept for root */
	int64_t write_timeout_us, idle_timeout_us;
	gid_t group;           /* may read; (gid_t)-1: root only */
};

/*
 * Binds and listens. A socket with a living daemon behind it: -EADDRINUSE; one left over is
 * replaced. The mode is 0660, owner root, `group` when it is one.
 */
_must_check_ int control_listen(const char *path, gid_t group, int *ret_fd);

_must_check_ int control_new(struct control **ret, const struct control_options *o);
/* Stops the thread within a moment, whatever its clients do. */
struct control *control_free(struct control *c);

#endif
