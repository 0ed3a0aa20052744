/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_LATENCY_H
#define CHECKERCTL_LATENCY_H

/* Which paths are slower than the others of their map: one way to the same disk of several. */
#include <json-c/json.h>

/* A path counts as slower when its median is this many times its siblings', and so much more:
 * medians are known to within a half, and little differences are nobody's fault. */
#define SLOWER_TIMES 2.0
#define SLOWER_US    100.0

/*
 * Gives each path of the list a key "slower": how many times its siblings' median latency its
 * own is, or null when it is not slower.
 */
void latency_compare(json_object *paths);

#endif
