/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_IDENTIFY_H
#define CHECKERD_PATHS_IDENTIFY_H

/*
 * Identifies the disk of a path that is failed in one of its maps: the path is reinstated only when
 * it leads to the disk of the map. The loop only.
 */
#include "checkerd/core/maps.h"
#include "checkerd/core/registry.h"
#include "libcheck/pathcheck.h"

/* Starts a check. When a map needs to know which disk it is, the check identifies the disk
 * too. -errno as of pathcheck_check(). */
_must_check_ int identify_check(struct pathcheck *engine, struct maps *maps,
                                uint32_t index, const struct path *p);
/* Reports to the maps which disk a check has read, if the result contains it. */
void identify_report(struct pathcheck *engine, struct maps *maps, uint32_t index,
                     const struct pathcheck_result *r);

#endif
