/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_HISTORY_H
#define CHECKERD_CONTROL_HISTORY_H

/*
 * The last events, for all who list or follow them. Each reader has a cursor of its own; one
 * that is too slow is told how many it has missed. The control thread's own.
 */
#include "checkerd/core/event.h"
#include "util/macro.h"

struct history {
	/* Events one after the other, each with as many bytes as its strings have, and where
	 * they begin: HISTORY_BYTES, EVENTS_KEPT. */
	unsigned char *bytes;
	uint32_t *at;
	uint32_t end;           /* of the newest, in bytes */
	uint64_t oldest, added; /* counted since the start */
	uint64_t last_seq;
	struct event coming, given;
};

struct history_cursor {
	uint64_t at;  /* counts as history.added does */
	uint64_t seq; /* of the last event that was given or passed over */
};

_must_check_ int history_init(struct history *h); /* -ENOMEM */
void history_deinit(struct history *h);
uint64_t history_bytes(void); /* for the bound */
/* The place the next event is to be written to; then: that it is there. */
struct event *history_slot(struct history *h);
void history_added(struct history *h);

/* Before the first event after number `since`. */
struct history_cursor history_find(const struct history *h, uint64_t since);
/* At the end. */
struct history_cursor history_end(const struct history *h);
/* The next event, or NULL; it stays until the next call. *ret_lost: how many between
 * the last one given and this one are not kept, or never came. */
const struct event *history_next(struct history *h, struct history_cursor *c,
                                 uint64_t *ret_lost);

#endif
