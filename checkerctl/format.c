/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: prints rows in a format of wildcards. One thread. */
#include "checkerctl/format.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "checkerctl/human.h"

static const struct wildcard *find_wildcard(const struct wildcard_table *t, char letter)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->all[i].letter == letter)
			return &t->all[i];
	return NULL;
}

int format_check(const struct wildcard_table *t, const char *format)
{
	char valid[4 * WILDCARDS_MAX + 1] = "", *end = valid;

	for (const char *s = format; *s; s++) {
		if (*s != '%')
			continue;
		s++;
		if (*s == '%' || (*s && find_wildcard(t, *s) != NULL))
			continue;
		for (size_t i = 0; i < t->n; i++)
			end += sprintf(end, "%%%c ", t->all[i].letter);
		return human_usage("there is no wildcard '%%%.1s'; there are %s%%%%", s,
		                   valid);
	}
	return 0;
}

char *format_value(const struct wildcard_table *t, char letter, json_object *row,
                   const char *sysfs)
{
	const struct wildcard *w = find_wildcard(t, letter);
	char *value = NULL, *safe = NULL;
	size_t size;
	FILE *f = open_memstream(&value, &size);

	assert(w != NULL);
	if (f == NULL)
		abort();
	w->print(f, row, sysfs, w->argument);
	fclose(f);
	f = open_memstream(&safe, &size);
	if (f == NULL || value == NULL)
		abort();
	human_put(f, value, false);
	fclose(f);
	free(value);
	if (safe == NULL)
		abort();
	return safe;
}

/* The width of text on the screen, in columns. */
static int cells(const char *s)
{
	size_t n = mbstowcs(NULL, s, 0);
	wchar_t *wide;
	int width = -1;

	if (n == (size_t)-1)
		return (int)strlen(s);
	wide = calloc(n + 1, sizeof(*wide));
	if (wide == NULL)
		abort();
	if (mbstowcs(wide, s, n + 1) != (size_t)-1)
		width = wcswidth(wide, n);
	free(wide);
	return width < 0 ? (int)strlen(s) : width;
}

/* The width of each wildcard: the widest of its heading and its values. */
static void measure(const struct wildcard_table *t, const char *format, json_object *rows,
                    bool headings, const char *sysfs, int widths[static UCHAR_MAX + 1])
{
	for (const char *s = strchr(format, '%'); s; s = strchr(s + 2, '%')) {
		unsigned char letter = (unsigned char)s[1];

		if (letter == '%' || widths[letter] > 0)
			continue;
		if (headings)
			widths[letter] = cells(find_wildcard(t, (char)letter)->heading);
		for (size_t i = 0; i < json_object_array_length(rows); i++) {
			char *value =
			        format_value(t, (char)letter,
			                     json_object_array_get_idx(rows, i), sysfs);

			widths[letter] = MAX(widths[letter], cells(value));
			free(value);
		}
	}
}

/* row NULL: the headings. widths NULL: unpadded. */
static void print_line(FILE *f, const struct wildcard_table *t, const char *format,
                       json_object *row, const char *sysfs, const int *widths)
{
	for (const char *s = format; *s; s++) {
		char *value;

		if (*s != '%' || *++s == '%') {
			putc(*s, f);
			continue;
		}
		value = row != NULL ? format_value(t, *s, row, sysfs)
		                    : strdup(find_wildcard(t, *s)->heading);
		if (value == NULL)
			abort();
		fputs(value, f);
		if (widths && s[1]) /* no padding at the end of a line */
			fprintf(f, "%*s",
			        MAX(widths[(unsigned char)*s] - cells(value), 0), "");
		free(value);
	}
	putc('\n', f);
}

void format_print(FILE *f, const struct wildcard_table *t, const char *format,
                  json_object *rows, bool headings, bool raw, const char *sysfs)
{
	int widths[UCHAR_MAX + 1] = { 0 };

	if (raw)
		headings = false;
	else
		measure(t, format, rows, headings, sysfs, widths);
	if (headings)
		print_line(f, t, format, NULL, sysfs, widths);
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		print_line(f, t, format, json_object_array_get_idx(rows, i), sysfs,
		           raw ? NULL : widths);
}

void format_list(FILE *f, const struct wildcard_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		fprintf(f, "%%%c  %s\n", t->all[i].letter, t->all[i].heading);
}
