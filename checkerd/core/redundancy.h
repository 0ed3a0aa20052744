/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_REDUNDANCY_H
#define CHECKERD_CORE_REDUNDANCY_H

/* How many of a map's paths are usable, in one word. Pure; any thread. */
#include <stdint.h>

enum redundancy {
	REDUNDANCY_FULL,
	REDUNDANCY_DEGRADED,
	REDUNDANCY_LAST, /* one usable path of several */
	REDUNDANCY_NONE, /* no usable path; also of a map without paths */
};
#define REDUNDANCY_COUNT 4 /* not in the enum, which fits in two bits */

/* A map with `disabled` of its paths disabled. These give no redundancy: one usable path beside
 * disabled ones is the last one. */
enum redundancy redundancy_of(uint32_t paths, uint32_t disabled, uint32_t usable);
/*
 * The usable paths of a map whose paths are observed. The kernel sends I/O through paths that are up.
 * A ghost path takes over when the storage says so, which is redundancy only beside a path that is
 * up: without one, I/O waits or fails. A disabled path may be up.
 */
uint32_t redundancy_observed(uint32_t up, uint32_t ghosts, uint32_t disabled);
const char *redundancy_name(enum redundancy r);

#endif
