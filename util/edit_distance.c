/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Optimal string alignment, for suggestions. Owns nothing; any thread. */
#include "util/edit_distance.h"

#include <string.h>

#include "util/macro.h"

/* Three rows of the table are enough, because a swap looks back two rows. */
size_t edit_distance(const char *a, const char *b, size_t limit)
{
	size_t rows[3][EDIT_DISTANCE_BYTES_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	if (a_size > EDIT_DISTANCE_BYTES_MAX || b_size > EDIT_DISTANCE_BYTES_MAX ||
	    (a_size > b_size ? a_size - b_size : b_size - a_size) >= limit)
		return limit;
	for (size_t j = 0; j <= b_size; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *unused = before;

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);

			d = MIN(d, MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = MIN(d, before[j - 2] + 1);
			row[j] = d;
		}
		before = last;
		last = row;
		row = unused;
	}
	return MIN(last[b_size], limit);
}
