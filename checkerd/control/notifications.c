/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings what the loop has sent to the clients; owns nothing. The control thread runs it. */
#include "checkerd/control/notifications.h"

#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/method.h"
#include "checkerd/control/operation.h"
#include "checkerd/control/parked.h"

/* True: there may be more. */
static bool take_replies(struct service *s)
{
	unsigned n = 0;

	for (; n < NOTIFICATIONS_BATCH; n++) {
		struct port_reply r;
		struct call *call;
		bool changed;

		if (!port_control_reply(s->port, &r))
			break;
		call = operation_answered(s, &r, &changed);
		if (changed)
			views_note_change(&s->views);
		text_unref(port_reply_text(&r));
		if (call != NULL) {
			client_answered(s, client_of(call));
			client_run(s, client_of(call));
		}
	}
	return n == NOTIFICATIONS_BATCH;
}

static void keep_change(void *userdata, uint32_t index)
{
	struct service *s = userdata;

	kept_events_add_change(&s->kept, s->changes, index);
}

/* The event is in the file before a client sees it. */
static void keep_event(struct service *s, const struct event *e)
{
	uint32_t change = CHANGES_NONE;

	if (e->part != EVENT_NAMES)
		change = changes_add(s->changes, e);
	if (change != CHANGES_NONE)
		keep_change(s, change);
	if (e->part == EVENT_WHOLE && e->type == EVENT_CAUSE)
		changes_complete_group(s->changes, e, keep_change, s);
	if (e->part == EVENT_MEMBER)
		return;
	kept_events_add(&s->kept, e);
	history_added(&s->history);
}

/* True: there may be more. */
static bool take_events(struct service *s)
{
	unsigned n = 0;

	while (n < NOTIFICATIONS_BATCH &&
	       port_control_event(s->port, history_slot(&s->history))) {
		keep_event(s, history_slot(&s->history));
		n++;
	}
	if (n == 0)
		return false;
	views_note_change(&s->views);
	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];
		const struct method *m = c->call.request.method;

		if (c->state == CLIENT_REPLYING && m != NULL && m->streams)
			client_run(s, c);
	}
	return n == NOTIFICATIONS_BATCH;
}

/* The port may have room again for requests that found none. */
static void continue_operations(struct service *s)
{
	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->state == CLIENT_PENDING)
			operation_continue(s, &c->call);
	}
}

void notifications_take(struct service *s)
{
	bool more;

	port_control_clear(s->port);
	more = take_replies(s);
	more |= take_events(s);
	if (views_receive(&s->views, s->now))
		parked_serve(s, false);
	if (more)
		port_control_wake(s->port); /* the clients are served in between */
	continue_operations(s);
}
