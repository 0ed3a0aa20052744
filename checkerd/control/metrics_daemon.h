/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METRICS_DAEMON_H
#define CHECKERD_CONTROL_METRICS_DAEMON_H

/* What a family of metrics is, and those of the whole daemon. The control thread only. */
#include "checkerd/control/metrics_text.h"
#include "checkerd/control/view.h"

struct metrics_source {
	const struct view *v;
	uint64_t events_lost;
};

enum metrics_rows { METRICS_ONE, METRICS_PATHS, METRICS_MAPS };

struct metrics_family {
	const char *name, *type;
	const char *unit; /* NULL: none */
	const char *help;
	enum metrics_rows rows;
	void (*write)(struct metrics_piece *o, const char *name,
	              const struct metrics_source *s, const void *row);
};

/* Without a row: METRICS_ONE. */
extern const struct metrics_family metrics_daemon_families[];
extern const unsigned metrics_daemon_count;

#endif
