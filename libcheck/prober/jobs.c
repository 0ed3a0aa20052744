/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queues of jobs: jobs.h. Any thread, under jobs.lock. */
#include "libcheck/prober/jobs.h"

#include <string.h>

#include "libcheck/region/device_names.h"
#include "util/thread.h"

void jobs_init(struct jobs *j, const struct limits *limits, const struct shared *shared)
{
	j->limits = limits;
	j->shared = shared;
	thread_lock_init(&j->lock);
	pthread_cond_init(&j->work, NULL);
	for (int c = 0; c < CLASS_COUNT_; c++) {
		j->tail[c] = &j->head[c];
		j->held_tail[c] = &j->held_head[c];
	}
}

void jobs_deinit(struct jobs *j)
{
	pthread_cond_destroy(&j->work);
	pthread_mutex_destroy(&j->lock);
}

enum job_class jobs_class(enum job_kind kind)
{
	switch (kind) {
	case JOB_READ:
	case JOB_SUBMIT:
	case JOB_COMMAND:
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
	}
	assert(false);
	return CLASS_OPEN;
}

struct job_ends jobs_ends(struct job *job)
{
	if (jobs_class(job->kind) == CLASS_SETUP || jobs_class(job->kind) == CLASS_WATCH)
		return (struct job_ends){ 0, 0 };
	return (struct job_ends){ jobs_slot(job)->host, jobs_slot(job)->target };
}

/* --- shares; with jobs.lock held --- */

/* Opens that hang delay neither a read nor a look: one of each may always start. */
static bool has_enough(const struct job_share *s, enum job_class c, uint32_t most)
{
	if (c == CLASS_READ)
		return s->all >= most && s->reads > 0;
	if (c == CLASS_LOOK)
		return s->all >= most && s->looks > 0;
	return s->all >= MAX(most - 1, 1U);
}

bool jobs_has_enough(const struct jobs *j, struct job_ends e, enum job_class c)
{
	uint32_t most = j->limits->rescuers_host;

	return (e.host != 0 && has_enough(&j->hosts[e.host], c, most)) ||
	       (e.target != 0 && has_enough(&j->targets[e.target], c, most));
}

static void count_share(struct job_share *s, enum job_class c, int by)
{
	s->all = (uint16_t)(s->all + by);
	s->reads = (uint16_t)(s->reads + (c == CLASS_READ ? by : 0));
	s->looks = (uint16_t)(s->looks + (c == CLASS_LOOK ? by : 0));
}

void jobs_count(struct jobs *j, struct job_ends e, enum job_class c, int by)
{
	j->busy[c] += (uint32_t)by;
	count_share(&j->hosts[e.host], c, by);
	count_share(&j->targets[e.target], c, by);
	j->sharing = 0;
	for (int i = 0; i < CLASS_COUNT_; i++)
		if (j->busy[i] > j->limits->rescuers_least[i])
			j->sharing += j->busy[i] - j->limits->rescuers_least[i];
}

/* All rescuers that may do this kind of work are busy. */
static bool none_is_free(const struct jobs *j, enum job_class c)
{
	return j->busy[c] >= j->limits->rescuers_least[c] &&
	       j->sharing >= j->limits->rescuers_shared;
}

/* --- the queues; with jobs.lock held --- */

static void append(struct jobs *j, struct job *job)
{
	enum job_class c = jobs_class(job->kind);

	job->next = NULL;
	*j->tail[c] = job;
	j->tail[c] = &job->next;
}

static struct job *take_first(struct jobs *j, enum job_class c)
{
	struct job *job = j->head[c];

	j->head[c] = job->next;
	if (j->head[c] == NULL)
		j->tail[c] = &j->head[c];
	return job;
}

const char *jobs_device(const struct jobs *j, struct job *job)
{
	bool has_device = job->kind == JOB_OPEN || job->kind == JOB_OPEN_AGAIN ||
	                  job->kind == JOB_READ || job->kind == JOB_LOOK ||
	                  job->kind == JOB_COMMAND;

	if (job->cancelled || !has_device)
		return "";
	return names_get(j->shared, jobs_slot(job)->path);
}

/* A device holds one rescuer, also when its path was removed and added meanwhile. */
static bool device_busy(struct jobs *j, const char *device)
{
	if (device[0] == '\0')
		return false;
	for (uint32_t i = 0; i < j->limits->rescuers; i++)
		if (strcmp(j->seats[i].device, device) == 0)
			return true;
	return false;
}

static bool may_start(struct jobs *j, struct job *job)
{
	if (jobs_has_enough(j, jobs_ends(job), jobs_class(job->kind)))
		return false;
	if (device_busy(j, jobs_device(j, job))) {
		j->held_by_device = true;
		return false;
	}
	return true;
}

/*
 * A job that may not start moves to the held jobs, until a job ends that it waits for. So jobs
 * that may start are found behind any number of others, and each is looked at once.
 */
static struct job *take_of_class(struct jobs *j, enum job_class c)
{
	/* One thread is reserved to watch the submitter: it is never busy with other work. */
	if (c != CLASS_WATCH && none_is_free(j, c))
		return NULL;
	while (j->head[c] != NULL) {
		struct job *job = take_first(j, c);

		if (may_start(j, job))
			return job;
		job->next = NULL;
		*j->held_tail[c] = job;
		j->held_tail[c] = &job->next;
	}
	return NULL;
}

/* The held jobs wait again, in front of the others: they are older. */
void jobs_release_held(struct jobs *j)
{
	for (int c = 0; c < CLASS_COUNT_; c++) {
		if (j->held_head[c] == NULL)
			continue;
		*j->held_tail[c] = j->head[c];
		if (j->head[c] == NULL)
			j->tail[c] = j->held_tail[c];
		j->head[c] = j->held_head[c];
		j->held_head[c] = NULL;
		j->held_tail[c] = &j->held_head[c];
	}
	j->held_by_device = false;
}

struct job *jobs_take(struct jobs *j)
{
	static const enum job_class order[] = { CLASS_WATCH, CLASS_SETUP,
		                                CLASS_LOOK,  CLASS_OPEN_AGAIN,
		                                CLASS_OPEN,  CLASS_CLOSE,
		                                CLASS_READ };

	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		struct job *job = take_of_class(j, order[i]);

		if (job != NULL)
			return job;
	}
	return NULL;
}

bool jobs_any(const struct jobs *j)
{
	for (int c = 0; c < CLASS_COUNT_; c++)
		if (j->head[c] != NULL)
			return true;
	return false;
}

void jobs_add(struct jobs *j, struct job *job, enum job_kind kind)
{
	pthread_mutex_lock(&j->lock);
	job->kind = kind;
	job->cancelled = job->blocks = false;
	append(j, job);
	pthread_mutex_unlock(&j->lock);
	/* Not before: a thread that is woken takes the lock at once. */
	pthread_cond_signal(&j->work);
}

void jobs_add_slots(struct jobs *j, struct slot_list *slots)
{
	struct slot *s;
	uint32_t n = 0;

	pthread_mutex_lock(&j->lock);
	while ((s = slot_list_take(slots)) != NULL) {
		append(j, &s->job);
		n++;
	}
	pthread_mutex_unlock(&j->lock);
	for (n = MIN(n, j->limits->rescuers); n > 0; n--)
		pthread_cond_signal(&j->work);
}

/* Moves reads that would block out of a list, the oldest first. */
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
		slot_list_append(ret, jobs_slot(job));
		--*left;
	}
	if (*at == NULL)
		*tail = at;
}

void jobs_take_blocked(struct jobs *j, struct slot_list *ret)
{
	unsigned left = WOULD_BLOCK_RETRY;

	pthread_mutex_lock(&j->lock);
	take_blocked(&j->held_head[CLASS_READ], &j->held_tail[CLASS_READ], ret, &left);
	take_blocked(&j->head[CLASS_READ], &j->tail[CLASS_READ], ret, &left);
	pthread_mutex_unlock(&j->lock);
}

void jobs_cancel(struct jobs *j, struct job *job)
{
	pthread_mutex_lock(&j->lock);
	job->cancelled = true;
	/* A cancelled job has no device: it may start, and end. */
	if (j->held_by_device) {
		jobs_release_held(j);
		pthread_cond_signal(&j->work);
	}
	pthread_mutex_unlock(&j->lock);
}

/* --- the threads behind the queues --- */

bool jobs_spare_thread(struct jobs *j)
{
	bool spared;

	pthread_mutex_lock(&j->lock);
	spared = j->submitters_stuck < j->limits->submitters_stuck;
	j->submitters_stuck += spared;
	pthread_mutex_unlock(&j->lock);
	return spared;
}

void jobs_return_thread(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->submitters_stuck--;
	pthread_mutex_unlock(&j->lock);
}

bool jobs_stopping(struct jobs *j)
{
	bool stopping;

	pthread_mutex_lock(&j->lock);
	stopping = j->stopping;
	pthread_mutex_unlock(&j->lock);
	return stopping;
}

void jobs_stop(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->stopping = true;
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->lock);
}
