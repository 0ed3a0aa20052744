/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTAGE_GATHER_H
#define CHECKERD_PATHS_OUTAGE_GATHER_H

/* What may be reported together with others (outage.h): gathered for a moment, or reported at once. The
 * loop only. */
#include "checkerd/paths/events.h"

/* The path exists, or exists no more. gone: its device is gone. */
void outage_path_added(struct events *ev, uint32_t index, const struct device *d,
                       struct mono now);
void outage_path_removed(struct events *ev, uint32_t index, const struct path *p,
                         bool gone, struct mono now);
/* The path's device has another description from now on. */
void outage_path_described(struct events *ev, uint32_t index, const struct path *p,
                           const struct device *d, struct mono now);
/* The path was removed because its device is gone. False: that is not reported with others. */
bool outage_reports_removal(struct events *ev, const struct device *d);

/*
 * A path changed from the state `before` to its present one. The first path of a moment that was
 * the last usable one of a map is reported at once.
 */
void outage_state(struct events *ev, uint32_t index, const struct path *p,
                  const struct path_status *before, struct mono now);
/* The daemon failed the path in its map, or reinstated it. False: the caller reports it. */
_must_check_ bool outage_commanded(struct events *ev, uint32_t index,
                                   const struct path *p, bool fail, struct mono now);
/* The kernel or another program failed the path in its map. False: the caller reports it. */
_must_check_ bool outage_foreign(struct events *ev, uint32_t index, const struct path *p,
                                 struct mono now);

#endif
