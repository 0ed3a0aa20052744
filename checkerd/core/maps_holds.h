/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_MAPS_HOLDS_H
#define CHECKERD_CORE_MAPS_HOLDS_H

/*
 * Which of the daemon's paths are held. A held path is failed in each of its maps in which a path
 * that is not held can be used, with keep_last_path and without. In the other maps it is used all
 * the same, until another path can be used. Belongs to the loop; pure.
 */
#include "checkerd/core/maps.h"
#include "checkerd/core/policy.h"

/* The hold of the path changed, or nothing of it. path: the registry's index. */
void maps_hold(struct maps *m, uint32_t path, const struct hold *h);

#endif
