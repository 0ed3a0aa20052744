/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts probers, watches them and replaces them: successor.h. The caller's thread. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libcheck/successor.h"

int successor_watch(struct pathcheck *pc, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return epoll_ctl(pc->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
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
	successor_take_ends(pc, &s); /* before the prober can write to them */
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

/* --- a prober that is gone or makes no progress --- */

static void collect_lingering(struct pathcheck *pc)
{
	for (int i = 0; i < LINGERING_MAX; i++)
		(void)process_collect(&pc->lingering[i]); /* if not now, then next time */
}

/* Does not wait: the prober dies when the kernel lets it. -EINPROGRESS: too many linger. */
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
 * Notes how long the old prober has waited for the answer to an outstanding check. It would
 * have noticed one until alive_us, when its threads last ran. A check whose TIMED_OUT was
 * reported starts again.
 */
static void note_wait(struct entry *e, const struct shared *from, uint32_t id)
{
	/* prober.pml: REPLACE */
	struct mono now = mono_now();
	struct mono handed = shared_past(&from->handed_us[id], now);
	struct mono alive = shared_past(&from->header->alive_us, now);
	int64_t waited_us = MAX(mono_diff(alive, handed), INT64_C(0));

	if (e->asked.timed_out)
		e->waited_ms = 0;
	else if (!mono_before(handed, mono_add(e->asked_at, -1))) { /* the last bit */
		e->waited_ms =
		        (uint16_t)MIN(waited_us / USEC_PER_MSEC, (int64_t)UINT16_MAX);
		e->waited_stage = (uint16_t)(atomic_load(&from->handed_us[id]) & 1);
	} /* else it was not handed over, and what was known before is still so */
}

/* Tells the new prober all that the old one knew. Names move from region to region. */
static void hand_over(struct pathcheck *pc, struct shared *to)
{
	/* prober.pml: REPLACE */
	struct shared from = pc->shared;
	int r;

	/* A lingering prober has it open, too: closing it here would not end the polling. */
	(void)epoll_ctl(pc->epoll_fd, EPOLL_CTL_DEL, from.caller_fd, NULL);
	pc->shared = *to;
	names_init(&pc->names); /* the new region has none yet */
	for (uint32_t id = 0; id < pc->ids_end; id++) {
		struct entry *e = &pc->entries[id];

		if (e->state == ENTRY_LEAVING) {
			caller_free_id(pc, id);
			continue;
		}
		if (e->state != ENTRY_USED)
			continue;
		r = names_put(&pc->names, &pc->shared, id, names_get(&from, id));
		assert(r == 0); /* the same names had room before, in more pieces */
		caller_send(pc, COMMAND_ADD, id,
		            atomic_load(&from.suspects[id]) != 0 ? COMMAND_SUSPECT : 0);
		if (e->asked.outstanding) {
			note_wait(e, &from, id);
			caller_send(pc, COMMAND_CHECK, id, 0);
		}
		e->asked.deferred = e->asked.timed_out = e->opened = false;
	}
	shared_deinit(&from);
	caller_flush(pc);
}

/* Once a prober, before it is killed: the cause is what counts, not the SIGKILL. */
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
	else /* killed by others and held by the kernel, or it made no progress */
		pc->end = process_dying(&pc->process) ? PATHCHECK_END_SIGNAL
		                                      : PATHCHECK_END_STALLED;
	if (pc->end != how)
		pc->end_code = pc->end == PATHCHECK_END_SIGNAL ? SIGKILL : 0;
}

static struct mono last_start(const struct pathcheck *pc)
{
	return pc->starts[(pc->starts_at + RESTARTS_MAX - 1) % RESTARTS_MAX];
}

/*
 * No result of the check has come for longer than its stages may take: to open, to read, to
 * learn the block and read again, to send a command. A stage that times out or is deferred is
 * reported.
 */
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
 * A prober that has lost a check, or has written an unsound result of it, counts as wild. If
 * the caller looks after a long time, it was maybe paused, and the prober too: each check has
 * all its time again.
 */
static bool has_lost_a_check(struct pathcheck *pc, struct mono now)
{
	int64_t away_us = mono_diff(now, pc->lost_looked);
	bool any = false;

	pc->lost_looked = now;
	if (away_us > MAX((int64_t)pc->options.stall_timeout_us, LOOK_FOR_LOST_US))
		pc->lost_from = now;
	for (uint32_t id = 0; id < pc->ids_end && !any; id++)
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

static int replace_prober(struct pathcheck *pc)
{
	/* prober.pml: REPLACE */
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
		return replace_prober(pc);
	age_us = heartbeat_age_us(&pc->heartbeat, &pc->shared, &pc->commands,
	                          pc->limits.groups, now);
	still_us = heartbeat_still_us(&pc->heartbeat, age_us, stall_us, now);
	if (still_us > stall_us ||
	    (age_us > LOOK_AT_PROBER_US && process_dying(&pc->process)))
		return replace_prober(pc);
	return 0;
}
