/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_SERVER_H
#define CHECKERD_CONTROL_SERVER_H

/* The control thread: waits for clients, for the port and for deadlines, and serves them. */
#include "checkerd/control/accept.h"
#include "checkerd/control/service.h"

struct server {
	struct service service;
	struct acceptor acceptor;
	_Atomic bool stop; /* [atomic any→control] */
};

/*
 * Makes everything but the thread; the timeouts of the service are the caller's to set. Takes
 * listen_fd over. server_deinit() has to follow in any case. -EINVAL: that socket does not
 * listen; -ENOMEM; or what the system calls say.
 */
_must_check_ int server_init(struct server *s, struct port *port, int listen_fd,
                             uint32_t max_clients);
void server_deinit(struct server *s);
/* Serves until s->stop is set. */
void server_serve(struct server *s);

#endif
