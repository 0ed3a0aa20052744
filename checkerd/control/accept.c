/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets clients in, as many as there are places for: some are kept for root, and no user has
 * more than its share. Who is refused is told so.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"

static void refuse(int fd)
{
	static const char message[] =
	        "{\"error\":\"io.checkerd.Control.Busy\",\"parameters\":"
	        "{\"reason\":\"too many clients\"}}";

	/* With its NUL. A courtesy: it fits into an empty socket, or is not seen. */
	(void)!send(fd, message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* When the daemon is somebody's own, that somebody counts as root does. */
static bool is_privileged(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* A free place for this user, or NULL. */
static struct client *find_place(struct server *s, uid_t uid)
{
	uint32_t others = 0, same = 0;
	struct client *place = NULL;

	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state == CLIENT_FREE) {
			place = c;
		} else if (!c->privileged) {
			others++;
			same += c->uid == uid;
		}
	}
	if (is_privileged(uid))
		return place;
	if (same >= CLIENTS_PER_USER || others + CLIENTS_FOR_ROOT >= s->max_clients)
		return NULL;
	return place;
}

static void admit(struct server *s, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		close(fd);
		return;
	}
	c = find_place(s, peer.uid);
	if (!c || client_init(s, c, fd) < 0) {
		refuse(fd);
		return;
	}
	c->uid = peer.uid;
	c->pid = peer.pid;
	c->privileged = is_privileged(peer.uid);
	client_run(s, c);
}

static void listen_again(struct server *s, bool on)
{
	struct epoll_event e = {
		.events = on ? EPOLLIN : 0,
		.data.u64 = LISTEN_EVENT,
	};

	(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, s->listen_fd, &e);
	s->accept_again = on ? MONO_NEVER : mono_add(s->now, ACCEPT_PAUSE_US);
}

/*
 * No descriptor is left. The connection would stay in the backlog and wake this thread for
 * ever: one that was set aside is used to accept it and close it.
 */
static void turn_away(struct server *s)
{
	int fd;

	if (s->reserve_fd >= 0)
		close(s->reserve_fd);
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		refuse(fd);
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || s->reserve_fd < 0)
		listen_again(s, false); /* somebody else was faster */
}

void accept_clients(struct server *s)
{
	if (!mono_is_never(s->accept_again))
		listen_again(s, true);
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			admit(s, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			turn_away(s);
			return;
		} else if (errno == ENOMEM || errno == ENOBUFS) {
			listen_again(s, false);
			return;
		} else if (errno == EAGAIN) {
			return;
		} /* else: that connection has gone away */
	}
}
