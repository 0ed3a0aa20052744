/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METRICS_H
#define CHECKERD_CONTROL_METRICS_H

/*
 * A snapshot as OpenMetrics text, piece by piece, so that it takes no more memory for ten
 * thousand paths than for one. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
#include "checkerd/control/view.h"

#define METRICS_PIECE 8192 /* bytes; every piece fits */

struct metrics {
	uint32_t family, row; /* what comes next */
	bool headed;          /* the family's head is written */
};

struct metrics_piece {
	char text[METRICS_PIECE];
	size_t size;
};

/*
 * Writes the next piece; false: that was the last one. Begins with a zeroed struct metrics.
 * Needs view_make_maps(). events_lost: the port's.
 */
_must_check_ bool metrics_next(struct metrics *m, const struct view *v,
                               uint64_t events_lost, struct metrics_piece *ret);

#endif
