/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread: waits for clients, for the port and for deadlines. Everything it calls returns
 * at once, so that it is never further than one round from noticing that it has to stop.
 */
#include "checkerd/control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/devlink.h"
#include "checkerd/control/control_limits.h"
#include "util/block.h"

#define EVENTS_A_ROUND 64

/* size: of either sign, modulo SIZE_MAX + 1 */
static void account(struct server *s, struct client *c, size_t size)
{
	c->lent += size;
	s->lent += size;
	if (!c->privileged)
		s->lent_others += size;
}

void *server_lend(struct server *s, struct client *c, size_t size)
{
	void *p;

	if (size > LENT_MAX - s->lent ||
	    (!c->privileged && size > LENT_MAX_OTHERS - s->lent_others))
		return NULL;
	p = block_new(1, size);
	if (!p)
		return NULL;
	account(s, c, size);
	return p;
}

void server_give_back(struct server *s, struct client *c, void *p, size_t size)
{
	if (!p)
		return;
	block_free(p);
	assert(c->lent >= size && s->lent >= size);
	account(s, c, -size);
}

static int watch(struct server *s, int fd, uint64_t id)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = id };

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int init_descriptors(struct server *s)
{
	int listening = 0, flags;
	socklen_t size = sizeof(listening);
	int r;

	if (getsockopt(s->listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 ||
	    !listening)
		return -EINVAL;
	flags = fcntl(s->listen_fd, F_GETFL);
	if (flags < 0 || fcntl(s->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return -errno;
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->reserve_fd < 0)
		return -errno;
	s->dev_fd = devlink_open("/dev");
	if (s->dev_fd < 0)
		return s->dev_fd;
	r = watch(s, s->listen_fd, LISTEN_EVENT);
	return r < 0 ? r : watch(s, port_control_fd(s->port), PORT_EVENT);
}

static int init_tables(struct server *s)
{
	uint32_t n = port_control_replies_max(s->port);
	int r;

	s->clients = calloc(s->max_clients, sizeof(*s->clients));
	s->pending = calloc(n, sizeof(*s->pending));
	s->out = malloc(OUT_SIZE);
	if (!s->clients || !s->pending || !s->out)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->max_clients; i++)
		s->clients[i].slot = i;
	for (uint32_t i = 0; i < n; i++)
		s->pending[i].next_free = i + 1;
	s->n_free_pending = n;
	r = changes_new(&s->changes, port_max_paths(s->port));
	return r < 0 ? r : history_init(&s->history);
}

int server_init(struct server *s, struct port *port, int listen_fd, uint32_t max_clients)
{
	int r;

	*s = (struct server){
		.port = port,
		.epoll_fd = -1,
		.listen_fd = listen_fd,
		.dev_fd = -1,
		.reserve_fd = -1,
		.max_clients = max_clients,
		.accept_again = MONO_NEVER,
	};
	r = init_descriptors(s);
	return r < 0 ? r : init_tables(s);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void server_deinit(struct server *s)
{
	for (uint32_t i = 0; s->clients && i < s->max_clients; i++)
		if (s->clients[i].state != CLIENT_FREE)
			client_drop(s, &s->clients[i]);
	assert(s->lent == 0);
	s->current = NULL;
	for (unsigned i = 0; i < VIEWS; i++)
		view_clear(&s->views[i], s->port);
	history_deinit(&s->history);
	changes_free(s->changes);
	free(s->out);
	free(s->pending);
	free(s->clients);
	close_fd(s->dev_fd);
	close_fd(s->reserve_fd);
	close_fd(s->epoll_fd);
	close_fd(s->listen_fd);
}

/* The earliest of them; a client that is replying has two. */
static struct mono next_deadline(const struct server *s)
{
	struct mono t = s->accept_again;

	for (uint32_t i = 0; i < s->max_clients; i++) {
		const struct client *c = &s->clients[i];

		if (c->state == CLIENT_FREE)
			continue;
		t = mono_min(t, c->deadline);
		if (c->state == CLIENT_REPLYING)
			t = mono_min(t, c->reply_deadline);
	}
	return t;
}

static void expire(struct server *s)
{
	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state == CLIENT_FREE)
			continue;
		if (!mono_before(s->now, c->deadline) ||
		    (c->state == CLIENT_REPLYING &&
		     !mono_before(s->now, c->reply_deadline)))
			client_expired(s, c);
	}
	if (!mono_before(s->now, s->accept_again))
		accept_clients(s);
}

static int timeout_ms(struct mono until, struct mono now)
{
	int64_t us;

	if (mono_is_never(until))
		return -1;
	us = MAX(mono_diff(until, now), INT64_C(0));
	return (int)MIN((us + USEC_PER_MSEC - 1) / USEC_PER_MSEC, INT64_C(3600000));
}

static void client_event(struct server *s, const struct epoll_event *e)
{
	uint32_t slot = (uint32_t)e->data.u64;
	struct client *c = &s->clients[slot];

	/* An event of this round for somebody who has gone in this round. */
	if (c->state == CLIENT_FREE || c->serial != e->data.u64 >> 32)
		return;
	if (e->events & (EPOLLHUP | EPOLLERR))
		client_hangup(s, c);
	else
		client_run(s, c);
}

static void round_of_events(struct server *s, struct mono until)
{
	struct epoll_event events[EVENTS_A_ROUND];
	bool somebody_new = false;
	int n = epoll_wait(s->epoll_fd, events, EVENTS_A_ROUND,
	                   timeout_ms(until, mono_now()));

	s->now = mono_now();
	/* First: who asks after something happened is told of it, in whatever order the two
	 * are listed. */
	for (int i = 0; i < n; i++)
		if (events[i].data.u64 == PORT_EVENT)
			server_take_news(s);
	for (int i = 0; i < n; i++)
		if (events[i].data.u64 == LISTEN_EVENT)
			somebody_new = true;
		else if (events[i].data.u64 != PORT_EVENT)
			client_event(s, &events[i]);
	if (somebody_new) /* last: a place may have become free */
		accept_clients(s);
	expire(s);
}

void server_serve(struct server *s)
{
	struct mono until = MONO_NEVER;

	while (!atomic_load_explicit(&s->stop, memory_order_acquire)) {
		round_of_events(s, until);
		until = server_ask_snapshot(s);
		until = mono_min(until, next_deadline(s));
	}
}
