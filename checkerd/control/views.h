/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_VIEWS_H
#define CHECKERD_CONTROL_VIEWS_H

/*
 * The snapshots that clients read. The port has two. One is the newest; slow clients may still
 * read the other. Before the next one is requested, the newest is given back when nobody reads
 * it. When somebody reads it, the port gets the memory of a second one. The control thread's own.
 */
#include "checkerd/control/port.h"
#include "checkerd/control/view.h"

#define VIEWS_MAX 2 /* as many snapshots as the port can hand over */

struct views {
	struct port *port;
	struct view all[VIEWS_MAX];
	struct view *newest; /* NULL: none. A view that is not the newest has users. */
	bool requested;      /* a snapshot, which has not arrived yet */
	struct mono requested_at; /* the last one */
	/* A snapshot that is older than this does not show the latest change. */
	struct mono changed_at;
};

/* When every call has released its view. */
void views_deinit(struct views *v);

/* Whether the newest snapshot was taken at `needs` or later. */
bool views_newest_fits(const struct views *v, struct mono needs);
/* The time `us` ago, or the time of the latest change if that is later. */
struct mono views_not_before(const struct views *v, struct mono now, int64_t us);
/* No snapshot that was taken before now shows what this thread has just heard of. */
void views_note_change(struct views *v);

/* The newest one, with one user more. */
struct view *views_use(struct views *v);
/* *view: NULL allowed; set to NULL. */
void views_release(struct views *v, struct view **view);

/* Requests a snapshot. The loop has to have one to fill: views_make_room(). */
void views_request(struct views *v, struct mono now);
/* Takes over the snapshot that has arrived; false: none has. */
_must_check_ bool views_receive(struct views *v, struct mono now);
/* Makes sure that the loop has a snapshot to fill; false: both are being read, or one is and
 * there is no memory for the second. */
_must_check_ bool views_make_room(struct views *v);
/* The view whose readers leave first when there is no room. After views_make_room(). */
struct view *views_oldest(struct views *v);
/* Gives the view back, which has no users. */
void views_give_back(struct views *v, struct view *view);

#endif
