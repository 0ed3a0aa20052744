/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_BOUND_H
#define CHECKERD_LOOP_BOUND_H

/*
 * What the daemon and its prober may use at most, as computed from the configuration alone.
 */
#include <stdio.h>

#include "checkerd/config/config.h"
#include "util/text.h"

#define BOUND_TERMS_MAX 16

struct bound_term {
	const char *name; /* for people */
	const char *key;  /* for JSON */
	uint64_t bytes;
};

struct bound {
	uint64_t bytes; /* the sum of the terms */
	uint32_t threads, descriptors, descriptors_each, groups, in_flight;
	unsigned n_terms;
	struct bound_term terms[BOUND_TERMS_MAX];
};

/* -EINVAL: as of pathcheck_bound(). */
_must_check_ int bound_compute(const struct config *c, struct bound *ret);
/* checkerd --print-bound */
void bound_print(const struct bound *b, FILE *out);
/* The JSON object of show memory. -ENOMEM. */
_must_check_ int bound_json(const struct bound *b, struct text **ret);

#endif
