/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's life as others see it: made, and gone. */
#include "checkerd/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"
#include "util/thread.h"

struct control {
	struct server server;
	pthread_t thread;
};

static void *run(void *arg)
{
	server_serve(arg);
	return NULL;
}

static int64_t or_default(int64_t us, int64_t otherwise)
{
	return us > 0 ? us : otherwise;
}

int control_new(struct control **ret, const struct control_options *o)
{
	struct control *c = NULL;
	int r = -EINVAL;

	if (o->max_clients > 0 && o->max_clients <= CLIENTS_MAX) {
		c = calloc(1, sizeof(*c));
		r = -ENOMEM;
	}
	if (!c) {
		close(o->listen_fd);
		return r;
	}
	r = server_init(&c->server, o->port, o->listen_fd, o->max_clients);
	if (r == 0) {
		c->server.write_timeout_us =
		        or_default(o->write_timeout_us, WRITE_TIMEOUT_US);
		c->server.reply_timeout_us =
		        or_default(o->reply_timeout_us, REPLY_TIMEOUT_US);
		c->server.idle_timeout_us =
		        or_default(o->idle_timeout_us, IDLE_TIMEOUT_US);
		c->server.request_timeout_us =
		        or_default(o->request_timeout_us, REQUEST_TIMEOUT_US);
		c->server.loop_timeout_us =
		        or_default(o->loop_timeout_us, LOOP_TIMEOUT_US);
		r = thread_start(&c->thread, "control", 0, run, &c->server);
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

	if (!c)
		return NULL;
	atomic_store_explicit(&c->server.stop, true, memory_order_release);
	port_control_wake(c->server.port);
	r = pthread_join(c->thread, NULL);
	assert(r == 0);
	server_deinit(&c->server);
	free(c);
	return NULL;
}

uint64_t control_bytes(uint32_t max_paths, uint32_t max_clients)
{
	return sizeof(struct control) + OUT_SIZE +
	       max_clients * (sizeof(struct client) + (uint64_t)REQUEST_SMALL) +
	       port_replies_max(max_paths) * sizeof(struct pending) + history_bytes() +
	       changes_bytes(max_paths) + VIEWS * view_bytes(max_paths) + LENT_MAX +
	       THREAD_STACK_BYTES;
}
