/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_LATENCY_H
#define CHECKERCTL_LATENCY_H

/* Finds paths that are slower than the other paths of their map, which lead to the same disk. */
#include <json-c/json.h>

/* A path is slower when its median is SLOWER_TIMES that of its siblings and SLOWER_US more. The
 * histogram gives medians to within a factor of 1.5, and small differences are normal. */
#define SLOWER_TIMES 2.0
#define SLOWER_US    100.0

/*
 * Adds the key "slower" to each path of the list: its median latency divided by that of its
 * siblings, or null when the path is not slower.
 */
void latency_compare(json_object *paths);

#endif
