/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rescuers do, and their threads: rescuer.h. Runs on rescuers. */
#include "libcheck/prober/rescuer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "libcheck/prober/sg_write.h"
#include "util/pages.h"
#include "util/seal.h"
#include "util/thread.h"

void rescuers_init(struct rescuers *r)
{
	pthread_cond_init(&r->ended, NULL);
}

/* --- the jobs; no lock held --- */

/* Its time starts now. False: its path is gone, so there is nothing to do. */
static bool begin_job(struct group *g, struct slot *s, int *ret_fd, uint32_t *ret_block)
{
	bool alive, wake = false;
	struct mono started;

	pthread_mutex_lock(&g->lock);
	started = s->started;
	alive = s->state != SLOT_ORPHANED;
	*ret_fd = s->stage == PATHCHECK_STAGE_OPEN ? s->stale_fd : s->fd;
	*ret_block = s->block;
	if (alive) {
		/* A command that refines the read has what is left of its time. */
		wake = group_launch(g, s, s->refines ? started : mono_now());
		if (s->command != CHECKER_NO_COMMAND)
			s->started =
			        started; /* the read, which is answered, started then */
		else if (s->stage == PATHCHECK_STAGE_READ)
			s->engine = PATHCHECK_ENGINE_SYNC;
		group_publish(g);
	} else {
		s->waiting = false;
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	return alive;
}

/*
 * Only one rescuer at a time waits for memory here. Another one goes on without, and so does
 * one that gets no memory: rescuers read for slots without a buffer.
 */
static void make_buffers(struct rescuers *r, struct group *g, uint32_t block)
{
	if (atomic_exchange(&r->making_buffers, true))
		return;
	(void)buffers_make(&g->buffers, &g->lock, block); /* tried again by the next */
	atomic_store(&r->making_buffers, false);
}

/* 0 or -errno: see checker_answer.result. */
static int64_t send_by_ioctl(struct group *g, struct slot *s, int fd)
{
	if (s->request.scsi.command.data_size > 0 && s->request.buffer == NULL)
		return -ENOMEM;
	return group_checker(g, s)->send(fd, &s->request.scsi, s->request.buffer);
}

static void job_read(struct rescuers *r, struct seat *self, struct group *g,
                     struct slot *s)
{
	const struct checker *c = group_checker(g, s);
	int64_t result = 0;
	uint32_t block = s->block;
	int fd;

	/* The buffers are for the next read: the time of this read does not run yet. */
	make_buffers(r, g, block);
	if (c->command != NULL) {
		pthread_mutex_lock(&g->lock);
		sg_write_prepare(g, s);
		pthread_mutex_unlock(&g->lock);
	}
	if (begin_job(g, s, &fd, &block))
		result = c->command != NULL ? send_by_ioctl(g, s, fd)
		                            : c->read(fd, self->scratch, block);
	s->result = (int32_t)result;
	group_answer(g, s);
}

/* With lock held. Shows the caller what the path's name led to. */
static void publish(struct posts *posts, struct slot *s, const struct opened_device *d,
                    enum pathcheck_wwid state, uint64_t wwid)
{
	if (s->state == SLOT_ORPHANED)
		return; /* its id may have another path */
	opened_put(posts->shared, s->path, d, state, wwid);
	s->opened = true;
}

/* True: the write has slept, or nearly so. */
static bool write_command(struct group *g, struct slot *s)
{
	struct sg_write w;
	struct mono now;
	bool wake;

	pthread_mutex_lock(&g->lock);
	g->sent += 2; /* those of the submitter are odd */
	sg_write_prepare(g, s);
	sg_write_begin(&w, g, s, g->sent, mono_now());
	pthread_mutex_unlock(&g->lock);
	sg_write_do(&w, g);
	now = mono_now();
	pthread_mutex_lock(&g->lock);
	wake = sg_write_end(&w, g, now, NULL);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	return mono_diff(now, w.before) >= WRITE_SLOW_US;
}

/* Writes the command of the slot and all others of its HBA that wait: runners.h. */
static void job_submit(struct rescuers *r, struct seat *self, struct group *g,
                       struct slot *s)
{
	_Atomic int64_t *busy_since = &r->posts->shared->rescuer_busy_us[self->index];
	uint32_t host = s->host;
	bool slow;

	for (;;) {
		make_buffers(r, g, s->block);
		slow = write_command(g, s);
		s = runners_next(g->with.runners, host, slow);
		if (s == NULL)
			return;
		g = s->job.group;
		atomic_store(busy_since, mono_now().us);
	}
}

static void send_command(struct group *g, struct slot *s, int fd)
{
	struct checker_reply reply = { .replied = CHECKER_NO_REPLY };

	group_checker(g, s)->commands[s->command].send(fd, &reply);
	pthread_mutex_lock(&g->lock);
	if (reply.identified) {
		publish(g->with.posts, s, &reply.device, reply.wwid_state, reply.wwid);
		s->identified = true;
	} else {
		s->replied = (uint8_t)reply.replied;
		s->sense = reply.sense;
		s->said = reply.said & 31;
	}
	pthread_mutex_unlock(&g->lock);
}

/* Sends the command that follows a read. The result of the read stays as it is. */
static void job_command(struct group *g, struct slot *s)
{
	uint32_t block;
	int fd;

	if (begin_job(g, s, &fd, &block))
		send_command(g, s, fd);
	pthread_mutex_lock(&g->lock);
	s->command = CHECKER_NO_COMMAND;
	pthread_mutex_unlock(&g->lock);
	group_answer(g, s);
}

/* Does only a rescuer send commands to it? */
static void note_slow(struct probed_path *path, bool slow)
{
	if (slow)
		atomic_fetch_or(&path->flags, PATH_BLOCKS);
	else
		atomic_fetch_and(&path->flags, (uint8_t)~PATH_BLOCKS);
}

/* The device is open: its buffer is made, which may take long, then it is read. */
static void read_opened(struct rescuers *r, struct group *g, struct slot *s, int fd,
                        uint32_t block)
{
	bool alive, is_slow, wake = false;
	struct opened_device d = { 0 };
	struct slot_list one;

	if (fd >= 0) /* or its path was gone before it was opened */
		group_checker(g, s)->describe(fd, &d);
	is_slow = fd >= 0 && group_checker(g, s)->is_slow != NULL &&
	          group_checker(g, s)->is_slow(fd);
	pthread_mutex_lock(&g->lock);
	publish(g->with.posts, s, &d, PATHCHECK_WWID_NOT_ASKED, 0);
	if (s->state != SLOT_ORPHANED && group_checker(g, s)->is_slow != NULL)
		note_slow(&g->with.paths[s->path], is_slow);
	s->stale_fd = -1;
	s->fd = fd;
	s->block = block;
	s->result = 0;
	alive = s->state != SLOT_ORPHANED;
	if (alive) {
		group_requeue(g, s);
		wake = buffers_of(&g->buffers, group_index(g, s), block) == NULL &&
		       group_wait(g, s, mono_now());
	}
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	if (!alive) {
		group_answer(g, s);
		return;
	}
	make_buffers(r, g, block);
	slot_list_init(&one);
	slot_list_append(&one, s);
	posts_to_submitter(g->with.posts, &one);
}

/*
 * Another device may know the commands. One that is opened for each check counts as the same.
 */
static void forget_device(struct group *g, struct slot *s)
{
	pthread_mutex_lock(&g->lock);
	if (s->state != SLOT_ORPHANED && !s->closes)
		atomic_fetch_and(&g->with.paths[s->path].flags,
		                 (uint8_t)~PATH_NO_COMMANDS);
	if (s->state != SLOT_ORPHANED)
		atomic_store(&g->with.paths[s->path].memory, 0);
	pthread_mutex_unlock(&g->lock);
}

static void job_open(struct rescuers *rescuers, struct group *g, struct slot *s,
                     const char *name)
{
	uint32_t block = 0;
	int fd = -1, stale_fd, r = 0;

	if (begin_job(g, s, &stale_fd, &block))
		r = group_checker(g, s)->open(name, stale_fd, &fd, &block);
	else if (stale_fd >= 0)
		group_checker(g, s)->close(stale_fd);
	if (r == 0) {
		forget_device(g, s);
		read_opened(rescuers, g, s, fd, block);
		return;
	}
	pthread_mutex_lock(&g->lock);
	s->stale_fd = -1;
	s->fd = fd;
	s->block = block;
	s->result = r;
	pthread_mutex_unlock(&g->lock);
	group_answer(g, s);
}

/* The name leads to another device, or to none: an open tells which error it is. */
static void open_instead(struct group *g, struct slot *s)
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
		group_wake(g);
	if (alive)
		jobs_add(g->with.jobs, &s->job, JOB_OPEN);
	else
		group_answer(g, s);
}

static void job_look(struct rescuers *r, struct group *g, struct slot *s,
                     const char *name)
{
	uint32_t block = 0;
	int fd;

	if (begin_job(g, s, &fd, &block) &&
	    group_checker(g, s)->look(name, fd, &block) == 0)
		read_opened(r, g, s, fd, block);
	else
		open_instead(g, s);
}

static void job_close(struct group *g, struct slot *s)
{
	/* ending.pml: CLOSED */
	group_checker(g, s)->close(s->fd);
	pthread_mutex_lock(&g->lock);
	s->fd = -1;
	pthread_mutex_unlock(&g->lock);
	group_answer(g, s);
}

/*
 * Makes the largest context that the kernel grants, if it is larger than the present one, which
 * has `have` slots. *ret_refused: the answer of the kernel to the full size.
 */
static int set_up(struct group *g, uint32_t have, void **ret_context, uint32_t *ret_slots,
                  int *ret_refused)
{
	uint32_t slots = PATHCHECK_GROUP_SLOTS;
	int r;

	r = group_backend(g)->setup(slots, g->wake_fd, ret_context);
	*ret_refused = r;
	while ((r == -EAGAIN || r == -ENOMEM) && slots / 2 > have &&
	       slots / 2 >= CONTEXT_SLOTS_MIN) {
		slots /= 2;
		r = group_backend(g)->setup(slots, g->wake_fd, ret_context);
	}
	*ret_slots = slots;
	return r;
}

static void job_setup(struct rescuers *rescuers, struct group *g)
{
	/* ending.pml: SETUP */
	struct shared_header *h = rescuers->posts->shared->header;
	uint32_t have, slots = 0;
	void *context = NULL;
	int r, refused;

	pthread_mutex_lock(&g->lock);
	have = g->context == NULL ? 0 : g->context_slots;
	pthread_mutex_unlock(&g->lock);
	seal_end(); /* io_setup allocates, and no check waits for it */
	refused = r = buffers_make(&g->buffers, &g->lock, BUFFER_SMALL);
	if (r == 0)
		r = set_up(g, have, &context, &slots, &refused);
	seal_begin();
	if (refused < 0 && !g->sends) {
		atomic_store(&h->io_setup_error, -refused);
		atomic_fetch_add(&h->io_setup_failures, 1);
	}
	pthread_mutex_lock(&g->lock);
	g->setup_running = false;
	if (r == 0)
		group_use_context(g, context, slots);
	g->setup_error = -refused;
	g->setup_by = refused == 0 ? MONO_NEVER
	                           : mono_add(mono_now(), rescuers->setup_retry_us);
	if (g->state != PATHCHECK_GROUP_RETIRING)
		g->state = group_working_state(g);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	group_wake(g);
	posts_wake_submitter(rescuers->posts); /* reads wait for the context */
}

/* No request is in the context, so io_destroy waits for none. */
static void job_destroy(struct rescuers *rescuers, struct group *g)
{
	void *context;

	pthread_mutex_lock(&g->lock);
	context = g->emptied;
	pthread_mutex_unlock(&g->lock);
	group_backend(g)->destroy(context);
	pthread_mutex_lock(&g->lock);
	g->emptied = NULL;
	g->setup_running = false;
	if (g->state == PATHCHECK_GROUP_RECOVERING)
		g->setup_by = mono_add(mono_now(), rescuers->setup_retry_us);
	pthread_mutex_unlock(&g->lock);
	group_wake(g);
}

static void run_job(struct rescuers *r, struct seat *self, struct job *job,
                    enum job_kind kind)
{
	struct group *g = job->group;

	switch (kind) {
	case JOB_OPEN:
	case JOB_OPEN_AGAIN:
		job_open(r, g, jobs_slot(job), self->device);
		break;
	case JOB_LOOK:
		job_look(r, g, jobs_slot(job), self->device);
		break;
	case JOB_READ:
		job_read(r, self, g, jobs_slot(job));
		break;
	case JOB_SUBMIT:
		job_submit(r, self, g, jobs_slot(job));
		break;
	case JOB_COMMAND:
		job_command(g, jobs_slot(job));
		break;
	case JOB_CLOSE:
		job_close(g, jobs_slot(job));
		break;
	case JOB_SETUP:
		job_setup(r, g);
		break;
	case JOB_DESTROY:
		job_destroy(r, g);
		break;
	case JOB_WATCH:
		assert(false);
	}
}

/* --- the threads --- */

/* Is the submitter, until the prober ends or another thread has taken its place. */
static void be_submitter(struct rescuers *r)
{
	/* ending.pml: DONE */
	if (submitter_serve(r->submitter)) {
		pthread_mutex_lock(&r->jobs->lock);
		r->submitter_ended = true;
		pthread_cond_broadcast(&r->ended);
		pthread_mutex_unlock(&r->jobs->lock);
		return;
	}
	atomic_fetch_sub(&r->posts->shared->header->submitters_stuck, 1);
	jobs_return_thread(r->jobs);
	(void)prctl(PR_SET_NAME, "pc-rescuer"); /* only cosmetic */
}

/* With jobs.lock held, which it releases meanwhile. */
static void do_job(struct rescuers *r, struct job *job)
{
	struct jobs *j = r->jobs;
	struct seat *self = j->free_seat;
	_Atomic int64_t *busy_since = &r->posts->shared->rescuer_busy_us[self->index];
	enum job_kind kind = job->kind;
	struct job_ends e = jobs_ends(job);

	assert(self != NULL); /* there is one for each job that limits.h lets start */
	j->free_seat = self->next;
	/* The name is the path's until the submitter has cancelled the job. */
	(void)snprintf(self->device, sizeof(self->device), "%s", jobs_device(j, job));
	jobs_count(j, e, jobs_class(kind), 1);
	pthread_mutex_unlock(&j->lock);

	atomic_store(busy_since, mono_now().us);
	run_job(r, self, job, kind); /* from here on the job may be queued again */
	atomic_store(busy_since, 0);

	pthread_mutex_lock(&j->lock);
	/* Opens reach the limit of their HBA first: what it holds back may start now. */
	if (jobs_has_enough(j, e, CLASS_OPEN) ||
	    (self->device[0] != '\0' && j->held_by_device))
		jobs_release_held(j);
	self->device[0] = '\0';
	self->next = j->free_seat;
	j->free_seat = self;
	jobs_count(j, e, jobs_class(kind), -1);
	/* At a limit, the end of one job may let several others start. */
	if (jobs_any(j))
		pthread_cond_signal(&j->work);
}

static void *rescuer_main(void *rescuers)
{
	struct rescuers *r = rescuers;
	struct jobs *j = r->jobs;

	seal_begin();
	pthread_mutex_lock(&j->lock);
	for (;;) {
		struct job *job = jobs_take(j);

		if (job != NULL && job->kind != JOB_WATCH) {
			do_job(r, job);
		} else if (job != NULL) {
			pthread_mutex_unlock(&j->lock);
			if (watch_submitter(r->watch)) {
				jobs_add(j, &r->watch->job, JOB_WATCH);
				be_submitter(r);
			}
			pthread_mutex_lock(&j->lock);
		} else if (j->stopping) {
			break;
		} else {
			pthread_cond_wait(&j->work, &j->lock);
		}
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static void *first_submitter_main(void *rescuers)
{
	seal_begin();
	be_submitter(rescuers);
	return rescuer_main(rescuers);
}

/* Its first page is present: most reads touch no other one. NULL: errno. */
static void *scratch_new(void)
{
	char *p = pages_new(SCRATCH_BYTES);

	if (p == NULL)
		return NULL;
	/* mlockall() locks this, too; only disks with large blocks use the rest. */
	(void)munlock(p + SCRATCH_LOCKED, SCRATCH_BYTES - SCRATCH_LOCKED);
	*(volatile char *)p = 0;
	return p;
}

static int make_seats(struct rescuers *r)
{
	struct jobs *j = r->jobs;
	uint32_t n = r->limits->rescuers;

	j->seats = calloc(n, sizeof(*j->seats));
	r->threads = calloc(r->limits->threads, sizeof(*r->threads));
	if (j->seats == NULL || r->threads == NULL)
		return -ENOMEM;
	for (uint32_t i = n; i-- > 0;) {
		struct seat *seat = &j->seats[i];

		seat->index = i;
		seat->scratch = scratch_new();
		if (seat->scratch == NULL)
			return -errno;
		seat->next = j->free_seat;
		j->free_seat = seat;
	}
	return 0;
}

int rescuers_start(struct rescuers *r)
{
	int ret = make_seats(r);

	for (uint32_t i = 0; ret == 0 && i + 1 < r->limits->threads; i++) {
		ret = thread_start(&r->threads[i], "pc-rescuer", PROBER_STACK_BYTES,
		                   rescuer_main, r);
		r->started += ret == 0;
	}
	if (ret < 0)
		return ret;
	jobs_add(r->jobs, &r->watch->job, JOB_WATCH);
	ret = thread_start(&r->threads[r->started], "pc-submitter", PROBER_STACK_BYTES,
	                   first_submitter_main, r);
	if (ret < 0)
		return ret;
	r->started++;
	return 0;
}

void rescuers_wait_for_submitter(struct rescuers *r)
{
	/* ending.pml: STOP */
	if (r->started < r->limits->threads)
		return; /* the submitter, which starts last, was not started */
	pthread_mutex_lock(&r->jobs->lock);
	while (!r->submitter_ended)
		pthread_cond_wait(&r->ended, &r->jobs->lock);
	pthread_mutex_unlock(&r->jobs->lock);
}

void rescuers_stop(struct rescuers *r)
{
	/* ending.pml: STOP */
	struct jobs *j = r->jobs;

	jobs_stop(j);
	watch_wake(r->watch);
	for (uint32_t i = 0; i < r->started; i++)
		pthread_join(r->threads[i], NULL);
	for (uint32_t i = 0; j->seats != NULL && i < r->limits->rescuers; i++)
		pages_free(j->seats[i].scratch, SCRATCH_BYTES);
	free(r->threads);
	free(j->seats);
	pthread_cond_destroy(&r->ended);
}
