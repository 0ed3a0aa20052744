/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the last events, packed into a ring of bytes. A new event overwrites the oldest ones.
 * The ring is not locked in memory: docs/MEMORY.md says why. The control thread runs this.
 */
#include "checkerd/control/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/control/control_limits.h"
#include "util/pages.h"

static_assert(HISTORY_BYTES / EVENT_BYTES > 1024, "a thousand events always fit");

int history_init(struct history *h)
{
	*h = (struct history){
		.bytes = pages_new_unlocked(HISTORY_BYTES),
		.at = calloc(EVENTS_KEPT, sizeof(*h->at)),
	};
	if (h->bytes != NULL && h->at != NULL)
		return 0;
	history_deinit(h);
	return -ENOMEM;
}

void history_deinit(struct history *h)
{
	pages_free(h->bytes, HISTORY_BYTES);
	free(h->at);
	*h = (struct history){ .bytes = NULL };
}

uint64_t history_bytes(void)
{
	return HISTORY_BYTES + EVENTS_KEPT * sizeof(uint32_t);
}

static uint32_t *place(const struct history *h, uint64_t number)
{
	return &h->at[number % EVENTS_KEPT];
}

static uint64_t seq_of(const struct history *h, uint64_t number)
{
	uint64_t seq;

	memcpy(&seq, h->bytes + *place(h, number) + offsetof(struct event, seq),
	       sizeof(seq));
	return seq;
}

static uint8_t part_of(const struct history *h, uint64_t number)
{
	return h->bytes[*place(h, number) + offsetof(struct event, part)];
}

static bool has_names(const struct history *h, uint64_t number, uint32_t group)
{
	uint32_t of;

	memcpy(&of, h->bytes + *place(h, number) + offsetof(struct event, group),
	       sizeof(of));
	return of == group && part_of(h, number) == EVENT_NAMES;
}

/* Forgets the events that begin in these bytes: the oldest ones. */
static void forget_in(struct history *h, uint32_t from, uint32_t to)
{
	while (h->oldest < h->added && *place(h, h->oldest) >= from &&
	       *place(h, h->oldest) < to)
		h->oldest++;
}

struct event *history_slot(struct history *h)
{
	return &h->coming;
}

void history_added(struct history *h)
{
	unsigned char packed[EVENT_BYTES];
	uint32_t size = event_pack(packed, &h->coming);

	if (h->added - h->oldest == EVENTS_KEPT)
		h->oldest++;
	if (size > HISTORY_BYTES - h->end) {
		forget_in(h, h->end, HISTORY_BYTES);
		h->end = 0;
	}
	forget_in(h, h->end, h->end + size);
	memcpy(h->bytes + h->end, packed, size);
	*place(h, h->added) = h->end;
	h->end += size;
	h->added++;
	h->last_seq = h->coming.seq;
}

struct history_cursor history_find(const struct history *h, uint64_t since)
{
	uint64_t low = h->oldest, high = h->added;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (seq_of(h, middle) <= since)
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

const struct event *history_next(struct history *h, struct history_cursor *c,
                                 uint64_t *ret_lost)
{
	c->at = MAX(c->at, h->oldest);
	while (c->at < h->added && part_of(h, c->at) != EVENT_WHOLE)
		c->at++;
	if (c->at == h->added)
		return NULL;
	event_unpack(&h->given, h->bytes + *place(h, c->at));
	*ret_lost = h->given.seq > c->seq ? h->given.seq - c->seq - 1 : 0;
	c->at++;
	c->seq = h->given.seq;
	return &h->given;
}

/* They were added before the event, with few others between them. */
struct history_names history_names(const struct history *h, const struct event *e,
                                   const struct history_cursor *c)
{
	struct history_names n = { .at = c->at, .group = e->group };

	for (uint64_t i = c->at - 1; i > h->oldest && n.left < e->name_records; i--)
		if (has_names(h, i - 1, e->group)) {
			n.at = i - 1;
			n.left++;
		}
	return n;
}

const char *history_next_names(struct history *h, struct history_names *n)
{
	n->at = MAX(n->at, h->oldest);
	for (; n->left > 0 && n->at < h->added; n->at++) {
		if (!has_names(h, n->at, n->group))
			continue;
		event_unpack(&h->given, h->bytes + *place(h, n->at));
		n->at++;
		n->left--;
		return h->given.message;
	}
	return NULL;
}
