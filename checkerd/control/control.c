/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the server and its thread. The main thread runs it. */
#include "checkerd/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"
#include "util/thread.h"

struct control {
	struct server server;
	pthread_t thread;
	uint64_t last_seq; /* [init] */
};

static void *control_thread(void *arg)
{
	server_serve(arg);
	return NULL;
}

static int64_t or_default(int64_t us, int64_t otherwise)
{
	return us > 0 ? us : otherwise;
}

static void set_timeouts(struct service *s, const struct control_options *o)
{
	s->write_timeout_us = or_default(o->write_timeout_us, WRITE_TIMEOUT_US);
	s->reply_timeout_us = or_default(o->reply_timeout_us, REPLY_TIMEOUT_US);
	s->idle_timeout_us = or_default(o->idle_timeout_us, IDLE_TIMEOUT_US);
	s->request_timeout_us = or_default(o->request_timeout_us, REQUEST_TIMEOUT_US);
	s->loop_timeout_us = or_default(o->loop_timeout_us, LOOP_TIMEOUT_US);
}

/* Without a file, only the next daemon misses something. */
static void keep_events(struct service *s, const struct control_options *o)
{
	if (o->events_file != NULL)
		(void)!kept_events_open(&s->kept, o->events_file, o->any_file_system,
		                        port_max_paths(o->port), &s->history, s->changes);
}

uint64_t control_last_seq(const struct control *c)
{
	return c->last_seq;
}

int control_new(struct control **ret, const struct control_options *o)
{
	struct control *c = NULL;
	int r = -EINVAL;

	if (o->max_clients > 0 && o->max_clients <= CLIENTS_MAX) {
		c = calloc(1, sizeof(*c));
		r = -ENOMEM;
	}
	if (c == NULL) {
		close(o->listen_fd);
		return r;
	}
	r = server_init(&c->server, o->port, o->listen_fd, o->max_clients);
	if (r == 0)
		keep_events(&c->server.service, o);
	c->last_seq = c->server.service.history.last_seq;
	if (r == 0) {
		set_timeouts(&c->server.service, o);
		r = thread_start(&c->thread, "control", 0, control_thread, &c->server);
	}
	if (r < 0) {
		server_deinit(&c->server);
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct control *control_free(struct control *c)
{
	int r;

	if (c == NULL)
		return NULL;
	atomic_store_explicit(&c->server.stop, true, memory_order_release);
	port_control_wake(c->server.service.port);
	r = pthread_join(c->thread, NULL);
	assert(r == 0);
	server_deinit(&c->server);
	free(c);
	return NULL;
}

uint64_t control_bytes(uint32_t max_paths, uint32_t max_clients)
{
	return sizeof(struct control) + OUT_SIZE +
	       max_clients * (sizeof(struct client *) + sizeof(struct client) +
	                      (uint64_t)REQUEST_SMALL) +
	       port_replies_max(max_paths) * sizeof(struct pending) + history_bytes() +
	       changes_bytes(max_paths) + VIEWS_MAX * view_bytes(max_paths) +
	       BORROWED_MAX + THREAD_STACK_BYTES;
}

uint64_t control_file_bytes(uint32_t max_paths)
{
	return kept_events_bytes(max_paths);
}
