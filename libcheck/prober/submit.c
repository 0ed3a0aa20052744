/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands reads and commands to the kernel, or to rescuers: submit.h. Runs on the submitter only. */
#include "libcheck/prober/submit.h"

#include <errno.h>

#include "libcheck/prober/sg_write.h"

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

/* --- SCSI commands --- */

/* Those that this thread does not write. */
struct others {
	struct slot_list orphans, sync, ready;
	bool wake;
};

static void others_init(struct others *o)
{
	slot_list_init(&o->orphans);
	slot_list_init(&o->sync);
	slot_list_init(&o->ready);
	o->wake = false;
}

static void others_hand_on(struct others *o, struct group *g)
{
	struct slot *s;

	if (o->wake)
		group_wake(g);
	o->wake = false;
	while ((s = slot_list_take(&o->orphans)) != NULL)
		group_answer(g, s);
	while ((s = slot_list_take(&o->sync)) != NULL)
		submit_to_rescuer(s, JOB_READ);
	if (!slot_list_empty(&o->ready))
		runners_add(g->with.runners, &o->ready);
}

/*
 * With lock held. This thread may write the prepared command. Half of the threads that may be stuck are
 * left to reads.
 */
static bool may_write(struct group *g, const struct slot *s)
{
	const struct scsi_exchange *x = &s->request.scsi;

	return !runners_is_slow(g->with.runners, s->host) &&
	       (x->command.data_size == 0 || s->request.buffer != NULL) &&
	       atomic_load(&g->with.posts->shared->header->submitters_stuck) * 2 <
	               g->with.limits->submitters_stuck;
}

/*
 * With lock held. The next command that this thread writes; NULL: none. The others wait for rescuers,
 * with a limit, after which they count as deferred.
 */
static struct slot *next_command(struct group *g, struct others *o, struct mono now)
{
	struct slot *s;

	while (g->state != PATHCHECK_GROUP_SETTING_UP &&
	       (s = slot_list_take(&g->submit)) != NULL) {
		if (s->state == SLOT_ORPHANED) {
			slot_list_append(&o->orphans, s);
		} else if (group_context_full(g)) {
			slot_list_append(&o->sync, s);
		} else {
			sg_write_prepare(g, s);
			if (may_write(g, s))
				return s;
			o->wake = group_wait(g, s, now) || o->wake;
			slot_list_append(&o->ready, s);
		}
	}
	return NULL;
}

/* Each command is a batch of its own. False: another thread is the submitter now. */
static bool write_one(struct handover *h, struct group *g, struct sg_write *w,
                      uint32_t host, struct mono *ret_now)
{
	/* handover.pml: BEGIN to END */
	bool ours;

	handover_begin(h, g, w->before);
	sg_write_do(w, g);
	ours = handover_end(h, w->number);
	*ret_now = mono_now();
	if (!ours || mono_diff(*ret_now, w->before) >= WRITE_SLOW_US)
		runners_note_slow(g->with.runners, host);
	return ours;
}

/* Only the submitter may: else they are the other thread's. True: there were any. */
static bool push_results(struct handover *h, struct group *g)
{
	struct posts *posts = g->with.posts;
	bool any = h->results.n > 0;

	results_push(&h->results, false);
	/* Slots were given back. */
	if (any && atomic_load(&posts->waiting) > 0)
		posts_wake_submitter(posts);
	return any;
}

/*
 * All results are in the ring, so a reaper that wakes the caller meanwhile wakes it for them, too. If
 * more answers are to come, the reaper wakes it for all: reaper.c has the same rule.
 */
static void tell_results(struct handover *h, struct group *g, struct mono now)
{
	bool more, wake = false;

	pthread_mutex_lock(&g->lock);
	more = g->count[SLOT_QUEUED] + g->count[SLOT_IN_FLIGHT] > 0;
	if (more) {
		g->tell_by = mono_min(g->tell_by, mono_add(now, GOOD_NEWS_US));
		wake = mono_before(g->tell_by, g->asleep_until);
	}
	pthread_mutex_unlock(&g->lock);
	if (!more)
		results_push(&h->results, true);
	if (wake)
		group_wake(g);
}

/* The lock is taken once a command. False: another thread is the submitter now. */
static bool submit_commands(struct handover *h, struct group *g)
{
	struct mono now = mono_now();
	struct sg_write w = { .slot = NULL };
	bool ours = true, wake = false, pushed = false;
	unsigned unsaid = 0;
	struct others o;
	struct slot *s;
	uint32_t host = 0;

	others_init(&o);
	results_init(&h->results, g->with.posts, g->id);
	do {
		pthread_mutex_lock(&g->lock);
		if (w.slot != NULL)
			wake = sg_write_end(&w, g, now, ours ? &h->results : NULL) ||
			       wake;
		s = ours ? next_command(g, &o, now) : NULL;
		if (s != NULL) {
			host = s->host;
			sg_write_begin(&w, g, s, handover_next(h), now);
		} else {
			group_publish(g);
		}
		pthread_mutex_unlock(&g->lock);
		if (ours && (s == NULL || results_full(&h->results)))
			pushed = push_results(h, g) || pushed;
		others_hand_on(&o, g);
		/* The reaper is woken once for many answers. */
		if (wake && (s == NULL || ++unsaid == SUBMIT_BATCH)) {
			group_wake(g);
			unsaid = 0;
			wake = false;
		}
		if (s != NULL)
			ours = write_one(h, g, &w, host, &now);
	} while (s != NULL);
	if (ours && pushed)
		tell_results(h, g, now);
	return ours;
}

bool submit_group(struct handover *h, struct group *g)
{
	uint64_t number = handover_next(h);
	struct batch b;
	void *context;

	if (g->sends)
		return slot_list_empty(&g->submit) || submit_commands(h, g);
	while (!slot_list_empty(&g->submit) && fill_batch(g, &b, number, &context)) {
		if (!submit_batch(h, g, context, &b, number))
			return false;
		number = handover_next(h);
	}
	return true;
}
