/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Pure; any thread. */
#include "checkerd/config/nearest.h"

#include <string.h>

#include "util/edit_distance.h"
#include "util/macro.h"

#define SUGGESTION_BYTES_MAX 48

static_assert(SUGGESTION_BYTES_MAX <= EDIT_DISTANCE_BYTES_MAX, "both texts are measured");

void nearest_init(struct nearest *n, const char *wanted)
{
	size_t size = strlen(wanted);

	/* At most a third of the letters may be wrong. */
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
	/* An abbreviation counts as one wrong letter. */
	if (strlen(n->wanted) >= 3 &&
	    strncmp(candidate, n->wanted, strlen(n->wanted)) == 0)
		distance = 1;
	else
		distance = edit_distance(n->wanted, candidate, n->distance);
	if (distance < n->distance && distance < strlen(candidate)) {
		n->distance = distance;
		n->best = candidate;
	}
}
