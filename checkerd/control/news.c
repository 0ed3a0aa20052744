/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the loop sends: replies, events, snapshots; and asking for a snapshot.
 *
 * The port has two snapshots. One is the newest, the other may still be read by clients that
 * are slow. Before another one is asked for, the newest is given back if nobody reads it. If
 * somebody does, the second one is brought. When both are being read, or there is no memory for
 * the second, the newest will do for those who asked after the last change, for a while. Only
 * for others the readers of the older one are sent away, when they have had their time.
 */
#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"

bool server_view_fits(const struct server *s, struct mono needs)
{
	return s->current && !mono_before(s->current->snap->taken, needs);
}

static void give_back_current(struct server *s)
{
	view_clear(s->current, s->port);
	s->current = NULL;
}

static bool somebody_reads(const struct server *s)
{
	for (unsigned i = 0; i < VIEWS; i++)
		if (s->views[i].users > 0)
			return true;
	return false;
}

void server_release_view(struct server *s, struct client *c)
{
	struct view *v = c->view;

	if (!v)
		return;
	c->view = NULL;
	v->users--;
	if (v->users == 0 && v != s->current)
		view_clear(v, s->port);
	/* The newest is kept for who asks next, but not for the memory of two. */
	if (s->current && port_control_snapshot_brought(s->port) && !somebody_reads(s))
		give_back_current(s);
}

/* Nothing taken before now shows what has just been heard of. */
static void note_change(struct server *s)
{
	s->changed_at = mono_now(); /* not this round's time: it came after that */
}

static bool take_replies(struct server *s)
{
	unsigned n = 0;

	for (; n < NEWS_BATCH; n++) {
		struct port_reply r;
		struct client *c;

		if (!port_control_reply(s->port, &r))
			break;
		c = action_reply(s, &r);
		if (!c || c->request.method != METHOD_PING)
			note_change(s);
		text_unref(r.text);
		if (c) {
			client_answered(s, c);
			client_run(s, c);
		}
	}
	return n == NEWS_BATCH;
}

static bool take_events(struct server *s)
{
	unsigned n = 0;

	while (n < NEWS_BATCH && port_control_event(s->port, history_slot(&s->history))) {
		changes_add(s->changes, history_slot(&s->history));
		history_added(&s->history);
		n++;
	}
	if (n == 0)
		return false;
	note_change(s);
	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state == CLIENT_REPLYING && c->request.method == METHOD_MONITOR)
			client_run(s, c);
	}
	return n == NEWS_BATCH;
}

/* Those whom the newest snapshot suits. */
static void unpark_all(struct server *s, bool both_are_read)
{
	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state == CLIENT_PARKED &&
		    server_view_fits(s, both_are_read ? c->accepts : c->needs)) {
			client_unpark(s, c);
			client_run(s, c);
		}
	}
}

static void take_snapshot(struct server *s)
{
	struct snapshot *snap = port_control_snapshot(s->port);
	struct view *old = s->current, *v = s->views;

	if (!snap)
		return;
	s->snapshot_asked = false;
	s->current = NULL;
	if (old && old->users == 0)
		view_clear(old, s->port);
	else if (old)
		old->since = s->now;
	while (v->snap)
		v++;
	assert(v < s->views + VIEWS);
	*v = (struct view){ .snap = snap, .since = s->now };
	s->current = v;
	unpark_all(s, false);
}

void server_take_news(struct server *s)
{
	bool more;

	port_control_clear(s->port);
	more = take_replies(s);
	more |= take_events(s);
	take_snapshot(s);
	if (more)
		port_control_wake(s->port); /* after others have had a turn */
	/* There may be room again for requests that found none. */
	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state == CLIENT_ACTING && c->n_sent < c->n_targets)
			action_continue(s, c);
	}
}

static bool somebody_is_parked(const struct server *s)
{
	for (uint32_t i = 0; i < s->max_clients; i++)
		if (s->clients[i].state == CLIENT_PARKED)
			return true;
	return false;
}

static void send_readers_away(struct server *s, struct view *v)
{
	for (uint32_t i = 0; i < s->max_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->state != CLIENT_FREE && c->view == v)
			client_drop(s, c);
	}
	if (v == s->current)
		give_back_current(s);
	assert(!v->snap);
}

/* Sees to it that the loop has a snapshot to fill. MONO_NEVER: it has; else when to try again. */
static struct mono make_room(struct server *s)
{
	struct view *older = s->current;
	unsigned reading = 0;
	struct mono due;

	if (s->current && s->current->users == 0)
		give_back_current(s);
	for (unsigned i = 0; i < VIEWS; i++) {
		struct view *v = &s->views[i];

		reading += v->snap != NULL;
		if (v->snap && v != s->current)
			older = v;
	}
	if (reading == 0 || (reading == 1 && port_control_snapshot_bring(s->port) == 0))
		return MONO_NEVER;
	assert(older);
	unpark_all(s, true);
	due = mono_add(older->since, SNAPSHOT_HOLD_US);
	if (!somebody_is_parked(s) || mono_before(s->now, due))
		return due;
	send_readers_away(s, older);
	/* The second one's memory went with that; the readers of the other go if there is none. */
	if (reading == 1 || port_control_snapshot_bring(s->port) == 0)
		return MONO_NEVER;
	return mono_add(s->now, SNAPSHOT_SPACING_US);
}

struct mono server_ask_snapshot(struct server *s)
{
	struct port_request r = { .op = PORT_SNAPSHOT };
	struct mono due = mono_add(s->asked_at, SNAPSHOT_SPACING_US);

	if (s->snapshot_asked || !somebody_is_parked(s))
		return MONO_NEVER;
	if (mono_before(s->now, due))
		return due;
	due = make_room(s);
	if (!mono_is_never(due))
		return somebody_is_parked(s) ? due : MONO_NEVER;
	s->snapshot_asked =
	        port_control_request(s->port, &r); /* or woken for another try */
	s->asked_at = s->now;
	return MONO_NEVER;
}
