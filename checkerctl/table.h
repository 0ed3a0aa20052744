/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_TABLE_H
#define CHECKERCTL_TABLE_H

/*
 * Tables and trees of JSON objects, one object a row. A table_def (columns.h) has all columns
 * of a table; the options choose the shown ones.
 */
#include <json-c/json.h>

#include "checkerctl/ctl_options.h"

enum column_kind {
	COLUMN_TEXT,    /* as it is; null is "-" */
	COLUMN_STATE,   /* a word that may have a colour */
	COLUMN_AGO,     /* a time: how long ago */
	COLUMN_TIME,    /* a time: on a terminal the local one */
	COLUMN_SECONDS, /* a duration in seconds */
	COLUMN_MICROS,  /* a duration in microseconds */
	COLUMN_BAR,     /* counts, as a bar of their heights */
	COLUMN_TIMES,   /* a number: how many times */
	COLUMN_NEXT,    /* a path's next check: when, "now" or "disabled" */
};

enum column_flag {
	COLUMN_RIGHT = 1 << 0,
	COLUMN_WRAP = 1 << 1,  /* on a terminal, several lines instead of a cut */
	COLUMN_SHOWN = 1 << 2, /* without -o */
};

struct column {
	const char *name;
	/* of the row; "latency_us.p50" is a key of an inner object */
	const char *key;
	enum column_kind kind;
	unsigned flags;
};

struct table_def {
	const struct column *columns;
	size_t n;
	/* the default columns in the form of -o; NULL: those with COLUMN_SHOWN */
	const char *shown;
};

#define TABLE_COLUMNS_MAX 80

struct table;
struct table_row;

/* Finds the columns of -o: "A,B": these; "+A,B": the default columns and these; NULL: the
 * default columns. 0, or EXIT_USAGE after a message with the valid columns. */
_must_check_ int table_choose(const struct table_def *def, const char *columns,
                              const struct column **chosen, size_t *ret_n);
/* Checks the columns of -o. 0, or EXIT_USAGE after a message with the valid columns. */
_must_check_ int table_check_columns(const struct table_def *def, const char *columns);

/* One name a line; a * marks the default columns. */
void table_print_columns(FILE *f, const struct table_def *def);

/*
 * Sorts rows by a column, the smallest value first, rows without a value last; "-COLUMN": the largest
 * first. A duration since a time is smallest when the time is the latest. 0, or EXIT_USAGE after a
 * message with the valid columns.
 */
_must_check_ int table_sort(const struct table_def *def, const char *column,
                            json_object *rows);
/* Checks the column of --sort; NULL allowed. 0, or EXIT_USAGE as table_sort(). */
_must_check_ int table_check_sort(const struct table_def *def, const char *column);

/* tree: the column NAME draws a tree, except with --raw. 0, or an exit code after a message. */
_must_check_ int table_new(struct table **ret, const struct table_def *def,
                           const struct ctl_options *options, bool tree);
struct table *table_free(struct table *t);

/* parent: NULL or an earlier row of a tree. Aborts when an allocation fails. */
struct table_row *table_add(struct table *t, struct table_row *parent, json_object *row);
void table_print(struct table *t);

/* The value of "key" or "outer.inner"; NULL: missing, or null. */
json_object *table_value(json_object *row, const char *key);

/* The text of one cell; `now`: seconds since 1970. The caller frees it. */
char *column_text(const struct column *c, json_object *row, double now);

#endif
