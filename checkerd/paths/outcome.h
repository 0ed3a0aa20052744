/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTCOME_H
#define CHECKERD_PATHS_OUTCOME_H

/* Translates a result of the engine into an outcome for the state machine. The loop only. */
#include "checkerd/core/device.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/state.h"
#include "libcheck/pathcheck.h"

/*
 * The outcome, without the state that sysfs shows. sys_dev_block: a descriptor of /sys/dev/block,
 * or -1. After a failure, the device number is looked up there, without I/O.
 */
struct outcome outcome_of_result(int sys_dev_block, const struct device *d,
                                 const struct pathcheck_result *r);
/* Does this outcome of the path need the state that sysfs shows? */
bool outcome_wants_state(const struct path *p, const struct outcome *o);
/* Counts the outcome. actions: as of path_status_step(). */
void outcome_count(struct path_counters *n, const struct outcome *o, unsigned actions);

#endif
