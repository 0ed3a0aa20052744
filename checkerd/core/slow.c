/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: the registry has the numbers of each path. Pure; the loop runs it. */
#include "checkerd/core/slow.h"

#include "util/macro.h"

/* Each check moves the recent latency by a quarter of the way on the logarithmic scale. */
#define SMOOTHING 4
#define STEPS     8 /* of one doubling */
#define STEP_BITS 3

static_assert(1 << STEP_BITS == STEPS && SLOW_LEVELS / STEPS == 32,
              "the levels hold every 32-bit number");

slow_level slow_level_of(int64_t us)
{
	uint32_t v = (uint32_t)MIN(MAX(us, INT64_C(1)), (int64_t)UINT32_MAX);
	unsigned k = 31 - (unsigned)__builtin_clz(v);
	unsigned step = (unsigned)(((uint64_t)v << STEP_BITS >> k) & (STEPS - 1));

	return (slow_level)MAX(STEPS * k + step, 1U);
}

int64_t slow_level_us(slow_level level)
{
	if (level == 0)
		return 0;
	return (int64_t)((UINT64_C(1) * STEPS + level % STEPS) << level / STEPS >>
	                 STEP_BITS);
}

slow_level slow_median(const uint16_t counts[static SLOW_LEVELS])
{
	uint32_t n = 0, seen = 0;

	for (unsigned i = 1; i < SLOW_LEVELS; i++)
		n += counts[i];
	for (unsigned i = 1; i < SLOW_LEVELS && n > 0; i++) {
		seen += counts[i];
		if (2 * seen >= n)
			return (slow_level)i;
	}
	return 0;
}

static void smooth(struct slow *s, int64_t latency_us)
{
	int level = slow_level_of(latency_us), way = level - s->recent;
	int step = way / SMOOTHING;

	if (s->recent == 0)
		s->recent = (slow_level)level;
	else if (step != 0)
		s->recent = (slow_level)(s->recent + step);
	else if (way != 0)
		s->recent = (slow_level)(s->recent + (way > 0 ? 1 : -1));
}

bool slow_is_suspect(struct slow *s, int64_t latency_us)
{
	smooth(s, latency_us);
	if (s->state != SLOW_NO || slow_level_us(s->recent) >= SLOW_MORE_US)
		return true;
	s->pending = SLOW_NO;
	s->count = 0;
	return false;
}

/* Is `us` far above `than`? A path that is slow already has to come halfway back. */
static bool is_far(int64_t us, int64_t than, bool already)
{
	int64_t part = already ? 2 : 1;

	return us - than >= SLOW_MORE_US / part && us * part >= than * SLOW_TIMES;
}

static enum slow_state judge(const struct slow *s, const struct slow_check *c)
{
	int64_t us = slow_level_us(s->recent);

	if (c->siblings != 0 &&
	    is_far(us, slow_level_us(c->siblings), s->state == SLOW_PATH))
		return SLOW_PATH;
	if (c->usual_us != 0 && is_far(us, c->usual_us, s->state == SLOW_MAP))
		return SLOW_MAP;
	return SLOW_NO;
}

/* What a path in that state is compared with. */
static int64_t than(enum slow_state state, const struct slow_check *c)
{
	return state == SLOW_PATH ? slow_level_us(c->siblings) : (int64_t)c->usual_us;
}

static unsigned checks_needed(int64_t interval_us)
{
	int64_t n = (SLOW_TIME_US + interval_us - 1) / MAX(interval_us, INT64_C(1));

	return (unsigned)MIN(MAX(n, (int64_t)SLOW_CHECKS),
	                     (INT64_C(1) << SLOW_COUNT_BITS) - 1);
}

void slow_judge(struct slow *s, const struct slow_check *c)
{
	enum slow_state now = judge(s, c);

	if (now == s->state) {
		s->pending = now;
		s->count = 0;
		return;
	}
	/* The mean lags behind: a fast check is no vote for a slow path. */
	if (now != SLOW_NO && slow_level_of(c->latency_us) < s->recent &&
	    !is_far(c->latency_us, than(now, c), false))
		return;
	s->count = now == s->pending ? s->count + 1 : 1;
	s->pending = now;
	if (s->count < checks_needed(c->interval_us))
		return;
	s->state = now;
	s->count = 0;
}
