/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_EDIT_DISTANCE_H
#define UTIL_EDIT_DISTANCE_H

#include <stddef.h>

#define EDIT_DISTANCE_BYTES_MAX \
	64 /* a longer text has the distance `limit` from any other */

/* The number of insertions, deletions, replacements and swaps of neighbours that lead from a to b;
 * `limit` at most. Pure. */
size_t edit_distance(const char *a, const char *b, size_t limit);

#endif
