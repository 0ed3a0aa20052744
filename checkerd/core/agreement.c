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

static void count_up(uint32_t *n)
{
	if (*n < UINT32_MAX)
		++*n;
}

/* Reinstating wants a good check first. Of one that is down that is what it waits for anyway. */
static void doubt(struct agreement *a, enum path_verdict verdict, struct mono now)
{
	a->asked = false;
	a->doubted = a->active || verdict == VERDICT_UNUSABLE ? (struct mono){ 0 } : now;
}

void agreement_init(struct agreement *a, bool active, enum path_verdict verdict,
                    struct mono now)
{
	*a = (struct agreement){ .active = active };
	doubt(a, verdict, now);
}

enum agreement_turn agreement_told(struct agreement *a, bool active,
                                   enum path_verdict verdict, struct mono now)
{
	if (a->active == active)
		return TURN_NONE;
	a->active = active;
	if (a->in_flight == (active ? COMMAND_REINSTATE : COMMAND_FAIL))
		return TURN_NONE; /* it may be its doing: its answer is on the way */
	if (mono_diff(now, a->turned) >= AGREEMENT_CALM_US)
		a->turns = 0;
	count_up(&a->turns);
	a->turned = now;
	a->not_before = a->turns == 1
	                        ? now
	                        : mono_add(now, doubled(AGREEMENT_TURNED_US, a->turns - 2,
	                                                AGREEMENT_TURNED_MAX_US));
	doubt(a, verdict, now);
	return active ? TURN_ACTIVE : TURN_FAILED;
}

void agreement_anew(struct agreement *a)
{
	a->refusals = 0;
	a->not_before = (struct mono){ 0 };
}

bool agreement_checked(struct agreement *a, struct mono started)
{
	if (a->doubted.us == 0)
		return false;
	if (mono_before(started, a->doubted)) {
		a->asked =
		        false; /* it was on its way before: not the one that was meant */
		return true;
	}
	a->doubted = (struct mono){ 0 };
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
	a->error = error;
	if (error == 0) {
		a->active = c == COMMAND_REINSTATE;
		a->refusals = 0;
		a->doubted = (struct mono){ 0 };
		return c;
	}
	a->not_before = mono_add(now, doubled(AGREEMENT_REFUSED_US, a->refusals,
	                                      AGREEMENT_REFUSED_MAX_US));
	count_up(&a->refusals);
	return c;
}

enum agreement_step agreement_next(const struct agreement *a,
                                   const struct agreement_wish *w, struct mono now)
{
	enum agreement_command c = wanted[w->verdict][a->active];

	if (a->in_flight != COMMAND_NONE || c == COMMAND_NONE)
		return STEP_NOTHING;
	if (c == COMMAND_REINSTATE && a->doubted.us != 0)
		return a->asked ? STEP_NOTHING : STEP_RECHECK;
	if (!w->control)
		return STEP_NOTHING;
	if (c == COMMAND_FAIL && w->keep)
		return STEP_KEEP;
	if (mono_before(now, a->not_before))
		return STEP_WAIT;
	return c == COMMAND_FAIL ? STEP_FAIL : STEP_REINSTATE;
}
