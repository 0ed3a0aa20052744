/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rescuers: a fixed number of threads, started in advance, for everything that may block:
 * open, close, reads that cannot be asynchronous, io_setup. Whatever hangs holds one of them
 * and no other thread. Which of what waits may begin is in queue.c.
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
#include "libcheck/region/opened.h"
#include "libcheck/prober/prober.h"
#include "util/hash.h"
#include "util/pages.h"
#include "util/seal.h"
#include "util/thread.h"
#include "util/vpd.h"

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
		/* What waits for the unit's word has the time of its read, and no more. */
		wake = group_launch(g, s, s->asks_unit ? started : mono_now());
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
	s->result = (int32_t)result;
	reaper_done(g, s);
}

/* With lock held. The caller can see what the path's name led to. */
static void publish(struct prober *p, struct slot *s, const struct opened_device *d,
                    enum pathcheck_wwid state, uint64_t wwid)
{
	if (s->state == SLOT_ORPHANED)
		return; /* its id may have another path */
	opened_put(p->shared, s->path, d, state, wwid);
	s->opened = true;
}

static void ask_unit(struct group *g, struct slot *s, int fd)
{
	enum scsi_unit unit = scsi_ask_unit(fd);

	pthread_mutex_lock(&g->lock);
	s->unit = (uint8_t)unit;
	pthread_mutex_unlock(&g->lock);
}

static void ask_wwid(struct prober *p, struct group *g, struct slot *s, int fd)
{
	enum pathcheck_wwid state = PATHCHECK_WWID_UNREADABLE;
	char text[VPD_TEXT_MAX] = "";
	struct opened_device d;
	int r = scsi_ask_wwid(fd, text);

	directio_describe(fd, &d);
	if (r == 0)
		state = PATHCHECK_WWID_READ;
	else if (r == -ENODATA)
		state = PATHCHECK_WWID_NONE;
	pthread_mutex_lock(&g->lock);
	publish(p, s, &d, state, r == 0 ? hash_wwid(text) : 0);
	s->identified = true;
	pthread_mutex_unlock(&g->lock);
}

/* What is asked after a read, whose result stays what it was. */
static void job_ask(struct prober *p, struct group *g, struct slot *s)
{
	uint32_t block;
	int fd;

	if (begin(g, s, &fd, &block)) {
		if (s->ask == ASK_UNIT)
			ask_unit(g, s, fd);
		else
			ask_wwid(p, g, s, fd);
	}
	pthread_mutex_lock(&g->lock);
	s->ask = 0;
	pthread_mutex_unlock(&g->lock);
	reaper_done(g, s);
}

/* It is open: its buffer is made, which may take long, then it is read. */
static void go_on(struct prober *p, struct group *g, struct slot *s, int fd,
                  uint32_t block)
{
	bool alive, wake = false;
	struct opened_device d = { 0 };
	struct slot_list one;

	if (fd >= 0) /* or its path was gone before it was opened */
		directio_describe(fd, &d);
	pthread_mutex_lock(&g->lock);
	publish(p, s, &d, PATHCHECK_WWID_NOT_ASKED, 0);
	s->stale_fd = -1;
	s->fd = fd;
	s->block = block;
	s->result = 0;
	alive = s->state != SLOT_ORPHANED;
	if (alive) {
		group_requeue(g, s);
		wake = buffers_of(&g->buffers, slot_index(g, s), block) == NULL &&
		       group_wait(g, s, mono_now());
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	if (!alive) {
		reaper_done(g, s);
		return;
	}
	make_buffers(p, g, block);
	slot_list_init(&one);
	slot_list_append(&one, s);
	lane_inbox(p, &one);
}

/* Another device may know SCSI commands. What is opened for each check is taken to stay. */
static void forget_device(struct prober *p, struct group *g, struct slot *s)
{
	pthread_mutex_lock(&g->lock);
	if (s->state != SLOT_ORPHANED && !s->closes)
		atomic_fetch_and(&p->paths[s->path].flags, (uint8_t)~PATH_NO_SCSI);
	pthread_mutex_unlock(&g->lock);
}

static void job_open(struct prober *p, struct group *g, struct slot *s, const char *name)
{
	uint32_t block = 0;
	int fd = -1, stale_fd, r = 0;

	if (begin(g, s, &stale_fd, &block))
		r = directio_open(name, stale_fd, &fd, &block);
	else if (stale_fd >= 0)
		directio_close(stale_fd);
	if (r == 0) {
		forget_device(p, g, s);
		go_on(p, g, s, fd, block);
		return;
	}
	pthread_mutex_lock(&g->lock);
	s->stale_fd = -1;
	s->fd = fd;
	s->block = block;
	s->result = r;
	pthread_mutex_unlock(&g->lock);
	reaper_done(g, s);
}

/* Not the same any more, or without a name: whatever that is, an open will say. */
static void open_instead(struct prober *p, struct group *g, struct slot *s)
{
	bool alive, wake = false;

	pthread_mutex_lock(&g->lock);
	alive = s->state != SLOT_ORPHANED;
	if (alive) {
		group_requeue(g, s);
		wake = group_wait(g, s, mono_now());
		group_publish(g);
	} else {
		s->fd = s->stale_fd; /* closed with the slot */
		s->stale_fd = -1;
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	if (alive)
		rescuers_enqueue(p, &s->job, JOB_OPEN);
	else
		reaper_done(g, s);
}

static void job_look(struct prober *p, struct group *g, struct slot *s, const char *name)
{
	uint32_t block = 0;
	int fd;

	if (begin(g, s, &fd, &block) && directio_look(name, fd, &block) == 0)
		go_on(p, g, s, fd, block);
	else
		open_instead(p, g, s);
}

static void job_close(struct group *g, struct slot *s)
{
	directio_close(s->fd);
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
	case JOB_OPEN_AGAIN:
		job_open(p, g, queue_slot(job), self->device);
		break;
	case JOB_LOOK:
		job_look(p, g, queue_slot(job), self->device);
		break;
	case JOB_READ:
		job_read(p, self, g, queue_slot(job));
		break;
	case JOB_ASK:
		job_ask(p, g, queue_slot(job));
		break;
	case JOB_CLOSE:
		job_close(g, queue_slot(job));
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
	struct job_ends e = queue_ends(job);

	assert(self != NULL); /* one for each that limits.h lets be busy */
	r->free_seat = self->next;
	/* The name is the path's until the lane has cancelled the job. */
	(void)snprintf(self->device, sizeof(self->device), "%s", queue_device(p, job));
	queue_count(p, e, queue_class(kind), 1);
	pthread_mutex_unlock(&r->lock);

	atomic_store(busy_since, mono_now().us);
	run(p, self, job, kind); /* from here on the job may be queued anew */
	atomic_store(busy_since, 0);

	pthread_mutex_lock(&r->lock);
	/* Opens have enough first: what is held for that host may begin now. */
	if (queue_has_enough(p, e, CLASS_OPEN) ||
	    (self->device[0] != '\0' && r->held_by_device))
		queue_look_at_held(r);
	self->device[0] = '\0';
	self->next = r->free_seat;
	r->free_seat = self;
	queue_count(p, e, queue_class(kind), -1);
	/* Under a cap this end may let more than one begin. */
	if (queue_any(r))
		pthread_cond_signal(&r->work);
}

static void *rescuer_main(void *prober)
{
	struct prober *p = prober;
	struct rescuers *r = &p->rescuers;

	seal_begin();
	pthread_mutex_lock(&r->lock);
	for (;;) {
		struct job *job = queue_take(p);

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

	for (uint32_t i = 0; ret == 0 && i + 1 < p->limits.threads; i++) {
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
