/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the words for the types of events, which scripts use, and the packed form. Any thread. */
#include "checkerd/core/event.h"

#include <string.h>

#include "util/macro.h"

/* The strings, in the order of the structure, which ends with them. */
static const struct {
	size_t at, size;
} strings[] = {
	{ offsetof(struct event, path), EVENT_PATH_MAX },
	{ offsetof(struct event, map), EVENT_MAP_MAX },
	{ offsetof(struct event, from), sizeof(((struct event *)0)->from) },
	{ offsetof(struct event, to), sizeof(((struct event *)0)->to) },
	{ offsetof(struct event, reason), EVENT_REASON_MAX },
	{ offsetof(struct event, message), EVENT_MESSAGE_MAX },
};

static_assert(offsetof(struct event, message) + EVENT_MESSAGE_MAX <=
                              sizeof(struct event) &&
                      sizeof(struct event) - offsetof(struct event, message) -
                                      EVENT_MESSAGE_MAX <
                              _Alignof(struct event),
              "the message is the last field");

uint32_t event_pack(unsigned char to[EVENT_BYTES], const struct event *e)
{
	size_t n = EVENT_HEAD_BYTES;

	memcpy(to, e, EVENT_HEAD_BYTES);
	for (unsigned i = 0; i < ARRAY_LEN(strings); i++) {
		const char *s = (const char *)e + strings[i].at;
		size_t length = strnlen(s, strings[i].size - 1);

		memcpy(to + n, s, length);
		to[n + length] = '\0';
		n += length + 1;
	}
	return (uint32_t)n;
}

void event_unpack(struct event *e, const unsigned char *from)
{
	size_t n = EVENT_HEAD_BYTES;

	memcpy(e, from, EVENT_HEAD_BYTES);
	for (unsigned i = 0; i < ARRAY_LEN(strings); i++) {
		size_t size = strlen((const char *)from + n) + 1;

		memcpy((char *)e + strings[i].at, from + n, size);
		n += size;
	}
}

/* The first bytes of the first cell are the number of cells. */
struct record {
	uint32_t cells;
	unsigned char packed[EVENT_BYTES + EVENT_CELL];
};

static uint32_t cells_for(uint32_t bytes)
{
	return (uint32_t)((offsetof(struct record, packed) + bytes + EVENT_CELL - 1) /
	                  EVENT_CELL);
}

bool event_push(struct ring_producer *p, const struct event *e)
{
	struct record r;

	r.cells = cells_for(event_pack(r.packed, e));
	return ring_push_run(p, &r, r.cells);
}

bool event_pop(struct ring_consumer *c, struct event *ret)
{
	unsigned char first[EVENT_CELL];
	struct record r;

	if (!ring_peek(c, first))
		return false;
	memcpy(&r.cells, first, sizeof(r.cells));
	assert(r.cells * EVENT_CELL <= sizeof(r));
	ring_pop_run(c, &r, r.cells);
	event_unpack(ret, r.packed);
	return true;
}

const char *event_type_name(enum event_type t)
{
	static const char *const names[EVENT_TYPE_COUNT_] = {
		[EVENT_PATH_STATE] = "path_state",
		[EVENT_PATH_ADDED] = "path_added",
		[EVENT_PATH_REMOVED] = "path_removed",
		[EVENT_MAP] = "map",
		[EVENT_DM] = "dm",
		[EVENT_ENGINE] = "engine",
		[EVENT_CONFIG] = "config",
		[EVENT_DAEMON] = "daemon",
		[EVENT_HOLD] = "hold",
		[EVENT_CAUSE] = "cause",
		[EVENT_SLOW] = "slow",
	};

	assert(t < EVENT_TYPE_COUNT_);
	return names[t];
}
