/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_DEVICE_NAMES_H
#define LIBCHECK_REGION_DEVICE_NAMES_H

/*
 * Room for the devices' names in the shared region: as many bytes as they have, not 256 each.
 * The caller gives it out; the prober reads a name from COMMAND_ADD until it has released it.
 */
#include "libcheck/region/shared.h"

#define NAME_KINDS \
	(PATHCHECK_DEVICE_MAX / NAME_UNIT) /* of so many units, and one more each */

/* [caller] */
struct names {
	uint32_t end;              /* units that were given out at least once */
	uint32_t free[NAME_KINDS]; /* lists of what came back, by units; NO_NAME: none */
};

#define NO_NAME UINT32_MAX

void names_init(struct names *n);
/* Copies one that is shorter than PATHCHECK_DEVICE_MAX. -ENOSPC: no room. */
_must_check_ int names_put(struct names *n, struct shared *s, uint32_t id,
                           const char *name);
void names_drop(struct names *n, struct shared *s, uint32_t id);
/* "" when the id has none. Both sides. */
const char *names_get(const struct shared *s, uint32_t id);

#endif
