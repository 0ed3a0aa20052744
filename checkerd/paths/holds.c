/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the counts of held paths. The loop only. */
#include "checkerd/paths/holds.h"

#include "checkerd/core/maps_holds.h"
#include "checkerd/core/policy_rules.h"
#include "checkerd/paths/outage_holds.h"

static const struct policy_rule *rule_of(const struct path *p)
{
	return policy_rules_get((uint8_t)p->settings.rule);
}

static void uncount(struct holds *h, const struct hold *before)
{
	enum hold_why why = policy_why(before);

	if (why != HOLD_NONE) {
		h->held[why]--;
		h->held[HOLD_NONE]--;
	}
	h->sampled -= policy_is_sampled(before);
}

static void count(struct holds *h, const struct hold *now)
{
	enum hold_why why = policy_why(now);

	if (why != HOLD_NONE) {
		h->held[why]++;
		h->held[HOLD_NONE]++;
	}
	h->sampled += policy_is_sampled(now);
}

/* Something happened to the path: compares its hold with the one before. */
static void follow(struct holds *h, uint32_t index, const struct path *p,
                   const struct hold *before, struct mono now)
{
	enum hold_why was = policy_why(before), is = policy_why(&p->hold);

	uncount(h, before);
	count(h, &p->hold);
	if (was == HOLD_NONE && is == HOLD_NONE)
		return;
	maps_hold(h->maps, index, &p->hold);
	if (was == is)
		return;
	persist_touch(h->persist, index);
	h->begun[is] += is != HOLD_NONE;
	outage_hold(h->events, index, p, before, now);
}

void holds_checked(struct holds *h, uint32_t index, struct path *p,
                   enum path_verdict before, unsigned actions, struct mono now)
{
	bool success = (actions & ACTION_SUCCESS) != 0;
	bool usable = p->status.verdict == VERDICT_USABLE;
	struct hold old;

	if (device_is_observed(p->device))
		return;
	/* Most checks end here. */
	if (policy_is_at_rest(&p->hold) && (actions & ACTION_FAILURE) == 0 &&
	    (before != VERDICT_USABLE || usable)) {
		if (success)
			error_share_add(&p->share, false);
		return;
	}
	old = p->hold;
	if (before == VERDICT_USABLE && p->status.verdict == VERDICT_UNUSABLE)
		policy_failed(&p->hold, rule_of(p), now);
	if (success || (actions & ACTION_FAILURE) != 0) {
		policy_checked(&p->hold, rule_of(p), success, usable, now);
		error_share_add(&p->share, !success);
	}
	follow(h, index, p, &old, now);
}

void holds_failed(struct holds *h, uint32_t index, struct path *p, struct mono now)
{
	struct hold old = p->hold;

	policy_failed(&p->hold, rule_of(p), now);
	persist_touch(h->persist, index);
	follow(h, index, p, &old, now);
}

void holds_mark(struct holds *h, uint32_t index, struct path *p, enum policy_mark m,
                bool on, struct mono now)
{
	struct hold old = p->hold;

	if (device_is_observed(p->device))
		return;
	policy_mark(&p->hold, rule_of(p), m, on, now);
	/* A mark may be set again and again. */
	if (p->hold.marks != old.marks)
		persist_touch(h->persist, index);
	follow(h, index, p, &old, now);
}

bool holds_with_port(const struct path *p)
{
	return rule_of(p)->marginal_port;
}

void holds_pardon(struct holds *h, uint32_t index, struct path *p, struct mono now)
{
	struct hold old = p->hold;

	policy_pardon(&p->hold, now);
	persist_touch(h->persist, index);
	follow(h, index, p, &old, now);
}

void holds_change_rule(struct holds *h, uint32_t index, struct path *p, struct mono now)
{
	struct hold old = p->hold;

	policy_change_rule(&p->hold, rule_of(p), now);
	follow(h, index, p, &old, now);
}

void holds_take_up(struct holds *h, uint32_t index, struct path *p, struct mono now)
{
	count(h, &p->hold);
	maps_hold(h->maps, index, &p->hold);
	/* The configuration may be another one. */
	holds_change_rule(h, index, p, now);
}

void holds_forget(struct holds *h, struct path *p)
{
	uncount(h, &p->hold);
	p->hold = (struct hold){ .at = 0 };
}

int64_t holds_interval_us(const struct holds *h, const struct path *p)
{
	if (policy_is_sampled(&p->hold))
		return POLICY_SAMPLE_US * (1 + h->sampled / HOLDS_SAMPLED_MAX);
	return policy_is_held(&p->hold) ? p->settings.interval_us : 0;
}
