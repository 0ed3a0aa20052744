/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the tables of libsmartcols, which also escapes control characters. No other file includes
 * libsmartcols. One thread.
 */
#include "checkerctl/table.h"

#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "checkerctl/ctl.h"
#include "checkerctl/exit.h"
#include "checkerctl/fold.h"
#include "checkerctl/human.h"
#include "util/clean.h"

#define TREE_WIDTH    2 /* of the lines before the path of a map */
#define PIECE_BYTES   1024
#define FOLD_AT_LEAST ((size_t)10)

struct table {
	struct libscols_table *scols;
	const struct column *chosen[TABLE_COLUMNS_MAX];
	size_t n_chosen;
	bool colours, ascii, raw, tree;
	bool local; /* times are this host's */
	double now;
};

/* --- which columns --- */

static const struct column *find_column(const struct table_def *def, const char *name,
                                        size_t length)
{
	for (size_t i = 0; i < def->n; i++)
		if (strncasecmp(def->columns[i].name, name, length) == 0 &&
		    def->columns[i].name[length] == '\0')
			return &def->columns[i];
	return NULL;
}

static int complain_column(const struct table_def *def, const char *name, size_t length)
{
	char valid[2048] = "";
	size_t used = 0;

	for (size_t i = 0; i < def->n && used < sizeof(valid); i++)
		used += (size_t)snprintf(valid + used, sizeof(valid) - used, "%s%s",
		                         i ? " " : "", def->columns[i].name);
	return human_complain(EXIT_USAGE,
	                      "there is no column '%.*s'; the columns are: %s",
	                      (int)length, name, valid);
}

static void choose_default(const struct table_def *def, const struct column **chosen,
                           size_t *n)
{
	const char *shown = def->shown;

	while (shown != NULL) {
		size_t length = strcspn(shown, ",");

		chosen[*n] = find_column(def, shown, length);
		assert(chosen[*n] != NULL);
		++*n;
		shown = shown[length] ? shown + length + 1 : NULL;
	}
	for (size_t i = 0; i < def->n; i++)
		if (def->shown == NULL && (def->columns[i].flags & COLUMN_SHOWN))
			chosen[(*n)++] = &def->columns[i];
}

int table_choose(const struct table_def *def, const char *spec,
                 const struct column **chosen, size_t *ret_n)
{
	size_t n = 0;

	assert(def->n <= TABLE_COLUMNS_MAX);
	if (spec == NULL || *spec == '+')
		choose_default(def, chosen, &n);
	if (spec != NULL && *spec == '+')
		spec++;
	while (spec != NULL) {
		size_t length = strcspn(spec, ",");
		const struct column *c = find_column(def, spec, length);

		if (c == NULL)
			return complain_column(def, spec, length);
		if (n == TABLE_COLUMNS_MAX)
			return human_usage("-o names more than %d columns",
			                   TABLE_COLUMNS_MAX);
		chosen[n++] = c;
		spec += length;
		spec = *spec == ',' ? spec + 1 : NULL;
		if (spec != NULL && *spec == '+') /* "+A,+B" is meant as "+A,B" */
			spec++;
	}
	*ret_n = n;
	return 0;
}

int table_check_columns(const struct table_def *def, const char *columns)
{
	const struct column *chosen[TABLE_COLUMNS_MAX];
	size_t n;

	return table_choose(def, columns, chosen, &n);
}

void table_print_columns(FILE *f, const struct table_def *def)
{
	const struct column *chosen[TABLE_COLUMNS_MAX];
	size_t n = 0;

	choose_default(def, chosen, &n);
	for (size_t i = 0; i < def->n; i++) {
		bool shown = false;

		for (size_t k = 0; k < n; k++)
			shown = shown || chosen[k] == &def->columns[i];
		fprintf(f, "%s%s\n", def->columns[i].name, shown ? " *" : "");
	}
}

/* --- cells --- */

json_object *table_value(json_object *row, const char *key)
{
	const char *point = strchr(key, '.');
	char outer[64];

	if (point != NULL) {
		snprintf(outer, sizeof(outer), "%.*s", (int)(point - key), key);
		if (!json_object_object_get_ex(row, outer, &row) ||
		    !json_object_is_type(row, json_type_object))
			return NULL;
		key = point + 1;
	}
	if (!json_object_object_get_ex(row, key, &row))
		return NULL;
	return row;
}

static char *must(char *s)
{
	if (s == NULL)
		abort(); /* an allocation failed while printing */
	return s;
}

/* libsmartcols does not escape marks that change the direction of text. An empty cell would
 * shift the next columns of a line. */
static char *harmless(const char *text)
{
	size_t size = CLEAN_ESCAPE_BYTES * strlen(text) + 2;
	char *clean = must(malloc(size));

	if (clean_copy(clean, size, text) == 0)
		strcpy(clean, "-");
	return clean;
}

/* "sda,sdb" for ["sda","sdb"]; only the values of an object. */
static char *joined(json_object *value)
{
	size_t size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		abort();
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			fprintf(f, "%s%s", i ? "," : "",
			        json_object_get_string(
			                json_object_array_get_idx(value, i)));
	} else {
		const char *separator = "";

		json_object_object_foreach(value, key, inner)
		{
			(void)key;
			fprintf(f, "%s%s", separator,
			        inner != NULL ? json_object_get_string(inner) : "-");
			separator = "/";
		}
	}
	fclose(f);
	if (text != NULL && !*text)
		strcpy(text = must(realloc(text, 2)), "-");
	return must(text);
}

static char *plain(json_object *value)
{
	char number[HUMAN_SHORT_BYTES];

	switch (json_object_get_type(value)) {
	case json_type_null:
		return must(strdup("-"));
	case json_type_boolean:
		return must(strdup(json_object_get_boolean(value) ? "yes" : "no"));
	case json_type_double:
		snprintf(number, sizeof(number), "%.6g", json_object_get_double(value));
		return must(strdup(number));
	case json_type_array:
	case json_type_object:
		return joined(value);
	case json_type_int:
	case json_type_string:
		break;
	}
	return harmless(json_object_get_string(value));
}

static int64_t count_at(json_object *counts, size_t i)
{
	int64_t count = json_object_get_int64(json_object_array_get_idx(counts, i));

	return MIN(MAX(count, INT64_C(0)), INT64_C(1) << 32);
}

/* The height of each count is its share of the largest; a count above 0 is always visible. */
static char *bar(json_object *counts, bool plain_ascii)
{
	static const char *const blocks[] = { ".",
		                              "\xe2\x96\x81",
		                              "\xe2\x96\x82",
		                              "\xe2\x96\x83",
		                              "\xe2\x96\x84",
		                              "\xe2\x96\x85",
		                              "\xe2\x96\x86",
		                              "\xe2\x96\x87",
		                              "\xe2\x96\x88" };
	static const char *const ascii[] = {
		".", "_", "-", "~", "=", "+", "*", "%", "#"
	};
	const char *const *steps = plain_ascii ? ascii : blocks;
	const int64_t highest = ARRAY_LEN(blocks) - 1;
	size_t n = json_object_array_length(counts), size = 0;
	int64_t most = 1;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		int64_t count = count_at(counts, i);

		most = MAX(most, count);
	}
	for (size_t i = 0; i < n; i++) {
		int64_t step = (count_at(counts, i) * highest + most - 1) / most;

		fputs(steps[MIN(step, highest)], f);
	}
	fclose(f);
	if (text != NULL && !*text)
		strcpy(text = must(realloc(text, 2)), "-");
	return must(text);
}

static char *next_text(json_object *row)
{
	json_object *enabled = table_value(row, "enabled");
	char buf[HUMAN_SHORT_BYTES];
	double seconds;

	if (enabled != NULL && !json_object_get_boolean(enabled))
		return must(strdup("disabled"));
	if (ctl_number(row, "in_flight_s", &seconds))
		return must(strdup("now"));
	if (!ctl_number(row, "next_check_in_s", &seconds))
		return must(strdup("-"));
	return must(strdup(human_duration(seconds, buf)));
}

static char *time_text(json_object *value, bool local)
{
	char buf[HUMAN_TIME_BYTES];

	if (!local || human_local_time(json_object_get_string(value), buf) < 0)
		return plain(value);
	return must(strdup(buf));
}

static char *cell_text(const struct column *c, json_object *row, double now, bool ascii,
                       bool local)
{
	json_object *value = table_value(row, c->key);
	char buf[HUMAN_SHORT_BYTES];
	double seconds;

	if (c->kind == COLUMN_NEXT)
		return next_text(row);
	if (value == NULL)
		return plain(NULL);
	switch (c->kind) {
	case COLUMN_AGO:
		if (human_parse_time(json_object_get_string(value), &seconds) < 0)
			return plain(value);
		return must(strdup(human_duration(now - seconds, buf)));
	case COLUMN_TIME:
		return time_text(value, local);
	case COLUMN_SECONDS:
		return must(strdup(human_duration(json_object_get_double(value), buf)));
	case COLUMN_MICROS:
		return must(
		        strdup(human_duration(json_object_get_double(value) / 1e6, buf)));
	case COLUMN_BAR:
		return json_object_is_type(value, json_type_array) ? bar(value, ascii)
		                                                   : plain(value);
	case COLUMN_TIMES:
		snprintf(buf, sizeof(buf), "%.1fx",
		         MIN(json_object_get_double(value), 1e6));
		return must(strdup(buf));
	case COLUMN_TEXT:
	case COLUMN_STATE:
	case COLUMN_NEXT:
		break;
	}
	return plain(value);
}

static bool has_blocks(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

char *column_text(const struct column *c, json_object *row, double now)
{
	return cell_text(c, row, now, !has_blocks(), false);
}

static const char *state_colour(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{ "up", "green" },    { "ghost", "green" },      { "full", "green" },
		{ "down", "red" },    { "timeout", "red" },      { "removed", "red" },
		{ "none", "red" },    { "disconnected", "red" }, { "shaky", "yellow" },
		{ "last", "yellow" }, { "degraded", "yellow" },  { "delayed", "yellow" },
		{ "failed", "red" },
	};

	for (size_t i = 0; i < ARRAY_LEN(colours); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return NULL;
}

/* --- tables --- */

static bool want_colours(const struct ctl_options *o)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no != NULL && *no) && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static void make_column(struct table *t, const struct column *c, bool tree)
{
	struct libscols_column *column;
	int flags = 0;

	if (tree)
		flags |= SCOLS_FL_TREE;
	if (c->flags & COLUMN_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (c->flags & COLUMN_WRAP) /* on a terminal; a pipe gets one line */
		flags |= SCOLS_FL_WRAP;
	column = scols_table_new_column(t->scols, c->name, 0, flags);
	if (column == NULL)
		abort();
	/* harmless() has escaped everything; its own "\\x1b" shall stay. Raw output is escaped again. */
	if (!t->raw)
		scols_column_set_safechars(column, "\\");
}

/* The index of NAME, or 0 when it is not shown. */
static size_t tree_column(const struct table *t)
{
	for (size_t i = 0; i < t->n_chosen; i++)
		if (strcmp(t->chosen[i]->name, "NAME") == 0)
			return i;
	return 0;
}

int table_new(struct table **ret, const struct table_def *def,
              const struct ctl_options *options, bool tree)
{
	struct table *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		abort();
	r = table_choose(def, options->columns, t->chosen, &t->n_chosen);
	if (r) {
		free(t);
		return r;
	}
	t->scols = scols_new_table();
	if (t->scols == NULL)
		abort();
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	t->now = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	t->colours = want_colours(options) && !ctl_options_has(options, OPT_RAW);
	scols_table_enable_colors(t->scols, t->colours);
	t->local = isatty(STDOUT_FILENO) && !ctl_options_has(options, OPT_RAW) &&
	           !ctl_options_has(options, OPT_UTC);
	scols_table_enable_raw(t->scols, ctl_options_has(options, OPT_RAW));
	scols_table_enable_noheadings(t->scols,
	                              ctl_options_has(options, OPT_NO_HEADINGS));
	t->raw = ctl_options_has(options, OPT_RAW);
	t->tree = tree && !t->raw;
	t->ascii = t->raw || !has_blocks();
	/* In raw output the lines of a tree would be part of the names. */
	for (size_t i = 0; i < t->n_chosen; i++)
		make_column(t, t->chosen[i], t->tree && i == tree_column(t));
	*ret = t;
	return 0;
}

struct table *table_free(struct table *t)
{
	if (t == NULL)
		return NULL;
	scols_unref_table(t->scols);
	free(t);
	return NULL;
}

struct table_row *table_add(struct table *t, struct table_row *parent, json_object *row)
{
	struct libscols_line *line =
	        scols_table_new_line(t->scols, (struct libscols_line *)parent);

	if (line == NULL)
		abort();
	for (size_t i = 0; i < t->n_chosen; i++) {
		char *text = cell_text(t->chosen[i], row, t->now, t->ascii, t->local);
		const char *colour = NULL;

		if (t->colours && t->chosen[i]->kind == COLUMN_STATE)
			colour = state_colour(text);
		if (colour != NULL)
			scols_cell_set_color(scols_line_get_cell(line, i), colour);
		if (scols_line_refer_data(line, i, text) <
		    0) /* libsmartcols frees the text */
			abort();
	}
	return (struct table_row *)line;
}

/* --- lines of a long cell --- */

static size_t places_of(const char *text)
{
	size_t n = mbstowcs(NULL, text, 0);

	return n == (size_t)-1 ? strlen(text) : n;
}

/* The places that a column needs, without the lines of a tree. */
static size_t width_of(const struct table *t, size_t column)
{
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	size_t width = strlen(t->chosen[column]->name);
	struct libscols_line *line;

	if (i == NULL)
		abort();
	while (scols_table_next_line(t->scols, i, &line) == 0) {
		const char *text = scols_cell_get_data(scols_line_get_cell(line, column));
		size_t tree =
		        t->tree && scols_line_get_parent(line) != NULL ? TREE_WIDTH : 0;

		width = MAX(width,
		            places_of(text) + (column == tree_column(t) ? tree : 0));
	}
	scols_free_iter(i);
	return width;
}

/* Bytes of the first n characters, fewer at the end of the text. */
static size_t bytes_of(const char *text, size_t n)
{
	size_t bytes = 0;

	for (; n > 0 && text[bytes]; n--) {
		int length = mblen(text + bytes, MB_CUR_MAX);

		bytes += (size_t)MAX(length, 1);
	}
	return bytes;
}

/* Bytes up to a blank, or with the next comma. */
static size_t piece_of(const char *text)
{
	size_t bytes = strcspn(text, " ,");

	return bytes + (text[bytes] == ',');
}

/* A copy with a new line before each word or element of a list that does not fit. A word that is
 * longer than a line is broken anywhere. */
static char *folded(const char *text, size_t width)
{
	char *copy = NULL;
	size_t size, used = 0;
	FILE *f = open_memstream(&copy, &size);

	if (f == NULL)
		abort();
	while (*text) {
		bool blank = *text == ' ' && used > 0;
		size_t bytes, places;
		char piece[PIECE_BYTES];

		text += *text == ' ';
		bytes = MIN(piece_of(text), sizeof(piece) - 1);
		bytes = MIN(bytes, bytes_of(text, width));
		snprintf(piece, sizeof(piece), "%.*s", (int)bytes, text);
		places = places_of(piece);
		if (used > 0 && used + blank + places > width) {
			putc('\n', f);
			used = 0;
		} else if (blank) {
			putc(' ', f);
			used++;
		}
		fputs(piece, f);
		used += places;
		text += bytes;
	}
	if (fclose(f) != 0)
		abort();
	return must(copy);
}

/*
 * Breaks the lines of the last column between words: libsmartcols breaks them anywhere. If there is
 * hardly room, or if two columns share it, it is left to libsmartcols.
 */
static void fold_last(struct table *t)
{
	size_t columns = fold_columns(), last = t->n_chosen - 1, used = 0;
	struct libscols_column *column;
	struct libscols_iter *i;
	struct libscols_line *line;

	for (size_t k = 0; k < last; k++) {
		used += width_of(t, k) + 1;
		if (t->chosen[k]->flags & COLUMN_WRAP)
			return;
	}
	if (!(t->chosen[last]->flags & COLUMN_WRAP) || columns < used + FOLD_AT_LEAST)
		return;
	i = scols_new_iter(SCOLS_ITER_FORWARD);
	if (i == NULL)
		abort();
	while (scols_table_next_line(t->scols, i, &line) == 0) {
		struct libscols_cell *cell = scols_line_get_cell(line, last);

		if (scols_cell_refer_data(
		            cell, folded(scols_cell_get_data(cell), columns - used)) < 0)
			abort();
	}
	scols_free_iter(i);
	column = scols_table_get_column(t->scols, last);
	/* the cells have no other new lines: harmless() has escaped them */
	scols_column_set_safechars(column, "\\\n");
	scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
	                          NULL);
}

void table_print(struct table *t)
{
	if (!t->raw)
		fold_last(t);
	scols_print_table(t->scols);
}
