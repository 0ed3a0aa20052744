/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_H
#define CHECKERD_PATHS_OUTAGE_H

/*
 * Reports the changes of paths and maps that are gathered (checkerd/core/gather.h): one by one, or together
 * when they have a common cause. Each change is in the history of its path, whichever way it is
 * reported. The loop only. No function blocks.
 */
#include "checkerd/paths/outage_state.h"

void outage_init(struct outage *o, struct checks *checks);
/* The daemon stops: reports what is gathered, if there is room for it. */
void outage_finish(struct outage *o, struct mono now);
/* Reports what is due, a slice at most. To be called at the end of each round of the loop. */
void outage_run(struct outage *o, struct mono now);
/* When outage_run() is needed next. */
struct mono outage_next(const struct outage *o);

#endif
