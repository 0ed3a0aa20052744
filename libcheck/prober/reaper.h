/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_REAPER_H
#define LIBCHECK_PROBER_REAPER_H

/*
 * The reaper of a group: the only thread that completes the group's slots. It sleeps in the
 * backend until a completion, its next deadline, or group_wake(), and never polls. While the
 * group has no context the reaper sleeps on the group's eventfd, and completions come from
 * rescuers.
 */
#include "libcheck/prober/group.h"

/* The thread. Its argument is the group. */
void *reaper_main(void *group);

/* One round of the thread: sleeps until `wake`, an answer or group_wake(), then steps. */
struct mono reaper_round(struct group *g, struct mono wake);

/*
 * One round without its sleep: answers, expiries, timers; lock not held. After REAP_BATCH
 * answers nothing expires: the caller comes back at once for the answers that are left.
 */
struct mono reaper_step(struct group *g, const struct backend_event *events, int n,
                        struct mono now);

#endif
