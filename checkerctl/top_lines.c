/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the rows of the live view: their order, filter and lines; see top.h. One thread. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "checkerctl/columns.h"
#include "checkerctl/ctl.h"
#include "checkerctl/human.h"
#include "checkerctl/top.h"

#define CELL_MAX      24 /* width of a column, except the last one */
#define ROWS_MEASURED ((size_t)2048)

/* The columns of the view, sorted by state. */
static int choose_columns(struct top *t)
{
	const struct table_def *def = t->by == TOP_PATHS ? &table_top : &table_top_groups;
	int r = table_choose(def, t->by == TOP_PATHS ? t->spec : NULL, t->columns,
	                     &t->n_columns);

	t->sort = 0;
	for (size_t i = 0; i < t->n_columns && r == 0; i++)
		if (t->columns[i]->kind == COLUMN_STATE) {
			t->sort = i;
			break;
		}
	return r;
}

int top_init(struct top *t, const char *columns, enum top_by by)
{
	int r;

	*t = TOP_NULL;
	t->spec = columns;
	r = choose_columns(t); /* an error in `columns` is one in every view */
	t->by = by;
	if (r == 0 && by != TOP_PATHS)
		r = choose_columns(t);
	return r;
}

void top_deinit(struct top *t)
{
	free(t->rows);
	top_groups_deinit(&t->groups);
	json_object_put(t->status);
	json_object_put(t->reply);
	*t = TOP_NULL;
}

void top_view(struct top *t, enum top_by by)
{
	if (t->by == by)
		return;
	t->by = by;
	t->first = 0;
	t->reverse = false;
	if (choose_columns(t) != 0)
		abort(); /* top_init() has checked the columns */
	top_arrange(t);
}

/* --- order --- */

static json_object *value_of(json_object *row, const char *key)
{
	const char *point = strchr(key, '.');
	json_object *value = NULL;
	char outer[64];

	if (point != NULL) {
		snprintf(outer, sizeof(outer), "%.*s", (int)(point - key), key);
		if (!json_object_object_get_ex(row, outer, &row))
			return NULL;
		key = point + 1;
	}
	json_object_object_get_ex(row, key, &value);
	return value;
}

static bool is_number(json_object *v)
{
	return json_object_is_type(v, json_type_int) ||
	       json_object_is_type(v, json_type_double);
}

static int compare_values(const struct column *c, json_object *a, json_object *b)
{
	if (a == NULL || b == NULL) /* unknown values come last */
		return (a == NULL) - (b == NULL);
	if (is_number(a) && is_number(b)) { /* larger numbers first */
		double x = json_object_get_double(a), y = json_object_get_double(b);

		return (x < y) - (x > y);
	}
	if (c->kind == COLUMN_STATE)
		return top_severity(json_object_get_string(b)) -
		       top_severity(json_object_get_string(a));
	if (c->kind == COLUMN_AGO) /* latest times first */
		return strcmp(json_object_get_string(b), json_object_get_string(a));
	return strverscmp(json_object_get_string(a), json_object_get_string(b));
}

static int compare_rows(const void *a, const void *b, void *userdata)
{
	const struct top *t = userdata;
	const struct column *c = t->columns[t->sort];
	json_object *x = *(json_object *const *)a, *y = *(json_object *const *)b;
	int r = compare_values(c, value_of(x, c->key), value_of(y, c->key));

	if (t->reverse)
		r = -r;
	if (r != 0)
		return r;
	return strverscmp(ctl_text(x, "name", ""), ctl_text(y, "name", ""));
}

/* --- cells --- */

/* A value, or the heading for row NULL; the heading of the sort column has a mark. */
static char *cell(const struct top *t, size_t column, json_object *row)
{
	const struct column *c = t->columns[column];
	char *text;

	if (row != NULL)
		return column_text(c, row, t->now);
	if (asprintf(&text, "%s%s",
	             column > 0 || t->by == TOP_PATHS ? c->name
	             : t->by == TOP_MAPS              ? "MAP"
	                                              : "HOST",
	             column != t->sort ? ""
	             : t->reverse      ? "^"
	                               : "v") < 0)
		abort();
	return text;
}

static int places_of(const char *s)
{
	size_t n = mbstowcs(NULL, s, 0);

	return n == (size_t)-1 ? (int)strlen(s) : (int)n;
}

/* The width of each column covers its heading and all rows, also those off the screen, so that
 * columns stay in place while the user scrolls. */
static void measure(struct top *t)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		char *text = cell(t, c, NULL);

		t->widths[c] = places_of(text) + (c != t->sort);
		free(text);
		for (size_t i = 0; i < MIN(t->n_rows, ROWS_MEASURED); i++) {
			text = cell(t, c, t->rows[i]);
			t->widths[c] = MAX(t->widths[c], places_of(text));
			free(text);
		}
		t->widths[c] = MIN(t->widths[c], CELL_MAX);
	}
}

/* --- filter --- */

static bool passes(const struct top *t, json_object *path)
{
	static const char *const keys[] = { "name", "alias", "map", "state", "reason" };

	if (!t->filter[0])
		return true;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasestr(ctl_text(path, keys[i], ""), t->filter))
			return true;
	return false;
}

static void add_row(struct top *t, json_object *row)
{
	t->rows[t->n_rows++] = row;
}

/* One row for all paths of a map or HBA, if one of them passes, or its name. */
static void add_groups(struct top *t, json_object *list)
{
	top_groups_deinit(&t->groups);
	for (size_t i = 0; i < t->n_paths; i++) {
		json_object *path = json_object_array_get_idx(list, i);

		if (json_object_is_type(path, json_type_object))
			top_groups_add(&t->groups, t->by == TOP_MAPS ? "map" : "host",
			               path, passes(t, path));
	}
	if (t->groups.rows == NULL)
		return;
	json_object_object_foreach(t->groups.rows, name, row)
	{
		t->n_groups++;
		if (json_object_object_get_ex(row, "passes", NULL) ||
		    strcasestr(name, t->filter))
			add_row(t, row);
	}
}

void top_arrange(struct top *t)
{
	json_object *list = NULL;

	t->n_rows = t->n_groups = 0;
	t->n_paths = ctl_list(t->reply, "paths", &list);
	free(t->rows);
	t->rows = calloc(t->n_paths + 1, sizeof(*t->rows));
	if (t->rows == NULL)
		abort();
	for (size_t i = 0; i < t->n_paths && t->by == TOP_PATHS; i++) {
		json_object *path = json_object_array_get_idx(list, i);

		if (json_object_is_type(path, json_type_object) && passes(t, path))
			add_row(t, path);
	}
	if (t->by != TOP_PATHS)
		add_groups(t, list);
	qsort_r(t->rows, t->n_rows, sizeof(t->rows[0]), compare_rows, t);
	measure(t);
}

void top_update(struct top *t, json_object *status, json_object *reply, double now)
{
	json_object_put(t->status);
	json_object_put(t->reply);
	t->status = status;
	t->reply = reply;
	t->now = now;
	top_arrange(t);
}

void top_sort_next(struct top *t, int step)
{
	t->sort = (t->sort + t->n_columns + (size_t)(step + 1) - 1) % t->n_columns;
	top_arrange(t);
}

void top_scroll(struct top *t, long by, size_t lines)
{
	size_t shown = lines > TOP_HEAD_LINES ? lines - TOP_HEAD_LINES : 1;
	long last = (long)(t->n_rows > shown ? t->n_rows - shown : 0);
	long first = (long)t->first;

	if (by > last)
		by = last; /* no overflow */
	first = by < -first ? 0 : first + by;
	t->first = (size_t)MIN(first, last);
}

/* --- lines --- */

/* Appends s, safe for a terminal, in at most `room` places; returns how many it took. */
static int put_fitted(FILE *f, const char *s, int room)
{
	size_t size = 0;
	char *safe = NULL;
	mbstate_t state = { 0 };
	const char *at;
	FILE *memory = open_memstream(&safe, &size);
	int used = 0;

	if (memory == NULL)
		abort();
	human_put(memory, s, false);
	if (fclose(memory) != 0 || safe == NULL)
		abort();
	for (at = safe; *at;) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, at, strlen(at), &state);
		int places = n > 0 && n < (size_t)-2 ? MAX(wcwidth(wide), 0) : 1;

		if (n == 0 || n >= (size_t)-2)
			n = 1;
		if (used + places > room)
			break;
		fwrite(at, 1, n, f);
		used += places;
		at += n;
	}
	free(safe);
	return used;
}

static void pad(FILE *f, int places)
{
	for (; places > 0; places--)
		putc(' ', f);
}

static void put_row(FILE *f, const struct top *t, json_object *row, int width)
{
	for (size_t i = 0; i < t->n_columns && width > 0; i++) {
		bool last = i + 1 == t->n_columns;
		int room = last ? width : MIN(t->widths[i], width), used;
		char *text = cell(t, i, row);

		if (t->columns[i]->flags & COLUMN_RIGHT && !last) {
			int left = room - MIN(places_of(text), room);

			pad(f, left);
			used = left + put_fitted(f, text, room - left);
		} else {
			used = put_fitted(f, text, room);
		}
		free(text);
		if (!last && width > room) {
			pad(f, room - used + 1);
			width--;
		}
		width -= room;
	}
}

/* "  paths 2000: 1998 up, 2 down" */
static void put_counts(FILE *f, const char *name, json_object *counts)
{
	const char *before = ": ";

	if (!json_object_is_type(counts, json_type_object))
		return;
	fprintf(f, "  %s %s", name, ctl_text(counts, "total", "-"));
	json_object_object_foreach(counts, key, value)
	{
		if (strcmp(key, "total") == 0 || json_object_get_int64(value) == 0)
			continue;
		fprintf(f, "%s%lld %s", before, (long long)json_object_get_int64(value),
		        key);
		before = ", ";
	}
}

static void put_daemon(FILE *f, const struct top *t)
{
	fprintf(f, "checkerd %s", ctl_text(t->status, "version", "-"));
	put_counts(f, "paths", value_of(t->status, "paths"));
	put_counts(f, "maps", value_of(t->status, "maps"));
}

static void put_engine(FILE *f, const struct top *t)
{
	json_object *memory = value_of(t->status, "memory");
	char buf[HUMAN_SHORT_BYTES];
	double number;

	fputs("lag ", f);
	number = json_object_get_double(value_of(t->status, "lag_s.last"));
	fputs(human_duration(number, buf), f);
	if (ctl_number(t->status, "oldest_in_flight_s", &number))
		fprintf(f, "  oldest check in flight for %s",
		        human_duration(number, buf));
	if (ctl_number(memory, "locked_bytes", &number))
		fprintf(f, "  locked memory %s", human_bytes(number, buf));
	fprintf(f, "  dm_control %s", ctl_text(t->status, "dm_control", "-"));
	if (t->filter[0])
		fprintf(f, "  /%s: %zu of %zu", t->filter, t->n_rows,
		        t->by == TOP_PATHS ? t->n_paths : t->n_groups);
}

char *top_line(const struct top *t, size_t n, int width)
{
	char *raw = NULL, *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size), *text;

	if (f == NULL)
		abort();
	if (n < TOP_HEAD_LINES - 1) {
		text = open_memstream(&raw, &size);
		if (text == NULL)
			abort();
		if (n == 0)
			put_daemon(text, t);
		else
			put_engine(text, t);
		if (fclose(text) != 0 || raw == NULL)
			abort();
		(void)put_fitted(f, raw, width); /* its length is not needed */
		free(raw);
	} else if (n == TOP_HEAD_LINES - 1) {
		put_row(f, t, NULL, width);
	} else if (t->first + n - TOP_HEAD_LINES < t->n_rows) {
		put_row(f, t, t->rows[t->first + n - TOP_HEAD_LINES], width);
	}
	if (fclose(f) != 0 || line == NULL)
		abort();
	return line;
}

const char *top_line_state(const struct top *t, size_t n)
{
	if (n < TOP_HEAD_LINES || t->first + n - TOP_HEAD_LINES >= t->n_rows)
		return "";
	return ctl_text(t->rows[t->first + n - TOP_HEAD_LINES], "state", "");
}
