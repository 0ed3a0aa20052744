/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing but its own state. The loop only. */
#include "checkerd/manager/watchdog.h"

#include <systemd/sd-daemon.h>

int64_t watchdog_limit(void)
{
	uint64_t limit;

	if (sd_watchdog_enabled(1, &limit) <= 0 || limit > INT64_MAX)
		return 0;
	return (int64_t)limit;
}

void watchdog_init(struct watchdog *w, const struct watchdog_options *o, struct mono now)
{
	*w = (struct watchdog){
		.notify = o->notify,
		.checks = o->checks,
		.limit_us = o->limit_us,
		.early_at = o->limit_us > 0 ? now : MONO_NEVER,
		.feed_at = o->limit_us > 0 ? now : MONO_NEVER,
	};
}

bool watchdog_engine_lives(int64_t limit_us, int64_t heartbeat_age_us,
                           struct mono replaced, struct mono now)
{
	return heartbeat_age_us < limit_us ||
	       (replaced.us > 0 && mono_diff(now, replaced) < limit_us);
}

bool watchdog_is_due(const struct watchdog *w, struct mono now)
{
	return !mono_before(now, w->early_at);
}

/*
 * A batch of checks between a quarter and a half of the limit spares the loop a wake-up. After a half
 * there is time for three attempts, because the manager's socket may be full.
 */
void watchdog_plan(struct watchdog *w, bool fed, struct mono now)
{
	w->early_at = mono_add(now, w->limit_us / (fed ? 4 : 6));
	w->feed_at = mono_add(now, w->limit_us / (fed ? 2 : 6));
}

void watchdog_run(struct watchdog *w, struct mono now)
{
	const struct checks *c = w->checks;
	struct pathcheck_stats s = { .size = sizeof(s) };
	bool lives =
	        pathcheck_stats(c->engine, &s) == 0 &&
	        watchdog_engine_lives(w->limit_us, s.heartbeat_age_us, c->replaced, now);

	watchdog_plan(w, lives && notify_send(w->notify, "WATCHDOG=1") == 0, now);
}
