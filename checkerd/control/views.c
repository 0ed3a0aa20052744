/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the snapshots that the port has handed over. The control thread runs it. */
#include "checkerd/control/views.h"

static void give_back_newest(struct views *v)
{
	view_clear(v->newest, v->port);
	v->newest = NULL;
}

void views_deinit(struct views *v)
{
	v->newest = NULL;
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		view_clear(&v->all[i], v->port);
}

bool views_newest_fits(const struct views *v, struct mono needs)
{
	return v->newest != NULL && !mono_before(v->newest->snap->taken, needs);
}

struct mono views_not_before(const struct views *v, struct mono now, int64_t us)
{
	struct mono then = mono_add(now, -us);

	return mono_before(then, v->changed_at) ? v->changed_at : then;
}

void views_note_change(struct views *v)
{
	v->changed_at = mono_now(); /* the change came after this round's `now` */
}

static bool somebody_reads(const struct views *v)
{
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		if (v->all[i].users > 0)
			return true;
	return false;
}

struct view *views_use(struct views *v)
{
	v->newest->users++;
	return v->newest;
}

void views_release(struct views *v, struct view **view)
{
	struct view *old = *view;

	if (old == NULL)
		return;
	*view = NULL;
	old->users--;
	if (old->users == 0 && old != v->newest)
		view_clear(old, v->port);
	/* The newest stays for the next reader, but not at the price of a second one's memory. */
	if (v->newest != NULL && port_control_snapshot_brought(v->port) &&
	    !somebody_reads(v))
		give_back_newest(v);
}

void views_request(struct views *v, struct mono now)
{
	struct port_request r = { .op = PORT_SNAPSHOT };

	/* False: no room. The port wakes this thread when there is some. */
	v->requested = port_control_request(v->port, &r);
	v->requested_at = now;
}

bool views_receive(struct views *v, struct mono now)
{
	struct snapshot *snap = port_control_snapshot(v->port);
	struct view *old = v->newest, *free_view = v->all;

	if (snap == NULL)
		return false;
	v->requested = false;
	v->newest = NULL;
	if (old != NULL && old->users == 0)
		view_clear(old, v->port);
	else if (old != NULL)
		old->since = now;
	while (free_view->snap != NULL)
		free_view++;
	assert(free_view < v->all + VIEWS_MAX);
	*free_view = (struct view){ .snap = snap, .since = now };
	v->newest = free_view;
	return true;
}

bool views_make_room(struct views *v)
{
	unsigned reading = 0;

	if (v->newest != NULL && v->newest->users == 0)
		give_back_newest(v);
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		reading += v->all[i].snap != NULL;
	return reading == 0 ||
	       (reading == 1 && port_control_snapshot_bring(v->port) == 0);
}

struct view *views_oldest(struct views *v)
{
	for (unsigned i = 0; i < VIEWS_MAX; i++)
		if (v->all[i].snap != NULL && &v->all[i] != v->newest)
			return &v->all[i];
	return v->newest;
}

void views_give_back(struct views *v, struct view *view)
{
	if (view == v->newest)
		give_back_newest(v);
	assert(view->snap == NULL); /* views_release() has cleared any other */
}
