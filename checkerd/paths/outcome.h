/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_OUTCOME_H
#define CHECKERD_PATHS_OUTCOME_H

/* What a result of the engine is to the state machine of its path. */
#include "checkerd/core/device.h"
#include "checkerd/core/registry.h"
#include "checkerd/core/state.h"
#include "libcheck/pathcheck.h"

/*
 * The outcome, without what sysfs says of the state. sys_dev_block: a descriptor of
 * /sys/dev/block, or -1: after a failure the device's number is looked up there, without I/O.
 */
struct outcome outcome_of_result(int sys_dev_block, const struct device *d,
                                 const struct pathcheck_result *r);
/* Does what sysfs says of the state matter to this outcome of the path? */
bool outcome_wants_state(const struct path *p, const struct outcome *o);
/* Counts it; actions: what path_status_step() made of it. */
void outcome_count(struct path_counters *n, const struct outcome *o, unsigned actions);

#endif
