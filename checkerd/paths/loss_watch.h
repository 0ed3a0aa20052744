/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_LOSS_WATCH_H
#define CHECKERD_PATHS_LOSS_WATCH_H

/* Reports maps that had no usable path for map_lost_time, maps all of whose paths are gone for good, and
 * the end of both. The loop only. */
#include "checkerd/paths/outage_state.h"

/* Reports what is due. */
void loss_watch_run(struct outage *o, struct mono now);

#endif
