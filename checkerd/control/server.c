/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns what clients share, and the clients. The control thread runs it. No call blocks, so the
 * thread notices within one round that it has to stop.
 */
#include "checkerd/control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/devlink.h"
#include "checkerd/control/notifications.h"
#include "checkerd/control/parked.h"
#include "checkerd/control/queued.h"

/* epoll's data of the port. A client's is its serial and its slot. */
#define PORT_EVENT (UINT64_MAX - 1)

#define EVENTS_A_ROUND 64

static int init_descriptors(struct service *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = PORT_EVENT };

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return -errno;
	s->dev_fd = devlink_open("/dev");
	if (s->dev_fd < 0)
		return s->dev_fd;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, port_control_fd(s->port), &e) < 0)
		return -errno;
	return 0;
}

static int init_tables(struct service *s)
{
	int r;

	s->clients = calloc(s->max_clients, sizeof(struct client *));
	s->out = malloc(OUT_SIZE);
	if (s->clients == NULL || s->out == NULL)
		return -ENOMEM;
	r = pending_init(&s->pending, port_control_replies_max(s->port));
	if (r == 0)
		r = changes_new(&s->changes, port_max_paths(s->port));
	return r < 0 ? r : history_init(&s->history);
}

int server_init(struct server *s, struct port *port, int listen_fd, uint32_t max_clients)
{
	int r;

	*s = (struct server){
		.service = { .port = port,
		             .views.port = port,
		             .epoll_fd = -1,
		             .dev_fd = -1,
		             .max_clients = max_clients },
		.acceptor = ACCEPTOR_NULL,
	};
	s->acceptor.listen_fd = listen_fd;
	r = init_descriptors(&s->service);
	if (r == 0)
		r = init_tables(&s->service);
	return r < 0 ? r : accept_init(&s->acceptor, &s->service, listen_fd);
}

/* Frees the places after the last client. Nobody may have a pointer to one of them. */
static void forget_places(struct service *s)
{
	while (s->n_clients > 0 && s->clients[s->n_clients - 1]->state == CLIENT_FREE)
		free(s->clients[--s->n_clients]);
}

void server_deinit(struct server *s)
{
	struct service *v = &s->service;

	for (uint32_t i = 0; i < v->n_clients; i++)
		if (v->clients[i]->state != CLIENT_FREE)
			client_drop(v, v->clients[i]);
	forget_places(v);
	assert(v->budget.borrowed == v->budget.passed); /* the port frees these */
	views_deinit(&v->views);
	kept_events_close(&v->kept);
	history_deinit(&v->history);
	changes_free(v->changes);
	pending_deinit(&v->pending);
	free(v->out);
	free(v->clients);
	accept_deinit(&s->acceptor);
	if (v->dev_fd >= 0)
		close(v->dev_fd);
	if (v->epoll_fd >= 0)
		close(v->epoll_fd);
}

/* --- deadlines --- */

/* The earliest deadline of a client. One that is replying has two. */
static struct mono client_deadline(const struct client *c)
{
	if (c->state == CLIENT_FREE)
		return MONO_NEVER;
	if (c->state == CLIENT_REPLYING)
		return mono_min(c->deadline, c->reply_deadline);
	return c->deadline;
}

static struct mono next_deadline(const struct server *s)
{
	struct mono t = s->acceptor.again;

	for (uint32_t i = 0; i < s->service.n_clients; i++)
		t = mono_min(t, client_deadline(s->service.clients[i]));
	return t;
}

static void expire(struct server *s)
{
	struct service *v = &s->service;

	for (uint32_t i = 0; i < v->n_clients; i++)
		if (!mono_before(v->now, client_deadline(v->clients[i])))
			client_expired(v, v->clients[i]);
	if (!mono_before(v->now, s->acceptor.again))
		accept_clients(&s->acceptor, v);
}

/* --- rounds --- */

static int timeout_ms(struct mono until, struct mono now)
{
	int64_t us;

	if (mono_is_never(until))
		return -1;
	us = MAX(mono_diff(until, now), INT64_C(0));
	return (int)MIN((us + USEC_PER_MSEC - 1) / USEC_PER_MSEC, INT64_C(3600000));
}

static void client_event(struct service *s, const struct epoll_event *e)
{
	uint32_t slot = (uint32_t)e->data.u64;
	struct client *c = s->clients[slot];

	/* The client may have been dropped in this round; its place stays until the end of it. */
	if (c->state == CLIENT_FREE || c->serial != e->data.u64 >> 32)
		return;
	if (e->events & (EPOLLHUP | EPOLLERR))
		client_hangup(s, c);
	else
		client_run(s, c);
}

static void round_of_events(struct server *s, struct mono until)
{
	struct service *v = &s->service;
	struct epoll_event events[EVENTS_A_ROUND];
	bool somebody_new = false;
	int n = epoll_wait(v->epoll_fd, events, EVENTS_A_ROUND,
	                   timeout_ms(until, mono_now()));

	v->now = mono_now();
	/* The port comes first, so that a request after an event sees the event, in whatever
	 * order epoll lists the two. */
	for (int i = 0; i < n; i++)
		if (events[i].data.u64 == PORT_EVENT)
			notifications_take(v);
	for (int i = 0; i < n; i++)
		if (events[i].data.u64 == ACCEPT_EVENT)
			somebody_new = true;
		else if (events[i].data.u64 != PORT_EVENT)
			client_event(v, &events[i]);
	if (somebody_new) /* last: a place may have become free */
		accept_clients(&s->acceptor, v);
	expire(s);
}

void server_serve(struct server *s)
{
	struct mono until = MONO_NEVER;

	while (!atomic_load_explicit(&s->stop, memory_order_acquire)) {
		round_of_events(s, until);
		until = queued_serve(&s->service);
		until = mono_min(until, parked_request_snapshot(&s->service));
		forget_places(&s->service);
		until = mono_min(until, next_deadline(s));
	}
	notifications_take(&s->service); /* The next daemon gets the last events, too. */
}
