/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_WATCHDOG_H
#define CHECKERD_MANAGER_WATCHDOG_H

/*
 * Feeds the service manager's watchdog while the loop runs, and while the engine makes progress or
 * its prober is being replaced. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/manager/notify.h"

struct watchdog_options {
	const struct notify *notify;
	const struct checks *checks;
	int64_t limit_us; /* as of watchdog_limit() */
};

struct watchdog {
	const struct notify *notify; /* borrowed */
	const struct checks *checks; /* borrowed */
	int64_t limit_us;            /* 0: the service manager watches nothing */
	/* MONO_NEVER: never. early_at: from then on a round that takes place anyway feeds it. feed_at:
	 * then it wakes the loop. */
	struct mono early_at, feed_at;
};

/* Removes WATCHDOG_USEC and WATCHDOG_PID from the environment: they are not meant for the
 * prober. Microseconds; 0: the service manager watches nothing. */
int64_t watchdog_limit(void);
void watchdog_init(struct watchdog *w, const struct watchdog_options *o, struct mono now);
/* To be called in each round, and at feed_at. */
bool watchdog_is_due(const struct watchdog *w, struct mono now);
/* To be called when it is due. */
void watchdog_run(struct watchdog *w, struct mono now);
/* Sets the next times. fed: the service manager got the message. */
void watchdog_plan(struct watchdog *w, bool fed, struct mono now);
/* Does the engine make progress? heartbeat_age_us: of its prober. replaced: when the prober was last
 * replaced; us 0: never. */
bool watchdog_engine_lives(int64_t limit_us, int64_t heartbeat_age_us,
                           struct mono replaced, struct mono now);

#endif
