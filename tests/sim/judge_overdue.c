/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path that nobody looks at is shown as overdue when its interval, its timeout and a second
 * are over, not before, and a walk finds it soon after that.
 */
#include <string.h>

#include "tests/sim/calls.h"

/* Between a moment and when a thread has seen it. */
#define SEEN_WITHIN_US (20 * USEC_PER_MSEC)

static struct {
	struct unheard {
		bool checked, same; /* same: settings as when it was last heard of */
		uint32_t generation;
		int64_t interval_us, timeout_us, max_interval_us;
		struct mono heard;  /* or its time began anew, or it is known to hang */
		struct mono result; /* the last answer or timeout; us 0: none yet */
	} of[DISKS_MAX + 16];
} judge;

void judge_overdue_reset(void)
{
	memset(&judge, 0, sizeof(judge));
}

void judge_overdue_heard(uint32_t index, struct mono finished)
{
	judge.of[index].heard = sim.now;
	judge.of[index].result = finished;
	judge.of[index].same = true;
}

/* An open that finds no name is judged only if the kernel does not have the device either. */
void judge_overdue_doubtful(uint32_t index)
{
	judge.of[index].heard = sim.now;
	judge.of[index].same = false;
}

/* It may be enabled again before it is looked at. */
void judge_overdue_disabled(uint32_t index)
{
	judge.of[index].checked = false;
}

/* What ends the time that counts, or begins it anew. */
static void judge_settings(struct unheard *u, const struct path *p)
{
	const struct path_settings *s = &p->settings;
	bool checked = p->enabled && s->checker != CHECKER_NONE;
	bool changed = u->interval_us != s->interval_us ||
	               u->timeout_us != s->timeout_us ||
	               u->max_interval_us != s->max_interval_us;

	if (u->generation != p->generation)
		*u = (struct unheard){ .generation = p->generation };
	if (changed)
		u->same = false;
	if (changed || !checked || !u->checked)
		u->heard = sim.now;
	/* It is known to hang: each due time says so again. */
	if (p->outstanding && p->expired && !sim.checks.no_prober)
		u->heard = sim.now;
	u->checked = checked;
	u->interval_us = s->interval_us;
	u->timeout_us = s->timeout_us;
	u->max_interval_us = s->max_interval_us;
}

void judge_overdue_path(uint32_t index, const struct path *p)
{
	struct unheard *u = &judge.of[index];
	bool overdue = path_is_overdue(p, sim.now);
	int64_t unheard_us, early_us;

	judge_settings(u, p);
	unheard_us = mono_diff(sim.now, u->heard);
	if (!overdue && unheard_us > u->max_interval_us + u->timeout_us +
	                                     OVERDUE_MARGIN_US + SEEN_WITHIN_US)
		sim_fail("%s: nobody looked at it for %lld us, and it is not overdue",
		         device_name(p->device), (long long)unheard_us);
	early_us = u->interval_us + u->timeout_us + OVERDUE_MARGIN_US - SEEN_WITHIN_US;
	if (overdue && u->same && mono_diff(sim.now, u->result) < early_us)
		sim_fail("%s is overdue, and was heard of %lld us ago",
		         device_name(p->device),
		         (long long)mono_diff(sim.now, u->result));
	if (overdue && sim.overdue.last.total == 0 &&
	    mono_diff(sim.now, p->overdue_at) > 3 * OVERDUE_WALK_US &&
	    mono_diff(sim.now, sim.paused) > 3 * OVERDUE_WALK_US)
		sim_fail("%s is overdue, and no walk has found it",
		         device_name(p->device));
}
