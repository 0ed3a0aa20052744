/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the lane hands reads on: to the kernel, in batches that never wait, or to a rescuer.
 * Runs on the lane only.
 */
#include <errno.h>

#include "libcheck/prober.h"

void lane_to_rescuer(struct prober *p, struct slot *s, enum job_kind kind)
{
	struct group *g = s->job.group;
	bool wake;

	pthread_mutex_lock(&g->lock);
	if (kind == JOB_READ && group_context_full(g))
		slot_emergency(g, s);
	wake = group_wait(g, s, mono_now());
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
static bool fill(struct group *g, struct batch *b, void **ret_context)
{
	struct slot_list orphans, sync;
	struct mono now = mono_now();
	struct slot *s;

	slot_list_init(&orphans);
	slot_list_init(&sync);
	b->n = 0;
	pthread_mutex_lock(&g->lock);
	*ret_context = g->context;
	while (g->state != PATHCHECK_GROUP_SETTING_UP && b->n < SUBMIT_BATCH &&
	       (s = slot_list_take(&g->submit)) != NULL) {
		if (s->state == SLOT_ORPHANED) {
			slot_list_append(&orphans, s);
		} else if (group_context_full(g)) {
			slot_list_append(&sync, s);
		} else {
			s->request.fd = s->fd;
			s->request.len = s->block;
			s->request.buffer = g->scratch;
			group_enter(g, s);
			s->engine = PATHCHECK_ENGINE_AIO;
			s->started = now;
			b->slots[b->n] = s;
			b->requests[b->n++] = &s->request;
		}
	}
	pthread_mutex_unlock(&g->lock);
	while ((s = slot_list_take(&orphans)) != NULL)
		reaper_done(g, s);
	while ((s = slot_list_take(&sync)) != NULL)
		lane_to_rescuer(g->prober, s, JOB_READ);
	return b->n > 0;
}

/* io_submit itself refused this one: that is an answer too, and the reaper settles it. */
static void refused(struct group *g, struct slot *s, int r)
{
	pthread_mutex_lock(&g->lock);
	group_leave(g, s);
	s->result = r;
	pthread_mutex_unlock(&g->lock);
	reaper_done(g, s);
}

static void submit_batch(struct group *g, void *context, struct batch *b)
{
	bool wake = false;
	unsigned i = 0;

	while (i < b->n) {
		int r = g->prober->backend->submit(context, b->requests + i, b->n - i);

		if (r == -EINTR)
			continue;
		if (r <= 0) {
			refused(g, b->slots[i], r == 0 ? -EAGAIN : r);
			b->slots[i++] = NULL;
		} else {
			i += (unsigned)r;
		}
	}

	/* Those that were not answered meanwhile have a deadline from now on. */
	pthread_mutex_lock(&g->lock);
	for (i = 0; i < b->n; i++) {
		struct slot *s = b->slots[i];

		if (s == NULL || !s->in_kernel)
			continue;
		if (group_launch(g, s, s->started))
			wake = true;
	}
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
}

void lane_submit(struct group *g)
{
	struct batch b;
	void *context;

	while (!slot_list_empty(&g->submit) && fill(g, &b, &context))
		submit_batch(g, context, &b);
}
