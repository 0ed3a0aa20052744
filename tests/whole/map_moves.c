/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing. What can happen in the world of one map: to checks, to the kernel, to the
 * device-mapper thread, by other programs and by an administrator; and the rest of the loop's round.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_holds.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/maps_todo.h"
#include "tests/whole/map_world.h"
#include "util/macro.h"

#define LATER (2000 * USEC_PER_SEC)
/* The first pause after a refusal is over, the second is not. */
#define SOON (T0 + AGREEMENT_REFUSED_US * 3 / 2)
/* A failure, and checks that began before it and after it. */
#define FAILED_AT  (T0 - 10)
#define BEFORE     (T0 - 20)
#define AFTER      (T0 - 5)
#define ORDERS_MAX 64
/* Entries that wait are examined together: maps_todo.c. */
#define GRID_US (100 * USEC_PER_MSEC)

struct maps_path *map_entry(unsigned path)
{
	uint32_t i = mw.maps->maps[0].first;

	while (i != MAPS_NONE && mw.maps->entries[i].devt_minor != path)
		i = mw.maps->entries[i].next;
	return i == MAPS_NONE ? NULL : &mw.maps->entries[i];
}

/* When the path's running check began. */
static struct mono started(const struct shadow *p)
{
	return (struct mono){ p->before ? BEFORE : AFTER };
}

/* An entry that waits is not examined later than at its time, and the next round. */
static void judge_later(void)
{
	for (unsigned i = 0; i < mw.n; i++) {
		const struct maps_path *e = map_entry(i);
		struct mono at = e->agreement.not_before;

		if (e->held && !e->agreement.active)
			at = mono_max(at, hold_time_mono(mw.maps->known[i].reuse));
		if (e->list == LIST_LATER && mw.maps->later_at.us > at.us + GRID_US)
			explore_fail("path %u waits too long", i);
	}
}

/* Times keep their order, and what is over is forgotten. */
static void forget_times(void)
{
	struct maps *m = mw.maps;

	judge_later();
	m->later_at = MONO_NEVER;
	for (unsigned i = 0; i < mw.n; i++) {
		struct maps_path *e = map_entry(i);
		struct agreement *a = &e->agreement;
		struct shadow *p = &mw.s->of[i];

		if (mono_before(started(p), a->unchecked_since))
			p->before = true;
		if (p->running == RUNS_NOT)
			p->before = false;
		if (a->unchecked_since.us != 0)
			a->unchecked_since.us = FAILED_AT;
		a->refusals = MIN(a->refusals, 2);
		if (!mono_before(mw.now, a->not_before))
			a->not_before.us = 0;
		else
			a->not_before.us = T0 + a->refusals * AGREEMENT_REFUSED_US;
		a->error = 0;
		e->foreign = FOREIGN_NONE;
		m->maps[0].reported_any = false;
		if (e->list == LIST_LATER)
			m->later_at.us = T0 + AGREEMENT_REFUSED_US;
	}
}

/* --- the loop --- */

static void start_check(unsigned path)
{
	struct shadow *p = &mw.s->of[path];
	bool identify = maps_is_to_be_identified(mw.maps, path);

	p->running = identify ? RUNS_IDENTIFYING : RUNS_PLAIN;
	p->before = false;
	maps_path_asked(mw.maps, path, identify);
}

static void send(const struct maps_order *o, unsigned path)
{
	bool fail = o->step == STEP_FAIL;

	map_judge_order(path, fail);
	maps_sent(mw.maps, o);
	mw.s->of[path].flight = fail ? COMMAND_FAIL : COMMAND_REINSTATE;
	mw.s->of[path].token = o->token;
	mw.sent++;
}

/* The end of the loop's round. */
static void follow_orders(void)
{
	unsigned left = ORDERS_MAX;
	struct maps_order o;

	while (maps_next(mw.maps, mw.now, &o)) {
		unsigned path = maps_path(mw.maps, o.entry)->devt_minor;
		const struct shadow *p = &mw.s->of[path];

		if (left-- == 0)
			explore_fail("the orders do not end");
		if (o.step == STEP_FAIL || o.step == STEP_REINSTATE)
			send(&o, path);
		else if (o.step == STEP_RECHECK &&
		         (mw.features & WITH_LONG_CHECKS) != 0 && p->known &&
		         !p->disabled && p->running == RUNS_NOT)
			start_check(path);
	}
	while (maps_todo_take_map(mw.maps) != MAPS_NONE)
		;
}

/* The loop knows that the kernel's view of the path is this. */
static void see(unsigned path, bool active)
{
	struct shadow *p = &mw.s->of[path];

	p->view = active;
	p->same = p->same && active;
}

static void take_news(void)
{
	unsigned change;
	uint32_t index;

	for (unsigned i = 0; i < mw.n; i++) {
		struct shadow *p = &mw.s->of[i];
		bool active = (mw.s->record_bits >> i & 1) != 0;

		if (active == p->view)
			continue;
		if (p->flight != (active ? COMMAND_REINSTATE : COMMAND_FAIL))
			p->ours = false;
		see(i, active);
	}
	if (maps_update(mw.maps, mw.map[mw.s->record_bits], mw.s->keep, mw.now, &index,
	                &change) < 0 ||
	    index != 0 || change != 0)
		explore_fail("the same map is another one");
}

static void take_answer(void)
{
	unsigned path = mw.s->record_path;
	struct shadow *p = &mw.s->of[path];
	enum agreement_command c;

	if (!mw.s->refused) {
		bool active = mw.s->record_verb == COMMAND_REINSTATE;

		p->ours = !active;
		p->same = false;
		see(path, active);
	}
	mw.s->record = RECORD_NONE;
	if (maps_answered(mw.maps, mw.s->token, mw.s->refused ? EBUSY : 0, mw.now, &c) ==
	    MAPS_NONE)
		explore_fail("the answer for path %u finds nobody", path);
}

static bool take_record(void)
{
	enum record record = (enum record)mw.s->record;

	if (record == RECORD_NONE)
		return false;
	if (record == RECORD_NEWS)
		take_news();
	else
		take_answer();
	mw.s->record = RECORD_NONE;
	mw.s->record_bits = mw.s->record_path = mw.s->record_verb = 0;
	mw.s->token = 0;
	mw.s->refused = false;
	return true;
}

/* --- kernel and device-mapper thread --- */

static bool read_map(void)
{
	uint8_t bits = 0;
	bool news = false;

	if (mw.s->record != RECORD_NONE)
		return false;
	for (unsigned i = 0; i < mw.n; i++) {
		bits |= (uint8_t)(mw.s->of[i].active << i);
		news = news || mw.s->of[i].active != mw.s->of[i].view;
	}
	mw.s->record = news ? RECORD_NEWS : RECORD_NONE;
	mw.s->record_bits = news ? bits : 0;
	return news;
}

static bool execute(unsigned path, bool refused)
{
	struct shadow *p = &mw.s->of[path];

	if (p->flight == COMMAND_NONE || mw.s->record != RECORD_NONE)
		return false;
	mw.s->record = RECORD_ANSWER;
	mw.s->record_path = (uint8_t)path;
	mw.s->record_verb = p->flight;
	mw.s->token = p->token;
	mw.s->refused = refused;
	if (!refused)
		p->active = p->flight == COMMAND_REINSTATE;
	p->flight = COMMAND_NONE;
	p->token = 0;
	return true;
}

/* --- checks and decisions --- */

/* The disk's answer to a check that asks for the identity. */
static void read_disk(unsigned path, bool unreadable)
{
	struct shadow *p = &mw.s->of[path];
	bool identify = p->running == RUNS_IDENTIFYING;
	const struct disk_read read = {
		.kernel_id = identify && !unreadable ? mw.wwid[p->other] : 0,
		.unreadable = identify && unreadable,
		.not_asked = !identify,
	};

	maps_path_read(mw.maps, path, &read);
	if (identify && !unreadable)
		p->barred = p->barred || p->other;
}

static bool end_check(unsigned path, bool good, bool unreadable)
{
	struct shadow *p = &mw.s->of[path];
	bool identified = p->running == RUNS_IDENTIFYING && !unreadable;

	if (p->running == RUNS_NOT || (unreadable && p->running != RUNS_IDENTIFYING))
		return false;
	read_disk(path, unreadable);
	if (good && identified && !p->before && !p->barred)
		p->same = true;
	p->verdict = good ? VERDICT_USABLE : VERDICT_UNUSABLE;
	if (p->old)
		maps_path_proven(mw.maps, path);
	p->old = false;
	maps_path_checked(mw.maps, path, (enum path_verdict)p->verdict, good, started(p));
	p->running = RUNS_NOT;
	return true;
}

void map_add_path(unsigned path)
{
	struct shadow *p = &mw.s->of[path];

	maps_path_added(mw.maps, path, mw.device[path][p->other]);
	p->known = true;
	p->gone = false;
	p->verdict = VERDICT_NONE;
	p->described = p->other;
	/* A description that came after the path is in the map. */
	p->barred = p->barred || p->other;
}

static void remove_path(unsigned path, bool gone)
{
	struct shadow *p = &mw.s->of[path];

	maps_path_removed(mw.maps, path, gone);
	p->known = p->held = p->reuse = p->forced = p->last = false;
	p->disabled = p->emptied = p->old = false;
	p->gone = gone;
	p->running = RUNS_NOT;
	p->verdict = VERDICT_NONE;
}

static void hold(unsigned path, bool held, bool reuse)
{
	const struct hold h = {
		.phase = held ? HOLD_PHASE_TIMED : HOLD_PHASE_NONE,
		.mark = hold_time_of((struct mono){ reuse ? T0 : USEC_PER_SEC }),
	};

	mw.s->of[path].held = held;
	mw.s->of[path].reuse = reuse;
	maps_hold(mw.maps, path, &h);
}

static void describe_disk(unsigned path)
{
	struct shadow *p = &mw.s->of[path];

	p->described = p->other;
	p->barred = p->barred || p->other;
	maps_path_changed(mw.maps, path, mw.device[path][p->other]);
}

static void pass_time(void)
{
	mw.now.us = LATER;
	for (unsigned i = 0; i < mw.n; i++) {
		mw.s->of[i].reuse = false;
		mw.maps->known[i].reuse = MIN(mw.maps->known[i].reuse, 1);
	}
}

/* --- moves --- */

enum path_move {
	M_START,
	M_GOOD,
	M_BAD,
	M_KERNEL_FAILS,
	M_OTHER_REINSTATES,
	M_EXECUTE,
	M_REFUSE,
	M_HOLD,
	M_HOLD_AGAIN,
	M_FORCE,
	M_FORCE_LAST,
	M_DISABLE,
	M_EMPTY,
	M_EMPTY_LAST,
	M_SWAP,
	M_UNREADABLE,
	M_DESCRIBE,
	M_OLD_GOOD,
	M_OLD_BAD,
	M_REMOVE,
	M_GONE,
	M_ADD,
	PATH_MOVES,
};

enum map_move {
	M_READ = PATH_MOVES * PATHS_MAX,
	M_TAKE,
	M_SOON,
	M_TIME,
	M_CONTROL,
	M_KEEP,
	M_SETTLED,
	MAP_MOVES_,
};
static_assert(MAP_MOVES == (int)MAP_MOVES_, "map.h has their number");

static bool try_start(unsigned path)
{
	const struct shadow *p = &mw.s->of[path];

	if (!p->known || p->disabled || p->running != RUNS_NOT)
		return false;
	start_check(path);
	return true;
}

static bool move_check(unsigned path, unsigned move)
{
	bool is_long = (mw.features & WITH_LONG_CHECKS) != 0;

	if (move == M_START)
		return is_long && try_start(path);
	if (!is_long && !try_start(path))
		return false;
	switch (move) {
	case M_GOOD:
		return end_check(path, true, false);
	case M_UNREADABLE:
		return end_check(path, true, true);
	default:
		return end_check(path, false, false);
	}
}

static bool move_kernel(unsigned path, unsigned move)
{
	struct shadow *p = &mw.s->of[path];

	switch (move) {
	case M_KERNEL_FAILS:
	case M_OTHER_REINSTATES:
		if (p->active != (move == M_KERNEL_FAILS))
			return false;
		p->active = !p->active;
		if ((mw.features & WITH_LATE_RECORDS) == 0)
			(void)read_map();
		break;
	default:
		if (!execute(path, move == M_REFUSE))
			return false;
		break;
	}
	if ((mw.features & WITH_LATE_RECORDS) == 0)
		(void)take_record();
	return true;
}

/* A path that has a mark gets no other one. */
static bool is_second_mark(unsigned path, unsigned move)
{
	const struct shadow *p = &mw.s->of[path];
	bool holds = move == M_HOLD || move == M_HOLD_AGAIN;
	bool forces = move == M_FORCE || move == M_FORCE_LAST;

	return (mw.features & ONE_MARK) != 0 &&
	       ((p->held && !holds) || (p->forced && !forces) ||
	        (p->disabled && (holds || forces)));
}

static bool move_admin(unsigned path, unsigned move)
{
	struct shadow *p = &mw.s->of[path];

	if (is_second_mark(path, move))
		return false;
	switch (move) {
	case M_HOLD:
		hold(path, !p->held, false);
		return true;
	case M_HOLD_AGAIN:
		if (!p->held || p->reuse)
			return false;
		hold(path, true, true);
		return true;
	case M_FORCE:
	case M_FORCE_LAST:
		if (move == M_FORCE_LAST && p->last)
			return false;
		p->forced = move == M_FORCE_LAST || !p->forced;
		p->last = p->forced && move == M_FORCE_LAST;
		maps_force(mw.maps, path, p->forced, p->last);
		return true;
	case M_EMPTY:
	case M_EMPTY_LAST:
		if (move == M_EMPTY_LAST && p->last)
			return false;
		p->disabled = true;
		p->emptied = move == M_EMPTY_LAST || !p->emptied;
		p->last = p->emptied && move == M_EMPTY_LAST;
		maps_disable(mw.maps, path,
		             p->emptied ? MAPS_DISABLED_EMPTIED : MAPS_DISABLED, p->last);
		return true;
	default:
		p->disabled = !p->disabled;
		p->last = p->last && !p->emptied;
		p->emptied = false;
		maps_disable(mw.maps, path, p->disabled ? MAPS_DISABLED : MAPS_ENABLED,
		             false);
		return true;
	}
}

static bool move_device(unsigned path, unsigned move)
{
	struct shadow *p = &mw.s->of[path];

	switch (move) {
	case M_SWAP:
		p->other = !p->other;
		return true;
	case M_DESCRIBE:
		if (p->described == p->other)
			return false;
		describe_disk(path);
		return true;
	case M_OLD_GOOD:
	case M_OLD_BAD:
		/* Before anything else. */
		if (p->verdict != VERDICT_NONE || p->running != RUNS_NOT ||
		    !mw.s->settling)
			return false;
		p->verdict = move == M_OLD_GOOD ? VERDICT_USABLE : VERDICT_UNUSABLE;
		p->old = true;
		maps_take_verdict(mw.maps, path, (enum path_verdict)p->verdict);
		return true;
	default:
		remove_path(path, move == M_GONE);
		return true;
	}
}

/* What a world has beside checks and commands. */
static bool is_part(unsigned move)
{
	static const uint16_t needs[PATH_MOVES] = {
		[M_REFUSE] = WITH_REFUSALS,  [M_HOLD] = WITH_HOLDS,
		[M_HOLD_AGAIN] = WITH_HOLDS, [M_FORCE] = WITH_MARKS,
		[M_FORCE_LAST] = WITH_MARKS, [M_DISABLE] = WITH_MARKS,
		[M_EMPTY] = WITH_EMPTIES,    [M_EMPTY_LAST] = WITH_EMPTIES,
		[M_SWAP] = WITH_DISKS,       [M_UNREADABLE] = WITH_DISKS,
		[M_DESCRIBE] = WITH_DISKS,   [M_OLD_GOOD] = WITH_RESTART,
		[M_OLD_BAD] = WITH_RESTART,  [M_REMOVE] = WITH_REMOVAL,
		[M_GONE] = WITH_REMOVAL,     [M_ADD] = WITH_REMOVAL,
	};

	return needs[move] == 0 || (mw.features & needs[move]) != 0;
}

static bool move_path(unsigned path, unsigned move)
{
	bool known = mw.s->of[path].known;

	if (path >= mw.n || !is_part(move))
		return false;
	if (move == M_ADD) {
		if (!known)
			map_add_path(path);
		return !known;
	}
	if (move <= M_BAD || move == M_UNREADABLE)
		return move_check(path, move);
	if (move <= M_REFUSE)
		return move_kernel(path, move);
	if (!known)
		return false;
	return move <= M_EMPTY_LAST ? move_admin(path, move) : move_device(path, move);
}

static bool move_world(unsigned move)
{
	bool switches = (mw.features & WITH_SWITCHES) != 0;

	switch (move) {
	case M_READ:
		return read_map();
	case M_TAKE:
		return take_record();
	case M_SOON:
		if ((mw.features & WITH_REFUSALS) == 0)
			return false;
		mw.now.us = SOON;
		return true;
	case M_TIME:
		pass_time();
		return true;
	case M_CONTROL:
		if (!switches)
			return false;
		mw.s->control = !mw.s->control;
		maps_set_control(mw.maps, mw.s->control);
		return true;
	case M_KEEP:
		if (!switches)
			return false;
		mw.s->keep = !mw.s->keep;
		maps_set_keep(mw.maps, 0, mw.s->keep);
		return true;
	default:
		if (!mw.s->settling)
			return false;
		mw.s->settling = false;
		maps_set_settling(mw.maps, false);
		return true;
	}
}

void map_end_round(void)
{
	follow_orders();
	forget_times();
}

bool map_move(unsigned move)
{
	bool made = move < M_READ ? move_path(move / PATH_MOVES, move % PATH_MOVES)
	                          : move_world(move);

	if (!made)
		return false;
	map_end_round();
	return true;
}

bool map_may_move(unsigned move)
{
	bool executes = move < M_READ &&
	                (move % PATH_MOVES == M_EXECUTE || move % PATH_MOVES == M_REFUSE);
	unsigned flights = 0;

	for (unsigned i = 0; i < mw.n; i++)
		flights += mw.s->of[i].flight != COMMAND_NONE;
	if ((mw.features & QUICK_KERNEL) != 0)
		return executes || flights == 0;
	return executes || flights < 2 || (mw.features & ONE_IN_FLIGHT) == 0;
}

/* Checks end as the last decision was, or as the path works; the kernel executes each command. */
void map_be_quiet(void)
{
	for (unsigned i = 0; i < mw.n; i++) {
		const struct shadow *p = &mw.s->of[i];
		bool bad = p->verdict == VERDICT_UNUSABLE;

		(void)map_move(i * PATH_MOVES + M_EXECUTE);
		(void)map_move(M_TAKE);
		(void)map_move(M_READ);
		(void)map_move(M_TAKE);
		(void)map_move(i * PATH_MOVES + M_DESCRIBE);
		(void)map_move(i * PATH_MOVES + M_START);
		(void)map_move(i * PATH_MOVES + (bad ? M_BAD : M_GOOD));
	}
	(void)map_move(M_SETTLED);
	(void)map_move(M_TIME);
}

void map_describe(unsigned move, char *buf, size_t size)
{
	static const char *const paths[PATH_MOVES] = {
		"a check starts",
		"the check succeeds",
		"the check fails",
		"the kernel fails it",
		"another program reinstates it",
		"the command is executed",
		"the command is refused",
		"it is held, or not any more",
		"it fails while it is held",
		"an administrator fails it, or gives it back",
		"an administrator takes it",
		"it is disabled or enabled",
		"it is disabled and emptied, or not emptied any more",
		"it is disabled and emptied, also as the last one",
		"another disk takes its number",
		"the check succeeds without an identity",
		"discovery describes its disk",
		"the predecessor found it usable",
		"the predecessor found it unusable",
		"it is released",
		"its device is gone",
		"it is there again",
	};
	static const char *const maps[MAP_MOVES - M_READ] = {
		"the map is read",    "the loop takes the record", "time passes",
		"dm_control changes", "keep_last_path changes",    "all paths are known",
	};

	if (move < M_READ)
		(void)snprintf(buf, size, "path %u: %s", move / PATH_MOVES,
		               paths[move % PATH_MOVES]);
	else
		(void)snprintf(buf, size, "%s", maps[move - M_READ]);
}
