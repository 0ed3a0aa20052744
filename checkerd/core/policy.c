/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the caller owns the holds. Runs on the loop.
 *
 * Invariants: a phase other than NONE has `why` and `until`. A held path is out. The bucket never
 * has more failures than the longest hold needs.
 */
#include "checkerd/core/policy.h"

#include <stddef.h>

#include "util/macro.h"

hold_time hold_time_of(struct mono t)
{
	/* 0 means none, and the first tenth of a second after boot does not matter. */
	return (hold_time)MAX(t.us / HOLD_TICK_US, 1);
}

struct mono hold_time_mono(hold_time t)
{
	return (struct mono){ (int64_t)t * HOLD_TICK_US };
}

/* How long a hold lasts with this number of failures in the bucket. */
static hold_time length_of(const struct policy_rule *r, unsigned failures)
{
	uint64_t length = r->first;

	for (unsigned n = r->threshold + 1; n < failures && length < r->max; n++)
		length *= 2;
	return (hold_time)MIN(length, r->max);
}

/* A bucket with more failures holds the path no longer. */
static unsigned most_failures(const struct policy_rule *r)
{
	unsigned n = r->threshold + 1;

	while (n < POLICY_FAILURES_MAX && length_of(r, n) < r->max)
		n++;
	return n;
}

static void forget(struct hold *h, const struct policy_rule *r, hold_time now)
{
	if (r->forget_time == 0)
		return;
	while (h->failures > 0 && now - h->mark > r->forget_time) {
		h->failures--;
		h->mark += r->forget_time;
	}
}

/* Begins the rule's hold, or begins its time again. */
static void hold(struct hold *h, const struct policy_rule *r, hold_time now)
{
	if (!policy_is_held(h))
		h->at = now;
	h->mark = now;
	if (h->phase == HOLD_PHASE_SAMPLE)
		return; /* The sample counts the failure. */
	/* A sample begins with the first successful check. */
	h->until = now + (r->sample == 0 ? length_of(r, h->failures) : 0);
	h->phase = HOLD_PHASE_TIMED;
	h->why = r->why;
}

static void end_phase(struct hold *h, hold_time now)
{
	h->phase = HOLD_PHASE_NONE;
	h->until = 0;
	h->mark = now;
	h->succeeded = h->failed = 0;
}

/* Counts a failure of a path that was in use. */
static void count(struct hold *h, const struct policy_rule *r, hold_time now)
{
	/* A held path's `at` is not the time when it was given back. */
	bool flaps = r->flap_time > 0 && !policy_is_held(h) && h->at != 0 &&
	             now - h->at <= r->flap_time;
	unsigned failures;

	forget(h, r, now);
	if (h->failures == 0) {
		h->mark = now;
		h->succeeded = 0;
	}
	failures = h->failures + 1U;
	if (flaps)
		failures = MAX(failures, r->threshold + 1);
	h->failures = (uint8_t)MIN(failures, most_failures(r));
	if (h->failures > r->threshold)
		hold(h, r, now);
}

void policy_failed(struct hold *h, const struct policy_rule *r, struct mono now)
{
	if (h->phase != HOLD_PHASE_NONE)
		hold(h, r, hold_time_of(now)); /* It is used although it is held. */
	else if (!h->out && r->why != HOLD_NONE)
		count(h, r, hold_time_of(now));
	h->out = true;
}

static void begin_sample(struct hold *h, const struct policy_rule *r, hold_time now)
{
	h->phase = HOLD_PHASE_SAMPLE;
	h->until = now + r->sample;
	h->succeeded = h->failed = 0;
}

static bool is_sample_good(const struct hold *h, const struct policy_rule *r)
{
	uint32_t all = (uint32_t)h->succeeded + h->failed;

	return (uint64_t)h->failed * 1000 <= (uint64_t)r->permille * all;
}

static void end_hold(struct hold *h, const struct policy_rule *r, hold_time now)
{
	end_phase(h, now);
	if (r->forgives)
		h->failures = 0;
}

static void sample(struct hold *h, const struct policy_rule *r, bool success,
                   hold_time now)
{
	if (h->succeeded == UINT16_MAX || h->failed == UINT16_MAX) {
		h->succeeded /= 2;
		h->failed /= 2;
	}
	h->succeeded += success;
	h->failed += !success;
	if (now < h->until)
		return;
	if (is_sample_good(h, r)) {
		end_hold(h, r, now);
		return;
	}
	h->phase = HOLD_PHASE_TIMED;
	h->until = now + r->max;
}

static void check_held(struct hold *h, const struct policy_rule *r, bool success,
                       bool usable, hold_time now)
{
	if (h->phase == HOLD_PHASE_SAMPLE)
		sample(h, r, success, now);
	else if (r->sample > 0 && success && usable && now >= h->until)
		begin_sample(h, r, now);
	else if (r->sample == 0 && !success)
		hold(h, r, now);
	else if (r->sample == 0 && usable && now >= h->until)
		end_hold(h, r, now);
}

/* A successful check of a path in use. */
static void forget_by_checks(struct hold *h, const struct policy_rule *r)
{
	if (r->forget_checks == 0 || h->failures == 0)
		return;
	h->succeeded = (uint16_t)MIN(h->succeeded + 1U, UINT16_MAX);
	if (h->succeeded < r->forget_checks)
		return;
	h->succeeded = 0;
	h->failures--;
}

void policy_checked(struct hold *h, const struct policy_rule *r, bool success,
                    bool usable, struct mono now)
{
	hold_time t = hold_time_of(now);

	if (h->phase != HOLD_PHASE_NONE)
		check_held(h, r, success, usable, t);
	else if (success && usable && !h->out)
		forget_by_checks(h, r);
	if (!h->out || !success || !usable || policy_is_held(h))
		return;
	h->out = false;
	h->at = t;
}

void policy_mark(struct hold *h, const struct policy_rule *r, enum policy_mark m, bool on,
                 struct mono now)
{
	hold_time t = hold_time_of(now);
	bool was_held = policy_is_held(h);

	assert(m < MARK_COUNT_);
	if (policy_is_marked(h, m) == on)
		return;
	/* A cause that comes and goes is a failure each time. An administrator is not. */
	if (on && m != MARK_BY_HAND)
		policy_failed(h, r, now);
	h->marks = (uint8_t)(h->marks ^ 1U << m);
	if (on && !was_held)
		h->at = t;
	h->out = h->out || on;
	if (!policy_is_held(h))
		h->at = 0; /* The next successful check gives the path back. */
}

void policy_pardon(struct hold *h, struct mono now)
{
	if (h->phase != HOLD_PHASE_NONE)
		end_phase(h, hold_time_of(now));
	h->failures = 0;
	h->marks = (uint8_t)(h->marks & ~(1U << MARK_BY_HAND));
	if (!policy_is_held(h))
		h->at = 0;
}

void policy_change_rule(struct hold *h, const struct policy_rule *r, struct mono now)
{
	if (h->phase != HOLD_PHASE_NONE && h->why == r->why) {
		/* The new rule's holds and samples may be shorter. */
		h->until = MIN(h->until, hold_time_of(now) + MAX(r->max, r->sample));
		return;
	}
	if (h->phase != HOLD_PHASE_NONE) {
		end_phase(h, hold_time_of(now));
		h->failures = 0;
	}
	h->failures = (uint8_t)MIN(h->failures, r->threshold);
	if (h->out && !policy_is_held(h))
		h->at = 0;
}

enum hold_why policy_why(const struct hold *h)
{
	static const enum hold_why why_of[MARK_COUNT_] = {
		[MARK_SLOW] = HOLD_SLOW,
		[MARK_PORT_STATE] = HOLD_PORT_STATE,
		[MARK_BY_HAND] = HOLD_BY_HAND,
	};

	for (unsigned m = MARK_COUNT_; m-- > 0;)
		if (policy_is_marked(h, (enum policy_mark)m))
			return why_of[m];
	return h->phase == HOLD_PHASE_NONE ? HOLD_NONE : h->why;
}

struct mono policy_since(const struct hold *h)
{
	return hold_time_mono(policy_is_held(h) ? h->at : 0);
}

struct mono policy_until(const struct hold *h)
{
	return hold_time_mono(h->marks == 0 ? h->until : 0);
}

struct mono policy_reuse_at(const struct hold *h)
{
	if (h->phase == HOLD_PHASE_NONE)
		return (struct mono){ 0 };
	return mono_add(hold_time_mono(h->mark), POLICY_REUSE_US);
}

const char *hold_why_name(enum hold_why w)
{
	static const char *const names[HOLD_WHY_COUNT_] = {
		[HOLD_NONE] = NULL,
		[HOLD_FLAPPING] = "flapping",
		[HOLD_SAN_PATH_ERR] = "san_path_err",
		[HOLD_MARGINAL_PATH] = "marginal_path",
		[HOLD_SLOW] = "slow",
		[HOLD_PORT_STATE] = "port_state",
		[HOLD_BY_HAND] = "by_hand",
	};

	assert(w < HOLD_WHY_COUNT_);
	return names[w];
}

const char *hold_why_end(enum hold_why w)
{
	static const char *const ends[HOLD_WHY_COUNT_] = {
		[HOLD_NONE] = "",
		[HOLD_FLAPPING] = "when no check has failed for its time",
		[HOLD_SAN_PATH_ERR] = "when no check has failed for its time",
		[HOLD_MARGINAL_PATH] = "when few checks of a sample fail",
		[HOLD_SLOW] = "when the path is as fast as the others",
		[HOLD_PORT_STATE] = "when the remote port is Online",
		[HOLD_BY_HAND] = "with checkerctl unsetmarginal",
	};

	assert(w < HOLD_WHY_COUNT_);
	return ends[w];
}
