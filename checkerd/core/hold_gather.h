/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_HOLD_GATHER_H
#define CHECKERD_CORE_HOLD_GATHER_H

/*
 * Begins and ends of holds that are gathered for a moment, because those of other paths may follow:
 * together they are one event. Times as in gather.h. Belongs to the loop; pure; of fixed size.
 */
#include "checkerd/core/gather.h"
#include "checkerd/core/policy.h"

/* Others are reported alone. */
#define HOLD_GATHER_MAX 256

struct hold_change {
	struct mono at;
	uint32_t path; /* the registry's index */
	struct hold before;
};

/* All zero: nothing is gathered. */
struct hold_gather {
	struct hold_change of[HOLD_GATHER_MAX]; /* in no order */
	uint32_t n;
	struct mono first, last;
	bool company; /* one part has CAUSE_MEMBERS_MIN of them */
};

/* NULL: no change of the path is gathered. */
struct hold_change *hold_gather_find(struct hold_gather *g, uint32_t path);
/* None is gathered of the path. company: a part has enough of them. False: there is no room. */
_must_check_ bool hold_gather_put(struct hold_gather *g, uint32_t path,
                                  const struct hold *before, struct mono now);
/* Another change takes its place in of[]. */
void hold_gather_drop(struct hold_gather *g, struct hold_change *c);
/* When they are to be reported. MONO_NEVER: none is gathered. */
struct mono hold_gather_due(const struct hold_gather *g);

#endif
