/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public interface: the caller's side of the rings. One thread owns all of this; nothing
 * here blocks, and nothing allocates after pathcheck_new() but a new region for a new prober.
 *
 * An id moves FREE → USED → LEAVING → FREE; LEAVING until the prober has let go of it. With a
 * new prober all ids are handed over anew and outstanding checks begin again.
 *
 * What a prober writes is believed only as far as it makes sense. One that says what no sound
 * prober says is wild, and replaced as if it stood still.
 */
#include "libcheck/pathcheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "config.h"
#include "libcheck/heartbeat.h"
#include "libcheck/names.h"
#include "libcheck/opened.h"
#include "libcheck/process.h"
#include "libcheck/prober.h"
#include "libcheck/wire.h"
#include "util/spsc_end.h"
#include "util/thread.h"

#define NO_ID PATHCHECK_NO_ID

enum entry_state { ENTRY_FREE, ENTRY_USED, ENTRY_LEAVING };

struct entry {
	enum entry_state state : 8;
	struct asked asked;
	uint8_t flags;     /* PATHCHECK_PATH_ bits */
	bool identify : 1; /* the outstanding check is one that identifies */
	bool opened : 1;   /* this prober has said what its name leads to */
	uint16_t host, target;
	uint32_t generation;
	uint32_t next; /* free list */
	uint64_t cookie;
	uint64_t timeout_us;
	struct mono asked_at; /* when the outstanding check was */
	uint16_t silent_ms,
	        silent_stage; /* of it, in the hands of probers that are gone */
};

struct pathcheck {
	struct pathcheck_options options;
	char *program;
	struct limits limits;
	struct shared shared;
	struct spsc_end commands, results; /* the rings in it */
	struct mono queued_at;             /* the first command since the last flush */
	struct prober prober;              /* THREADS: the probing side */
	struct process process;            /* PROCESS */
	struct process lingering[LINGERING_MAX];
	struct names names;
	struct entry *entries; /* limits.ids of them */
	uint32_t free_head;
	uint32_t used; /* never above max_paths */
	int epoll_fd;
	bool lost; /* PROCESS: no prober is running */
	bool wild; /* it says what no sound prober says: to be replaced */
	struct mono starts[RESTARTS_MAX]; /* of the last probers, a ring */
	uint32_t starts_at;

	struct heartbeat heartbeat;

	uint64_t restarts, checks, timeouts, late, stale;
	uint32_t stuck_max;
};

const char *pathcheck_version(void)
{
	return PACKAGE_VERSION;
}

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
	/* A descriptor a path and an orphan; groups' eventfds; region, names, eventfds, timer, pidfds,
	 * poll. */
	ret->descriptors = l.ids + l.slots + l.groups + 10 + LINGERING_MAX;
	ret->in_flight = l.in_flight;
	return 0;
}

/* --- start and end --- */

static int watch(struct pathcheck *pc, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return epoll_ctl(pc->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* Commands the prober has not taken. */
static uint32_t commands_used(struct pathcheck *pc)
{
	uint32_t used = spsc_end_used_by_producer(&pc->commands);

	pc->wild = pc->wild || used == UINT32_MAX;
	return used;
}

static void send_command(struct pathcheck *pc, enum command_op op, uint32_t id,
                         uint16_t flags)
{
	const struct entry *e = &pc->entries[id];
	struct command c = { .op = (uint16_t)op,
		             .id = id,
		             .generation = e->generation,
		             .flags = flags,
		             .timeout_us = e->timeout_us };

	if (op == COMMAND_CHECK) {
		c.flags |= e->identify ? COMMAND_IDENTIFY : 0;
		c.silent_ms = e->silent_ms;
		c.silent_stage = e->silent_stage;
	} else {
		if (op == COMMAND_ADD)
			c.flags |= e->flags;
		c.host = e->host;
		c.target = e->target;
	}
	/* One look at the clock for all that are handed over together. */
	if (spsc_end_unshown(&pc->commands) == 0)
		pc->queued_at = mono_now();
	/* There is room, or it was looked for: limits.h. Unless a prober takes some back. */
	if (!spsc_end_push(&pc->commands, &c))
		pc->wild = true;
}

static bool has_room(struct pathcheck *pc)
{
	return commands_used(pc) < pc->limits.commands;
}

static void note_start(struct pathcheck *pc, struct mono now)
{
	pc->starts[pc->starts_at] = now;
	pc->starts_at = (pc->starts_at + 1) % RESTARTS_MAX;
	pc->heartbeat = (struct heartbeat){ .seen_at = now, .looked = now };
}

static void take_ends(struct pathcheck *pc, const struct shared *s)
{
	spsc_end_init(&pc->commands, s->commands);
	spsc_end_init(&pc->results, s->results);
}

/* A region of its own, and a prober on it. The old one's ends are lost when that succeeds. */
static int start_process(struct pathcheck *pc, struct shared *ret_shared)
{
	struct spsc_end commands = pc->commands, results = pc->results;
	struct shared s = SHARED_NULL;
	int r;

	r = shared_create(&s, &pc->options, true);
	if (r < 0)
		return r;
	take_ends(pc, &s); /* before it can write there */
	r = process_start(&pc->process, pc->program, &s);
	if (r == 0) {
		r = watch(pc, s.caller_fd);
		if (r == 0)
			r = watch(pc, pc->process.pidfd);
		if (r < 0) {
			process_kill(&pc->process);
			process_collect_by(&pc->process,
			                   mono_add(mono_now(), END_AWAITED_US));
		}
	}
	if (r < 0) {
		shared_deinit(&s);
		pc->commands = commands;
		pc->results = results;
		return r;
	}
	*ret_shared = s;
	pc->lost = pc->wild = false;
	note_start(pc, mono_now());
	return 0;
}

static int start_threads(struct pathcheck *pc)
{
	int r = shared_create(&pc->shared, &pc->options, false);

	if (r < 0)
		return r;
	take_ends(pc, &pc->shared);
	r = watch(pc, pc->shared.caller_fd);
	if (r < 0)
		return r;
	r = prober_start(&pc->prober, &pc->shared, &backend_libaio);
	note_start(pc, mono_now());
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
	pc->epoll_fd = -1;
	names_init(&pc->names);
	for (int i = 0; i < LINGERING_MAX; i++)
		pc->lingering[i] = (struct process)PROCESS_NULL;

	r = reserve(pc, o);
	if (r == 0)
		r = o->mode == PATHCHECK_PROCESS ? start_process(pc, &pc->shared)
		                                 : start_threads(pc);
	if (r < 0) {
		pathcheck_free(pc);
		return r;
	}
	*ret = pc;
	return 0;
}

static int64_t oldest_us(const struct pathcheck *pc, struct mono now)
{
	int64_t oldest = 0;

	for (uint32_t id = 0; id < pc->limits.ids; id++) {
		const struct entry *e = &pc->entries[id];

		if (e->state == ENTRY_USED && e->asked.outstanding)
			oldest = MAX(oldest, mono_diff(now, e->asked_at));
	}
	return oldest;
}

/* What the kernel has held for as long as the prober would be waited for holds that too. */
static bool is_hung(const struct pathcheck *pc, struct mono now)
{
	if (oldest_us(pc, now) > END_AWAITED_US)
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

/* Nobody who stops a service waits for a disk that hangs. */
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
	struct entry *e;
	uint32_t id;
	int r;

	if (p->size != sizeof(*p) || p->device == NULL || p->device[0] != '/' ||
	    p->host >= PATHCHECK_HOSTS_MAX || p->target >= PATHCHECK_HOSTS_MAX ||
	    (p->flags & ~PATHCHECK_PATH_CLOSE) != 0)
		return -EINVAL;
	if (strlen(p->device) >= PATHCHECK_DEVICE_MAX)
		return -ENAMETOOLONG;
	if (pc->used == pc->options.max_paths)
		return -ENOSPC;
	id = pc->free_head;
	/* The prober has not let go of enough removed ones, or is behind. */
	if (id == NO_ID || !has_room(pc))
		return -EAGAIN;
	r = names_put(&pc->names, &pc->shared, id, p->device);
	if (r < 0)
		return r;

	e = &pc->entries[id];
	pc->free_head = e->next;
	pc->used++;
	e->state = ENTRY_USED;
	e->asked = (struct asked){ false };
	e->generation++;
	e->host = p->host;
	e->target = p->target;
	e->flags = (uint8_t)p->flags;
	e->identify = e->opened = false;
	e->cookie = p->cookie;
	e->timeout_us = 0;
	send_command(pc, COMMAND_ADD, id, 0);
	*ret_id = id;
	return 0;
}

static struct entry *find(struct pathcheck *pc, uint32_t id)
{
	if (id >= pc->limits.ids || pc->entries[id].state != ENTRY_USED)
		return NULL;
	return &pc->entries[id];
}

int pathcheck_remove(struct pathcheck *pc, uint32_t id)
{
	struct entry *e = find(pc, id);

	if (e == NULL)
		return -ENOENT;
	if (!has_room(pc))
		return -EAGAIN;
	e->state = ENTRY_LEAVING;
	pc->used--;
	send_command(pc, COMMAND_REMOVE, id, 0);
	return 0;
}

static int ask(struct pathcheck *pc, uint32_t id, uint64_t timeout_us, bool identify)
{
	struct entry *e = find(pc, id);

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
	e->silent_ms = e->silent_stage = 0;
	send_command(pc, COMMAND_CHECK, id, 0);
	e->asked_at = pc->queued_at;
	return 0;
}

int pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	return ask(pc, id, timeout_us, false);
}

int pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	return ask(pc, id, timeout_us, true);
}

int pathcheck_opened(struct pathcheck *pc, uint32_t id, struct pathcheck_opened *ret)
{
	const struct entry *e = find(pc, id);
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
	uint32_t used = commands_used(pc);

	if (used == 0)
		return;
	if (used == spsc_end_unshown(&pc->commands))
		heartbeat_begin(&pc->heartbeat, mono_now());
	spsc_end_show_put(&pc->commands);
	shared_wake(&pc->shared.header->lane_waits, pc->shared.lane_fd);
}

/* --- results --- */

static void let_go(struct pathcheck *pc, uint32_t id)
{
	struct entry *e = &pc->entries[id];

	names_drop(&pc->names, &pc->shared, id);
	e->state = ENTRY_FREE;
	e->next = pc->free_head;
	pc->free_head = id;
}

/* False: it is not for the caller. */
static bool accept(struct pathcheck *pc, const struct wire_result *w,
                   struct pathcheck_result *ret)
{
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
			let_go(pc, w->id);
		return false;
	}
	if (e->state != ENTRY_USED || !wire_take_verdict(&e->asked, w)) {
		pc->stale++;
		return false;
	}
	if (wire_is_final(w->verdict)) {
		pc->checks++;
		pc->late += w->late;
	} else if (w->verdict == PATHCHECK_TIMED_OUT) {
		pc->timeouts++;
	}
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
	};
	return true;
}

static uint32_t results_used(struct pathcheck *pc)
{
	uint32_t used = spsc_end_used_by_consumer(&pc->results);

	pc->wild = pc->wild || used == UINT32_MAX;
	return used == UINT32_MAX ? 0 : used;
}

/* No more than were there when it began: what is put there meanwhile can wait. */
static int take_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	struct wire_result w;
	size_t got = 0;

	for (uint32_t left = results_used(pc); got < n && left > 0; left--)
		if (spsc_end_pop(&pc->results, &w) && accept(pc, &w, &results[got]))
			got++;
	spsc_end_show_taken(&pc->results);
	if (got > 0)
		wire_set_times(results, got, mono_now());
	return (int)got;
}

/* The prober is gone: pathcheck_tend() replaces it; until then there is nothing to poll. */
static void note_lost(struct pathcheck *pc)
{
	if (!pc->lost)
		(void)epoll_ctl(pc->epoll_fd, EPOLL_CTL_DEL, pc->process.pidfd, NULL);
	pc->lost = true;
}

int pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	_Atomic uint32_t *waits = &pc->shared.header->caller_waits;
	int got;

	if (n == 0 || n > INT32_MAX)
		return 0;
	got = take_results(pc, results, n);
	if ((size_t)got == n)
		return got;
	/* Nothing is left: the next one has to wake us, unless it was just being put there. */
	shared_drain(pc->shared.caller_fd);
	shared_going_to_wait(waits);
	got += take_results(pc, results + got, n - (size_t)got);
	/* More than fits, or newer, and whoever put it there saw nobody asleep. */
	if (results_used(pc) > 0)
		shared_wake(waits, pc->shared.caller_fd);
	if (got == 0 && process_ended(&pc->process))
		note_lost(pc);
	return got;
}

/* --- a prober that is gone or stands still --- */

static void collect_lingering(struct pathcheck *pc)
{
	for (int i = 0; i < LINGERING_MAX; i++)
		if (!process_collect(&pc->lingering[i]))
			continue; /* the kernel still holds it: next time */
}

/* It is not waited for: it dies when the kernel lets it. -EINPROGRESS: no room to note it. */
static int put_away(struct pathcheck *pc)
{
	process_kill(&pc->process);
	if (process_collect(&pc->process))
		return 0;
	for (int i = 0; i < LINGERING_MAX; i++)
		if (pc->lingering[i].pidfd < 0) {
			(void)epoll_ctl(pc->epoll_fd, EPOLL_CTL_DEL, pc->process.pidfd,
			                NULL);
			pc->lingering[i] = pc->process;
			pc->process = (struct process)PROCESS_NULL;
			return 0;
		}
	return -EINPROGRESS;
}

/*
 * How long the request of an outstanding check was in the kernel without an answer, as far as the
 * prober that is gone would have noticed one: its threads ran at alive_us. A check that was told to
 * have timed out begins anew.
 */
static void note_silence(struct entry *e, const struct shared *from, uint32_t id)
{
	struct mono now = mono_now();
	struct mono handed = shared_past(&from->handed_us[id], now);
	struct mono alive = shared_past(&from->header->alive_us, now);
	int64_t silent_us = MAX(mono_diff(alive, handed), INT64_C(0));

	if (e->asked.timed_out)
		e->silent_ms = 0;
	else if (!mono_before(handed, mono_add(e->asked_at, -1))) { /* the last bit */
		e->silent_ms =
		        (uint16_t)MIN(silent_us / USEC_PER_MSEC, (int64_t)UINT16_MAX);
		e->silent_stage = (uint16_t)(atomic_load(&from->handed_us[id]) & 1);
	} /* else it was not handed over, and what was known before holds */
}

/* Everything the old prober knew, for the new one; names move from region to region. */
static void hand_over(struct pathcheck *pc, struct shared *to)
{
	struct shared from = pc->shared;
	int r;

	/* One that lingers has it open too: closing it here does not take it out of the poll. */
	(void)epoll_ctl(pc->epoll_fd, EPOLL_CTL_DEL, from.caller_fd, NULL);
	pc->shared = *to;
	names_init(&pc->names); /* of the new region, which has none yet */
	for (uint32_t id = 0; id < pc->limits.ids; id++) {
		struct entry *e = &pc->entries[id];

		if (e->state == ENTRY_LEAVING) {
			let_go(pc, id);
			continue;
		}
		if (e->state != ENTRY_USED)
			continue;
		r = names_put(&pc->names, &pc->shared, id, names_get(&from, id));
		assert(r == 0); /* together they had room before, and in more pieces */
		send_command(pc, COMMAND_ADD, id,
		             atomic_load(&from.suspects[id]) != 0 ? COMMAND_SUSPECT : 0);
		if (e->asked.outstanding) {
			note_silence(e, &from, id);
			send_command(pc, COMMAND_CHECK, id, 0);
		}
		e->asked.deferred = e->asked.timed_out = e->opened = false;
	}
	shared_deinit(&from);
	pathcheck_flush(pc);
}

static int replace(struct pathcheck *pc)
{
	struct shared fresh;
	struct mono oldest = pc->starts[pc->starts_at];
	int r;

	pc->lost = true;
	r = put_away(pc);
	if (r < 0)
		return r;
	if (oldest.us != 0 && mono_diff(mono_now(), oldest) < RESTARTS_WINDOW_US)
		return -EINPROGRESS;
	r = start_process(pc, &fresh);
	if (r < 0)
		return r;
	hand_over(pc, &fresh);
	pc->restarts++;
	return 1;
}

int pathcheck_tend(struct pathcheck *pc)
{
	struct mono now = mono_now();
	int64_t age_us, still_us, stall_us = (int64_t)pc->options.stall_timeout_us;

	if (pc->options.mode != PATHCHECK_PROCESS)
		return 0;
	collect_lingering(pc);
	if (pc->lost || pc->wild || process_ended(&pc->process))
		return replace(pc);
	age_us = heartbeat_age_us(&pc->heartbeat, &pc->shared, pc->limits.groups, now);
	still_us = heartbeat_still_us(&pc->heartbeat, age_us, stall_us, now);
	if (still_us > stall_us ||
	    (age_us > LOOK_AT_PROBER_US && process_dying(&pc->process)))
		return replace(pc);
	return 0;
}

/* --- counters --- */

int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret)
{
	struct shared_header *h = pc->shared.header;
	struct mono now = mono_now();
	struct pathcheck_group g;

	if (ret->size != sizeof(*ret))
		return -EINVAL;
	*ret = (struct pathcheck_stats){
		.size = sizeof(*ret),
		.groups = MIN(atomic_load(&h->groups_end), pc->limits.groups),
		.deferred_now = atomic_load(&h->deferred_now),
		.deferred_max = atomic_load(&h->deferred_max),
		.deferred_total = atomic_load(&h->deferred_total),
		.emergency_now = atomic_load(&h->emergency_now),
		.emergency_max = atomic_load(&h->emergency_max),
		.emergency_total = atomic_load(&h->emergency_total),
		.io_setup_failures = atomic_load(&h->io_setup_failures),
		.io_setup_error = wire_errno(atomic_load(&h->io_setup_error)),
		.lanes_stuck = atomic_load(&h->lanes_stuck),
		.lane_replacements = atomic_load(&h->lane_replacements),
		.sealed_allocations = atomic_load(&h->sealed_allocations),
		.checks = pc->checks,
		.timeouts = pc->timeouts,
		.late = pc->late,
		.stale = pc->stale,
		.prober_pid = pc->process.pid,
		.prober_restarts = pc->restarts,
		.heartbeat_age_us = heartbeat_age_us(&pc->heartbeat, &pc->shared,
		                                     pc->limits.groups, now),
		.oldest_in_flight_us = oldest_us(pc, now),
		.rescuers = pc->limits.rescuers,
	};
	for (uint32_t i = 0; i < ret->groups; i++)
		if (pathcheck_group(pc, i, &g) == 0)
			ret->in_flight += g.in_flight + g.expired + g.orphans;
	ret->rescuers_busy = shared_rescuers_busy(&pc->shared, ret->rescuers, -1, now);
	ret->rescuers_stuck =
	        shared_rescuers_busy(&pc->shared, ret->rescuers, STUCK_AFTER_US, now);
	for (uint32_t id = 0; id < pc->limits.ids; id++)
		ret->blockers += pc->entries[id].state == ENTRY_USED &&
		                 atomic_load(&pc->shared.suspects[id]) != 0;
	pc->stuck_max = MAX(pc->stuck_max, ret->rescuers_stuck);
	ret->rescuers_stuck_max = pc->stuck_max;
	return 0;
}

int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret)
{
	struct group_view *v;
	uint32_t state, kind;

	if (id >= pc->limits.groups)
		return -ENOENT;
	v = &pc->shared.groups[id];
	state = atomic_load(&v->state);
	kind = atomic_load(&v->kind);
	if (state > PATHCHECK_GROUP_RECOVERING || kind > PATHCHECK_GROUP_SYNC)
		pc->wild = true;
	if (state == PATHCHECK_GROUP_UNUSED || pc->wild)
		return -ENOENT;
	*ret = (struct pathcheck_group){
		.id = id,
		.kind = (enum pathcheck_group_kind)kind,
		.state = (enum pathcheck_group_state)state,
		.slots = PATHCHECK_GROUP_SLOTS,
		.paths = atomic_load(&v->paths),
		.queued = atomic_load(&v->queued),
		.in_flight = atomic_load(&v->in_flight),
		.expired = atomic_load(&v->expired),
		.orphans = atomic_load(&v->orphans),
		.setup_error = wire_errno(atomic_load(&v->setup_error)),
	};
	return 0;
}
