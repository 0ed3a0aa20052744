/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rescuers: a fixed number of threads, started in advance, for everything that may block:
 * open, close, reads that cannot be asynchronous, io_setup. Whatever hangs holds one of them
 * and no other thread; reads leave some for opens and closes, these leave some for reads,
 * and no host or target may hold more than half. Of those whose host is not known each device
 * holds one, and all of them what their kind may.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/prober.h"
#include "util/thread.h"

static enum job_class class_of(enum job_kind kind)
{
	switch (kind) {
	case JOB_READ:
		return CLASS_READ;
	case JOB_OPEN:
	case JOB_CLOSE:
		return CLASS_OPEN;
	case JOB_SETUP:
	case JOB_DESTROY:
		return CLASS_SETUP;
	case JOB_NONE:
	case JOB_KIND_COUNT_:
		break;
	}
	assert(false);
	return CLASS_OPEN;
}

static struct slot *slot_of(struct job *job)
{
	return container_of(job, struct slot, job);
}

/* What a job takes a share of; 0: not known, no share. */
struct ends {
	uint32_t host, target;
};

static struct ends ends_of(struct job *job)
{
	if (class_of(job->kind) == CLASS_SETUP)
		return (struct ends){ 0, 0 };
	return (struct ends){ slot_of(job)->host, slot_of(job)->target };
}

/* One of them holds as many rescuers as it may. With rescuers.lock held. */
static bool have_enough(const struct prober *p, struct ends e)
{
	const struct rescuers *r = &p->rescuers;
	uint32_t most = p->limits.rescuers_host;

	return (e.host != 0 && r->host_busy[e.host] >= most) ||
	       (e.target != 0 && r->target_busy[e.target] >= most);
}

/* --- the queues; with rescuers.lock held --- */

static void append(struct rescuers *r, struct job *job)
{
	enum job_class c = class_of(job->kind);

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

/* The device of a job that opens or reads one, "" when it is neither or its path is gone. */
static const char *device_of(struct prober *p, struct job *job)
{
	if (job->cancelled || (job->kind != JOB_OPEN && job->kind != JOB_READ))
		return "";
	return p->shared->names[slot_of(job)->path];
}

/* One device holds one rescuer, however often its path was removed and added meanwhile. */
static bool device_busy(struct prober *p, const char *device)
{
	if (device[0] == '\0')
		return false;
	for (uint32_t i = 0; i < p->limits.rescuers; i++)
		if (strcmp(p->rescuers.threads[i].device, device) == 0)
			return true;
	return false;
}

static bool may_begin(struct prober *p, struct job *job)
{
	struct rescuers *r = &p->rescuers;

	if (have_enough(p, ends_of(job)))
		return false;
	if (device_busy(p, device_of(p, job))) {
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
	uint32_t limit = p->limits.rescuers_class;

	if (c == CLASS_SETUP)
		limit = p->limits.rescuers - limit;
	if (r->busy[c] >= limit)
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
static void look_at_held(struct rescuers *r)
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

static struct job *take_job(struct prober *p)
{
	static const enum job_class order[] = { CLASS_SETUP, CLASS_OPEN, CLASS_READ };

	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		struct job *job = take_of_class(p, order[i]);

		if (job != NULL)
			return job;
	}
	return NULL;
}

static bool anything_waits(const struct rescuers *r)
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
	job->cancelled = false;
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

void rescuers_cancel(struct prober *p, struct job *job)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	job->cancelled = true;
	/* Without a device it may begin, and end. */
	if (r->held_by_device) {
		look_at_held(r);
		pthread_cond_signal(&r->work);
	}
	pthread_mutex_unlock(&r->lock);
}

/* --- the jobs; no lock held --- */

/* Its clock starts now. False: its path is gone, and the question with it. */
static bool begin(struct group *g, struct slot *s, int *ret_fd, uint32_t *ret_block)
{
	bool alive, wake = false;

	pthread_mutex_lock(&g->lock);
	alive = s->state != SLOT_ORPHANED;
	*ret_fd = s->stage == PATHCHECK_STAGE_OPEN ? s->stale_fd : s->fd;
	*ret_block = s->block;
	if (alive) {
		s->engine = PATHCHECK_ENGINE_SYNC;
		wake = group_launch(g, s, mono_now());
		group_publish(g);
	} else {
		s->waiting = false;
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	return alive;
}

static void job_read(struct rescuer *self, struct group *g, struct slot *s)
{
	int64_t result = 0;
	uint32_t block;
	int fd;

	if (begin(g, s, &fd, &block))
		result = directio_read(fd, self->scratch, block);
	s->result = result;
	reaper_done(g, s);
}

/* Not the device's word: there was nothing to open it with. */
static bool is_shortage(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

static void job_open(struct prober *p, struct group *g, struct slot *s, const char *name)
{
	struct slot_list one;
	uint32_t block;
	bool alive;
	int fd = -1, stale_fd, r = 0;

	if (begin(g, s, &stale_fd, &block))
		r = directio_open(name, stale_fd, &fd, &block);
	else if (stale_fd >= 0)
		(void)close(stale_fd); /* nothing was written to it */

	pthread_mutex_lock(&g->lock);
	s->stale_fd = -1;
	s->fd = fd;
	s->block = block;
	s->result = r;
	s->resource = is_shortage(r);
	alive = s->state != SLOT_ORPHANED;
	if (alive && r == 0)
		group_requeue(g, s);
	pthread_mutex_unlock(&g->lock);

	if (!alive || r < 0) {
		reaper_done(g, s);
		return;
	}
	slot_list_init(&one);
	slot_list_append(&one, s);
	lane_inbox(p, &one);
}

static void job_close(struct group *g, struct slot *s)
{
	(void)close(s->fd); /* nothing was written to it */
	pthread_mutex_lock(&g->lock);
	s->fd = -1;
	pthread_mutex_unlock(&g->lock);
	reaper_done(g, s);
}

/* The largest context that is to be had, larger than the one there. *ret_refused: what the
 * kernel said to the full size. */
static int set_up(struct prober *p, struct group *g, uint32_t have, void **ret_context,
                  uint32_t *ret_slots, int *ret_refused)
{
	uint32_t slots = PATHCHECK_GROUP_SLOTS;
	int r;

	r = p->backend->setup(slots, g->wake_fd, ret_context);
	*ret_refused = r;
	while ((r == -EAGAIN || r == -ENOMEM) && slots / 2 > have &&
	       slots / 2 >= CONTEXT_SLOTS_MIN) {
		slots /= 2;
		r = p->backend->setup(slots, g->wake_fd, ret_context);
	}
	*ret_slots = slots;
	return r;
}

static void job_setup(struct prober *p, struct group *g)
{
	struct shared_header *h = p->shared->header;
	uint32_t have, slots;
	void *context = NULL;
	int r, refused;

	pthread_mutex_lock(&g->lock);
	have = g->context == NULL ? 0 : g->context_slots;
	pthread_mutex_unlock(&g->lock);
	r = set_up(p, g, have, &context, &slots, &refused);
	if (refused < 0) {
		atomic_store(&h->io_setup_error, -refused);
		atomic_fetch_add(&h->io_setup_failures, 1);
	}
	pthread_mutex_lock(&g->lock);
	g->setup_running = false;
	if (r == 0)
		group_use_context(g, context, slots);
	g->setup_error = -refused;
	g->setup_by = refused == 0 ? MONO_NEVER : mono_add(mono_now(), p->setup_retry_us);
	if (g->state != PATHCHECK_GROUP_RETIRING)
		g->state = group_working_state(g);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	reaper_wake(g);
	lane_wake(p); /* reads wait for the context */
}

/* Nothing is in it, so this takes only as long as the kernel needs for itself. */
static void job_destroy(struct prober *p, struct group *g)
{
	void *context;

	pthread_mutex_lock(&g->lock);
	context = g->emptied;
	pthread_mutex_unlock(&g->lock);
	p->backend->destroy(context);
	pthread_mutex_lock(&g->lock);
	g->emptied = NULL;
	g->setup_running = false;
	if (g->state == PATHCHECK_GROUP_RECOVERING)
		g->setup_by = mono_add(mono_now(), p->setup_retry_us);
	pthread_mutex_unlock(&g->lock);
	reaper_wake(g);
}

static void run(struct rescuer *self, struct job *job, enum job_kind kind)
{
	struct prober *p = self->prober;
	struct group *g = job->group;

	switch (kind) {
	case JOB_OPEN:
		job_open(p, g, slot_of(job), self->device);
		break;
	case JOB_READ:
		job_read(self, g, slot_of(job));
		break;
	case JOB_CLOSE:
		job_close(g, slot_of(job));
		break;
	case JOB_SETUP:
		job_setup(p, g);
		break;
	case JOB_DESTROY:
		job_destroy(p, g);
		break;
	case JOB_NONE:
	case JOB_KIND_COUNT_:
		assert(false);
	}
}

static void *rescuer_main(void *arg)
{
	struct rescuer *self = arg;
	struct prober *p = self->prober;
	struct rescuers *r = &p->rescuers;
	_Atomic int64_t *busy_since = &p->shared->rescuer_busy_us[self->index];

	pthread_mutex_lock(&r->lock);
	for (;;) {
		struct job *job = take_job(p);
		enum job_kind kind;
		struct ends e;

		if (job == NULL) {
			if (r->stopping)
				break;
			pthread_cond_wait(&r->work, &r->lock);
			continue;
		}
		kind = job->kind;
		e = ends_of(job);
		/* The name is the path's until the lane has cancelled the job. */
		(void)snprintf(self->device, sizeof(self->device), "%s",
		               device_of(p, job));
		r->busy[class_of(kind)]++;
		r->host_busy[e.host]++;
		r->target_busy[e.target]++;
		pthread_mutex_unlock(&r->lock);

		atomic_store(busy_since, mono_now().us);
		run(self, job, kind); /* from here on the job may be queued anew */
		atomic_store(busy_since, 0);

		pthread_mutex_lock(&r->lock);
		if (have_enough(p, e) || (self->device[0] != '\0' && r->held_by_device))
			look_at_held(r);
		self->device[0] = '\0';
		r->busy[class_of(kind)]--;
		r->host_busy[e.host]--;
		r->target_busy[e.target]--;
		/* Under a cap this end may let more than one begin. */
		if (anything_waits(r))
			pthread_cond_signal(&r->work);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int rescuers_start(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	r->threads = calloc(p->limits.rescuers, sizeof(*r->threads));
	if (r->threads == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->limits.rescuers; i++) {
		struct rescuer *t = &r->threads[i];
		int ret;

		t->prober = p;
		t->index = i;
		t->scratch = mmap(NULL, SCRATCH_BYTES, PROT_READ | PROT_WRITE,
		                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (t->scratch == MAP_FAILED) {
			t->scratch = NULL;
			return -errno;
		}
		ret = thread_start(&t->thread, "pc-rescuer", 0, rescuer_main, t);
		if (ret < 0) {
			munmap(t->scratch, SCRATCH_BYTES);
			t->scratch = NULL;
			return ret;
		}
		r->started++;
	}
	return 0;
}

void rescuers_stop(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (uint32_t i = 0; i < r->started; i++) {
		pthread_join(r->threads[i].thread, NULL);
		munmap(r->threads[i].scratch, SCRATCH_BYTES);
	}
	free(r->threads);
	r->threads = NULL;
	r->started = 0;
}
