/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the lists of requests that wait for a check. The loop's thread runs this. Nothing is
 * allocated after waits_init(): there are as many places as requests without a reply.
 */
#include "checkerd/answers/waits.h"

#include <errno.h>
#include <stdlib.h>

/* One request, in its path's list or on the free list. */
struct waiter {
	uint64_t token;
	/* REGISTRY_NONE: the last one. */
	uint32_t next;
};

uint64_t waits_bytes(uint32_t max_paths)
{
	return (uint64_t)max_paths * sizeof(uint32_t) +
	       (uint64_t)port_replies_max(max_paths) * sizeof(struct waiter);
}

int waits_init(struct waits *w, struct port *port)
{
	uint32_t max_paths = port_max_paths(port), n = port_replies_max(max_paths);

	*w = (struct waits){
		.port = port,
		.max_paths = max_paths,
		.first = calloc(max_paths, sizeof(*w->first)),
		.waiters = calloc(n, sizeof(*w->waiters)),
	};
	if (w->first == NULL || w->waiters == NULL) {
		waits_deinit(w);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max_paths; i++)
		w->first[i] = REGISTRY_NONE;
	for (uint32_t i = 0; i < n; i++)
		w->waiters[i].next = i + 1 < n ? i + 1 : REGISTRY_NONE;
	return 0;
}

void waits_deinit(struct waits *w)
{
	free(w->waiters);
	free(w->first);
	*w = (struct waits){ .port = NULL };
}

void waits_add(struct waits *w, const struct port_request *r)
{
	uint32_t i = w->free_waiter;

	assert(r->path < w->max_paths);
	assert(i != REGISTRY_NONE);
	w->free_waiter = w->waiters[i].next;
	w->waiters[i] = (struct waiter){ .token = r->token, .next = w->first[r->path] };
	w->first[r->path] = i;
}

void waits_complete(struct waits *w, uint32_t path, int error, enum path_state state)
{
	assert(path < w->max_paths);
	while (w->first[path] != REGISTRY_NONE) {
		uint32_t i = w->first[path];
		struct port_reply reply = {
			.token = w->waiters[i].token,
			.error = error,
			.state = state,
		};

		w->first[path] = w->waiters[i].next;
		w->waiters[i].next = w->free_waiter;
		w->free_waiter = i;
		port_loop_reply(w->port, &reply);
	}
}

static void on_completed(void *userdata, uint32_t path, int error, enum path_state state)
{
	waits_complete(userdata, path, error, state);
}

struct checks_listener waits_listener(struct waits *w)
{
	return (struct checks_listener){ .completed = on_completed, .userdata = w };
}
