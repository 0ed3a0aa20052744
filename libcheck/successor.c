/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prober of a caller: how it is started, what it is told, and what becomes of it. The caller's
 * thread. One that dies or stands still has a successor, which is told all that the old one knew.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libcheck/caller.h"

int successor_watch(struct pathcheck *pc, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return epoll_ctl(pc->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

void caller_send(struct pathcheck *pc, enum command_op op, uint32_t id, uint16_t flags)
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
	if (ring_unpublished(&pc->commands) == 0)
		pc->queued_at = mono_now();
	/* There is room, or it was looked for: limits.h. Unless a prober takes some back. */
	if (!ring_put(&pc->commands, &c))
		pc->wild = true;
}

void caller_let_go(struct pathcheck *pc, uint32_t id)
{
	struct entry *e = &pc->entries[id];

	names_drop(&pc->names, &pc->shared, id);
	e->state = ENTRY_FREE;
	e->next = pc->free_head;
	pc->free_head = id;
}

void successor_note_start(struct pathcheck *pc, struct mono now)
{
	pc->starts[pc->starts_at] = now;
	pc->starts_at = (pc->starts_at + 1) % RESTARTS_MAX;
	pc->heartbeat = (struct heartbeat){ .seen_at = now, .looked = now };
}

void successor_take_ends(struct pathcheck *pc, const struct shared *s)
{
	ring_producer_init(&pc->commands, s->commands);
	ring_consumer_init(&pc->results, s->results);
}

int successor_start(struct pathcheck *pc, struct shared *ret_shared)
{
	struct ring_producer commands = pc->commands;
	struct ring_consumer results = pc->results;
	struct shared s = SHARED_NULL;
	int r;

	r = shared_create(&s, &pc->options, true);
	if (r < 0)
		return r;
	successor_take_ends(pc, &s); /* before it can write there */
	r = process_start(&pc->process, pc->program, pc->program_fd, &s);
	if (r == 0) {
		r = successor_watch(pc, s.caller_fd);
		if (r == 0)
			r = successor_watch(pc, pc->process.pidfd);
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
	pc->lost = pc->wild = pc->end_noted = false;
	successor_note_start(pc, mono_now());
	return 0;
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
			caller_let_go(pc, id);
			continue;
		}
		if (e->state != ENTRY_USED)
			continue;
		r = names_put(&pc->names, &pc->shared, id, names_get(&from, id));
		assert(r == 0); /* together they had room before, and in more pieces */
		caller_send(pc, COMMAND_ADD, id,
		            atomic_load(&from.suspects[id]) != 0 ? COMMAND_SUSPECT : 0);
		if (e->asked.outstanding) {
			note_silence(e, &from, id);
			caller_send(pc, COMMAND_CHECK, id, 0);
		}
		e->asked.deferred = e->asked.timed_out = e->opened = false;
	}
	shared_deinit(&from);
	pathcheck_flush(pc);
}

/* Once for each, before it is killed: that is not how it came to its end. */
static void note_end(struct pathcheck *pc)
{
	enum pathcheck_end how;

	if (pc->end_noted || pc->process.pidfd < 0)
		return;
	pc->end_noted = true;
	how = process_how(&pc->process, &pc->end_code);
	if (pc->wild)
		pc->end = PATHCHECK_END_WILD;
	else if (how != PATHCHECK_END_NONE)
		pc->end = how;
	else /* killed by others, and held by the kernel; or it made no progress */
		pc->end = process_dying(&pc->process) ? PATHCHECK_END_SIGNAL
		                                      : PATHCHECK_END_STALLED;
	if (pc->end != how)
		pc->end_code = pc->end == PATHCHECK_END_SIGNAL ? SIGKILL : 0;
}

static struct mono last_start(const struct pathcheck *pc)
{
	return pc->starts[(pc->starts_at + RESTARTS_MAX - 1) % RESTARTS_MAX];
}

/* Nothing was said of a check for longer than its stages may take: to open, to read, to learn the
 * block and read again, to ask why. Each of them is told when it times out or is deferred. */
static bool is_lost(const struct pathcheck *pc, const struct entry *e, struct mono now)
{
	struct mono from = { MAX(MAX(e->asked_at.us, last_start(pc).us),
		                 pc->lost_from.us) };
	int64_t stall_us = (int64_t)pc->options.stall_timeout_us;

	return e->state == ENTRY_USED && e->asked.outstanding && !e->asked.deferred &&
	       !e->asked.timed_out &&
	       mono_diff(now, from) / CHECK_STAGES > (int64_t)e->timeout_us + stall_us;
}

/*
 * A prober that has lost a check, or whose result of it was unsound, is as good as wild. Who looks
 * after long was itself not running, maybe, and the prober neither: each check has all its time
 * again.
 */
static bool has_lost_a_check(struct pathcheck *pc, struct mono now)
{
	int64_t away_us = mono_diff(now, pc->lost_looked);
	bool any = false;

	pc->lost_looked = now;
	if (away_us > MAX((int64_t)pc->options.stall_timeout_us, LOOK_FOR_LOST_US))
		pc->lost_from = now;
	for (uint32_t id = 0; id < pc->limits.ids && !any; id++)
		any = is_lost(pc, &pc->entries[id], now);
	return any;
}

/* Too many were started lately, or the last one was of another version. */
static bool is_too_soon(const struct pathcheck *pc, struct mono now)
{
	struct mono oldest = pc->starts[pc->starts_at];

	if (pc->end == PATHCHECK_END_VERSION &&
	    mono_diff(now, last_start(pc)) < VERSION_RETRY_US)
		return true;
	return oldest.us != 0 && mono_diff(now, oldest) < RESTARTS_WINDOW_US;
}

static int replace(struct pathcheck *pc)
{
	struct shared fresh;
	int r;

	pc->lost = true;
	note_end(pc);
	r = put_away(pc);
	if (r < 0)
		return r;
	if (is_too_soon(pc, mono_now()))
		return -EINPROGRESS;
	r = successor_start(pc, &fresh);
	if (r < 0) {
		pc->end = PATHCHECK_END_NO_START;
		pc->end_code = -r;
		return r;
	}
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
	pc->wild = pc->wild || has_lost_a_check(pc, now);
	if (pc->lost || pc->wild || process_ended(&pc->process))
		return replace(pc);
	age_us = heartbeat_age_us(&pc->heartbeat, &pc->shared, &pc->commands,
	                          pc->limits.groups, now);
	still_us = heartbeat_still_us(&pc->heartbeat, age_us, stall_us, now);
	if (still_us > stall_us ||
	    (age_us > LOOK_AT_PROBER_US && process_dying(&pc->process)))
		return replace(pc);
	return 0;
}
