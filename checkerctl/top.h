/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_TOP_H
#define CHECKERCTL_TOP_H

/*
 * The live view without its terminal: which paths it shows, in which order, and the lines
 * they make.
 */
#include <json-c/json.h>

#include "checkerctl/table.h"

#define TOP_FILTER_MAX 64
#define TOP_HEAD_LINES 3 /* two of the daemon, one of headings */

struct top {
	const struct column *columns[TABLE_COLUMNS_MAX];
	size_t n_columns;
	int widths[TABLE_COLUMNS_MAX];
	double now;  /* of the last update: seconds since 1970 */
	size_t sort; /* place of a column */
	bool reverse;
	char filter
	        [TOP_FILTER_MAX]; /* part of a name, a map, a state or a reason; "" : all */
	size_t first;             /* of the paths on the screen */

	json_object *status, *reply; /* references */
	json_object **rows;          /* the paths of the reply that pass, in order */
	size_t n_rows, n_paths;
};

#define TOP_NULL ((struct top){ 0 })

/* columns: as of -o, NULL: the usual ones; sorted by the state, the worst first. 0, or an exit
 * code after a message. */
_must_check_ int top_init(struct top *t, const char *columns);
void top_deinit(struct top *t);

/* Takes over both. */
void top_update(struct top *t, json_object *status, json_object *reply, double now);
/* After sort, reverse or filter has changed. */
void top_arrange(struct top *t);
void top_sort_next(struct top *t,
                   int step); /* -1: the column to the left, 1: to the right */
/* So many lines down; stays where there are paths. lines: of the screen. */
void top_scroll(struct top *t, long by, size_t lines);

/* Line n of a screen that is so wide; never wider. The caller frees; aborts when memory is
 * gone. */
char *top_line(const struct top *t, size_t n, int width);
/* The state of the path in that line, or "". */
const char *top_line_state(const struct top *t, size_t n);

#endif
