/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_NEAREST_H
#define CHECKERD_CONFIG_NEAREST_H

#include <stddef.h>

/* The search for the known word that is most similar to a wrong one. */
struct nearest {
	const char *wanted; /* borrowed */
	const char *best;   /* NULL: no word is similar */
	size_t distance;    /* a better word has a smaller distance */
};

void nearest_init(struct nearest *n, const char *wanted);
/* Compares one known word, which outlives n. Of two equally similar words the first one wins. */
void nearest_try(struct nearest *n, const char *candidate);

#endif
