/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slots of a group: their states, the heap of their deadlines, and the counters. Any thread
 * of the probing side, under group.lock.
 */
#include "libcheck/prober/group.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/atomic_max.h"
#include "util/pages.h"
#include "util/thread.h"

#define SLOTS_BYTES (PATHCHECK_GROUP_SLOTS * sizeof(struct slot))

int group_init(struct group *g, uint32_t id, const struct group_parts *with)
{
	*g = (struct group){ .id = id, .with = *with, .wake_fd = -1 };
	thread_lock_init(&g->lock);
	slot_list_init(&g->submit);
	slot_list_init(&g->done);
	g->setup = (struct job){ .kind = JOB_SETUP, .group = g };
	g->setup_by = g->tell_by = MONO_NEVER;

	g->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->wake_fd < 0)
		return -errno;
	/* Not calloc(), which may write to them. */
	g->slots = pages_new(SLOTS_BYTES);
	if (g->slots == NULL)
		return -ENOMEM;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++)
		g->free[i] =
		        (uint16_t)(PATHCHECK_GROUP_SLOTS - 1 - i); /* low ones first */
	g->count[SLOT_FREE] = PATHCHECK_GROUP_SLOTS;
	return 0;
}

void group_fill(struct group *g)
{
	if (g->slots_filled)
		return;
	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		g->slots[i].job.group = g;
		g->slots[i].fd = g->slots[i].stale_fd = -1;
		g->slots[i].heap_at = NO_POSITION;
	}
	g->slots_filled = true;
}

void group_deinit(struct group *g)
{
	if (g->slots != NULL)
		assert(g->count[SLOT_FREE] == PATHCHECK_GROUP_SLOTS);
	assert(g->context == NULL && g->draining == NULL && g->emptied == NULL);
	pages_free(g->slots, SLOTS_BYTES);
	buffers_free(&g->buffers);
	if (g->wake_fd >= 0)
		close(g->wake_fd);
	pthread_mutex_destroy(&g->lock);
}

static void move(struct group *g, struct slot *s, enum slot_state to)
{
	assert(g->count[s->state] > 0);
	g->count[s->state]--;
	s->state = to;
	g->count[to]++;
}

/* --- the heap: a slot knows its position in it --- */

static bool heap_before(const struct group *g, uint32_t a, uint32_t b)
{
	return mono_before(g->slots[a].deadline, g->slots[b].deadline);
}

static void heap_set(struct group *g, uint32_t at, uint32_t index)
{
	g->heap[at] = (uint16_t)index;
	g->slots[index].heap_at = (uint16_t)at;
}

static void heap_up(struct group *g, uint32_t at)
{
	uint32_t index = g->heap[at];

	while (at > 0 && heap_before(g, index, g->heap[(at - 1) / 2])) {
		heap_set(g, at, g->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(g, at, index);
}

static void heap_down(struct group *g, uint32_t at)
{
	uint32_t index = g->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= g->heap_size)
			break;
		if (child + 1 < g->heap_size &&
		    heap_before(g, g->heap[child + 1], g->heap[child]))
			child++;
		if (!heap_before(g, g->heap[child], index))
			break;
		heap_set(g, at, g->heap[child]);
		at = child;
	}
	heap_set(g, at, index);
}

static void heap_insert(struct group *g, struct slot *s)
{
	assert(s->heap_at == NO_POSITION && g->heap_size < PATHCHECK_GROUP_SLOTS);
	heap_set(g, g->heap_size++, group_index(g, s));
	heap_up(g, g->heap_size - 1);
}

static void heap_remove(struct group *g, struct slot *s)
{
	uint32_t at = s->heap_at, last;

	if (at == NO_POSITION)
		return;
	s->heap_at = NO_POSITION;
	last = g->heap[--g->heap_size];
	if (at == g->heap_size)
		return;
	heap_set(g, at, last);
	heap_up(g, at);
	heap_down(g, g->slots[last].heap_at);
}

/* --- the state machine --- */

/* What the slot waited for has come, or is not needed any more. */
static void end_of_wait(struct group *g, struct slot *s)
{
	heap_remove(g, s);
	if (s->deferred)
		posts_uncount_deferred(g->with.posts);
	s->deferred = false;
}

struct slot *group_take(struct group *g, uint32_t path, uint32_t generation)
{
	struct slot *s;

	if (g->count[SLOT_FREE] == 0)
		return NULL;
	s = &g->slots[g->free[g->count[SLOT_FREE] - 1]];
	assert(s->state == SLOT_FREE && s->heap_at == NO_POSITION);
	move(g, s, SLOT_QUEUED);
	s->waiting = true;
	s->emergency = s->resource = s->late = s->reported = false;
	s->identify = s->identified = s->opened = false;
	s->learn = s->learned = s->closes = s->closing = s->refines = false;
	s->checker = PATHCHECK_DIRECTIO;
	s->step = s->tries = s->said = s->ask = 0;
	s->command = CHECKER_NO_COMMAND;
	s->replied = CHECKER_NOT_SENT;
	s->sense = (struct sense){ .valid = false };
	s->answered = (struct mono){ 0 };
	s->job.cancelled = false; /* of its last use; it is in no queue */
	s->engine = PATHCHECK_ENGINE_NONE;
	atomic_store_explicit(&s->path, path, memory_order_relaxed);
	s->generation = generation;
	s->fd = s->stale_fd = -1;
	s->started = s->blocked_from = (struct mono){ 0 };
	s->result = 0;
	return s;
}

/* --- the contexts --- */

void group_enter(struct group *g, struct slot *s)
{
	assert(!s->in_kernel);
	s->in_kernel = true;
	s->drains = false;
	g->in_context++;
}

void group_leave(struct group *g, struct slot *s)
{
	uint32_t *count = s->drains ? &g->in_draining : &g->in_context;

	if (!s->in_kernel)
		return;
	assert(*count > 0);
	(*count)--;
	s->in_kernel = false;
}

void group_use_context(struct group *g, void *context, uint32_t slots)
{
	assert(g->draining == NULL && g->in_draining == 0 && g->emptied == NULL);
	g->draining = g->context;
	g->in_draining = g->in_context;
	for (uint32_t i = 0; g->in_context > 0 && i < PATHCHECK_GROUP_SLOTS; i++)
		g->slots[i].drains = g->slots[i].in_kernel;
	g->context = context;
	g->context_slots = slots;
	g->in_context = 0;
}

enum pathcheck_group_state group_working_state(const struct group *g)
{
	if (g->context == NULL)
		return PATHCHECK_GROUP_FALLBACK;
	return g->context_slots < PATHCHECK_GROUP_SLOTS ? PATHCHECK_GROUP_RECOVERING
	                                                : PATHCHECK_GROUP_READY;
}

/* --- slots --- */

/* What another prober has waited in this stage counts, but for LATE_GRACE_US. */
static int64_t waited_before_us(const struct slot *s)
{
	return s->waited_stage == s->stage ? s->waited_ms * USEC_PER_MSEC : 0;
}

bool group_launch(struct group *g, struct slot *s, struct mono started)
{
	int64_t waited_us = 0;

	assert(s->state != SLOT_FREE && s->state != SLOT_IN_FLIGHT);
	end_of_wait(g, s);
	s->waiting = false;
	s->started = started;
	if (s->state != SLOT_QUEUED)
		return false; /* expired or orphaned: it has no deadline any more */
	s->deadline = mono_add(started, s->timeout_us);
	if (s->waited_ms > 0) {
		waited_us = waited_before_us(s);
		s->deadline = mono_add(started, MAX(s->timeout_us - waited_us,
		                                    MIN(s->timeout_us, LATE_GRACE_US)));
	}
	/* All SCSI commands of a check share its time. One that follows an answer has a second. */
	if (s->command == CHECKER_NO_COMMAND && s->tries > 0)
		s->deadline =
		        mono_max(mono_add(s->first, s->timeout_us),
		                 mono_add(started, MIN(s->timeout_us, COMMAND_LIMIT_US)));
	else if (s->command == CHECKER_NO_COMMAND && s->ask != PATHCHECK_REQUEST_READ)
		s->first = started;
	if (s->refines)
		s->deadline =
		        mono_min(s->deadline, mono_add(s->answered, COMMAND_LIMIT_US));
	shared_note_handed(g->with.posts->shared, s->path, mono_add(started, -waited_us),
	                   s->stage);
	move(g, s, SLOT_IN_FLIGHT);
	heap_insert(g, s);
	return mono_before(s->deadline, g->asleep_until);
}

void group_requeue(struct group *g, struct slot *s)
{
	assert(s->state != SLOT_FREE);
	group_leave(g, s);
	s->waiting = true;
	end_of_wait(g, s);
	if (s->state != SLOT_IN_FLIGHT)
		return;
	move(g, s, SLOT_QUEUED);
	/* It was answered: what it has waited does not count any more. */
	atomic_store_explicit(&g->with.posts->shared->handed_us[s->path], 0,
	                      memory_order_relaxed);
}

bool group_wait(struct group *g, struct slot *s, struct mono now)
{
	assert(s->state != SLOT_FREE);
	if (s->state != SLOT_QUEUED)
		return false; /* its TIMED_OUT was reported, or its path is gone */
	if (s->deferred || s->heap_at != NO_POSITION)
		return false; /* it waits already */
	s->deadline = mono_add(now, g->with.limits->defer_after_us);
	heap_insert(g, s);
	return mono_before(s->deadline, g->asleep_until);
}

void group_orphan(struct group *g, struct slot *s)
{
	assert(s->state != SLOT_FREE && s->state != SLOT_ORPHANED);
	end_of_wait(g, s);
	move(g, s, SLOT_ORPHANED);
}

void group_close(struct group *g, struct slot *s)
{
	assert(!s->closing);
	group_orphan(g, s);
	s->waiting = false;
	s->closing = true;
	g->closing++;
}

void group_finish(struct group *g, struct slot *s)
{
	assert(s->state != SLOT_FREE);
	if (s->closing)
		g->closing--;
	s->closes = s->closing = false;
	end_of_wait(g, s);
	group_leave(g, s);
	s->waiting = false;
	atomic_store_explicit(&s->path, NO_PATH, memory_order_relaxed);
	g->free[g->count[SLOT_FREE]] = (uint16_t)group_index(g, s);
	move(g, s, SLOT_FREE);
}

struct slot *group_expire(struct group *g, struct mono now)
{
	struct slot *s;

	if (g->heap_size == 0)
		return NULL;
	s = &g->slots[g->heap[0]];
	if (mono_before(now, s->deadline))
		return NULL;
	heap_remove(g, s);
	if (s->state != SLOT_QUEUED) {
		move(g, s, SLOT_EXPIRED);
		return s;
	}
	if (s->deferred)
		return s; /* its command waits for a rescuer, and has time left */
	s->deferred = true;
	posts_count_deferred(g->with.posts, s->reported);
	if (s->refines) {
		s->deadline = mono_min(mono_add(s->started, s->timeout_us),
		                       mono_add(s->answered, COMMAND_LIMIT_US));
		heap_insert(g, s);
	}
	return s;
}

struct mono group_deadline(const struct group *g)
{
	return g->heap_size == 0 ? MONO_NEVER : g->slots[g->heap[0]].deadline;
}

uint32_t group_live(const struct group *g)
{
	return g->count[SLOT_QUEUED] + g->count[SLOT_IN_FLIGHT] + g->count[SLOT_EXPIRED];
}

uint32_t group_used(const struct group *g)
{
	return PATHCHECK_GROUP_SLOTS - g->count[SLOT_FREE];
}

void group_count_emergency(struct group *g, struct slot *s)
{
	struct shared_header *h = g->with.posts->shared->header;

	if (s->emergency)
		return;
	s->emergency = true;
	atomic_max(&h->emergency_max, atomic_fetch_add(&h->emergency_now, 1) + 1);
	atomic_fetch_add(&h->emergency_total, 1);
}

void group_give_back(struct group *g, struct slot *s)
{
	if (s->emergency)
		atomic_fetch_sub(&g->with.posts->shared->header->emergency_now, 1);
	/* Other processors read both counters: they are raised once for a row of slots. */
	if (g->back > 0 && g->back_host != s->host)
		group_show_back(g);
	g->back_host = s->host;
	g->back++;
	s->fd = s->stale_fd = -1;
	group_finish(g, s);
}

void group_show_back(struct group *g)
{
	if (g->back == 0)
		return;
	atomic_fetch_add(&g->with.posts->slots_back, g->back);
	atomic_fetch_add(&g->with.posts->host_back[g->back_host], g->back);
	g->back = 0;
}

static enum pathcheck_group_kind kind(const struct group *g)
{
	if (g->context == NULL && g->state != PATHCHECK_GROUP_SETTING_UP)
		return PATHCHECK_GROUP_SYNC;
	return g->sends ? PATHCHECK_GROUP_SG : PATHCHECK_GROUP_AIO;
}

void group_publish(struct group *g)
{
	struct group_view *v = &g->with.posts->shared->groups[g->id];

	group_show_back(g);
	atomic_store_explicit(&v->queued, g->count[SLOT_QUEUED], memory_order_relaxed);
	atomic_store_explicit(&v->in_flight, g->count[SLOT_IN_FLIGHT],
	                      memory_order_relaxed);
	atomic_store_explicit(&v->expired, g->count[SLOT_EXPIRED], memory_order_relaxed);
	atomic_store_explicit(&v->orphans, g->count[SLOT_ORPHANED] - g->closing,
	                      memory_order_relaxed);
	atomic_store_explicit(&v->setup_error, g->setup_error, memory_order_relaxed);
	atomic_store_explicit(&v->kind, kind(g), memory_order_relaxed);
	atomic_store_explicit(&v->state, g->state, memory_order_release);
}

void group_wake(struct group *g)
{
	/* reaper.pml: SEND */
	static const uint64_t one = 1;
	bool send;

	pthread_mutex_lock(&g->lock);
	send = !g->wake_sent;
	g->wake_sent = true;
	/* The reaper counts as stalled from now on, until it has come round. */
	if (send)
		atomic_store(group_wake_by(g), mono_now().us);
	pthread_mutex_unlock(&g->lock);
	/* It fails only when the counter is full: the reaper wakes then, too. */
	if (send && write(g->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void group_answer(struct group *g, struct slot *s)
{
	pthread_mutex_lock(&g->lock);
	slot_list_append(&g->done, s);
	pthread_mutex_unlock(&g->lock);
	group_wake(g);
}

void group_assert(const struct group *g)
{
	uint32_t count[SLOT_STATE_COUNT_] = { 0 }, in_heap = 0;
	uint32_t in_context = 0, in_draining = 0, closing = 0;

	for (uint32_t i = 0; i < PATHCHECK_GROUP_SLOTS; i++) {
		const struct slot *s = &g->slots[i];

		if (!g->slots_filled) {
			count[SLOT_FREE]++;
			continue;
		}
		count[s->state]++;
		closing += s->closing;
		assert(!s->closing || (s->state == SLOT_ORPHANED && !s->in_kernel));
		in_context += s->in_kernel && !s->drains;
		in_draining += s->in_kernel && s->drains;
		assert(s->heap_at == NO_POSITION || s->state == SLOT_IN_FLIGHT ||
		       s->state == SLOT_QUEUED);
		assert(s->heap_at != NO_POSITION || s->state != SLOT_IN_FLIGHT);
		assert(!s->deferred || (s->state == SLOT_QUEUED &&
		                        (s->heap_at == NO_POSITION || s->refines)));
		if (s->heap_at != NO_POSITION) {
			assert(s->heap_at < g->heap_size && g->heap[s->heap_at] == i);
			in_heap++;
		}
	}
	for (int i = 0; i < SLOT_STATE_COUNT_; i++)
		assert(count[i] == g->count[i]);
	assert(in_heap == g->heap_size);
	assert(in_context == g->in_context && in_draining == g->in_draining);
	assert(closing == g->closing);
	for (uint32_t i = 1; i < g->heap_size; i++)
		assert(!heap_before(g, g->heap[i], g->heap[(i - 1) / 2]));
	for (uint32_t i = 0; i < g->count[SLOT_FREE]; i++)
		assert(g->slots[g->free[i]].state == SLOT_FREE);
}
