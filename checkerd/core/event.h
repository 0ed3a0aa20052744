/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_EVENT_H
#define CHECKERD_CORE_EVENT_H

/*
 * An event, as a value of fixed size. Rings carry it from the loop to the control thread (show
 * events, monitor) and to the log thread. In a ring it is packed: an event may have 700 bytes, but
 * most need fewer than 200.
 */
#include <stdbool.h>
#include <stdint.h>

#include "checkerd/core/state.h"
#include "util/ring.h"

#define EVENT_PATH_MAX    64
#define EVENT_MAP_MAX     128
#define EVENT_REASON_MAX  128
#define EVENT_MESSAGE_MAX 320

enum event_type {
	EVENT_PATH_STATE,
	EVENT_PATH_ADDED,
	EVENT_PATH_REMOVED,
	EVENT_MAP,
	EVENT_DM,
	EVENT_ENGINE,
	EVENT_CONFIG,
	EVENT_DAEMON,
	EVENT_HOLD,  /* a path is held from now on, or no longer */
	EVENT_CAUSE, /* many paths changed together, and have a part in common */
	EVENT_SLOW, /* a path, or a map with all its paths, is slow from now on, or no longer */
	EVENT_TYPE_COUNT_
};

/*
 * An event about many paths or maps is a group of records: a member for each path, for its history;
 * the names of all, in as many records as they need; at last the event itself.
 */
enum event_part {
	EVENT_WHOLE,
	EVENT_MEMBER, /* as PATH_STATE, without map, reason and message; no event of its own */
	EVENT_NAMES, /* message: names, each followed by EVENT_NAME_END */
};

#define EVENT_NAME_END '\x1f'

struct event {
	/* From 1, without gaps. A record that is no event has the number of the one before. */
	uint64_t seq;
	int64_t realtime_us; /* wall clock, for printing only */
	int64_t lasted_us;   /* PATH_STATE: how long `from` lasted */
	struct reason why;   /* PATH_STATE: `reason` as a value */
	uint32_t group;      /* the same number in all records of a group; 0: no group */
	uint32_t members;    /* the whole event: how many paths or maps it is about */
	uint16_t name_records; /* the whole event: records of names that came before */
	uint8_t part;          /* enum event_part */
	uint8_t loss;          /* enum loss; of members: if it is that of all of them */
	enum event_type type;
	int priority;              /* syslog level */
	char path[EVENT_PATH_MAX]; /* "": none */
	char map[EVENT_MAP_MAX];   /* event_has_cause(): what the paths have in common */
	char from[16], to[16];     /* names of states; "": none */
	char reason[EVENT_REASON_MAX];
	char message[EVENT_MESSAGE_MAX]; /* the log line, without a newline */
};

#define EVENT_HEAD_BYTES offsetof(struct event, path)
#define EVENT_BYTES      sizeof(struct event) /* at most, when packed */

/* Packs the head and the strings. Returns the bytes written. */
uint32_t event_pack(unsigned char to[EVENT_BYTES], const struct event *e);
void event_unpack(struct event *e, const unsigned char *from);

/* The element of a ring of events: an event is a run of cells. */
#define EVENT_CELL 32

/* False: the ring has no room. */
_must_check_ bool event_push(struct ring_producer *p, const struct event *e);
/* False: the ring is empty. */
_must_check_ bool event_pop(struct ring_consumer *c, struct event *ret);

/* It is about paths that have a part in common. */
static inline bool event_has_cause(const struct event *e)
{
	return e->type == EVENT_CAUSE || (e->type == EVENT_HOLD && e->members > 0);
}

const char *event_type_name(enum event_type t);

#endif
