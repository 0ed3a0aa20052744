/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the listening socket. The control thread runs it. It admits as many clients as there are
 * places: some are kept for root, and each other user has a share. A client that is refused is
 * told why.
 */
#include "checkerd/control/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/reply.h"

static int watch_listening(const struct service *s, int fd, int operation,
                           uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u64 = ACCEPT_EVENT };

	return epoll_ctl(s->epoll_fd, operation, fd, &e) < 0 ? -errno : 0;
}

int accept_init(struct acceptor *a, const struct service *s, int listen_fd)
{
	int listening = 0, flags;
	socklen_t size = sizeof(listening);

	*a = (struct acceptor)ACCEPTOR_NULL;
	a->listen_fd = listen_fd;
	if (getsockopt(listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 ||
	    !listening)
		return -EINVAL;
	flags = fcntl(listen_fd, F_GETFL);
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	a->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (a->reserve_fd < 0)
		return -errno;
	return watch_listening(s, listen_fd, EPOLL_CTL_ADD, EPOLLIN);
}

void accept_deinit(struct acceptor *a)
{
	if (a->reserve_fd >= 0)
		close(a->reserve_fd);
	if (a->listen_fd >= 0)
		close(a->listen_fd);
	*a = (struct acceptor)ACCEPTOR_NULL;
}

static void refuse(const struct service *s, int fd)
{
	struct jw j;

	jw_init(&j, s->out, OUT_SIZE);
	reply_write_error(&j, REPLY_BUSY, "reason", "too many clients");
	/* A courtesy: an empty socket has room for it. */
	(void)!send(fd, s->out, j.used, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* The daemon's own user counts as root does. */
static bool is_privileged(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* May this user have another client? */
static bool has_share(const struct service *s, uid_t uid)
{
	uint32_t others = 0, same = 0;

	for (uint32_t i = 0; i < s->n_clients; i++) {
		const struct client *c = s->clients[i];

		if (c->state != CLIENT_FREE && !c->call.borrower.privileged) {
			others++;
			same += c->call.uid == uid;
		}
	}
	return is_privileged(uid) ||
	       (same < CLIENTS_PER_USER && others + CLIENTS_FOR_ROOT < s->max_clients);
}

/* The first free place, or a new one. NULL: there is none, or no memory. */
static struct client *find_place(struct service *s)
{
	struct client *c;

	for (uint32_t i = 0; i < s->n_clients; i++)
		if (s->clients[i]->state == CLIENT_FREE)
			return s->clients[i];
	if (s->n_clients == s->max_clients)
		return NULL;
	c = malloc(sizeof(*c));
	if (c == NULL)
		return NULL;
	*c = (struct client){ .slot = s->n_clients, .fd = -1 };
	s->clients[s->n_clients++] = c;
	return c;
}

static void admit(struct service *s, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		close(fd);
		return;
	}
	c = has_share(s, peer.uid) ? find_place(s) : NULL;
	if (c == NULL || client_init(s, c, fd) < 0) {
		refuse(s, fd);
		return;
	}
	c->call.uid = peer.uid;
	c->call.pid = peer.pid;
	c->call.borrower.privileged = is_privileged(peer.uid);
	client_run(s, c);
}

static void listen_again(struct acceptor *a, const struct service *s, bool on)
{
	/* It cannot fail: the socket was added. */
	(void)watch_listening(s, a->listen_fd, EPOLL_CTL_MOD, on ? EPOLLIN : 0);
	a->again = on ? MONO_NEVER : mono_add(s->now, ACCEPT_PAUSE_US);
}

/*
 * No descriptor is left. A connection that stays in the backlog would wake this thread without
 * end, so the reserve is closed to accept the connection and to refuse it.
 */
static void turn_away(struct acceptor *a, const struct service *s)
{
	int fd;

	if (a->reserve_fd >= 0)
		close(a->reserve_fd);
	fd = accept4(a->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		refuse(s, fd);
	a->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || a->reserve_fd < 0)
		listen_again(a, s, false); /* another thread took the descriptor */
}

void accept_clients(struct acceptor *a, struct service *s)
{
	if (!mono_is_never(a->again))
		listen_again(a, s, true);
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(a->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			admit(s, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			turn_away(a, s);
			return;
		} else if (errno == ENOMEM || errno == ENOBUFS) {
			listen_again(a, s, false);
			return;
		} else if (errno == EAGAIN) {
			return;
		} /* else: that connection was closed before it was accepted */
	}
}
