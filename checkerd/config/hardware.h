/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_HARDWARE_H
#define CHECKERD_CONFIG_HARDWARE_H

/* The built-in table of arrays that need a certain checker. Pure; any thread. */
#include "checkerd/config/config.h"

struct hardware {
	const char *vendor;  /* the whole vendor of the INQUIRY data */
	const char *product; /* begin of its product */
	enum checker_kind checker;
};

extern const struct hardware hardware_table[];
extern const size_t hardware_count;

/* The row of a device. NULL: the table has none, or vendor or product is not known (NULL). */
const struct hardware *hardware_find(const char *vendor, const char *product);

/*
 * Units of arrays that are no disks: for in-band management, or placeholders. The texts are parts of the
 * vendor and the product, and '^' is the begin of the vendor.
 */
struct hardware_excluded {
	const char *vendor, *product;
};

extern const struct hardware_excluded hardware_excluded_table[];
extern const size_t hardware_excluded_count;

/* Is the device such a unit? */
bool hardware_is_excluded(const char *vendor, const char *product);

#endif
