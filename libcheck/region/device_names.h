/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_DEVICE_NAMES_H
#define LIBCHECK_REGION_DEVICE_NAMES_H

/*
 * Room for the names of devices in the shared region: as many bytes as a name has, not 256
 * each. The caller allots it; the prober reads a name from COMMAND_ADD until it has released
 * the path.
 */
#include "libcheck/region/shared.h"

/* The sizes of names: of 1, 2, … units. */
#define NAME_KINDS (PATHCHECK_DEVICE_MAX / NAME_UNIT)

/* [caller] */
struct names {
	uint32_t end;              /* units before this one were allotted at least once */
	uint32_t free[NAME_KINDS]; /* lists of free pieces, by size; NO_NAME: none */
};

#define NO_NAME UINT32_MAX

void names_init(struct names *n);
/* Copies a name that is shorter than PATHCHECK_DEVICE_MAX. -ENOSPC: no room. */
_must_check_ int names_put(struct names *n, struct shared *s, uint32_t id,
                           const char *name);
void names_drop(struct names *n, struct shared *s, uint32_t id);
/* "": the id has none. Both sides. */
const char *names_get(const struct shared *s, uint32_t id);

#endif
