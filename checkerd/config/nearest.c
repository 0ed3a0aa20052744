/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds what a wrong word was probably meant to be. Pure, any thread. */
#include "checkerd/config/nearest.h"

#include <stdbool.h>
#include <string.h>

#include "util/macro.h"

#define SUGGESTION_BYTES_MAX 48

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGESTION_BYTES_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_size; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *unused = before;

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			bool same = a[i - 1] == b[j - 1];
			size_t d = MIN(last[j - 1] + (same ? 0 : 1),
			               MIN(last[j], row[j - 1]) + 1);

			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = MIN(d, before[j - 2] + 1);
			row[j] = d;
		}
		before = last;
		last = row;
		row = unused;
	}
	return last[b_size];
}

void nearest_init(struct nearest *n, const char *wanted)
{
	size_t size = strlen(wanted);

	/* A third of the letters may be wrong: more is another word. */
	*n = (struct nearest){ .wanted = wanted, .distance = size / 3 + 1 };
	if (size < 2 || size > SUGGESTION_BYTES_MAX)
		n->distance = 0;
	else if (size < 6)
		n->distance = 3;
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t distance;

	if (n->distance == 0 || strlen(candidate) > SUGGESTION_BYTES_MAX)
		return;
	/* An abbreviation is as near as one wrong letter. */
	if (strlen(n->wanted) >= 3 &&
	    strncmp(candidate, n->wanted, strlen(n->wanted)) == 0)
		distance = 1;
	else
		distance = edit_distance(n->wanted, candidate);
	if (distance < n->distance && distance < strlen(candidate)) {
		n->distance = distance;
		n->best = candidate;
	}
}
