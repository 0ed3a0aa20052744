/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/manager/watchdog.h"

#include <systemd/sd-daemon.h>

void watchdog_init(struct watchdog *w, struct mono now)
{
	uint64_t limit;

	*w = (struct watchdog){ .feed_at = MONO_NEVER };
	if (sd_watchdog_enabled(1, &limit) <= 0 || limit > INT64_MAX)
		return;
	w->limit_us = (int64_t)limit;
	w->feed_at = now;
}

bool watchdog_engine_lives(int64_t limit_us, int64_t heartbeat_age_us,
                           struct mono replaced, struct mono now)
{
	return heartbeat_age_us < limit_us ||
	       (replaced.us > 0 && mono_diff(now, replaced) < limit_us);
}

void watchdog_run(struct watchdog *w, const struct notify *n, const struct checks *c,
                  struct mono now)
{
	struct pathcheck_stats s = { .size = sizeof(s) };

	/* Three tries before it bites: one may find the manager's socket full. */
	w->feed_at = mono_add(now, w->limit_us / 3);
	if (pathcheck_stats(c->engine, &s) == 0 &&
	    watchdog_engine_lives(w->limit_us, s.heartbeat_age_us, c->replaced, now))
		(void)!notify_send(n, "WATCHDOG=1");
}
