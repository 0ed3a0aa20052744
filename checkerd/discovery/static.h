/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_STATIC_H
#define CHECKERD_DISCOVERY_STATIC_H

/* Finds paths in the `paths` section of the configuration. Runs on the discovery thread. */
#include "checkerd/config/config.h"
#include "checkerd/discovery/found.h"
#include "checkerd/discovery/judgement.h"

/*
 * Appends every path of the section to `ret`, which is empty before. A path keeps the name that it
 * has in `reported`. No file is opened or examined, because that could hang. *ret_excluded: paths
 * that could not be described. -ENOMEM.
 */
_must_check_ int static_scan(const struct config *c, int sysfs,
                             const struct found_list *reported, struct found_list *ret,
                             uint32_t *ret_excluded);

/*
 * Describes one path of the section, under this name. j: how its settings came about; NULL: nobody
 * asks. *ret has a reference. -ENOMEM, -EMFILE, -ENFILE; else it cannot be a path.
 */
_must_check_ int static_describe(const struct config *c, int sysfs,
                                 const struct static_path *p, const char *name,
                                 struct judgement *j, struct found_entry *ret);

#endif
