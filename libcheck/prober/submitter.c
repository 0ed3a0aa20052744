/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The submitter: submitter.h. It sleeps on its eventfd, and wakes by itself only while memory
 * is short or reads would block.
 */
#include "libcheck/prober/submitter.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "util/seal.h"

void submitter_init(struct submitter *sub)
{
	ring_consumer_init(&sub->commands, sub->posts->shared->commands);
	sub->deferred_head = sub->deferred_tail = NO_PATH;
}

/* --- the deferred list: by age, linked through the paths --- */

static void list_append(struct submitter *sub, uint32_t id)
{
	struct probed_path *path = &sub->paths[id];

	assert(!path->deferred);
	path->deferred = true;
	path->next = NO_PATH;
	path->previous = sub->deferred_tail;
	if (sub->deferred_tail == NO_PATH)
		sub->deferred_head = id;
	else
		sub->paths[sub->deferred_tail].next = id;
	sub->deferred_tail = id;
	atomic_fetch_add(&sub->posts->waiting, 1);
	if (!path->closing)
		posts_count_deferred(sub->posts, path->reported);
}

static void list_remove(struct submitter *sub, uint32_t id)
{
	struct probed_path *path = &sub->paths[id];

	if (!path->deferred)
		return;
	path->deferred = false;
	if (path->previous == NO_PATH)
		sub->deferred_head = path->next;
	else
		sub->paths[path->previous].next = path->next;
	if (path->next == NO_PATH)
		sub->deferred_tail = path->previous;
	else
		sub->paths[path->next].previous = path->previous;
	atomic_fetch_sub(&sub->posts->waiting, 1);
	if (!path->closing)
		posts_uncount_deferred(sub->posts);
}

/* No thread for a reaper: nothing would tell when there is one, so the deferred are retried. */
static void note_refused_thread(struct submitter *sub)
{
	if (sub->homes->thread_refused)
		sub->shortage_until = mono_add(mono_now(), SHORTAGE_RETRY_US);
	sub->homes->thread_refused = false;
}

void submitter_defer(struct submitter *sub, uint32_t id, int error)
{
	struct probed_path *path = &sub->paths[id];

	note_refused_thread(sub);
	list_append(sub, id);
	if (path->reported || path->late)
		return; /* reported before, or TIMED_OUT was */
	path->reported = true;
	results_push_one(sub->posts,
	                 &(struct wire_result){ .id = id,
	                                        .generation = path->generation,
	                                        .verdict = PATHCHECK_DEFERRED,
	                                        .error = (int16_t)error,
	                                        .finished_us = mono_now().us });
}

/* --- slots --- */

/* The path's slot; NULL: it has none. Lock not held. */
static struct slot *slot_of_path(struct probed_path *path, uint32_t id)
{
	struct slot *s = path->slot;
	bool mine;

	if (s == NULL)
		return NULL;
	if (atomic_load_explicit(&s->path, memory_order_relaxed) != id) {
		path->slot = NULL; /* it was given back, as it mostly is */
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

static struct group *find_home(struct submitter *sub, bool sends)
{
	struct group *home = homes_find(sub->homes, sends);

	note_refused_thread(sub);
	return home;
}

/* --- checks --- */

/* The read, or a SCSI command: by the group's context, or by a rescuer if that would block. */
static void queue_read(struct probed_path *path, struct slot *s)
{
	if (atomic_load(&path->flags) & (PATH_BLOCKS | PATH_SUSPECT))
		submit_to_rescuer(s, JOB_READ);
	else
		slot_list_append(&s->job.group->submit, s);
}

/* The path is open: its read follows. */
static void read_next(struct probed_path *path, struct slot *s)
{
	struct group *g = s->job.group;
	bool wake = false;

	pthread_mutex_lock(&g->lock);
	s->stage = PATHCHECK_STAGE_READ;
	if (g->state == PATHCHECK_GROUP_SETTING_UP)
		wake = group_wait(g, s, mono_now());
	pthread_mutex_unlock(&g->lock);
	if (wake)
		group_wake(g);
	queue_read(path, s);
}

/*
 * If there are more paths than may be in the kernel at once, an HBA takes half of the slots at
 * most: an HBA that hangs leaves the other half to the others.
 */
static bool host_has_enough(struct submitter *sub, uint32_t host)
{
	uint32_t most = sub->limits->in_flight_host;

	if (host == 0)
		return false;
	if (sub->used_paths > sub->limits->in_flight &&
	    (sub->used_hosts > 1 || sub->host_paths[0] > 0))
		most = MIN(most, MAX(1U, sub->limits->in_flight / 2));
	return homes_host_used(sub->homes, host) >= most;
}

static void count_path(struct submitter *sub, uint32_t host, int by)
{
	sub->used_paths += (uint32_t)by;
	if (host != 0 && sub->host_paths[host] == 0)
		sub->used_hosts++;
	sub->host_paths[host] += (uint32_t)by;
	if (host != 0 && sub->host_paths[host] == 0)
		sub->used_hosts--;
}

void submitter_open(struct probed_path *path, struct slot *s)
{
	struct group *g = s->job.group;

	pthread_mutex_lock(&g->lock);
	s->stage = PATHCHECK_STAGE_OPEN;
	s->stale_fd = s->fd; /* the path's, or the slot's own */
	s->fd = -1;
	s->learn = false;
	s->closes = path->close_each;
	pthread_mutex_unlock(&g->lock);
	path->fd = -1;
	submit_to_rescuer(s, s->stale_fd >= 0 ? JOB_LOOK
	                     : path->opens    ? JOB_OPEN_AGAIN
	                                      : JOB_OPEN);
}

bool submitter_may_take(struct submitter *sub, uint32_t id)
{
	return !host_has_enough(sub, sub->paths[id].host) &&
	       homes_slots_used(sub->homes) < sub->limits->in_flight;
}

static bool is_closing(struct slot *s)
{
	bool closing;

	pthread_mutex_lock(&s->job.group->lock);
	/* FREE: it was closed since slot_of_path() found it. */
	closing = s->closing || s->state == SLOT_FREE;
	pthread_mutex_unlock(&s->job.group->lock);
	return closing;
}

/*
 * 0; -EAGAIN: its HBA's limit is reached, or what its last check opened is not closed yet: a
 * path never holds two rescuers; -ENOSPC: the limit of all is reached, or no slot is free.
 */
static int start_check(struct submitter *sub, uint32_t id)
{
	struct probed_path *path = &sub->paths[id];
	struct slot *s;
	uint8_t flags;

	if (host_has_enough(sub, path->host) || slot_of_path(path, id) != NULL)
		return -EAGAIN;
	if (homes_slots_used(sub->homes) >= sub->limits->in_flight)
		return -ENOSPC;
	s = homes_take_slot(sub->homes, path, id);
	if (s == NULL) {
		note_refused_thread(sub);
		return -ENOSPC;
	}
	path->slot = s;
	flags = atomic_load(&path->flags);
	if (flags & PATH_LOOK_AGAIN) {
		atomic_fetch_and(&path->flags, (uint8_t)~PATH_LOOK_AGAIN);
		path->opens = false;
	}
	if (path->fd >= 0 && !(flags & PATH_LOOK_AGAIN)) {
		queue_read(path, s);
		return 0;
	}
	submitter_open(path, s);
	return 0;
}

/* Has a rescuer close the descriptor of a path that is gone. False: no slot is free. */
static bool start_close(struct submitter *sub, uint32_t id)
{
	/* ending.pml: CLOSE */
	struct probed_path *path = &sub->paths[id];
	struct slot *s = homes_take_slot(sub->homes, path, id);
	struct group *g;

	if (s == NULL) {
		note_refused_thread(sub);
		return false;
	}
	g = s->job.group;
	pthread_mutex_lock(&g->lock);
	s->fd = path->fd;
	group_orphan(g, s);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	path->fd = -1;
	jobs_add(sub->jobs, &s->job, JOB_CLOSE);
	return true;
}

static void release_path(struct submitter *sub, uint32_t id)
{
	results_push_one(sub->posts,
	                 &(struct wire_result){ .id = id,
	                                        .generation = sub->paths[id].generation,
	                                        .verdict = WIRE_RELEASED });
}

static bool retry_close(struct submitter *sub, uint32_t id)
{
	/* ending.pml: CLOSE */
	struct probed_path *path = &sub->paths[id];

	if (atomic_load(&sub->posts->stopping)) {
		(void)close(path->fd); /* no check is left that it could delay */
		path->fd = -1;
	} else if (!start_close(sub, id)) {
		return false;
	}
	list_remove(sub, id);
	path->closing = false;
	release_path(sub, id);
	return true;
}

static void retry_deferred(struct submitter *sub)
{
	uint32_t id = sub->deferred_head, next;
	int r = 0;

	if (id == NO_PATH || (mono_before(mono_now(), sub->shortage_until) &&
	                      !atomic_load(&sub->posts->stopping)))
		return;
	for (; id != NO_PATH && r != -ENOSPC; id = next) {
		next = sub->paths[id].next;
		if (sub->paths[id].closing) {
			if (!retry_close(sub, id))
				return;
			continue;
		}
		r = start_check(sub, id);
		if (r == 0)
			list_remove(sub, id);
	}
}

/* --- commands --- */

static void command_add(struct submitter *sub, const struct command *c)
{
	struct probed_path *path = &sub->paths[c->id];
	struct group *home;

	assert(!path->used && !path->deferred);
	path->checker = (c->checker < PATHCHECK_CHECKERS ? c->checker : 0) & 15;
	path->read_every = MIN(MAX(c->read_every, 1), PATHCHECK_READ_EVERY_MAX) & 63;
	path->reads_in = 1; /* the first check reads */
	atomic_store(&path->memory, 0);
	path->sends = checker_table[path->checker]->command != NULL;
	home = find_home(sub, path->sends);
	path->used = true;
	path->generation = c->generation;
	path->host = c->host < PATHCHECK_HOSTS_MAX ? c->host : 0;
	path->target = c->target < PATHCHECK_HOSTS_MAX ? c->target : 0;
	path->home = home->id;
	path->fd = -1;
	path->slot = NULL;
	path->closing = path->reported = path->late = false;
	path->opens = false;
	path->close_each = (c->flags & PATHCHECK_PATH_CLOSE) != 0;
	atomic_store(&path->flags, c->flags & COMMAND_SUSPECT ? PATH_SUSPECT : 0);
	atomic_store(&sub->posts->shared->suspects[c->id],
	             (c->flags & COMMAND_SUSPECT) != 0);
	homes_count(sub->homes, home, 1);
	count_path(sub, path->host, 1);
}

/* Its request becomes an orphan, which owns the descriptor. */
static void command_remove(struct submitter *sub, uint32_t id)
{
	/* ending.pml: REMOVE */
	struct probed_path *path = &sub->paths[id];
	struct slot *s = slot_of_path(path, id);

	list_remove(sub, id);
	homes_count(sub->homes, &sub->homes->groups[path->home], -1);
	count_path(sub, path->host, -1);
	path->used = false;
	path_clear_suspect(sub->paths, sub->posts->shared, id);
	if (s != NULL) {
		struct group *g = s->job.group;
		bool orphaned = false;

		pthread_mutex_lock(&g->lock);
		/* A closing slot is an orphan already. */
		if (s->state != SLOT_FREE && s->path == id && !s->closing) {
			if (path->fd >= 0)
				s->fd = path->fd;
			group_orphan(g, s);
			group_publish(g);
			orphaned = true;
		}
		pthread_mutex_unlock(&g->lock);
		if (orphaned) {
			jobs_cancel(sub->jobs, &s->job);
			path->fd = -1;
		}
	}
	path->slot = NULL;
	if (path->fd >= 0 && !start_close(sub, id)) {
		path->closing = true;
		list_append(sub, id);
		return;
	}
	release_path(sub, id);
}

static void command_check(struct submitter *sub, const struct command *c)
{
	struct probed_path *path = &sub->paths[c->id];
	struct slot *s = slot_of_path(path, c->id);

	if (path->deferred || (s != NULL && !is_closing(s)))
		return; /* the caller's library does not request two checks at once */
	path->timeout_us = c->timeout_us;
	path->waited_ms = c->waited_ms;
	path->waited_stage = c->waited_stage & 1;
	if (path->checker == PATHCHECK_TUR_DIRECTIO)
		path->reads_in =
		        (path->reads_in == 0 ? path->read_every : path->reads_in) - 1;
	path->reported = path->late = path->opened = false;
	path->identify = (c->flags & COMMAND_IDENTIFY) != 0;
	if (start_check(sub, c->id) < 0)
		submitter_defer(sub, c->id, 0);
}

static void do_command(struct submitter *sub, const struct command *c)
{
	if (c->id >= sub->limits->ids)
		return;
	if (c->op == COMMAND_ADD)
		command_add(sub, c);
	else if (!sub->paths[c->id].used || sub->paths[c->id].generation != c->generation)
		return;
	else if (c->op == COMMAND_REMOVE)
		command_remove(sub, c->id);
	else if (c->op == COMMAND_CHECK)
		command_check(sub, c);
}

static bool take_commands(struct submitter *sub)
{
	struct command taken[COMMAND_TAKE];
	uint32_t n, all = 0;

	/* A command that comes after the end would start checks again. */
	while (all < COMMAND_BATCH && !atomic_load(&sub->posts->stopping)) {
		n = ring_pop_some(&sub->commands, taken, COMMAND_TAKE);
		if (n == 0)
			break;
		for (uint32_t i = 0; i < n; i++)
			do_command(sub, &taken[i]);
		all += n;
	}
	return all > 0;
}

/* --- slots that come back from a rescuer or a reaper --- */

/* This host had no memory or descriptor: the check is made again when it has. */
static void defer_for_shortage(struct submitter *sub, struct probed_path *path,
                               struct slot *s)
{
	struct group *g = s->job.group;
	bool late, reported, opened, close_first;
	int error;

	pthread_mutex_lock(&g->lock);
	error = (int)-s->result;
	late = s->late;
	reported = s->reported;
	opened = s->opened;
	close_first = s->closes && s->fd >= 0;
	if (close_first)
		group_close(g, s);
	else
		group_give_back(g, s);
	group_publish(g);
	pthread_mutex_unlock(&g->lock);
	if (close_first)
		jobs_add(sub->jobs, &s->job, JOB_CLOSE);
	else
		path->slot = NULL;
	path->late = late;
	path->reported = reported;
	path->opened = opened;
	if (path->waited_stage == s->stage)
		path->waited_ms = 0;
	sub->shortage_until = mono_add(mono_now(), SHORTAGE_RETRY_US);
	submitter_defer(sub, (uint32_t)(path - sub->paths), error);
}

static void continue_check(struct submitter *sub, struct slot *s)
{
	struct group *g = s->job.group;
	struct probed_path *path = &sub->paths[s->path];
	bool resource, learn, orphan;

	pthread_mutex_lock(&g->lock);
	orphan = s->state == SLOT_ORPHANED;
	resource = s->resource;
	learn = s->learn;
	pthread_mutex_unlock(&g->lock);
	if (orphan) {
		group_answer(g, s);
	} else if (learn) {
		submitter_open(path, s);
	} else if (s->stage == PATHCHECK_STAGE_OPEN && !resource) {
		if (!path->close_each)
			path->fd = s->fd;
		path->opens = path->close_each;
		path->block = s->block;
		read_next(path, s);
	} else if (!resource) {
		queue_read(path, s); /* the next SCSI command of the check */
	} else {
		defer_for_shortage(sub, path, s);
	}
}

static bool take_inbox(struct submitter *sub)
{
	struct slot_list all;
	struct slot *s;
	bool any = false;

	slot_list_init(&all);
	posts_take_inbox(sub->posts, &all);
	while ((s = slot_list_take(&all)) != NULL) {
		continue_check(sub, s);
		any = true;
	}
	return any;
}

/* --- the thread --- */

/* The engine ends: every path is removed, every group retires. */
static void end_all(struct submitter *sub)
{
	/* ending.pml: END */
	for (uint32_t id = 0; id < sub->limits->ids; id++)
		if (sub->paths[id].used)
			command_remove(sub, id);
	for (uint32_t i = 0; i < sub->homes->groups_end; i++) {
		struct group *g = &sub->homes->groups[i];

		pthread_mutex_lock(&g->lock);
		if (g->state != PATHCHECK_GROUP_UNUSED)
			g->state = PATHCHECK_GROUP_RETIRING;
		group_publish(g);
		pthread_mutex_unlock(&g->lock);
		group_wake(g);
	}
}

/* While reads that would block wait for rescuers, they are submitted again now and then. */
static void retry_blocked(struct submitter *sub)
{
	struct slot_list blocked;
	struct mono now;
	struct slot *s;

	if (sub->submit_again.us == 0 && !atomic_load(&sub->posts->would_block))
		return;
	now = mono_now();
	if (sub->submit_again.us == 0)
		sub->submit_again = mono_add(now, WOULD_BLOCK_RETRY_US);
	if (mono_before(now, sub->submit_again))
		return;
	/* Before the look: a read that would block from now on is looked for again. */
	atomic_store(&sub->posts->would_block, false);
	sub->submit_again = (struct mono){ 0 };
	slot_list_init(&blocked);
	jobs_take_blocked(sub->jobs, &blocked);
	if (!slot_list_empty(&blocked))
		sub->submit_again = mono_add(now, WOULD_BLOCK_RETRY_US);
	while ((s = slot_list_take(&blocked)) != NULL)
		slot_list_append(&s->job.group->submit, s);
}

/* When it wakes by itself; MONO_NEVER: it does not. */
static struct mono wakes_at(const struct submitter *sub)
{
	struct mono at = MONO_NEVER;

	if (sub->deferred_head != NO_PATH && sub->shortage_until.us != 0)
		at = sub->shortage_until;
	return sub->submit_again.us == 0 ? at : mono_min(at, sub->submit_again);
}

static void wait_for_work(struct submitter *sub)
{
	/* wakeup.pml: SLEEP, CLEAR */
	struct pollfd pfd = { .fd = sub->posts->shared->submitter_fd, .events = POLLIN };
	struct mono at = wakes_at(sub);
	int timeout_ms = -1;

	handover_rest(sub->handover);
	atomic_store(&sub->posts->shared->header->sealed_allocations, seal_broken());
	if (!mono_is_never(at))
		timeout_ms = (int)(MAX(mono_diff(at, mono_now()), INT64_C(0)) /
		                   USEC_PER_MSEC) +
		             1;
	if (poll(&pfd, 1, timeout_ms) > 0)
		shared_drain(sub->posts->shared->submitter_fd);
	else if (!mono_before(mono_now(), sub->shortage_until))
		sub->shortage_until = (struct mono){ 0 };
}

enum step {
	STEP_IDLE,    /* nothing is left to do */
	STEP_MORE,    /* there may be more to do now */
	STEP_REPLACED /* another thread is the submitter */
};

/* One round without its sleep. */
static enum step submitter_step(struct submitter *sub)
{
	bool more = take_commands(sub);

	more = take_inbox(sub) || more;
	retry_deferred(sub);
	retry_blocked(sub);
	runners_help(sub->runners);
	for (uint32_t i = 0; i < sub->homes->groups_end; i++)
		if (!submit_group(sub->handover, &sub->homes->groups[i]))
			return STEP_REPLACED;
	if (!more)
		homes_retire(sub->homes);
	return more ? STEP_MORE : STEP_IDLE;
}

static bool is_done(struct submitter *sub)
{
	/* ending.pml: DONE */
	if (!atomic_load(&sub->posts->stopping))
		return false;
	for (uint32_t i = 0; i < sub->homes->groups_end; i++)
		if (homes_state(&sub->homes->groups[i]) != PATHCHECK_GROUP_UNUSED)
			return false;
	return true;
}

bool submitter_serve(struct submitter *sub)
{
	/* memory.pml: TAKE, WAIT, AGAIN */
	/* wakeup.pml: TAKE, WAIT, AGAIN */
	_Atomic uint32_t *waits = &sub->posts->shared->header->submitter_waits;
	bool ended = false;
	enum step step;

	for (;;) {
		if (atomic_load(&sub->posts->stopping) && !ended) {
			end_all(sub);
			ended = true;
		}
		step = submitter_step(sub);
		if (step == STEP_REPLACED)
			return false;
		if (step == STEP_MORE)
			continue;
		if (is_done(sub))
			return true;
		/* Looks at everything once more: what came in between has not woken it. */
		shared_going_to_wait(waits);
		step = submitter_step(sub);
		if (step == STEP_REPLACED)
			return false;
		if (step == STEP_MORE || is_done(sub) ||
		    (atomic_load(&sub->posts->stopping) && !ended)) {
			shared_goes_on(waits);
			continue;
		}
		wait_for_work(sub);
	}
}
