/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_SINGLE_H
#define CHECKERD_PATHS_OUTAGE_SINGLE_H

/* Reports a gathered change as the events that it would have been, and drops it. The loop only. */
#include "checkerd/paths/events.h"

/* s: the state of the path to which the change led. */
void outage_report_single(struct events *ev, uint32_t index, const struct path *p,
                          const struct path_status *s, struct mono now);
/* The same of a removed path. */
void outage_report_gone(struct events *ev, uint32_t item, struct mono now);

/* The gathered change of a removed path, for its history. */
struct events_change outage_gone_change(const struct gather_change *c,
                                        const struct gather_gone *g);
/* The gathered change of a path. */
struct events_change outage_gathered_change(const struct events *ev, uint32_t index,
                                            const struct gather_change *c,
                                            const struct path *p,
                                            const struct path_status *s);

#endif
