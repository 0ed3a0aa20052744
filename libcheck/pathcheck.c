/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public interface: the caller's side of the rings. The caller's thread owns all of this.
 * No call blocks, and after pathcheck_new() only a new region for a new prober is allocated.
 *
 * An id moves FREE → USED → LEAVING → FREE; it is LEAVING until the prober has released it. A
 * new prober is told all ids, and outstanding checks start again.
 *
 * What a prober writes is checked: wire.h. A prober that writes what no sound prober writes is
 * wild, and is replaced like one that makes no progress.
 */
#include "libcheck/pathcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libcheck/caller.h"
#include "libcheck/region/opened.h"
#include "libcheck/successor.h"
#include "util/thread.h"

int pathcheck_bound(const struct pathcheck_options *o, struct pathcheck_bound *ret)
{
	struct limits l;
	int r = limits_from_options(o, &l);

	if (r < 0)
		return r;
	if (ret->size != sizeof(*ret))
		return -EINVAL;
	ret->shared_bytes = shared_bytes(&l);
	ret->prober_bytes = prober_bytes(&l);
	ret->threads = l.threads + l.groups + (o->mode == PATHCHECK_PROCESS ? 1 : 0);
	ret->stack_bytes = (uint64_t)ret->threads * PROBER_STACK_BYTES;
	ret->client_bytes =
	        sizeof(struct pathcheck) + (uint64_t)l.ids * sizeof(struct entry);
	ret->groups = l.groups;
	/*
	 * One for each path and each orphan; the groups' eventfds and epoll descriptors; region, names, eventfds,
	 * timer, pidfds, poll, program.
	 */
	ret->descriptors = l.ids + l.slots + 2 * l.groups + 11 + LINGERING_MAX;
	ret->in_flight = l.in_flight;
	return 0;
}

/* --- start and end --- */

static bool has_room(struct pathcheck *pc)
{
	return caller_commands_used(pc) < pc->limits.commands;
}

static int start_threads(struct pathcheck *pc)
{
	int r = shared_create(&pc->shared, &pc->options, false);

	if (r < 0)
		return r;
	successor_take_ends(pc, &pc->shared);
	r = successor_watch(pc, pc->shared.caller_fd);
	if (r < 0)
		return r;
	r = prober_start(&pc->prober, &pc->shared, &BACKENDS_LINUX);
	successor_note_start(pc, mono_now());
	return r;
}

const char *pathcheck_program(const struct pathcheck_options *o)
{
	const char *from_environment = secure_getenv("PATHCHECK_PROBER");

	if (o->prober != NULL)
		return o->prober;
	return from_environment != NULL ? from_environment
	                                : PKGLIBEXECDIR "/pathcheck-prober";
}

static int reserve(struct pathcheck *pc, const struct pathcheck_options *o)
{
	pc->program = strdup(pathcheck_program(o));
	pc->entries = calloc(pc->limits.ids, sizeof(*pc->entries));
	if (pc->program == NULL || pc->entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < pc->limits.ids; i++)
		pc->entries[i].next = i + 1 < pc->limits.ids ? i + 1 : NO_ID;
	/* If there is no such program, successor_start() fails. */
	if (o->mode == PATHCHECK_PROCESS)
		pc->program_fd = open(pc->program, O_PATH | O_CLOEXEC);
	pc->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return pc->epoll_fd < 0 ? -errno : 0;
}

int pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o)
{
	struct pathcheck *pc;
	struct limits l;
	int r;

	r = limits_from_options(o, &l);
	if (r < 0)
		return r;
	pc = calloc(1, sizeof(*pc));
	if (pc == NULL)
		return -ENOMEM;
	pc->options = *o;
	pc->options.prober = NULL;
	pc->limits = l;
	pc->shared = (struct shared)SHARED_NULL;
	pc->process = (struct process)PROCESS_NULL;
	pc->epoll_fd = pc->program_fd = -1;
	names_init(&pc->names);
	for (int i = 0; i < LINGERING_MAX; i++)
		pc->lingering[i] = (struct process)PROCESS_NULL;

	r = reserve(pc, o);
	if (r == 0)
		r = o->mode == PATHCHECK_PROCESS ? successor_start(pc, &pc->shared)
		                                 : start_threads(pc);
	if (r < 0) {
		pathcheck_free(pc);
		return r;
	}
	*ret = pc;
	return 0;
}

/*
 * A request that is in the kernel for END_AWAITED_US already will delay the end of the prober,
 * too.
 */
static bool is_hung(const struct pathcheck *pc, struct mono now)
{
	if (caller_oldest_us(pc, now) > END_AWAITED_US)
		return true;
	for (uint32_t i = 0; i < pc->limits.groups; i++) {
		const struct group_view *v = &pc->shared.groups[i];

		if (atomic_load(&v->expired) > 0 || atomic_load(&v->orphans) > 0)
			return true;
	}
	for (uint32_t i = 0; i < pc->limits.rescuers; i++) {
		struct mono since = shared_past(&pc->shared.rescuer_busy_us[i], now);

		if (since.us != 0 && mono_diff(now, since) > END_AWAITED_US)
			return true;
	}
	return false;
}

/* Stopping a service does not wait for a disk that hangs. */
static void end_processes(struct pathcheck *pc)
{
	struct mono now = mono_now();
	bool wait = pc->shared.header != NULL && !is_hung(pc, now);

	process_kill(&pc->process);
	process_collect_by(&pc->process, wait ? mono_add(now, END_AWAITED_US) : now);
	for (int i = 0; i < LINGERING_MAX; i++)
		process_collect_by(&pc->lingering[i], now);
}

struct pathcheck *pathcheck_free(struct pathcheck *pc)
{
	if (pc == NULL)
		return NULL;
	if (pc->options.mode == PATHCHECK_PROCESS) {
		end_processes(pc);
	} else if (pc->prober.shared != NULL) {
		prober_stop(&pc->prober);
	}
	shared_deinit(&pc->shared);
	if (pc->epoll_fd >= 0)
		close(pc->epoll_fd);
	if (pc->program_fd >= 0)
		close(pc->program_fd);
	free(pc->entries);
	free(pc->program);
	free(pc);
	return NULL;
}

int pathcheck_fd(const struct pathcheck *pc)
{
	return pc->epoll_fd;
}

/* --- paths and checks --- */

int pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p, uint32_t *ret_id)
{
	/* prober.pml: ADD */
	struct entry *e;
	uint32_t id;
	int r;

	if (p->size != sizeof(*p) || p->device == NULL || p->device[0] != '/' ||
	    p->host >= PATHCHECK_HOSTS_MAX || p->target >= PATHCHECK_HOSTS_MAX ||
	    (p->flags & ~PATHCHECK_PATH_CLOSE) != 0 || p->checker >= PATHCHECK_CHECKERS ||
	    p->read_every > PATHCHECK_READ_EVERY_MAX)
		return -EINVAL;
	if (strlen(p->device) >= PATHCHECK_DEVICE_MAX)
		return -ENAMETOOLONG;
	if (pc->used == pc->options.max_paths)
		return -ENOSPC;
	id = pc->free_head;
	/* The prober has not released enough removed ids, or is behind with commands. */
	if (id == NO_ID || !has_room(pc))
		return -EAGAIN;
	r = names_put(&pc->names, &pc->shared, id, p->device);
	if (r < 0)
		return r;

	e = &pc->entries[id];
	pc->free_head = e->next;
	pc->ids_end = MAX(pc->ids_end, id + 1);
	pc->used++;
	e->state = ENTRY_USED;
	e->asked = (struct asked){ false };
	e->generation++;
	e->host = p->host;
	e->target = p->target;
	e->flags = p->flags & PATHCHECK_PATH_CLOSE;
	e->checker = p->checker & 15;
	e->read_every = (p->read_every == 0 ? READ_EVERY : p->read_every) & 63;
	e->identify = e->opened = false;
	e->cookie = p->cookie;
	e->timeout_us = 0;
	e->asked_at = (struct mono){ 0 };
	caller_send(pc, COMMAND_ADD, id, 0);
	*ret_id = id;
	return 0;
}

static struct entry *find_entry(struct pathcheck *pc, uint32_t id)
{
	if (id >= pc->limits.ids || pc->entries[id].state != ENTRY_USED)
		return NULL;
	return &pc->entries[id];
}

int pathcheck_remove(struct pathcheck *pc, uint32_t id)
{
	/* prober.pml: REMOVE */
	struct entry *e = find_entry(pc, id);

	if (e == NULL)
		return -ENOENT;
	if (!has_room(pc))
		return -EAGAIN;
	e->state = ENTRY_LEAVING;
	pc->used--;
	caller_send(pc, COMMAND_REMOVE, id, 0);
	return 0;
}

static int request_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us,
                         bool identify)
{
	/* prober.pml: CHECK */
	struct entry *e = find_entry(pc, id);

	if (e == NULL)
		return -ENOENT;
	if (timeout_us == 0 || timeout_us > INT64_MAX / 4)
		return -EINVAL;
	if (e->asked.outstanding)
		return -EBUSY;
	if (!has_room(pc))
		return -EAGAIN;
	e->asked = (struct asked){ .outstanding = true };
	e->identify = identify;
	e->timeout_us = timeout_us;
	e->waited_ms = e->waited_stage = 0;
	caller_send(pc, COMMAND_CHECK, id, 0);
	e->asked_at = pc->queued_at;
	return 0;
}

int pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	return request_check(pc, id, timeout_us, false);
}

int pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	return request_check(pc, id, timeout_us, true);
}

int pathcheck_opened(struct pathcheck *pc, uint32_t id, struct pathcheck_opened *ret)
{
	const struct entry *e = find_entry(pc, id);
	struct pathcheck_opened o;

	if (ret->size != sizeof(*ret))
		return -EINVAL;
	if (e == NULL)
		return -ENOENT;
	if (!e->opened || !opened_get(&pc->shared, id, &o))
		return -ENODATA;
	*ret = o;
	return 0;
}

void pathcheck_flush(struct pathcheck *pc)
{
	caller_flush(pc);
}

/* --- results --- */

static void count_result(struct pathcheck *pc, const struct wire_result *w)
{
	if (wire_is_final(w->verdict)) {
		pc->checks++;
		pc->late += w->late;
	} else if (w->verdict == PATHCHECK_TIMED_OUT) {
		pc->timeouts++;
	}
}

static void copy_said(const struct wire_result *w, struct pathcheck_result *ret)
{
	ret->said = w->said;
	ret->has_sense = w->has_sense;
	ret->sense_key = w->sense_key;
	ret->sense_code = w->sense_code;
	ret->sense_qualifier = w->sense_qualifier;
}

/* False: the caller does not get it. */
static bool accept_result(struct pathcheck *pc, const struct wire_result *w,
                          struct pathcheck_result *ret)
{
	/* prober.pml: ACCEPT */
	struct entry *e;

	if (!wire_is_sound(w, &pc->limits)) {
		pc->wild = true;
		return false;
	}
	if (pc->entries[w->id].generation != w->generation) {
		pc->stale++;
		return false;
	}
	e = &pc->entries[w->id];
	if (w->verdict == WIRE_RELEASED) {
		if (e->state == ENTRY_LEAVING)
			caller_free_id(pc, w->id);
		return false;
	}
	if (e->state != ENTRY_USED) {
		pc->stale++;
		return false;
	}
	/* Of a check that was not requested, or at the wrong time. That check might never end. */
	if (!wire_take_verdict(&e->asked, w)) {
		pc->stale++;
		pc->wild = true;
		return false;
	}
	count_result(pc, w);
	e->opened = e->opened || w->opened;
	*ret = (struct pathcheck_result){
		.cookie = e->cookie,
		.id = w->id,
		.verdict = (enum pathcheck_verdict)w->verdict,
		.stage = (enum pathcheck_stage)w->stage,
		.engine = (enum pathcheck_engine)w->engine,
		.error = w->error,
		.late = w->late,
		.started_us = w->started_us,
		.finished_us = w->finished_us,
		.group = w->group,
		.opened = w->opened,
		.request = w->request,
	};
	if (w->said != PATHCHECK_SAID_NOTHING || w->has_sense)
		copy_said(w, ret);
	return true;
}

static uint32_t results_used(struct pathcheck *pc)
{
	uint32_t used = ring_consumer_used(&pc->results);

	pc->wild = pc->wild || used == RING_WRONG;
	return used == RING_WRONG ? 0 : used;
}

/* No more than are there when it starts: results that come meanwhile can wait. */
static int take_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	/* results.pml: TAKE */
	struct wire_result w;
	size_t got = 0;

	for (uint32_t left = results_used(pc); got < n && left > 0; left--)
		if (ring_take(&pc->results, &w) && accept_result(pc, &w, &results[got]))
			got++;
	ring_give_back(&pc->results);
	if (got > 0)
		wire_set_times(results, got, mono_now());
	return (int)got;
}

/* The prober is gone: until pathcheck_tend() replaces it there is nothing to poll. */
static void note_lost(struct pathcheck *pc)
{
	if (!pc->lost)
		(void)epoll_ctl(pc->epoll_fd, EPOLL_CTL_DEL, pc->process.pidfd, NULL);
	pc->lost = true;
}

int pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	/* results.pml: TAKE to LEFT */
	_Atomic uint32_t *waits = &pc->shared.header->caller_waits;
	bool woken;
	int got;

	if (n == 0 || n > INT32_MAX)
		return 0;
	got = take_results(pc, results, n);
	if ((size_t)got == n)
		return got;
	/*
	 * Nothing is left: the prober has to wake the caller, unless it is just writing a
	 * result.
	 */
	woken = shared_drain(pc->shared.caller_fd);
	shared_going_to_wait(waits);
	got += take_results(pc, results + got, n - (size_t)got);
	/*
	 * There are more than fit, or new ones, whose writer has not found the caller asleep.
	 */
	if (results_used(pc) > 0)
		shared_wake(waits, pc->shared.caller_fd);
	/* If the prober has died after it woke the caller, the descriptor is still readable. */
	if (got == 0 && !woken && process_ended(&pc->process))
		note_lost(pc);
	return got;
}
