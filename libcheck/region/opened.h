/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_OPENED_H
#define LIBCHECK_REGION_OPENED_H

/*
 * Which device is behind each path: in the shared region, one struct opened_view an id.
 * Rescuers write it under the lock of the slot's group while the slot has that path, so no two
 * threads write the view of one id at once. The caller reads it, and trusts the numbers only to
 * be numbers.
 */
#include "libcheck/region/shared.h"

/* What was opened. */
struct opened_device {
	uint32_t devt_major, devt_minor; /* 0:0: a regular file */
	uint64_t diskseq;                /* 0: not known */
};

void opened_put(struct shared *s, uint32_t id, const struct opened_device *d,
                enum pathcheck_wwid state, uint64_t wwid);
/* False: it was never written, or is written at this moment. Sets ret->size, too. */
bool opened_get(const struct shared *s, uint32_t id, struct pathcheck_opened *ret);

#endif
