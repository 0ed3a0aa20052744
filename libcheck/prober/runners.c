/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queues of SCSI commands: runners.h. The submitter and rescuers, under runners.lock. */
#include "libcheck/prober/runners.h"

#include <errno.h>

#include "util/pages.h"
#include "util/thread.h"

void runners_init(struct runners *c, struct jobs *jobs)
{
	c->jobs = jobs;
	thread_lock_init(&c->lock);
}

int runners_reserve(struct runners *c)
{
	/* Those of HBAs that send no commands are never present. */
	c->hosts = pages_new(RUNNERS_BYTES);
	return c->hosts == NULL ? -ENOMEM : 0;
}

void runners_deinit(struct runners *c)
{
	pages_free(c->hosts, RUNNERS_BYTES);
	pthread_mutex_destroy(&c->lock);
}

static struct slot *take(struct runner_queue *q)
{
	struct slot *s = q->head;

	if (s == NULL)
		return NULL;
	q->head = s->next;
	s->next = NULL;
	return s;
}

static void append(struct runner_queue *q, struct slot *s)
{
	s->next = NULL;
	if (q->head == NULL)
		q->head = s;
	else
		q->tail->next = s;
	q->tail = s;
}

/* A runner's first command comes with its job. */
static void start_runner(struct runner_queue *q, struct slot *s, struct slot_list *jobs)
{
	q->runners++;
	s->job.kind = JOB_SUBMIT;
	s->job.cancelled = s->job.blocks = false;
	slot_list_append(jobs, s);
}

void runners_add(struct runners *c, struct slot_list *slots)
{
	struct slot_list jobs;
	struct slot *s;

	slot_list_init(&jobs);
	pthread_mutex_lock(&c->lock);
	while ((s = slot_list_take(slots)) != NULL) {
		struct runner_queue *q = &c->hosts[s->host];

		if (q->runners == 0) {
			q->slept = false;
			start_runner(q, s, &jobs);
		} else {
			append(q, s);
		}
	}
	pthread_mutex_unlock(&c->lock);
	if (!slot_list_empty(&jobs))
		jobs_add_slots(c->jobs, &jobs);
}

struct slot *runners_next(struct runners *c, uint32_t host, bool slept)
{
	struct runner_queue *q = &c->hosts[host];
	struct slot *s;

	pthread_mutex_lock(&c->lock);
	assert(q->runners > 0);
	q->slept = q->slept || slept;
	s = take(q);
	if (s == NULL && --q->runners == 0)
		atomic_store(&q->slow, q->slept);
	pthread_mutex_unlock(&c->lock);
	return s;
}

void runners_note_slow(struct runners *c, uint32_t host)
{
	atomic_store(&c->hosts[host].slow, true);
}

bool runners_is_slow(const struct runners *c, uint32_t host)
{
	return atomic_load(&c->hosts[host].slow);
}

void runners_help(struct runners *c)
{
	struct slot_list jobs;

	if (!atomic_exchange(&c->wait, false))
		return;
	slot_list_init(&jobs);
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < PATHCHECK_HOSTS_MAX; i++)
		if (c->hosts[i].head != NULL && c->hosts[i].runners < RUNNERS_HOST)
			start_runner(&c->hosts[i], take(&c->hosts[i]), &jobs);
	pthread_mutex_unlock(&c->lock);
	if (!slot_list_empty(&jobs))
		jobs_add_slots(c->jobs, &jobs);
}
