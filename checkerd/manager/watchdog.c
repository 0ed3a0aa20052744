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
		.feed_at = o->limit_us > 0 ? now : MONO_NEVER,
	};
}

bool watchdog_engine_lives(int64_t limit_us, int64_t heartbeat_age_us,
                           struct mono replaced, struct mono now)
{
	return heartbeat_age_us < limit_us ||
	       (replaced.us > 0 && mono_diff(now, replaced) < limit_us);
}

void watchdog_run(struct watchdog *w, struct mono now)
{
	const struct checks *c = w->checks;
	struct pathcheck_stats s = { .size = sizeof(s) };

	/* Three attempts before the limit: the manager's socket may be full. */
	w->feed_at = mono_add(now, w->limit_us / 3);
	if (pathcheck_stats(c->engine, &s) == 0 &&
	    watchdog_engine_lives(w->limit_us, s.heartbeat_age_us, c->replaced, now))
		(void)!notify_send(w->notify, "WATCHDOG=1");
}
