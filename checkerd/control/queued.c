/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides whose long list is written; owns nothing. The control thread runs it.
 *
 * LISTS_AT_ONCE clients read long lists at a time; the others wait in the order of their requests.
 * A hundred lists that are written side by side would end together, after seconds, and hold both
 * snapshots until then. One after the other each takes some ten milliseconds. A client that reads
 * nothing for LIST_STALL_US, or reads longer than LIST_TIME_US, goes on, but delays nobody any more.
 */
#include "checkerd/control/queued.h"

#include "checkerd/control/control_limits.h"

/* Does the client's list delay others? */
static bool is_listing(const struct service *s, const struct client *c)
{
	return c->state != CLIENT_FREE && c->state != CLIENT_QUEUED &&
	       mono_before(s->now, c->list_until);
}

/* How many do, and until when the first of them may. */
static unsigned count_listing(const struct service *s, struct mono *ret_until)
{
	unsigned n = 0;

	*ret_until = MONO_NEVER;
	for (uint32_t i = 0; i < s->n_clients; i++)
		if (is_listing(s, s->clients[i])) {
			*ret_until = mono_min(*ret_until, s->clients[i]->list_until);
			n++;
		}
	return n;
}

/* The one that has waited longest; NULL: nobody waits. */
static struct client *first_queued(const struct service *s)
{
	struct client *first = NULL;

	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->state == CLIENT_QUEUED &&
		    (first == NULL || c->queued < first->queued))
			first = c;
	}
	return first;
}

struct mono queued_serve(struct service *s)
{
	struct client *c;
	struct mono until;

	/* A client may have sent its next request already, so the number of steps has a limit. */
	for (uint32_t i = 0; i < s->max_clients; i++) {
		c = first_queued(s);
		if (c == NULL)
			return MONO_NEVER;
		if (count_listing(s, &until) >= LISTS_AT_ONCE)
			return until;
		c->list_end = mono_add(s->now, LIST_TIME_US);
		client_progress(s, c);
		client_park(s, c);
		client_run(s, c);
	}
	return s->now;
}
