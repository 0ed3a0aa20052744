/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands reads to the kernel, or to rescuers: submit.h. Runs on the submitter only. */
#include "libcheck/prober/submit.h"

#include <errno.h>

void submit_to_rescuer(struct slot *s, enum job_kind kind)
{
	struct group *g = s->job.group;
	bool wake;

	pthread_mutex_lock(&g->lock);
	if (kind == JOB_READ && group_context_full(g))
		group_count_emergency(g, s);
	wake = group_wait(g, s, mono_now());
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	jobs_add(g->with.jobs, &s->job, kind);
}

struct batch {
	struct slot *slots[SUBMIT_BATCH];
	struct backend_request *requests[SUBMIT_BATCH];
	unsigned n;
};

/* The next reads of a group that its context can take. False: none is left. */
static bool fill_batch(struct group *g, struct batch *b, uint64_t number,
                       void **ret_context)
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
		buffer = buffers_of(&g->buffers, group_index(g, s), s->block);
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
			s->batch = number;
			b->slots[b->n] = s;
			b->requests[b->n++] = &s->request;
		}
	}
	g->submitting += b->n > 0;
	pthread_mutex_unlock(&g->lock);
	while ((s = slot_list_take(&orphans)) != NULL)
		group_answer(g, s);
	while ((s = slot_list_take(&sync)) != NULL)
		submit_to_rescuer(s, JOB_READ);
	return b->n > 0;
}

/* With lock held. It was handed over in that batch, and no answer has come. */
static bool is_in_batch(const struct slot *s, uint64_t number)
{
	return s->in_kernel && s->batch == number;
}

/* io_submit itself refused this one: that is an answer too, and the reaper completes it. */
static void refused(struct group *g, struct slot *s, uint64_t number, int r)
{
	/* handover.pml: REFUSE */
	bool mine;

	pthread_mutex_lock(&g->lock);
	mine = is_in_batch(s, number);
	if (mine) {
		group_leave(g, s);
		s->result = r;
	}
	pthread_mutex_unlock(&g->lock);
	if (mine)
		group_answer(g, s);
}

/*
 * Hands them over in order. If one blocks until another thread has become the submitter, those
 * behind it are not handed over any more: they could block, too.
 */
static void hand_over(struct handover *h, struct group *g, void *context, struct batch *b,
                      uint64_t number)
{
	/* handover.pml: SUBMIT */
	unsigned i = 0;

	while (i < b->n) {
		int r = handover_is_ours(h, number)
		                ? group_backend(g)->submit(context, b->requests + i,
		                                           b->n - i)
		                : -EAGAIN;

		if (r == -EINTR)
			continue;
		if (r <= 0) {
			refused(g, b->slots[i], number, r == 0 ? -EAGAIN : r);
			b->slots[i++] = NULL;
		} else {
			i += (unsigned)r;
		}
	}
}

/* False: another thread is the submitter now. */
static bool submit_batch(struct handover *h, struct group *g, void *context,
                         struct batch *b, uint64_t number)
{
	/* handover.pml: BEGIN to END */
	struct mono before = mono_now(), now;
	bool still_ours, slow, wake;

	handover_begin(h, g, before);
	hand_over(h, g, context, b, number);
	still_ours = handover_end(h, number);
	/* It may have been slow without being replaced: SUBMITTERS_STUCK_MAX. */
	now = mono_now();
	slow = !still_ours || mono_diff(now, before) >= SUBMIT_SLOW_US;

	/* Those without an answer have a deadline from now on. */
	pthread_mutex_lock(&g->lock);
	wake = !still_ours;
	for (unsigned i = 0; i < b->n; i++) {
		struct slot *s = b->slots[i];

		if (s == NULL || !is_in_batch(s, number) || !s->waiting)
			continue;
		/* When it was handed over is not known; it was by now. */
		if (slow)
			s->started = now;
		if (group_launch(g, s, s->started))
			wake = true;
	}
	g->submitting--;
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	return still_ours;
}

/*
 * SCSI commands: rescuers write them. They wait for that with a limit, after which they count as
 * deferred, and another rescuer helps.
 */
static void submit_commands(struct group *g)
{
	struct slot_list orphans, sync, ready;
	struct mono now = mono_now();
	struct slot *s;
	bool wake = false;

	slot_list_init(&orphans);
	slot_list_init(&sync);
	slot_list_init(&ready);
	pthread_mutex_lock(&g->lock);
	while (g->state != PATHCHECK_GROUP_SETTING_UP &&
	       (s = slot_list_take(&g->submit)) != NULL) {
		if (s->state == SLOT_ORPHANED) {
			slot_list_append(&orphans, s);
		} else if (group_context_full(g)) {
			slot_list_append(&sync, s);
		} else {
			wake = group_wait(g, s, now) || wake;
			slot_list_append(&ready, s);
		}
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	while ((s = slot_list_take(&orphans)) != NULL)
		group_answer(g, s);
	while ((s = slot_list_take(&sync)) != NULL)
		submit_to_rescuer(s, JOB_READ);
	runners_add(g->with.runners, &ready);
}

bool submit_group(struct handover *h, struct group *g)
{
	uint64_t number = handover_next(h);
	struct batch b;
	void *context;

	if (g->sends) {
		if (!slot_list_empty(&g->submit))
			submit_commands(g);
		return true;
	}
	while (!slot_list_empty(&g->submit) && fill_batch(g, &b, number, &context)) {
		if (!submit_batch(h, g, context, &b, number))
			return false;
		number = handover_next(h);
	}
	return true;
}
