/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules for holds, the reasons from outside, and the invariants of both. Times are shorter than
 * those of a configuration, because a seed lasts for a minute.
 */
#include <string.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/core/policy_rules.h"
#include "tests/sim/calls.h"

#define TICKS(seconds) ((seconds)*USEC_PER_SEC / HOLD_TICK_US)

static const struct policy_rule rules[] = {
	{ .why = HOLD_NONE },
	{ .why = HOLD_FLAPPING,
	  .threshold = 2,
	  .forget_time = TICKS(8),
	  .flap_time = TICKS(4),
	  .first = TICKS(1),
	  .max = TICKS(4) },
	{ .why = HOLD_FLAPPING,
	  .threshold = 5,
	  .forget_time = TICKS(20),
	  .flap_time = TICKS(10),
	  .first = TICKS(2),
	  .max = TICKS(10) },
	{ .why = HOLD_SAN_PATH_ERR,
	  .threshold = 1,
	  .forget_checks = 5,
	  .first = TICKS(4),
	  .max = TICKS(4),
	  .forgives = true },
	{ .why = HOLD_MARGINAL_PATH,
	  .threshold = 1,
	  .forget_time = TICKS(10),
	  .first = TICKS(3),
	  .max = TICKS(3),
	  .sample = TICKS(5),
	  .permille = 100,
	  .forgives = true },
};

/* Of one path: how often it was given back with one rule. */
struct watched {
	uint32_t generation;
	uint8_t rule;
	bool out;
	unsigned given_back;
	struct mono since;
};

static struct {
	struct watched of[PATHS_MAX];
} judge;

void judge_holds_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

void holds_choose(struct path_settings *s)
{
	uint64_t chosen = sim_below(ARRAY_LEN(rules));
	uint8_t of[ARRAY_LEN(rules)];

	/* The same numbers in every seed. */
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		of[i] = policy_rules_add(&rules[i]);
	s->rule = of[chosen];
}

void holds_trouble(void)
{
	uint32_t index = (uint32_t)sim_below(sim.n_disks);
	enum policy_mark m = (enum policy_mark)sim_below(MARK_COUNT_);
	struct path *p = sim.checks.registry == NULL
	                         ? NULL /* the daemon is being started again */
	                         : registry_get(sim.checks.registry, index);

	if (p == NULL)
		return;
	sim_trace("mark", index, m);
	judge.of[index].generation = 0; /* An administrator empties the bucket. */
	if (m == MARK_BY_HAND && policy_is_held(&p->hold))
		holds_pardon(&sim.checks.holds, index, p, sim.now);
	else
		holds_mark(&sim.checks.holds, index, p, m, !policy_is_marked(&p->hold, m),
		           sim.now);
}

void holds_heal(void)
{
	for (uint32_t i = 0; i < registry_end(sim.checks.registry); i++) {
		struct path *p = registry_get(sim.checks.registry, i);

		for (unsigned m = 0; p != NULL && m < MARK_COUNT_; m++)
			holds_mark(&sim.checks.holds, i, p, (enum policy_mark)m, false,
			           sim.now);
	}
}

/* How often the rule gives a path back in a time at most. UINT32_MAX: any number of times. */
static unsigned most_given_back(const struct policy_rule *r, int64_t us)
{
	if (r->forget_time == 0 || r->sample > 0)
		return UINT32_MAX;
	return r->threshold + 2 + (unsigned)(us / HOLD_TICK_US / r->first) +
	       (unsigned)(us / HOLD_TICK_US / r->forget_time);
}

static void judge_given_back(uint32_t index, const struct path *p)
{
	const struct policy_rule *r = policy_rules_get((uint8_t)p->settings.rule);
	struct watched *w = &judge.of[index];

	if (w->generation != p->generation || w->rule != p->settings.rule)
		*w = (struct watched){ .generation = p->generation,
			               .rule = (uint8_t)p->settings.rule,
			               .since = sim.now };
	w->given_back += w->out && !p->hold.out;
	w->out = p->hold.out;
	if (w->given_back > most_given_back(r, mono_diff(sim.now, w->since)))
		sim_fail("%s was given back %u times in %lld us", device_name(p->device),
		         w->given_back, (long long)mono_diff(sim.now, w->since));
}

static void judge_path(const struct path *p, uint32_t *held)
{
	const struct policy_rule *r = policy_rules_get((uint8_t)p->settings.rule);
	const struct hold *h = &p->hold;
	hold_time now = hold_time_of(sim.now);
	hold_time longest = MAX(r->max, r->sample);
	const char *name = device_name(p->device);

	*held += policy_is_held(h);
	if (policy_is_held(h) && (h->at == 0 || h->at > now || !h->out))
		sim_fail("%s is held since %u, at %u", name, h->at, now);
	if (h->phase == HOLD_PHASE_NONE)
		return;
	if (r->why == HOLD_NONE || h->why != r->why)
		sim_fail("%s is held for %u by a rule for %u", name, h->why, r->why);
	if (h->until > now + longest)
		sim_fail("%s is held until %u, at %u: longer than its rule says", name,
		         h->until, now);
}

void judge_holds(void)
{
	const struct holds *of = &sim.checks.holds;
	uint32_t held = 0, by_reason = 0;

	for (uint32_t i = 0; i < registry_end(sim.checks.registry); i++) {
		const struct path *p = registry_get(sim.checks.registry, i);

		if (p == NULL)
			continue;
		judge_path(p, &held);
		judge_given_back(i, p);
	}
	for (unsigned w = HOLD_NONE + 1; w < HOLD_WHY_COUNT_; w++)
		by_reason += of->held[w];
	if (of->held[HOLD_NONE] != held || by_reason != held)
		sim_fail("%u paths are held, but %u and %u are counted", held,
		         of->held[HOLD_NONE], by_reason);
}

bool judge_holds_ended(bool fail)
{
	for (uint32_t i = 0; i < registry_end(sim.checks.registry); i++) {
		const struct path *p = registry_get(sim.checks.registry, i);

		/* The cause of a path that is still down has not ended. */
		if (p == NULL || !policy_is_held(&p->hold) ||
		    p->status.verdict != VERDICT_USABLE)
			continue;
		if (fail)
			sim_fail("%s is held (%s), long after the last fault",
			         device_name(p->device),
			         hold_why_name(policy_why(&p->hold)));
		return false;
	}
	return true;
}
