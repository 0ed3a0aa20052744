/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_HISTORY_H
#define CHECKERD_CONTROL_HISTORY_H

/*
 * The last events, for clients that list or follow them. Each client has a cursor of its own. A
 * client that is too slow learns how many events it missed. The control thread's own.
 */
#include "checkerd/core/event.h"
#include "util/macro.h"

struct history {
	/* Packed events, HISTORY_BYTES. */
	unsigned char *bytes;
	/* Where each event begins, EVENTS_KEPT. */
	uint32_t *at;
	/* Where the newest event ends. */
	uint32_t end;
	/* Numbers of events since the start: of the oldest that is kept, and of the next one. */
	uint64_t oldest, added;
	uint64_t last_seq;
	struct event coming, given;
};

/* The names of an event about many paths or maps. */
struct history_names {
	uint64_t at; /* as history.added: where the next ones are looked for */
	uint32_t group;
	uint32_t left; /* records */
};

struct history_cursor {
	/* As history.added. */
	uint64_t at;
	/* Of the last event that was returned or passed over. */
	uint64_t seq;
};

_must_check_ int history_init(struct history *h); /* -ENOMEM */
void history_deinit(struct history *h);
uint64_t history_bytes(void); /* for the limit of memory */
/* Where the next event is to be written. history_added() then keeps it. */
struct event *history_slot(struct history *h);
void history_added(struct history *h);

/* The first event after number `since`. */
struct history_cursor history_find(const struct history *h, uint64_t since);
/* The end. */
struct history_cursor history_end(const struct history *h);
/* The next event, or NULL. Valid until the next call. *ret_lost: how many events between the
 * last one and this one are lost. */
const struct event *history_next(struct history *h, struct history_cursor *c,
                                 uint64_t *ret_lost);

/* The names of the event that history_next() has just returned with this cursor. */
struct history_names history_names(const struct history *h, const struct event *e,
                                   const struct history_cursor *c);
/* Some of the names, each followed by EVENT_NAME_END; valid until the next call. NULL: there are no
 * more, or they are forgotten. */
const char *history_next_names(struct history *h, struct history_names *n);

#endif
