/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_TOP_H
#define CHECKERCTL_TOP_H

/*
 * The live view without its terminal: the shown paths, their order, and the lines of the
 * screen.
 */
#include <json-c/json.h>

#include "checkerctl/ctl_options.h"
#include "checkerctl/table.h"
#include "checkerctl/top_groups.h"

#define TOP_FILTER_MAX 64
#define TOP_HEAD_LINES 3 /* two about the daemon, one with headings */

struct top {
	/* a row is a path, or all paths of a map or HBA */
	enum top_by by;
	/* the columns of paths in the form of -o; NULL: the default columns */
	const char *spec;
	const struct column *columns[TABLE_COLUMNS_MAX];
	size_t n_columns;
	int widths[TABLE_COLUMNS_MAX];
	/* time of the last update: seconds since 1970 */
	double now;
	/* index of the column that rows are sorted by */
	size_t sort;
	bool reverse;
	char filter
	        [TOP_FILTER_MAX]; /* part of a name, a map, a state or a reason; "" : all */
	size_t first;             /* of the paths on the screen */

	json_object *status, *reply; /* references */
	json_object **rows;          /* the paths or groups that pass, in order */
	size_t n_rows, n_paths, n_groups;
	struct top_groups groups;
};

#define TOP_NULL ((struct top){ 0 })

/* columns: of paths, in the form of -o, NULL: the default columns; the string stays valid. Rows
 * are sorted by state, the worst first. 0, or an exit code after a message. */
_must_check_ int top_init(struct top *t, const char *columns, enum top_by by);
void top_deinit(struct top *t);

/* top_deinit() puts status and reply. */
void top_update(struct top *t, json_object *status, json_object *reply, double now);
/* Shows other rows, the worst first. */
void top_view(struct top *t, enum top_by by);
/* Arranges the rows again after a change of sort, reverse or filter. */
void top_arrange(struct top *t);
void top_sort_next(struct top *t,
                   int step); /* -1: the column to the left, 1: to the right */
/* Scrolls `by` lines down, within the paths. lines: of the screen. */
void top_scroll(struct top *t, long by, size_t lines);

/* Line n of the screen, at most `width` columns wide. The caller frees it. Aborts when an
 * allocation fails. */
char *top_line(const struct top *t, size_t n, int width);
/* The state of the path in that line, or "". */
const char *top_line_state(const struct top *t, size_t n);

#endif
