/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_ACCEPT_H
#define CHECKERD_CONTROL_ACCEPT_H

/* Lets clients in, up to the limits of control_limits.h. The control thread's own. */
#include "checkerd/control/service.h"

#define ACCEPT_EVENT UINT64_MAX /* epoll's data of the listening socket */

struct acceptor {
	int listen_fd;
	int reserve_fd; /* closed to accept one client when no other descriptor is left */
	struct mono again; /* the listening socket is not watched until then */
};

#define ACCEPTOR_NULL                                                  \
	{                                                              \
		.listen_fd = -1, .reserve_fd = -1, .again = MONO_NEVER \
	}

/*
 * Takes listen_fd over, also when it fails. accept_deinit() has to follow in any case.
 * -EINVAL: that socket does not listen; or what the system calls say.
 */
_must_check_ int accept_init(struct acceptor *a, const struct service *s, int listen_fd);
void accept_deinit(struct acceptor *a);
/* Accepts the clients that wait in the backlog. */
void accept_clients(struct acceptor *a, struct service *s);

#endif
