/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CHANGES_H
#define CHECKERD_CONTROL_CHANGES_H

/*
 * The last changes of state of each path, for show history. They outlive the path itself, so
 * that one that comes and goes is seen to; what is oldest of all makes room for what is new,
 * and a path that flaps pushes out nothing but its own. The control thread's own.
 */
#include "checkerd/core/event.h"
#include "util/macro.h"

struct change {
	uint64_t seq; /* the event's */
	int64_t realtime_us;
	int64_t lasted_us; /* how long the state before it had lasted */
	struct reason reason;
	uint32_t path;         /* place of its path */
	uint32_t next_of_path; /* the next newer one of that path */
	uint32_t older, newer; /* of all */
	uint8_t from, to;      /* enum path_state */
};

struct changes;

/* -ENOMEM. */
_must_check_ int changes_new(struct changes **ret, uint32_t max_paths);
struct changes *changes_free(struct changes *c); /* NULL allowed; returns NULL */
uint64_t changes_bytes(uint32_t max_paths);      /* for the bound */

/* Keeps it if it is one of a path's state. */
void changes_add(struct changes *c, const struct event *e);

/* The oldest that is kept of the path with that name; NULL: none is. */
const struct change *changes_first(const struct changes *c, const char *name);
/* The next newer one; NULL: there is none. Good until the next changes_add(). */
const struct change *changes_next(const struct changes *c, const struct change *x);

#endif
