/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_NEAREST_H
#define CHECKERD_CONFIG_NEAREST_H

#include <stddef.h>

/* What a wrong word was measured against so far. */
struct nearest {
	const char *wanted; /* borrowed */
	const char *best;   /* NULL: none was near */
	size_t distance;    /* only what is nearer than this is taken */
};

void nearest_init(struct nearest *n, const char *wanted);
/* candidate: outlives n. Of two that are equally near the first is kept. */
void nearest_try(struct nearest *n, const char *candidate);

#endif
