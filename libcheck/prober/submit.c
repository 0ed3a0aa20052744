/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the lane hands reads on: to the kernel, in batches that never wait, or to a rescuer.
 * Runs on the lane only.
 */
#include <errno.h>

#include "libcheck/prober/prober.h"

void lane_to_rescuer(struct prober *p, struct slot *s, enum job_kind kind)
{
	struct group *g = s->job.group;
	bool wake;

	pthread_mutex_lock(&g->lock);
	if (kind == JOB_READ && group_context_full(g))
		slot_emergency(g, s);
	wake = group_wait(g, s, mono_now());
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	rescuers_enqueue(p, &s->job, kind);
}

struct batch {
	struct slot *slots[SUBMIT_BATCH];
	struct backend_request *requests[SUBMIT_BATCH];
	unsigned n;
};

/* The next reads of a group that can go to its context. False: none is left. */
static bool fill(struct group *g, struct batch *b, uint64_t turn, void **ret_context)
{
	struct slot_list orphans, sync;
	struct mono now = mono_now();
	struct slot *s;
	void *buffer;

	slot_list_init(&orphans);
	slot_list_init(&sync);
	b->n = 0;
	pthread_mutex_lock(&g->lock);
	*ret_context = g->context;
	while (g->state != PATHCHECK_GROUP_SETTING_UP && b->n < SUBMIT_BATCH &&
	       (s = slot_list_take(&g->submit)) != NULL) {
		buffer = buffers_of(&g->buffers, slot_index(g, s), s->block);
		if (s->state == SLOT_ORPHANED) {
			slot_list_append(&orphans, s);
		} else if (group_context_full(g) || buffer == NULL) {
			slot_list_append(&sync, s);
		} else {
			s->request.fd = s->fd;
			s->request.len = s->block;
			s->request.buffer = buffer;
			group_enter(g, s);
			s->engine = PATHCHECK_ENGINE_AIO;
			s->started = now;
			s->turn = turn;
			s->turn_at = (uint8_t)b->n;
			b->slots[b->n] = s;
			b->requests[b->n++] = &s->request;
		}
	}
	g->submitting += b->n > 0;
	pthread_mutex_unlock(&g->lock);
	while ((s = slot_list_take(&orphans)) != NULL)
		reaper_done(g, s);
	while ((s = slot_list_take(&sync)) != NULL)
		lane_to_rescuer(g->prober, s, JOB_READ);
	return b->n > 0;
}

/* With lock held. It was not taken by its context, whose answer may have come meanwhile. */
static bool is_in_turn(const struct slot *s, uint64_t turn)
{
	return s->in_kernel && s->turn == turn;
}

/* io_submit itself refused this one: that is an answer too, and the reaper settles it. */
static void refused(struct group *g, struct slot *s, uint64_t turn, int r)
{
	bool mine;

	pthread_mutex_lock(&g->lock);
	mine = is_in_turn(s, turn);
	if (mine) {
		group_leave(g, s);
		s->result = r;
	}
	pthread_mutex_unlock(&g->lock);
	if (mine)
		reaper_done(g, s);
}

/* Hands them over in order. One that takes long is waited for; what is behind it is not handed
 * over any more when another thread has become the lane meanwhile: that would block, too. */
static void hand_over(struct group *g, void *context, struct batch *b, uint64_t turn)
{
	struct prober *p = g->prober;
	unsigned i = 0;

	while (i < b->n) {
		int r = watch_is_lane(p, turn)
		                ? p->backend->submit(context, b->requests + i, b->n - i)
		                : -EAGAIN;

		if (r == -EINTR)
			continue;
		if (r <= 0) {
			refused(g, b->slots[i], turn, r == 0 ? -EAGAIN : r);
			b->slots[i++] = NULL;
		} else {
			i += (unsigned)r;
		}
	}
}

/* False: another thread is the lane now. */
static bool submit_batch(struct group *g, void *context, struct batch *b, uint64_t turn)
{
	struct prober *p = g->prober;
	struct mono before = mono_now(), now;
	bool still_lane, slow, wake;

	watch_begin(p, g, before);
	hand_over(g, context, b, turn);
	still_lane = watch_end(p, turn);
	/* Also when nobody could take its place: no more lanes may be stuck at a time. */
	now = mono_now();
	slow = !still_lane || mono_diff(now, before) >= SUBMIT_SLOW_US;

	/* Those that were not answered meanwhile have a deadline from now on. */
	pthread_mutex_lock(&g->lock);
	wake = !still_lane;
	for (unsigned i = 0; i < b->n; i++) {
		struct slot *s = b->slots[i];

		if (s == NULL || !is_in_turn(s, turn) || !s->waiting)
			continue;
		/* Nobody knows when it was handed over, but it was by now. */
		if (slow)
			s->started = now;
		if (group_launch(g, s, s->started))
			wake = true;
	}
	g->submitting--;
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	return still_lane;
}

bool lane_submit(struct group *g)
{
	struct batch b;
	void *context;
	uint64_t turn = watch_next_turn(g->prober);

	while (!slot_list_empty(&g->submit) && fill(g, &b, turn, &context)) {
		if (!submit_batch(g, context, &b, turn))
			return false;
		turn = watch_next_turn(g->prober);
	}
	return true;
}
