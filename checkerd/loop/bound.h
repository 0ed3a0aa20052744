/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_BOUND_H
#define CHECKERD_LOOP_BOUND_H

/* The limits of memory, threads, descriptors and I/O of the daemon and its prober, computed from the
 * configuration alone. */
#include <stdio.h>

#include "checkerd/config/config.h"
#include "util/text.h"

#define BOUND_TERMS_MAX 20

struct bound_term {
	/* For --print-bound. */
	const char *name;
	/* For JSON. */
	const char *key;
	uint64_t bytes;
};

struct bound {
	/* The sum of the terms. */
	uint64_t bytes;
	/* What the kernel has for the nodes of the sg driver, if all paths send SCSI commands. */
	uint64_t sg_bytes;
	/* The most that the files on tmpfs take. */
	uint64_t state_bytes;
	/* descriptors: of both programs; descriptors_each: the larger of the two. */
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
