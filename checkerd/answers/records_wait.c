/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the replies that wait for records. The loop's thread runs this. Nothing is allocated after
 * records_wait_init(): there are as many places as requests without a reply.
 *
 * A reply first waits until every record that was touched is in the ring of the store, then until the
 * thread has written as many records as were put by then. Usually the loop looks once, and the thread
 * wakes it once. Nothing wakes it while no reply waits.
 */
#include "checkerd/answers/records_wait.h"

#include <errno.h>
#include <stdlib.h>

struct waiting_reply {
	struct port_reply reply;
	struct mono until;
	uint64_t records; /* to be written, if it is one of n_counted */
};

uint64_t records_wait_bytes(uint32_t max_paths)
{
	return (uint64_t)port_replies_max(max_paths) * sizeof(struct waiting_reply);
}

int records_wait_init(struct records_wait *w, struct port *port,
                      const struct persist *persist)
{
	uint32_t room = port_replies_max(port_max_paths(port));

	*w = (struct records_wait){
		.port = port,
		.persist = persist,
		.replies = calloc(room, sizeof(*w->replies)),
		.room = room,
		.next = MONO_NEVER,
	};
	return w->replies == NULL ? -ENOMEM : 0;
}

static struct waiting_reply *at(const struct records_wait *w, uint32_t i)
{
	return &w->replies[(w->first + i) % w->room];
}

static void send_first(struct records_wait *w)
{
	port_loop_reply(w->port, &at(w, 0)->reply);
	w->first = (w->first + 1) % w->room;
	w->n--;
	w->n_counted -= w->n_counted > 0;
}

void records_wait_deinit(struct records_wait *w)
{
	while (w->n > 0)
		send_first(w);
	free(w->replies);
	*w = (struct records_wait){ .port = NULL };
}

void records_wait_add(struct records_wait *w, const struct port_reply *reply,
                      struct mono now)
{
	if (!store_is_open(w->persist->store)) {
		port_loop_reply(w->port, reply);
		return;
	}
	assert(w->n < w->room);
	*at(w, w->n) = (struct waiting_reply){
		.reply = *reply,
		.until = mono_add(now, RECORDS_WAIT_US),
	};
	w->n++;
}

static void send_written(struct records_wait *w, struct mono now)
{
	const uint64_t written = store_written_count(w->persist->store);

	while (w->n > 0 && ((w->n_counted > 0 && at(w, 0)->records <= written) ||
	                    !mono_before(now, at(w, 0)->until)))
		send_first(w);
}

void records_wait_progress(struct records_wait *w, struct mono now)
{
	struct store *s = w->persist->store;

	w->next = MONO_NEVER;
	if (w->n == 0)
		return;
	if (persist_has_put(w->persist))
		while (w->n_counted < w->n)
			at(w, w->n_counted++)->records = store_put_count(s);
	send_written(w, now);
	if (w->n == 0)
		return;
	store_await(s);
	send_written(w, now);
	if (w->n == 0)
		return;
	/* The thread may have emptied the ring before it could see that it is awaited. */
	w->next = store_written_count(s) == store_put_count(s) ? now : at(w, 0)->until;
}
