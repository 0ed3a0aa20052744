/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/control/history.h"

#include <errno.h>
#include <stdlib.h>

#include "checkerd/control/limits.h"

int history_init(struct history *h)
{
	*h = (struct history){ .ring = calloc(EVENTS_KEPT, sizeof(*h->ring)) };
	return h->ring ? 0 : -ENOMEM;
}

void history_deinit(struct history *h)
{
	free(h->ring);
	*h = (struct history){ 0 };
}

static struct event *place(const struct history *h, uint64_t at)
{
	return &h->ring[at % EVENTS_KEPT];
}

struct event *history_slot(struct history *h)
{
	return place(h, h->added);
}

void history_added(struct history *h)
{
	h->last_seq = place(h, h->added)->seq;
	h->added++;
}

static uint64_t oldest(const struct history *h)
{
	return h->added > EVENTS_KEPT ? h->added - EVENTS_KEPT : 0;
}

struct history_cursor history_find(const struct history *h, uint64_t since)
{
	uint64_t low = oldest(h), high = h->added;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (place(h, middle)->seq <= since)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct history_cursor){ .at = low, .seq = since };
}

struct history_cursor history_end(const struct history *h)
{
	return (struct history_cursor){ .at = h->added, .seq = h->last_seq };
}

const struct event *history_next(const struct history *h, struct history_cursor *c,
                                 uint64_t *ret_lost)
{
	const struct event *e;

	c->at = MAX(c->at, oldest(h));
	if (c->at == h->added)
		return NULL;
	e = place(h, c->at);
	*ret_lost = e->seq > c->seq ? e->seq - c->seq - 1 : 0;
	c->at++;
	c->seq = e->seq;
	return e;
}
