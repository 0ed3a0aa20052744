/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METRICS_H
#define CHECKERD_CONTROL_METRICS_H

/*
 * A snapshot as OpenMetrics text, piece by piece: the memory it takes does not depend on the
 * number of paths. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
#include "checkerd/control/metrics_text.h"
#include "checkerd/control/view.h"

struct metrics {
	/* Which families are left out: those of each path, and the latencies of each path. */
	bool without_paths, latency;
	/* What comes next. */
	uint32_t family, row;
	/* The head of the family is written. */
	bool headed;
};

/*
 * Writes the next piece. False: it is the last one. The first call needs a struct metrics
 * that is zero but for its first line, and view_make_maps(). events_lost: port_control_events_lost().
 */
_must_check_ bool metrics_next(struct metrics *m, const struct view *v,
                               uint64_t events_lost, struct metrics_piece *ret);

#endif
