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
#include <sys/prctl.h>
#include <unistd.h>

#include "libcheck/checkers/directio.h"
#include "libcheck/checkers/scsi.h"
#include "libcheck/names.h"
#include "libcheck/prober.h"
#include "util/pages.h"
#include "util/seal.h"
#include "util/thread.h"

static enum job_class class_of(enum job_kind kind)
{
	switch (kind) {
	case JOB_READ:
	case JOB_ASK:
		return CLASS_READ;
	case JOB_OPEN:
	case JOB_CLOSE:
		return CLASS_OPEN;
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
	if (class_of(job->kind) != CLASS_READ && class_of(job->kind) != CLASS_OPEN)
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
	if (job->cancelled ||
	    (job->kind != JOB_OPEN && job->kind != JOB_READ && job->kind != JOB_ASK))
		return "";
	return names_get(p->shared, slot_of(job)->path);
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
	/* The reserve, whom the lane needs next, is never busy with anything else. */
	if (c != CLASS_WATCH && (r->busy[c] >= limit || r->free_seat == NULL ||
	                         r->seated + r->lanes_stuck >= p->limits.rescuers))
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
	static const enum job_class order[] = { CLASS_WATCH, CLASS_SETUP, CLASS_OPEN,
		                                CLASS_READ };

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
	struct mono started;

	pthread_mutex_lock(&g->lock);
	started = s->started;
	alive = s->state != SLOT_ORPHANED;
	*ret_fd = s->stage == PATHCHECK_STAGE_OPEN ? s->stale_fd : s->fd;
	*ret_block = s->block;
	if (alive) {
		wake = group_launch(g, s, mono_now());
		if (s->ask == 0)
			s->engine = PATHCHECK_ENGINE_SYNC;
		else
			s->started = started; /* of the read, which is answered */
		group_publish(g);
	} else {
		s->waiting = false;
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	return alive;
}

/*
 * No more than one rescuer waits for memory here. Who finds it busy, or no memory, goes on: a
 * rescuer reads what has no buffer.
 */
static void make_buffers(struct prober *p, struct group *g, uint32_t block)
{
	if (atomic_exchange(&p->making_buffers, true))
		return;
	(void)buffers_make(&g->buffers, &g->lock, block); /* tried again by the next */
	atomic_store(&p->making_buffers, false);
}

static void job_read(struct prober *p, struct rescuer *self, struct group *g,
                     struct slot *s)
{
	int64_t result = 0;
	uint32_t block = s->block;
	int fd;

	make_buffers(p, g,
	             block); /* for the next read: this one's time does not run yet */
	if (begin(g, s, &fd, &block))
		result = directio_read(fd, self->scratch, block);
	s->result = result;
	reaper_done(g, s);
}

/* What is asked after a read, whose result stays what it was. */
static void job_ask(struct group *g, struct slot *s)
{
	enum scsi_unit unit = SCSI_UNIT_NOT_ASKED;
	uint32_t block;
	int fd;

	if (begin(g, s, &fd, &block) && (s->ask & ASK_UNIT) != 0)
		unit = scsi_ask_unit(fd);
	pthread_mutex_lock(&g->lock);
	s->ask = 0;
	s->unit = (uint8_t)unit;
	pthread_mutex_unlock(&g->lock);
	reaper_done(g, s);
}

static void job_open(struct prober *p, struct group *g, struct slot *s, const char *name)
{
	struct slot_list one;
	bool alive, wake = false;
	uint32_t block = 0;
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
	alive = s->state != SLOT_ORPHANED;
	if (alive && r == 0) {
		group_requeue(g, s);
		/* Its buffer is made first, which may take long. */
		wake = buffers_of(&g->buffers, slot_index(g, s), block) == NULL &&
		       group_wait(g, s, mono_now());
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);

	if (!alive || r < 0) {
		reaper_done(g, s);
		return;
	}
	make_buffers(p, g, block);
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
	uint32_t have, slots = 0;
	void *context = NULL;
	int r, refused;

	pthread_mutex_lock(&g->lock);
	have = g->context == NULL ? 0 : g->context_slots;
	pthread_mutex_unlock(&g->lock);
	seal_end(); /* what a context needs is no part of a check's way */
	refused = r = buffers_make(&g->buffers, &g->lock, BUFFER_SMALL);
	if (r == 0)
		r = set_up(p, g, have, &context, &slots, &refused);
	seal_begin();
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

static void run(struct prober *p, struct rescuer *self, struct job *job,
                enum job_kind kind)
{
	struct group *g = job->group;

	switch (kind) {
	case JOB_OPEN:
		job_open(p, g, slot_of(job), self->device);
		break;
	case JOB_READ:
		job_read(p, self, g, slot_of(job));
		break;
	case JOB_ASK:
		job_ask(g, slot_of(job));
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
	case JOB_WATCH:
	case JOB_NONE:
	case JOB_KIND_COUNT_:
		assert(false);
	}
}

/* --- the threads --- */

bool rescuers_stopping(struct prober *p)
{
	bool stopping;

	pthread_mutex_lock(&p->rescuers.lock);
	stopping = p->rescuers.stopping;
	pthread_mutex_unlock(&p->rescuers.lock);
	return stopping;
}

bool rescuers_spare_one(struct prober *p)
{
	struct rescuers *r = &p->rescuers;
	bool spared;

	pthread_mutex_lock(&r->lock);
	spared = r->lanes_stuck < p->limits.lanes_stuck;
	r->lanes_stuck += spared;
	pthread_mutex_unlock(&r->lock);
	return spared;
}

void rescuers_have_back(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	r->lanes_stuck--;
	if (anything_waits(r))
		pthread_cond_signal(&r->work);
	pthread_mutex_unlock(&r->lock);
}

/* Is the lane, to its end or until it has stood still in the kernel. */
static void be_lane(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	if (lane_serve(p)) {
		pthread_mutex_lock(&r->lock);
		r->lane_over = true;
		pthread_cond_broadcast(&r->over);
		pthread_mutex_unlock(&r->lock);
		return;
	}
	atomic_fetch_sub(&p->shared->header->lanes_stuck, 1);
	rescuers_have_back(p);
	(void)prctl(PR_SET_NAME, "pc-rescuer"); /* only cosmetic */
}

/* With the lock held, which it lets go meanwhile. */
static void sit_down(struct prober *p, struct job *job)
{
	struct rescuers *r = &p->rescuers;
	struct rescuer *self = r->free_seat;
	_Atomic int64_t *busy_since = &p->shared->rescuer_busy_us[self->index];
	enum job_kind kind = job->kind;
	struct ends e = ends_of(job);

	r->free_seat = self->next;
	r->seated++;
	/* The name is the path's until the lane has cancelled the job. */
	(void)snprintf(self->device, sizeof(self->device), "%s", device_of(p, job));
	r->busy[class_of(kind)]++;
	r->host_busy[e.host]++;
	r->target_busy[e.target]++;
	pthread_mutex_unlock(&r->lock);

	atomic_store(busy_since, mono_now().us);
	run(p, self, job, kind); /* from here on the job may be queued anew */
	atomic_store(busy_since, 0);

	pthread_mutex_lock(&r->lock);
	if (have_enough(p, e) || (self->device[0] != '\0' && r->held_by_device))
		look_at_held(r);
	self->device[0] = '\0';
	self->next = r->free_seat;
	r->free_seat = self;
	r->seated--;
	r->busy[class_of(kind)]--;
	r->host_busy[e.host]--;
	r->target_busy[e.target]--;
	/* Under a cap this end may let more than one begin. */
	if (anything_waits(r))
		pthread_cond_signal(&r->work);
}

static void *rescuer_main(void *prober)
{
	struct prober *p = prober;
	struct rescuers *r = &p->rescuers;

	seal_begin();
	pthread_mutex_lock(&r->lock);
	for (;;) {
		struct job *job = take_job(p);

		if (job != NULL && job->kind != JOB_WATCH) {
			sit_down(p, job);
		} else if (job != NULL) {
			pthread_mutex_unlock(&r->lock);
			if (watch_lane(p)) {
				rescuers_enqueue(p, &p->watch.job, JOB_WATCH);
				be_lane(p);
			}
			pthread_mutex_lock(&r->lock);
		} else if (r->stopping) {
			break;
		} else {
			pthread_cond_wait(&r->work, &r->lock);
		}
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void *first_lane_main(void *prober)
{
	seal_begin();
	be_lane(prober);
	return rescuer_main(prober);
}

/* Its first page is there: most reads touch no other. NULL: errno. */
static void *scratch_new(void)
{
	char *p = pages_new(SCRATCH_BYTES);

	if (p == NULL)
		return NULL;
	/* Who locks all memory does so for this, too; only disks with large blocks use it. */
	(void)munlock(p + SCRATCH_LOCKED, SCRATCH_BYTES - SCRATCH_LOCKED);
	*(volatile char *)p = 0;
	return p;
}

static int take_seats(struct prober *p)
{
	struct rescuers *r = &p->rescuers;
	uint32_t n = p->limits.rescuers;

	r->seats = calloc(n, sizeof(*r->seats));
	r->threads = calloc(p->limits.threads, sizeof(*r->threads));
	if (r->seats == NULL || r->threads == NULL)
		return -ENOMEM;
	for (uint32_t i = n; i-- > 0;) {
		struct rescuer *seat = &r->seats[i];

		seat->index = i;
		seat->scratch = scratch_new();
		if (seat->scratch == NULL)
			return -errno;
		seat->next = r->free_seat;
		r->free_seat = seat;
	}
	return 0;
}

int rescuers_start(struct prober *p)
{
	struct rescuers *r = &p->rescuers;
	int ret = take_seats(p);

	for (uint32_t i = 0; ret == 0 && i < p->limits.rescuers + LANE_RESERVE; i++) {
		ret = thread_start(&r->threads[i], "pc-rescuer", PROBER_STACK_BYTES,
		                   rescuer_main, p);
		r->started += ret == 0;
	}
	if (ret < 0)
		return ret;
	rescuers_enqueue(p, &p->watch.job, JOB_WATCH);
	ret = thread_start(&r->threads[r->started], "pc-lane", PROBER_STACK_BYTES,
	                   first_lane_main, p);
	if (ret < 0)
		return ret;
	r->started++;
	p->has_lane = true;
	return 0;
}

void rescuers_wait_for_lane(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	while (!r->lane_over)
		pthread_cond_wait(&r->over, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void rescuers_stop(struct prober *p)
{
	struct rescuers *r = &p->rescuers;

	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	watch_wake(p);
	for (uint32_t i = 0; i < r->started; i++)
		pthread_join(r->threads[i], NULL);
	for (uint32_t i = 0; r->seats != NULL && i < p->limits.rescuers; i++)
		pages_free(r->seats[i].scratch, SCRATCH_BYTES);
	free(r->threads);
	free(r->seats);
	r->threads = NULL;
	r->seats = NULL;
	r->started = 0;
}
