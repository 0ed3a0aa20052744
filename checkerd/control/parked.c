/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides who reads which snapshot; owns nothing. The control thread runs it.
 *
 * When both snapshots are being read, or there is no memory for the second one, the newest serves
 * clients that came after the latest change, for a while (SNAPSHOT_STALE_US). Only for other
 * clients the readers of the older snapshot are dropped, after SNAPSHOT_HOLD_US.
 */
#include "checkerd/control/parked.h"

#include "checkerd/control/client.h"
#include "checkerd/control/control_limits.h"

void parked_serve(struct service *s, bool both_are_read)
{
	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->state == CLIENT_PARKED &&
		    views_newest_fits(&s->views, both_are_read ? c->accepts : c->needs)) {
			client_unpark(s, c);
			client_run(s, c);
		}
	}
}

static bool somebody_is_parked(const struct service *s)
{
	for (uint32_t i = 0; i < s->n_clients; i++)
		if (s->clients[i]->state == CLIENT_PARKED)
			return true;
	return false;
}

static void drop_readers(struct service *s, struct view *v)
{
	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->state != CLIENT_FREE && c->call.view == v)
			client_drop(s, c);
	}
	views_give_back(&s->views, v);
}

/* Makes sure that the loop has a snapshot to fill. MONO_NEVER: it has; else when to try again. */
static struct mono make_room(struct service *s)
{
	struct view *oldest;
	struct mono due;

	if (views_make_room(&s->views))
		return MONO_NEVER;
	oldest = views_oldest(&s->views);
	parked_serve(s, true);
	due = mono_add(oldest->since, SNAPSHOT_HOLD_US);
	if (!somebody_is_parked(s) || mono_before(s->now, due))
		return due;
	drop_readers(s, oldest);
	/* Its memory may have gone with the last reader of the second snapshot. */
	return views_make_room(&s->views) ? MONO_NEVER
	                                  : mono_add(s->now, SNAPSHOT_SPACING_US);
}

struct mono parked_request_snapshot(struct service *s)
{
	struct mono due = mono_add(s->views.requested_at, SNAPSHOT_SPACING_US);

	if (s->views.requested || !somebody_is_parked(s))
		return MONO_NEVER;
	if (mono_before(s->now, due))
		return due;
	due = make_room(s);
	if (!mono_is_never(due))
		return somebody_is_parked(s) ? due : MONO_NEVER;
	views_request(&s->views, s->now);
	return MONO_NEVER;
}
