/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path without a result is overdue after its interval, its timeout and a second, not
 * before. A walk finds the path soon after that.
 */
#include <string.h>

#include "tests/sim/calls.h"

/* A thread sees a change after at most this time. */
#define SEEN_WITHIN_US (20 * USEC_PER_MSEC)

static struct {
	struct unheard {
		/* same: the settings are those of the last result. */
		bool checked, same;
		uint32_t generation;
		int64_t interval_us, timeout_us, max_interval_us;
		/* The last result; also when the path's time restarted, or while it is
		 * known to hang. */
		struct mono heard;
		/* The last answer or timeout; us 0: none yet. */
		struct mono result;
	} of[PATHS_MAX];
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

/*
 * An open that finds no name is judged only if the kernel does not have the device either.
 */
void judge_overdue_doubtful(uint32_t index)
{
	judge.of[index].heard = sim.now;
	judge.of[index].same = false;
}

/* The path may be enabled again before judge_overdue_path() sees it. */
void judge_overdue_disabled(uint32_t index)
{
	judge.of[index].checked = false;
}

/* Notes changes that end or restart the time that counts. */
static void judge_settings(struct unheard *u, const struct path *p)
{
	const struct path_settings *s = &p->settings;
	bool checked = p->enabled && s->checker != CHECKER_NONE;
	bool changed = u->interval_us != s->interval_us ||
	               u->timeout_us != s->timeout_us ||
	               u->max_interval_us != path_max_interval_us(s);

	if (u->generation != p->generation)
		*u = (struct unheard){ .generation = p->generation };
	if (changed)
		u->same = false;
	if (changed || !checked || !u->checked)
		u->heard = sim.now;
	/* The check is known to hang: each due time reports that again. */
	if (p->outstanding && p->expired && !sim.checks.no_prober)
		u->heard = sim.now;
	u->checked = checked;
	u->interval_us = s->interval_us;
	u->timeout_us = s->timeout_us;
	u->max_interval_us = path_max_interval_us(s);
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
		sim_fail("%s: no result for %lld us, but it is not overdue",
		         device_name(p->device), (long long)unheard_us);
	early_us = u->interval_us + u->timeout_us + OVERDUE_MARGIN_US - SEEN_WITHIN_US;
	if (overdue && u->same && mono_diff(sim.now, u->result) < early_us)
		sim_fail("%s is overdue, but had a result %lld us ago",
		         device_name(p->device),
		         (long long)mono_diff(sim.now, u->result));
	if (overdue && sim.overdue.last.total == 0 &&
	    mono_diff(sim.now, p->overdue_at) > 3 * OVERDUE_WALK_US &&
	    mono_diff(sim.now, sim.paused) > 3 * OVERDUE_WALK_US)
		sim_fail("%s is overdue, but no walk has found it",
		         device_name(p->device));
}
