/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_DISCOVERY_STATIC_NAMES_H
#define CHECKERD_DISCOVERY_STATIC_NAMES_H

/* Names for the paths of the configuration. Runs on the discovery thread. */
#include "checkerd/discovery/found.h"

/*
 * Chooses a name for each node, in their order. The name is the last component of the node, when no
 * other path has that name. Else it is the whole node, else a part of the node with a checksum. A
 * node that has a name in `reported` keeps it. Each ret_names[i] ends with a NUL. -ENOMEM.
 */
_must_check_ int static_names_choose(size_t n, const char *const *nodes,
                                     const struct found_list *reported,
                                     char (*ret_names)[DEVICE_NAME_MAX]);

#endif
