/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: whoever calls it owns the agreement. The loop. What follows from a decision
 * and the kernel's view is one table; the rest says when, and whether something stands in the
 * way.
 */
#include "checkerd/core/agreement.h"

#include "util/macro.h"

/* Without a decision the kernel's view stands, whatever it is. */
static const enum agreement_command wanted[3][2] = {
	/*                       F                  A */
	[VERDICT_NONE] = { COMMAND_NONE, COMMAND_NONE },
	[VERDICT_USABLE] = { COMMAND_REINSTATE, COMMAND_NONE },
	[VERDICT_UNUSABLE] = { COMMAND_NONE, COMMAND_FAIL },
};

static int64_t doubled(int64_t first_us, uint32_t times, int64_t max_us)
{
	int64_t us = first_us;

	for (; times > 0 && us < max_us; times--)
		us *= 2;
	return MIN(us, max_us);
}

/* Reinstating wants a good check first. */
static void doubt(struct agreement *a, struct mono now)
{
	a->asked = false;
	a->doubted = a->active ? (struct mono){ 0 } : now;
}

void agreement_init(struct agreement *a, bool active, struct mono now)
{
	*a = (struct agreement){ .active = active };
	doubt(a, now);
}

/* Others failed it: it is given back later and later. */
static void hold(struct agreement *a, struct mono now)
{
	if (mono_diff(now, a->turned) >= AGREEMENT_CALM_US)
		a->turns = 0;
	if (a->turns < UINT16_MAX)
		a->turns++;
	a->turned = now;
}

struct mono agreement_held_until(const struct agreement *a)
{
	if (a->turns < 2)
		return (struct mono){ 0 };
	return mono_add(a->turned, doubled(AGREEMENT_TURNED_US, a->turns - 2U,
	                                   AGREEMENT_TURNED_MAX_US));
}

enum agreement_turn agreement_told(struct agreement *a, bool active, struct mono now)
{
	if (a->active == active)
		return TURN_NONE;
	a->active = active;
	doubt(a, now);
	if (a->in_flight == (active ? COMMAND_REINSTATE : COMMAND_FAIL))
		return TURN_NONE; /* it may be its doing: its answer is on the way */
	a->ours = false;
	if (active)
		return TURN_ACTIVE;
	hold(a, now);
	return TURN_FAILED;
}

void agreement_anew(struct agreement *a)
{
	a->refusals = 0;
	a->not_before = (struct mono){ 0 };
}

bool agreement_checked(struct agreement *a, struct mono started, bool identified)
{
	if (a->active)
		return false;
	if (mono_before(started, a->doubted)) {
		/* It was on its way before: not the one that was meant. */
		a->asked = false;
		return true;
	}
	if (identified && a->doubted.us == 0)
		return false;
	/* The next good check that can tell which disk it is, is waited for. */
	a->doubted = identified ? (struct mono){ 0 } : started;
	a->asked = true;
	return true;
}

void agreement_sent(struct agreement *a, enum agreement_command c)
{
	assert(a->in_flight == COMMAND_NONE && c != COMMAND_NONE);
	a->in_flight = c;
}

enum agreement_command agreement_answered(struct agreement *a, int error, struct mono now)
{
	enum agreement_command c = a->in_flight;

	assert(c != COMMAND_NONE);
	a->in_flight = COMMAND_NONE;
	a->error = (uint16_t)error;
	if (error == 0) {
		a->active = c == COMMAND_REINSTATE;
		a->ours = c == COMMAND_FAIL;
		a->refusals = 0;
		doubt(a, now);
		return c;
	}
	a->not_before = mono_add(now, doubled(AGREEMENT_REFUSED_US, a->refusals,
	                                      AGREEMENT_REFUSED_MAX_US));
	if (a->refusals < UINT8_MAX)
		a->refusals++;
	return c;
}

/* What was let go: what we failed is given back, with control or without, and that is all. */
static enum agreement_step next_released(const struct agreement *a, struct mono now)
{
	if (a->active || !a->ours)
		return STEP_NOTHING;
	return mono_before(now, a->not_before) ? STEP_WAIT : STEP_REINSTATE;
}

enum agreement_step agreement_next(const struct agreement *a,
                                   const struct agreement_wish *w, struct mono now)
{
	enum agreement_command c = wanted[w->verdict][a->active];

	if (a->in_flight != COMMAND_NONE)
		return STEP_NOTHING;
	if (w->released)
		return next_released(a, now);
	if (c == COMMAND_NONE)
		return STEP_NOTHING;
	if (c == COMMAND_REINSTATE && a->doubted.us != 0)
		return a->asked ? STEP_NOTHING : STEP_RECHECK;
	if (!w->control)
		return STEP_NOTHING;
	if (c == COMMAND_FAIL && w->keep)
		return STEP_KEEP;
	if (mono_before(now, a->not_before) ||
	    (c == COMMAND_REINSTATE && mono_before(now, agreement_held_until(a))))
		return STEP_WAIT;
	return c == COMMAND_FAIL ? STEP_FAIL : STEP_REINSTATE;
}

struct mono agreement_wait(const struct agreement *a)
{
	struct mono held_until = agreement_held_until(a);
	bool held = !a->active && mono_before(a->not_before, held_until);

	return held ? held_until : a->not_before;
}
