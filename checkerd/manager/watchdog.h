/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_WATCHDOG_H
#define CHECKERD_MANAGER_WATCHDOG_H

/*
 * The service manager's watchdog. It is fed by the loop, so it is only while that runs; and
 * only while the engine makes progress, or is being replaced. The loop only.
 */
#include "checkerd/paths/checks.h"
#include "checkerd/manager/notify.h"

struct watchdog {
	int64_t limit_us;    /* 0: there is none */
	struct mono feed_at; /* MONO_NEVER: never */
};

/* Takes WATCHDOG_USEC and WATCHDOG_PID out of the environment. */
void watchdog_init(struct watchdog *w, struct mono now);
/* To be called at feed_at. */
void watchdog_run(struct watchdog *w, const struct notify *n, const struct checks *c,
                  struct mono now);
/* Does the engine live? heartbeat_age_us: its own; replaced: when it last was; us 0: never. */
bool watchdog_engine_lives(int64_t limit_us, int64_t heartbeat_age_us,
                           struct mono replaced, struct mono now);

#endif
