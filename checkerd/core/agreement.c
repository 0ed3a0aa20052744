/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the caller owns the agreement. Runs on the loop. The table wanted[] says which
 * command follows from a decision and the kernel's view; agreement_next() says when.
 */
#include "checkerd/core/agreement.h"

#include "util/macro.h"

/* Without a decision the kernel's view stays. */
static const enum agreement_command wanted[3][2] = {
	/*                       F                  A */
	[VERDICT_NONE] = { COMMAND_NONE, COMMAND_NONE },
	[VERDICT_USABLE] = { COMMAND_REINSTATE, COMMAND_NONE },
	[VERDICT_UNUSABLE] = { COMMAND_NONE, COMMAND_FAIL },
};

/* first_us, doubled that many times, at most max_us. */
static int64_t doubled(int64_t first_us, uint32_t times, int64_t max_us)
{
	int64_t us = first_us;

	for (; times > 0 && us < max_us; times--)
		us *= 2;
	return MIN(us, max_us);
}

/* The kernel's view changed. A failed path needs a successful check before it is reinstated. */
static void require_check(struct agreement *a, struct mono now)
{
	a->recheck_requested = false;
	a->unchecked_since = a->active ? (struct mono){ 0 } : now;
}

void agreement_init(struct agreement *a, bool active, struct mono now)
{
	*a = (struct agreement){ .active = active };
	require_check(a, now);
}

enum agreement_foreign agreement_update(struct agreement *a, bool active, struct mono now)
{
	/* agreement.pml: SEE */
	if (a->active == active)
		return FOREIGN_NONE;
	a->active = active;
	require_check(a, now);
	if (a->in_flight == (active ? COMMAND_REINSTATE : COMMAND_FAIL))
		return FOREIGN_NONE; /* the command in flight may have caused the change */
	a->ours = false;
	return active ? FOREIGN_REINSTATED : FOREIGN_FAILED;
}

void agreement_forget_refusals(struct agreement *a)
{
	a->refusals = 0;
	a->not_before = (struct mono){ 0 };
}

bool agreement_checked(struct agreement *a, struct mono started, bool identified)
{
	/* agreement.pml: CHECK */
	if (a->active)
		return false;
	if (mono_before(started, a->unchecked_since)) {
		/* This check began before the failure, so another one is needed. */
		a->recheck_requested = false;
		return true;
	}
	if (identified && a->unchecked_since.us == 0)
		return false;
	/* A check that did not identify the disk: the next successful check may. */
	a->unchecked_since = identified ? (struct mono){ 0 } : started;
	a->recheck_requested = true;
	return true;
}

void agreement_sent(struct agreement *a, enum agreement_command c)
{
	/* agreement.pml: ORDER */
	assert(a->in_flight == COMMAND_NONE && c != COMMAND_NONE);
	a->in_flight = c;
}

enum agreement_command agreement_answered(struct agreement *a, int error, struct mono now)
{
	/* agreement.pml: SEE */
	enum agreement_command c = a->in_flight;

	assert(c != COMMAND_NONE);
	a->in_flight = COMMAND_NONE;
	a->error = (uint16_t)error;
	if (error == 0) {
		a->active = c == COMMAND_REINSTATE;
		a->ours = c == COMMAND_FAIL;
		a->refusals = 0;
		require_check(a, now);
		return c;
	}
	a->not_before = mono_add(now, doubled(AGREEMENT_REFUSED_US, a->refusals,
	                                      AGREEMENT_REFUSED_MAX_US));
	if (a->refusals < UINT8_MAX)
		a->refusals++;
	return c;
}

/* A released path is reinstated if the daemon failed it, with control or without. */
static enum agreement_step next_released(const struct agreement *a, struct mono now)
{
	if (a->active || !a->ours)
		return STEP_NOTHING;
	return mono_before(now, a->not_before) ? STEP_WAIT : STEP_REINSTATE;
}

enum agreement_step agreement_next(const struct agreement *a,
                                   const struct agreement_wish *w, struct mono now)
{
	/* agreement.pml: ORDER */
	enum agreement_command c = wanted[w->verdict][a->active];

	if (a->in_flight != COMMAND_NONE)
		return STEP_NOTHING;
	if (w->released)
		return next_released(a, now);
	if (c == COMMAND_NONE)
		return STEP_NOTHING;
	if (c == COMMAND_REINSTATE && a->unchecked_since.us != 0)
		return a->recheck_requested ? STEP_NOTHING : STEP_RECHECK;
	if (!w->control)
		return STEP_NOTHING;
	if (c == COMMAND_FAIL && w->keep)
		return STEP_KEEP;
	if (mono_before(now, a->not_before) ||
	    (c == COMMAND_REINSTATE && mono_before(now, w->reinstate_at)))
		return STEP_WAIT;
	return c == COMMAND_FAIL ? STEP_FAIL : STEP_REINSTATE;
}
