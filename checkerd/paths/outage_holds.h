/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_HOLDS_H
#define CHECKERD_PATHS_OUTAGE_HOLDS_H

/* Reports begins and ends of holds: one by one, or those of one part together. The loop only. */
#include "checkerd/paths/events.h"

/* The path is held for another reason than `before` says, or is held no longer. */
void outage_hold(struct events *ev, uint32_t index, const struct path *p,
                 const struct hold *before, struct mono now);
/* Reports what is gathered of the path, which is about to change or to go. */
void outage_hold_flush(struct events *ev, uint32_t index, const struct path *p,
                       struct mono now);
/* Reports what is due, or all of it. False: the control thread's ring has no room. */
bool outage_holds_run(struct events *ev, struct registry *r, bool all, struct mono now);

#endif
