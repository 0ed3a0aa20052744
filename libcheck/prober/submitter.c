/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lane: takes the caller's commands, owns the table of paths and the list of deferred
 * checks, and hands reads to the kernel in batches, never one that would wait: those go to a
 * rescuer. It sleeps on its eventfd; only a shortage of memory makes it look again by itself.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "libcheck/prober/prober.h"
#include "util/seal.h"

void lane_wake(struct prober *p)
{
	shared_wake(&p->shared->header->lane_waits, p->shared->lane_fd);
}

void lane_inbox(struct prober *p, struct slot_list *slots)
{
	struct slot *s;

	pthread_mutex_lock(&p->inbox_lock);
	while ((s = slot_list_take(slots)) != NULL)
		slot_list_append(&p->inbox, s);
	pthread_mutex_unlock(&p->inbox_lock);
	lane_wake(p);
}

/* --- the deferred list: by age, linked through the paths --- */

static void list_append(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];

	assert(!path->deferred);
	path->deferred = true;
	path->next = NO_PATH;
	path->previous = p->deferred_tail;
	if (p->deferred_tail == NO_PATH)
		p->deferred_head = id;
	else
		p->paths[p->deferred_tail].next = id;
	p->deferred_tail = id;
	atomic_fetch_add(&p->waiting, 1);
	if (!path->closing)
		deferred_more(p->shared->header, path->told);
}

static void list_remove(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];

	if (!path->deferred)
		return;
	path->deferred = false;
	if (path->previous == NO_PATH)
		p->deferred_head = path->next;
	else
		p->paths[path->previous].next = path->next;
	if (path->next == NO_PATH)
		p->deferred_tail = path->previous;
	else
		p->paths[path->next].previous = path->previous;
	atomic_fetch_sub(&p->waiting, 1);
	if (!path->closing)
		deferred_less(p->shared->header);
}

/* error: which shortage it was (errno), 0: none of the kernel's. */
void lane_defer(struct prober *p, uint32_t id, int error)
{
	struct probed_path *path = &p->paths[id];

	list_append(p, id);
	if (path->told || path->late)
		return; /* said before, or no news after TIMED_OUT */
	path->told = true;
	results_push_one(p, &(struct wire_result){ .id = id,
	                                           .generation = path->generation,
	                                           .verdict = PATHCHECK_DEFERRED,
	                                           .error = (int16_t)error,
	                                           .finished_us = mono_now().us });
}

/* --- slots --- */

/* The path's slot, while it has one. Lock not held. */
static struct slot *slot_of_path(struct probed_path *path, uint32_t id)
{
	struct slot *s = path->slot;
	bool mine;

	if (s == NULL)
		return NULL;
	if (atomic_load_explicit(&s->path, memory_order_relaxed) != id) {
		path->slot = NULL; /* it was given back, as nearly always */
		return NULL;
	}
	pthread_mutex_lock(&s->job.group->lock);
	mine = s->state != SLOT_FREE && s->path == id &&
	       s->generation == path->generation;
	pthread_mutex_unlock(&s->job.group->lock);
	if (!mine)
		path->slot = NULL;
	return path->slot;
}

/* --- checks --- */

/* By io_submit, or by a rescuer where that would wait. */
static void queue_read(struct prober *p, struct probed_path *path, struct slot *s)
{
	if (atomic_load(&path->flags) & (PATH_BLOCKS | PATH_SUSPECT))
		lane_to_rescuer(p, s, JOB_READ);
	else
		slot_list_append(&s->job.group->submit, s);
}

/* It has been opened. */
static void read_next(struct prober *p, struct probed_path *path, struct slot *s)
{
	struct group *g = s->job.group;
	bool wake = false;

	pthread_mutex_lock(&g->lock);
	s->stage = PATHCHECK_STAGE_READ;
	if (g->state == PATHCHECK_GROUP_SETTING_UP)
		wake = group_wait(g, s, mono_now());
	pthread_mutex_unlock(&g->lock);
	if (wake)
		reaper_wake(g);
	queue_read(p, path, s);
}

/*
 * Where there are more paths than may be in the kernel at once, no host takes more than half of
 * that from the others, or one that hangs would leave nothing to them.
 */
static bool host_has_enough(struct prober *p, uint32_t host)
{
	uint32_t most = p->limits.in_flight_host;

	if (host == 0)
		return false;
	if (p->used_paths > p->limits.in_flight &&
	    (p->used_hosts > 1 || p->host_paths[0] > 0))
		most = MIN(most, MAX(1U, p->limits.in_flight / 2));
	return prober_host_used(p, host) >= most;
}

static void count_path(struct prober *p, uint32_t host, int by)
{
	p->used_paths += (uint32_t)by;
	if (host != 0 && p->host_paths[host] == 0)
		p->used_hosts++;
	p->host_paths[host] += (uint32_t)by;
	if (host != 0 && p->host_paths[host] == 0)
		p->used_hosts--;
}

/* By a rescuer. What is open already is looked at, and kept if the name still leads there. */
void lane_open(struct prober *p, struct probed_path *path, struct slot *s)
{
	struct group *g = s->job.group;

	pthread_mutex_lock(&g->lock);
	s->stage = PATHCHECK_STAGE_OPEN;
	s->stale_fd = s->fd; /* the path's too, unless it is the slot's own */
	s->fd = -1;
	s->learn = false;
	s->closes = path->close_each;
	pthread_mutex_unlock(&g->lock);
	path->fd = -1;
	lane_to_rescuer(p, s,
	                s->stale_fd >= 0 ? JOB_LOOK
	                : path->opens    ? JOB_OPEN_AGAIN
	                                 : JOB_OPEN);
}

bool lane_may_take(struct prober *p, uint32_t id)
{
	return !host_has_enough(p, p->paths[id].host) &&
	       prober_slots_used(p) < p->limits.in_flight;
}

static bool is_closing(struct slot *s)
{
	bool closing;

	pthread_mutex_lock(&s->job.group->lock);
	/* Or it is closed, since it was found. */
	closing = s->closing || s->state == SLOT_FREE;
	pthread_mutex_unlock(&s->job.group->lock);
	return closing;
}

/* 0; -EAGAIN: its host's cap is reached, or what its last check opened is not closed yet, so that
 * one path never holds two rescuers; -ENOSPC: the whole cap is, or no slot is free. */
static int start_check(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];
	struct slot *s;
	uint8_t flags;

	if (host_has_enough(p, path->host) || slot_of_path(path, id) != NULL)
		return -EAGAIN;
	if (prober_slots_used(p) >= p->limits.in_flight)
		return -ENOSPC;
	s = homes_take_slot(p, id);
	if (s == NULL)
		return -ENOSPC;
	path->slot = s;
	flags = atomic_load(&path->flags);
	if (flags & PATH_LOOK_AGAIN) {
		atomic_fetch_and(&path->flags, (uint8_t)~PATH_LOOK_AGAIN);
		path->opens = false;
	}
	if (path->fd >= 0 && !(flags & PATH_LOOK_AGAIN)) {
		queue_read(p, path, s);
		return 0;
	}
	lane_open(p, path, s);
	return 0;
}

/* Gives the descriptor of a path that is gone to a rescuer. False: no slot. */
static bool start_close(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];
	struct slot *s = homes_take_slot(p, id);
	struct group *g;

	if (s == NULL)
		return false;
	g = s->job.group;
	pthread_mutex_lock(&g->lock);
	s->fd = path->fd;
	group_orphan(g, s);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	path->fd = -1;
	rescuers_enqueue(p, &s->job, JOB_CLOSE);
	return true;
}

static void release(struct prober *p, uint32_t id)
{
	results_push_one(p, &(struct wire_result){ .id = id,
	                                           .generation = p->paths[id].generation,
	                                           .verdict = WIRE_RELEASED });
}

static bool retry_close(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];

	if (atomic_load(&p->stopping)) {
		(void)close(path->fd); /* nobody is kept waiting any more */
		path->fd = -1;
	} else if (!start_close(p, id)) {
		return false;
	}
	list_remove(p, id);
	path->closing = false;
	release(p, id);
	return true;
}

static void retry_deferred(struct prober *p)
{
	uint32_t id = p->deferred_head, next;
	int r = 0;

	if (id == NO_PATH ||
	    (mono_before(mono_now(), p->shortage_until) && !atomic_load(&p->stopping)))
		return;
	for (; id != NO_PATH && r != -ENOSPC; id = next) {
		next = p->paths[id].next;
		if (p->paths[id].closing) {
			if (!retry_close(p, id))
				return;
			continue;
		}
		r = start_check(p, id);
		if (r == 0)
			list_remove(p, id);
	}
}

/* --- commands --- */

static void command_add(struct prober *p, const struct command *c)
{
	struct probed_path *path = &p->paths[c->id];
	struct group *home = homes_find(p);

	assert(!path->used && !path->deferred);
	path->used = true;
	path->generation = c->generation;
	path->host = c->host < PATHCHECK_HOSTS_MAX ? c->host : 0;
	path->target = c->target < PATHCHECK_HOSTS_MAX ? c->target : 0;
	path->home = home->id;
	path->fd = -1;
	path->slot = NULL;
	path->closing = path->told = path->late = false;
	path->opens = false;
	path->close_each = (c->flags & PATHCHECK_PATH_CLOSE) != 0;
	atomic_store(&path->flags, c->flags & COMMAND_SUSPECT ? PATH_SUSPECT : 0);
	atomic_store(&p->shared->suspects[c->id], (c->flags & COMMAND_SUSPECT) != 0);
	homes_count(p, home, 1);
	count_path(p, path->host, 1);
}

/* Its request becomes an orphan that owns what it needs, its descriptor too. */
static void command_remove(struct prober *p, uint32_t id)
{
	struct probed_path *path = &p->paths[id];
	struct slot *s = slot_of_path(path, id);

	list_remove(p, id);
	homes_count(p, &p->groups[path->home], -1);
	count_path(p, path->host, -1);
	path->used = false;
	suspects_clear(p, id);
	if (s != NULL) {
		struct group *g = s->job.group;
		bool orphaned = false;

		pthread_mutex_lock(&g->lock);
		/* One that is closing is an orphan already. */
		if (s->state != SLOT_FREE && s->path == id && !s->closing) {
			if (path->fd >= 0)
				s->fd = path->fd;
			group_orphan(g, s);
			group_publish(g);
			orphaned = true;
		}
		pthread_mutex_unlock(&g->lock);
		if (orphaned) {
			rescuers_cancel(p, &s->job);
			path->fd = -1;
		}
	}
	path->slot = NULL;
	if (path->fd >= 0 && !start_close(p, id)) {
		path->closing = true;
		list_append(p, id);
		return;
	}
	release(p, id);
}

static void command_check(struct prober *p, const struct command *c)
{
	struct probed_path *path = &p->paths[c->id];
	struct slot *s = slot_of_path(path, c->id);

	if (path->deferred || (s != NULL && !is_closing(s)))
		return; /* the caller's library does not ask twice */
	path->timeout_us = c->timeout_us;
	path->silent_ms = c->silent_ms;
	path->silent_stage = c->silent_stage;
	path->told = path->late = path->opened = false;
	path->identify = (c->flags & COMMAND_IDENTIFY) != 0;
	if (start_check(p, c->id) < 0)
		lane_defer(p, c->id, 0);
}

static void do_command(struct prober *p, const struct command *c)
{
	if (c->id >= p->limits.ids)
		return;
	if (c->op == COMMAND_ADD)
		command_add(p, c);
	else if (!p->paths[c->id].used || p->paths[c->id].generation != c->generation)
		return;
	else if (c->op == COMMAND_REMOVE)
		command_remove(p, c->id);
	else if (c->op == COMMAND_CHECK)
		command_check(p, c);
}

static bool take_commands(struct prober *p)
{
	struct command taken[COMMAND_TAKE];
	uint32_t n, all = 0;

	/* What comes after the end would begin it all again. */
	while (all < COMMAND_BATCH && !atomic_load(&p->stopping)) {
		n = spsc_pop_some(p->shared->commands, taken, COMMAND_TAKE);
		if (n == 0)
			break;
		for (uint32_t i = 0; i < n; i++)
			do_command(p, &taken[i]);
		all += n;
	}
	return all > 0;
}

/* --- slots that come back from a rescuer or a reaper --- */

static void go_on(struct prober *p, struct slot *s)
{
	struct group *g = s->job.group;
	struct probed_path *path = &p->paths[s->path];
	bool resource, learn, late, told, opened, orphan, close_first;
	int error;

	pthread_mutex_lock(&g->lock);
	orphan = s->state == SLOT_ORPHANED;
	resource = s->resource;
	learn = s->learn;
	error = (int)-s->result;
	late = s->late;
	told = s->told;
	opened = s->opened;
	pthread_mutex_unlock(&g->lock);
	if (orphan) {
		reaper_done(g, s);
		return;
	}
	if (learn) {
		lane_open(p, path, s);
		return;
	}
	if (s->stage == PATHCHECK_STAGE_OPEN && !resource) {
		if (!path->close_each)
			path->fd = s->fd;
		path->opens = path->close_each;
		path->block = s->block;
		read_next(p, path, s);
		return;
	}
	/* No memory, no descriptor: nobody's fault; done again when there is some. */
	pthread_mutex_lock(&g->lock);
	close_first = s->closes && s->fd >= 0;
	if (close_first)
		group_close(g, s);
	else
		slot_give_back(g, s);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (close_first)
		rescuers_enqueue(p, &s->job, JOB_CLOSE);
	else
		path->slot = NULL;
	path->late = late;
	path->told = told;
	path->opened = opened;
	if (path->silent_stage == s->stage)
		path->silent_ms = 0;
	p->shortage_until = mono_add(mono_now(), SHORTAGE_RETRY_US);
	lane_defer(p, (uint32_t)(path - p->paths), error);
}

static bool take_inbox(struct prober *p)
{
	struct slot_list all;
	struct slot *s;
	bool any = false;

	slot_list_init(&all);
	pthread_mutex_lock(&p->inbox_lock);
	while ((s = slot_list_take(&p->inbox)) != NULL)
		slot_list_append(&all, s);
	pthread_mutex_unlock(&p->inbox_lock);
	while ((s = slot_list_take(&all)) != NULL) {
		go_on(p, s);
		any = true;
	}
	return any;
}

/* --- the thread --- */

/* The engine ends: every path goes, every group retires. */
static void end(struct prober *p)
{
	for (uint32_t id = 0; id < p->limits.ids; id++)
		if (p->paths[id].used)
			command_remove(p, id);
	for (uint32_t i = 0; i < p->groups_end; i++) {
		struct group *g = &p->groups[i];

		pthread_mutex_lock(&g->lock);
		if (g->state != PATHCHECK_GROUP_UNUSED)
			g->state = PATHCHECK_GROUP_RETIRING;
		group_publish(g);
		pthread_mutex_unlock(&g->lock);
		reaper_wake(g);
	}
}

/* Reads that would block are submitted again now and then, while they wait for a rescuer. */
static void retry_blocked(struct prober *p)
{
	struct slot_list blocked;
	struct mono now;
	struct slot *s;

	if (p->submit_again.us == 0 && !atomic_load(&p->would_block))
		return;
	now = mono_now();
	if (p->submit_again.us == 0)
		p->submit_again = mono_add(now, WOULD_BLOCK_RETRY_US);
	if (mono_before(now, p->submit_again))
		return;
	/* Before it is looked: what would block from now on is looked for once more. */
	atomic_store(&p->would_block, false);
	p->submit_again = (struct mono){ 0 };
	slot_list_init(&blocked);
	rescuers_give_blocked(p, &blocked);
	if (!slot_list_empty(&blocked))
		p->submit_again = mono_add(now, WOULD_BLOCK_RETRY_US);
	while ((s = slot_list_take(&blocked)) != NULL)
		slot_list_append(&s->job.group->submit, s);
}

/* Until it has to look by itself; never: nothing but a word wakes it. */
static struct mono look_again_at(const struct prober *p)
{
	struct mono at = MONO_NEVER;

	if (p->deferred_head != NO_PATH && p->shortage_until.us != 0)
		at = p->shortage_until;
	return p->submit_again.us == 0 ? at : mono_min(at, p->submit_again);
}

static void wait_for_work(struct prober *p)
{
	struct pollfd pfd = { .fd = p->shared->lane_fd, .events = POLLIN };
	struct mono at = look_again_at(p);
	int timeout_ms = -1;

	watch_rest(p);
	atomic_store(&p->shared->header->sealed_allocations, seal_broken());
	if (!mono_is_never(at))
		timeout_ms = (int)(MAX(mono_diff(at, mono_now()), INT64_C(0)) /
		                   USEC_PER_MSEC) +
		             1;
	if (poll(&pfd, 1, timeout_ms) > 0)
		shared_drain(p->shared->lane_fd);
	else if (!mono_before(mono_now(), p->shortage_until))
		p->shortage_until = (struct mono){ 0 };
}

enum step {
	STEP_IDLE,    /* nothing is left to do */
	STEP_MORE,    /* there may be more at once */
	STEP_REPLACED /* another thread is the lane */
};

/* One round without its sleep. */
static enum step lane_step(struct prober *p)
{
	bool more = take_commands(p);

	more = take_inbox(p) || more;
	retry_deferred(p);
	retry_blocked(p);
	for (uint32_t i = 0; i < p->groups_end; i++)
		if (!lane_submit(&p->groups[i]))
			return STEP_REPLACED;
	if (!more)
		homes_retire(p);
	return more ? STEP_MORE : STEP_IDLE;
}

static bool done(struct prober *p)
{
	if (!atomic_load(&p->stopping))
		return false;
	for (uint32_t i = 0; i < p->groups_end; i++)
		if (homes_state(&p->groups[i]) != PATHCHECK_GROUP_UNUSED)
			return false;
	return true;
}

bool lane_serve(struct prober *p)
{
	_Atomic uint32_t *waits = &p->shared->header->lane_waits;
	bool ended = false;
	enum step step;

	for (;;) {
		if (atomic_load(&p->stopping) && !ended) {
			end(p);
			ended = true;
		}
		step = lane_step(p);
		if (step == STEP_REPLACED)
			return false;
		if (step == STEP_MORE)
			continue;
		if (done(p))
			return true;
		/* Once more, at all there is to look at, or a word in between would be lost. */
		shared_going_to_wait(waits);
		step = lane_step(p);
		if (step == STEP_REPLACED)
			return false;
		if (step == STEP_MORE || done(p) ||
		    (atomic_load(&p->stopping) && !ended)) {
			atomic_store(waits, 0);
			continue;
		}
		wait_for_work(p);
	}
}
