/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_REGION_WIRE_H
#define LIBCHECK_REGION_WIRE_H

/*
 * What comes from a prober, held against what a sound one can say. One that has gone wild can
 * write anything; what is let through here makes sense to whoever gets it. Pure.
 */
#include "libcheck/region/shared.h"

/* A check as the caller knows it: what the prober has said of it. */
struct asked {
	bool outstanding : 1;             /* its final result has not come */
	bool deferred : 1, timed_out : 1; /* told already */
};

/* Could a sound prober say that, of whichever path? */
bool wire_is_sound(const struct wire_result *w, const struct limits *l);
/* Does the check end with it? */
static inline bool wire_is_final(uint8_t verdict)
{
	return verdict != PATHCHECK_TIMED_OUT && verdict != PATHCHECK_DEFERRED;
}
/* Each verdict at its time and once: true, and noted, when the check has not had it yet. */
bool wire_take_verdict(struct asked *a, const struct wire_result *w);
/* The times are as good as the prober: made to be before now, and one after the other. */
void wire_set_times(struct pathcheck_result *results, size_t n, struct mono now);
/* A positive errno, or 0, whatever was said. */
int32_t wire_errno(int32_t said);

#endif
