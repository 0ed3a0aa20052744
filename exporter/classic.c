/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: one pass over the lines. The heads of a family come before its samples, and its
 * type before its help, as checkerd writes them. Any thread.
 */
#include "exporter/classic.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE           "# TYPE "
#define HELP           "# HELP "
#define COUNTER        "counter"
#define GAUGEHISTOGRAM "gaugehistogram"

enum kind { KIND_OTHER, KIND_COUNTER, KIND_GAUGEHISTOGRAM };

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* "# TYPE NAME KIND", without its newline. Returns the kind. */
static enum kind put_type(FILE *out, const char *line, size_t size)
{
	const char *name = line + strlen(TYPE);
	int name_size = (int)strcspn(name, " \n");
	const char *kind = name + name_size;

	kind += *kind == ' ';
	if (starts(kind, COUNTER)) {
		fprintf(out, TYPE "%.*s_total " COUNTER "\n", name_size, name);
		return KIND_COUNTER;
	}
	if (starts(kind, GAUGEHISTOGRAM)) {
		fprintf(out, TYPE "%.*s histogram\n", name_size, name);
		return KIND_GAUGEHISTOGRAM;
	}
	fprintf(out, "%.*s\n", (int)size, line);
	return KIND_OTHER;
}

/* "# HELP NAME TEXT" */
static void put_help(FILE *out, const char *line, size_t size, enum kind kind)
{
	const char *name = line + strlen(HELP);
	size_t name_size = strcspn(name, " \n");

	fprintf(out, HELP "%.*s%s%.*s\n", (int)name_size, name,
	        kind == KIND_COUNTER ? "_total" : "",
	        (int)(size - strlen(HELP) - name_size), name + name_size);
}

/* The samples _gcount and _gsum become _count and _sum. */
static void put_sample(FILE *out, const char *line, size_t size, enum kind kind)
{
	size_t name_size = strcspn(line, "{ \n");
	const char *suffix =
	        kind == KIND_GAUGEHISTOGRAM ? memmem(line, name_size, "_g", 2) : NULL;

	if (suffix != NULL && (starts(suffix, "_gcount") || starts(suffix, "_gsum")))
		fprintf(out, "%.*s_%.*s\n", (int)(suffix - line), line,
		        (int)(line + size - suffix) - 2, suffix + 2);
	else
		fprintf(out, "%.*s\n", (int)size, line);
}

int classic_make(const char *openmetrics, char **ret, size_t *ret_size)
{
	enum kind kind = KIND_OTHER;
	FILE *out = open_memstream(ret, ret_size);
	bool failed;

	if (out == NULL)
		return -ENOMEM;
	for (const char *line = openmetrics; *line != '\0';) {
		size_t size = strcspn(line, "\n");

		if (starts(line, TYPE))
			kind = put_type(out, line, size);
		else if (starts(line, HELP))
			put_help(out, line, size, kind);
		else if (*line != '#')
			put_sample(out, line, size, kind);
		line += size + (line[size] == '\n');
	}
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(*ret);
		return -ENOMEM;
	}
	return 0;
}
