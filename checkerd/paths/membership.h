/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_MEMBERSHIP_H
#define CHECKERD_PATHS_MEMBERSHIP_H

/*
 * Adds, changes and removes paths: in the registry, in the engine, in the table of maps and in the
 * schedule together. The loop only.
 */
#include "checkerd/paths/checks.h"

/*
 * Adds a path and schedules its first check. -EAGAIN: the engine accepts no commands, try again
 * after its next result; -ENOSPC, -EEXIST, as of registry_add(); others as of pathcheck_add().
 */
_must_check_ int membership_add(struct checks *c, struct device *d,
                                const struct path_settings *s, struct mono now,
                                uint32_t *ret_index);
/* gone: the device is gone, and the path reports `removed` before. -EAGAIN as above. */
_must_check_ int membership_remove(struct checks *c, uint32_t index, bool gone,
                                   struct mono now);
/* Another description or other settings for the same path: state and history stay. -EAGAIN as
 * above; others as of pathcheck_add(): its checks are deferred until the next change. */
_must_check_ int membership_change(struct checks *c, uint32_t index, struct device *d,
                                   const struct path_settings *s, struct mono now);

#endif
