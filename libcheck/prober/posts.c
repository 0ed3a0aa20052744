/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sends what one thread of the probing side has for another one, or for the caller. Any thread.
 */
#include "libcheck/prober/posts.h"

#include "libcheck/region/wire.h"
#include "util/atomic_max.h"
#include "util/thread.h"

void posts_init(struct posts *p, struct shared *shared)
{
	p->shared = shared;
	ring_producer_init(&p->results, shared->results);
	thread_lock_init(&p->results_lock);
	thread_lock_init(&p->inbox_lock);
	slot_list_init(&p->inbox);
}

void posts_deinit(struct posts *p)
{
	pthread_mutex_destroy(&p->inbox_lock);
	pthread_mutex_destroy(&p->results_lock);
}

/* --- to the submitter --- */

void posts_wake_submitter(struct posts *p)
{
	shared_wake(&p->shared->header->submitter_waits, p->shared->submitter_fd);
}

void posts_to_submitter(struct posts *p, struct slot_list *slots)
{
	/* wakeup.pml: PUBLISH, WAKE */
	struct slot *s;

	pthread_mutex_lock(&p->inbox_lock);
	while ((s = slot_list_take(slots)) != NULL)
		slot_list_append(&p->inbox, s);
	pthread_mutex_unlock(&p->inbox_lock);
	posts_wake_submitter(p);
}

void posts_take_inbox(struct posts *p, struct slot_list *slots)
{
	struct slot *s;

	pthread_mutex_lock(&p->inbox_lock);
	while ((s = slot_list_take(&p->inbox)) != NULL)
		slot_list_append(slots, s);
	pthread_mutex_unlock(&p->inbox_lock);
}

/* --- to the caller --- */

void results_init(struct result_batch *b, struct posts *posts, uint32_t group)
{
	b->posts = posts;
	b->group = (uint8_t)group;
	b->urgent = false;
	b->n = 0;
}

static void add_said(struct wire_result *w, const struct slot *s)
{
	w->said = wire_is_final(w->verdict) ? s->said : PATHCHECK_SAID_NOTHING;
	if (s->sense.valid || w->said == PATHCHECK_SAID_STATUS ||
	    w->said == PATHCHECK_SAID_TRANSPORT) {
		w->has_sense = s->sense.valid;
		w->sense_key = s->sense.key & 15;
		w->sense_code = s->sense.code;
		w->sense_qualifier = s->sense.qualifier;
	}
}

void results_add(struct result_batch *b, const struct slot *s,
                 enum pathcheck_verdict verdict, int error, struct mono now)
{
	b->results[b->n++] = (struct wire_result){
		.id = s->path,
		.generation = s->generation,
		.verdict = verdict & 15,
		.engine = s->engine & 3,
		.request = s->ask,
		.group = b->group,
		.late = s->late,
		.opened = s->opened && wire_is_final((uint8_t)verdict),
		.stage = s->stage & 1,
		.error = (int16_t)error,
		.started_us = s->started.us,
		/* A request that started after `now` was read ended no earlier than that. */
		.finished_us = MAX(now.us, s->started.us),
	};
	b->urgent |= verdict != PATHCHECK_OK;
	if (s->said != PATHCHECK_SAID_NOTHING || s->sense.valid)
		add_said(&b->results[b->n - 1], s);
}

bool results_full(const struct result_batch *b)
{
	return b->n == ARRAY_LEN(b->results);
}

void results_push(struct result_batch *b, bool wake)
{
	/* results.pml: PUSH, WAKE */
	struct posts *p = b->posts;
	struct shared *sh = p->shared;
	bool pushed = true, news;

	wake = wake || b->urgent;
	b->urgent = false;
	if (b->n == 0 && !wake)
		return;
	pthread_mutex_lock(&p->results_lock);
	if (b->n > 0)
		pushed = ring_push_run(&p->results, b->results, b->n);
	/* The caller may have taken all of them, because another group woke it. */
	news = ring_producer_used(&p->results) != 0;
	pthread_mutex_unlock(&p->results_lock);
	assert(pushed); /* the ring has room for all results that an id can have: limits.h */
	b->n = 0;
	if (wake && news)
		shared_wake(&sh->header->caller_waits, sh->caller_fd);
}

void results_push_one(struct posts *p, const struct wire_result *r)
{
	struct result_batch b = { .posts = p, .n = 1 };

	b.results[0] = *r;
	results_push(&b, true);
}

void posts_count_deferred(struct posts *p, bool again)
{
	struct shared_header *h = p->shared->header;
	uint32_t now = atomic_fetch_add(&h->deferred_now, 1) + 1;

	atomic_max(&h->deferred_max, now);
	if (!again)
		atomic_fetch_add(&h->deferred_total, 1);
}

void posts_uncount_deferred(struct posts *p)
{
	atomic_fetch_sub(&p->shared->header->deferred_now, 1);
}
