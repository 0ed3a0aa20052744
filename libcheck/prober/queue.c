/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rescuers' queues: what waits for one, and what may begin. Each kind of work has rescuers of
 * its own and takes further ones from those that all share (limits.h). A host or target holds a
 * quarter at most; of these, opens and closes leave one to reads, and one more may look at an open
 * descriptor. Of those whose host is not known each device holds one, and all of them what their
 * kind may.
 */
#include <string.h>

#include "libcheck/region/device_names.h"
#include "libcheck/prober/prober.h"

enum job_class queue_class(enum job_kind kind)
{
	switch (kind) {
	case JOB_READ:
	case JOB_ASK:
		return CLASS_READ;
	case JOB_OPEN:
		return CLASS_OPEN;
	case JOB_CLOSE:
		return CLASS_CLOSE;
	case JOB_OPEN_AGAIN:
		return CLASS_OPEN_AGAIN;
	case JOB_LOOK:
		return CLASS_LOOK;
	case JOB_SETUP:
	case JOB_DESTROY:
		return CLASS_SETUP;
	case JOB_WATCH:
		return CLASS_WATCH;
	case JOB_NONE:
	case JOB_KIND_COUNT_:
		break;
	}
	assert(false);
	return CLASS_OPEN;
}

struct job_ends queue_ends(struct job *job)
{
	if (queue_class(job->kind) == CLASS_SETUP ||
	    queue_class(job->kind) == CLASS_WATCH)
		return (struct job_ends){ 0, 0 };
	return (struct job_ends){ queue_slot(job)->host, queue_slot(job)->target };
}

/* --- shares; with rescuers.lock held --- */

/* Opens that hang hold up neither a read nor a look, so one of each may always begin. */
static bool has_enough(const struct rescuer_share *s, enum job_class c, uint32_t most)
{
	if (c == CLASS_READ)
		return s->all >= most && s->reads > 0;
	if (c == CLASS_LOOK)
		return s->all >= most && s->looks > 0;
	return s->all >= MAX(most - 1, 1U);
}

/* Its host or target holds as many rescuers as it may. */
bool queue_has_enough(const struct prober *p, struct job_ends e, enum job_class c)
{
	const struct rescuers *r = &p->rescuers;
	uint32_t most = p->limits.rescuers_host;

	return (e.host != 0 && has_enough(&r->hosts[e.host], c, most)) ||
	       (e.target != 0 && has_enough(&r->targets[e.target], c, most));
}

static void count_share(struct rescuer_share *s, enum job_class c, int by)
{
	s->all = (uint16_t)(s->all + by);
	s->reads = (uint16_t)(s->reads + (c == CLASS_READ ? by : 0));
	s->looks = (uint16_t)(s->looks + (c == CLASS_LOOK ? by : 0));
}

void queue_count(struct prober *p, struct job_ends e, enum job_class c, int by)
{
	struct rescuers *r = &p->rescuers;

	r->busy[c] += (uint32_t)by;
	count_share(&r->hosts[e.host], c, by);
	count_share(&r->targets[e.target], c, by);
	r->sharing = 0;
	for (int i = 0; i < CLASS_COUNT_; i++)
		if (r->busy[i] > p->limits.rescuers_least[i])
			r->sharing += r->busy[i] - p->limits.rescuers_least[i];
}

/* All that may do this kind of work are busy. */
static bool none_is_free(const struct prober *p, enum job_class c)
{
	const struct rescuers *r = &p->rescuers;

	return r->busy[c] >= p->limits.rescuers_least[c] &&
	       r->sharing >= p->limits.rescuers_shared;
}

/* --- the queues; with rescuers.lock held --- */

static void append(struct rescuers *r, struct job *job)
{
	enum job_class c = queue_class(job->kind);

	job->next = NULL;
	*r->tail[c] = job;
	r->tail[c] = &job->next;
}

static struct job *take_first(struct rescuers *r, enum job_class c)
{
	struct job *job = r->head[c];

	r->head[c] = job->next;
	if (r->head[c] == NULL)
		r->tail[c] = &r->head[c];
	return job;
}

/* The device of a job that opens, reads or looks at one, "" when it is none of these or its path
 * is gone. */
const char *queue_device(struct prober *p, struct job *job)
{
	bool has_device = job->kind == JOB_OPEN || job->kind == JOB_OPEN_AGAIN ||
	                  job->kind == JOB_READ || job->kind == JOB_LOOK ||
	                  job->kind == JOB_ASK;

	if (job->cancelled || !has_device)
		return "";
	return names_get(p->shared, queue_slot(job)->path);
}

/* One device holds one rescuer, however often its path was removed and added meanwhile. */
static bool device_busy(struct prober *p, const char *device)
{
	if (device[0] == '\0')
		return false;
	for (uint32_t i = 0; i < p->limits.rescuers; i++)
		if (strcmp(p->rescuers.seats[i].device, device) == 0)
			return true;
	return false;
}

static bool may_begin(struct prober *p, struct job *job)
{
	struct rescuers *r = &p->rescuers;

	if (queue_has_enough(p, queue_ends(job), queue_class(job->kind)))
		return false;
	if (device_busy(p, queue_device(p, job))) {
		r->held_by_device = true;
		return false;
	}
	return true;
}

/*
 * What may not begin is looked at once, however many there are, and then left aside until
 * something has ended that it waits for: so others are found behind any number of them.
 */
static struct job *take_of_class(struct prober *p, enum job_class c)
{
	struct rescuers *r = &p->rescuers;

	/* The reserve, whom the lane needs next, is never busy with anything else. */
	if (c != CLASS_WATCH && none_is_free(p, c))
		return NULL;
	while (r->head[c] != NULL) {
		struct job *job = take_first(r, c);

		if (may_begin(p, job))
			return job;
		job->next = NULL;
		*r->held_tail[c] = job;
		r->held_tail[c] = &job->next;
	}
	return NULL;
}

/* Those left aside wait again, before those that came later: all is done in order of age. */
void queue_look_at_held(struct rescuers *r)
{
	for (int c = 0; c < CLASS_COUNT_; c++) {
		if (r->held_head[c] == NULL)
			continue;
		*r->held_tail[c] = r->head[c];
		if (r->head[c] == NULL)
			r->tail[c] = r->held_tail[c];
		r->head[c] = r->held_head[c];
		r->held_head[c] = NULL;
		r->held_tail[c] = &r->held_head[c];
	}
	r->held_by_device = false;
}

struct job *queue_take(struct prober *p)
{
	static const enum job_class order[] = { CLASS_WATCH, CLASS_SETUP,
		                                CLASS_LOOK,  CLASS_OPEN_AGAIN,
		                                CLASS_OPEN,  CLASS_CLOSE,
		                                CLASS_READ };

	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		struct job *job = take_of_class(p, order[i]);

		if (job != NULL)
			return job;
	}
	return NULL;
}

bool queue_any(const struct rescuers *r)
{
	for (int c = 0; c < CLASS_COUNT_; c++)
		if (r->head[c] != NULL)
			return true;
	return false;
}

void rescuers_enqueue(struct prober *p, struct job *job, enum job_kind kind)
{
	pthread_mutex_lock(&p->rescuers.lock);
	job->kind = kind;
	job->cancelled = job->blocks = false;
	append(&p->rescuers, job);
	pthread_cond_signal(&p->rescuers.work);
	pthread_mutex_unlock(&p->rescuers.lock);
}

void rescuers_enqueue_slots(struct prober *p, struct slot_list *slots)
{
	struct slot *s;

	pthread_mutex_lock(&p->rescuers.lock);
	while ((s = slot_list_take(slots)) != NULL) {
		append(&p->rescuers, &s->job);
		pthread_cond_signal(&p->rescuers.work);
	}
	pthread_mutex_unlock(&p->rescuers.lock);
}

/* Takes those that would block out of a list, the oldest first. */
static void take_blocked(struct job **head, struct job ***tail, struct slot_list *ret,
                         unsigned *left)
{
	struct job **at = head;

	for (unsigned seen = 0; *at != NULL && *left > 0 && seen < SUBMIT_BATCH; seen++) {
		struct job *job = *at;

		if (!job->blocks || job->cancelled) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		slot_list_append(ret, queue_slot(job));
		--*left;
	}
	if (*at == NULL)
		*tail = at;
}

void rescuers_give_blocked(struct prober *p, struct slot_list *ret)
{
	struct rescuers *r = &p->rescuers;
	unsigned left = WOULD_BLOCK_RETRY;

	pthread_mutex_lock(&r->lock);
	take_blocked(&r->held_head[CLASS_READ], &r->held_tail[CLASS_READ], ret, &left);
	take_blocked(&r->head[CLASS_READ], &r->tail[CLASS_READ], ret, &left);
	pthread_mutex_unlock(&r->lock);
}

void rescuers_cancel(struct prober *p, struct job *job)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	job->cancelled = true;
	/* Without a device it may begin, and end. */
	if (r->held_by_device) {
		queue_look_at_held(r);
		pthread_cond_signal(&r->work);
	}
	pthread_mutex_unlock(&r->lock);
}
