/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_WIRE_H
#define LIBCHECK_REGION_WIRE_H

/*
 * Checks of the results that a prober wrote. A faulty prober can write anything; the results
 * that pass here are ones that a sound prober can write. Pure.
 */
#include "libcheck/region/shared.h"

/* A check as the caller knows it: which results of it were reported. */
struct asked {
	bool outstanding : 1;             /* its final result has not come */
	bool deferred : 1, timed_out : 1; /* these results have come */
};

/* Can a sound prober write that, of whichever path? */
bool wire_is_sound(const struct wire_result *w, const struct limits *l);
/* Does the check end with this verdict? */
static inline bool wire_is_final(uint8_t verdict)
{
	return verdict != PATHCHECK_TIMED_OUT && verdict != PATHCHECK_DEFERRED;
}
/* True, and noted in *a, if the check may have that verdict now: each comes once, in order. */
bool wire_take_verdict(struct asked *a, const struct wire_result *w);
/* The prober wrote the times: makes them lie in the past, and in order. */
void wire_set_times(struct pathcheck_result *results, size_t n, struct mono now);
/* A positive errno, or 0, whatever was written. */
int32_t wire_errno(int32_t written);

#endif
