/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the process's table of rules. One thread adds; any thread reads.
 *
 * Invariant: entries below `count` are complete and never change.
 */
#include "checkerd/core/policy_rules.h"

#include <stdatomic.h>
#include <stddef.h>

#include "util/macro.h"

static const struct policy_rule default_rule = {
	.why = HOLD_FLAPPING,
	.threshold = POLICY_FLAP_THRESHOLD,
	.forget_time = POLICY_FLAP_FORGET * POLICY_MAX_DEFAULT_US / HOLD_TICK_US,
	.flap_time = POLICY_FLAP_DEFAULT_US / HOLD_TICK_US,
	.first = POLICY_HOLD_DEFAULT_US / HOLD_TICK_US,
	.max = POLICY_MAX_DEFAULT_US / HOLD_TICK_US,
	.marginal_port = true,
};

/* Entry POLICY_RULE_DEFAULT is default_rule, and the array has the others. */
static struct policy_rule rules[POLICY_RULES_MAX];
static _Atomic unsigned count = 1; /* [atomic adder→readers] */
static _Atomic unsigned refused;   /* [atomic adder→loop] */

static hold_time ticks(int64_t us)
{
	return (hold_time)((MIN(us, POLICY_TIME_MAX_US) + HOLD_TICK_US - 1) /
	                   HOLD_TICK_US);
}

static bool wants_marginal(const struct policy_words *w)
{
	return w->marginal_path_double_failed_time_us > 0 &&
	       w->marginal_path_err_sample_time_us > 0 &&
	       w->marginal_path_err_rate_threshold > 0 &&
	       w->marginal_path_err_recheck_gap_time_us > 0;
}

static struct policy_rule marginal_rule(const struct policy_words *w)
{
	return (struct policy_rule){
		.why = HOLD_MARGINAL_PATH,
		.threshold = 1,
		.forget_time = ticks(w->marginal_path_double_failed_time_us),
		.first = ticks(w->marginal_path_err_recheck_gap_time_us),
		.max = ticks(w->marginal_path_err_recheck_gap_time_us),
		.sample = ticks(
		        MAX(w->marginal_path_err_sample_time_us, POLICY_SAMPLE_MIN_US)),
		.permille = w->marginal_path_err_rate_threshold,
		.forgives = true,
	};
}

static struct policy_rule san_rule(uint32_t threshold, uint32_t forget_rate,
                                   int64_t recovery_us)
{
	return (struct policy_rule){
		.why = HOLD_SAN_PATH_ERR,
		.threshold = MIN(threshold, (uint32_t)POLICY_THRESHOLD_MAX),
		.forget_checks = MIN(forget_rate, (uint32_t)UINT16_MAX),
		.first = ticks(recovery_us),
		.max = ticks(recovery_us),
		.forgives = true,
	};
}

static bool has_san(const struct policy_words *w)
{
	return w->san_path_err_threshold > 0 || w->san_path_err_forget_rate > 0 ||
	       w->san_path_err_recovery_time_us > 0;
}

static bool wants_san(const struct policy_words *w)
{
	return w->san_path_err_threshold > 0 && w->san_path_err_forget_rate > 0 &&
	       w->san_path_err_recovery_time_us > 0;
}

static struct policy_rule flapping_rule(const struct policy_words *w)
{
	struct policy_rule r = default_rule;

	if (w->flap_time_us == 0 || w->hold_time_us == 0)
		return (struct policy_rule){ .why = HOLD_NONE };
	r.flap_time = ticks(w->flap_time_us);
	r.first = ticks(w->hold_time_us);
	r.max = MAX(r.first, ticks(w->hold_max_us));
	r.forget_time = POLICY_FLAP_FORGET * r.max;
	return r;
}

static struct policy_rule failures_rule(const struct policy_words *w,
                                        int64_t max_interval_us)
{
	if (wants_marginal(w))
		return marginal_rule(w);
	if (wants_san(w))
		return san_rule(w->san_path_err_threshold, w->san_path_err_forget_rate,
		                w->san_path_err_recovery_time_us);
	if (!has_san(w) && w->delay_watch_checks > 0 && w->delay_wait_checks > 0)
		return san_rule(1, w->delay_watch_checks,
		                w->delay_wait_checks * max_interval_us);
	return flapping_rule(w);
}

struct policy_rule policy_rule_of(const struct policy_words *w, int64_t max_interval_us)
{
	struct policy_rule r = failures_rule(w, max_interval_us);

	r.marginal_port = w->marginal_port;
	return r;
}

static bool is_same(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->why == b->why && a->threshold == b->threshold &&
	       a->forget_time == b->forget_time && a->forget_checks == b->forget_checks &&
	       a->flap_time == b->flap_time && a->first == b->first && a->max == b->max &&
	       a->sample == b->sample && a->permille == b->permille &&
	       a->forgives == b->forgives && a->marginal_port == b->marginal_port;
}

const struct policy_rule *policy_rules_get(uint8_t index)
{
	assert(index < atomic_load_explicit(&count, memory_order_acquire));
	return index == POLICY_RULE_DEFAULT ? &default_rule : &rules[index];
}

uint8_t policy_rules_add(const struct policy_rule *r)
{
	unsigned n = atomic_load_explicit(&count, memory_order_relaxed);

	for (unsigned i = 0; i < n; i++)
		if (is_same(policy_rules_get((uint8_t)i), r))
			return (uint8_t)i;
	if (n == POLICY_RULES_MAX) {
		atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
		return POLICY_RULE_DEFAULT;
	}
	rules[n] = *r;
	atomic_store_explicit(&count, n + 1, memory_order_release);
	return (uint8_t)n;
}

unsigned policy_rules_count(void)
{
	return atomic_load_explicit(&count, memory_order_acquire);
}

unsigned policy_rules_refused(void)
{
	return atomic_load_explicit(&refused, memory_order_relaxed);
}

void policy_rules_reset(void)
{
	atomic_store_explicit(&refused, 0, memory_order_relaxed);
	atomic_store_explicit(&count, 1, memory_order_release);
}
