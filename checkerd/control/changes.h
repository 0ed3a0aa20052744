/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_CHANGES_H
#define CHECKERD_CONTROL_CHANGES_H

/*
 * The last changes of state of each path, for show history. They outlive the path, so they show
 * a path that is removed and added again. The oldest change of all makes room for a new one, and
 * a path that flaps pushes out only its own changes. The control thread's own.
 */
#include "checkerd/core/event.h"
#include "util/macro.h"

#define CHANGE_OF_GROUP (UINT64_C(1) << 63)

struct change {
	/* Number of the event; with CHANGE_OF_GROUP: number of the group whose event is to come. */
	uint64_t seq;
	int64_t realtime_us;
	/* How long the path was in the state `from`. */
	int64_t lasted_us;
	struct reason reason;
	/* Index of the path's name. */
	uint32_t path;
	/* The next newer change of the path. */
	uint32_t next_of_path;
	/* Neighbours among all changes. */
	uint32_t older, newer;
	/* enum path_state */
	uint8_t from, to;
};

struct changes;

/* -ENOMEM. */
_must_check_ int changes_new(struct changes **ret, uint32_t max_paths);
struct changes *changes_free(struct changes *c); /* NULL allowed; returns NULL */
uint64_t changes_bytes(uint32_t max_paths);      /* for the limit of memory */

#define CHANGES_NONE UINT32_MAX

/* Changes that have room. */
uint32_t changes_room(uint32_t max_paths);
/* Keeps the event if it is a change of a path's state, and returns its place: below changes_room().
 * CHANGES_NONE: it is none. */
uint32_t changes_add(struct changes *c, const struct event *e);

/* The event of a group has come: its members' changes get its number. */
void changes_complete_group(struct changes *c, const struct event *e,
                            void (*completed)(void *userdata, uint32_t place),
                            void *userdata);
/* The change at a place, and the name of its path. */
const struct change *changes_at(const struct changes *c, uint32_t place,
                                const char **ret_path);

/* The oldest change of the path with that name, or NULL. */
const struct change *changes_first(const struct changes *c, const char *name);
/* The next newer change of the path, or NULL. Valid until the next changes_add(). */
const struct change *changes_next(const struct changes *c, const struct change *x);

#endif
