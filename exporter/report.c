/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: one pass over the lines. The heads of a family come before its samples, and its type
 * before its help, as checkerd writes them. Any thread.
 */
#include "exporter/report.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define TYPE   "# TYPE "
#define HELP   "# HELP "
#define PREFIX "checkerd_"

/* Families whose metric is a word: the value of this label. */
static const struct {
	const char *family, *label, *description;
} words[] = {
	{ PREFIX "path_state", "state", "The state that the path is in." },
	{ PREFIX "path_loss", "loss", "transient or permanent: the path is lost." },
	{ PREFIX "path_held", "reason", "Why the path is held, kept out of use." },
};

struct family {
	char name[128];
	const char *type; /* of io.systemd.Metrics; NULL: none, as for a histogram */
	const char *word; /* the label that is the value; NULL: the value is a number */
	const char *description; /* with word */
};

/* A string that was written with escapes; moves *s behind it: to a quote or the end of the line. */
static json_object *take_text(const char **s)
{
	const char *end = *s;
	json_object *o;
	size_t n = 0;
	char *text;

	while (*end != '\0' && *end != '\n' && *end != '"')
		end += 1 + (*end == '\\' && end[1] != '\0');
	text = malloc((size_t)(end - *s) + 1);
	if (text == NULL)
		return NULL;
	for (const char *p = *s; p < end; p++) {
		bool escaped = *p == '\\' && p + 1 < end;

		p += escaped;
		text[n++] = escaped && *p == 'n' ? '\n' : *p;
	}
	o = json_object_new_string_len(text, (int)n);
	free(text);
	*s = end;
	return o;
}

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static json_object *family_name(const struct family *f)
{
	const char *own = f->name + (starts(f->name, PREFIX) ? strlen(PREFIX) : 0);
	char name[sizeof(REPORT_NAME) + 1 + sizeof(f->name)];

	(void)snprintf(name, sizeof(name), REPORT_NAME ".%s", own);
	return json_object_new_string(name);
}

static const char *copy_word(char *to, size_t size, const char *s)
{
	size_t n = strcspn(s, " {\n");

	(void)snprintf(to, size, "%.*s", (int)n, s);
	return s + n + (s[n] == ' ');
}

/* "NAME KIND" */
static void begin_family(const char *line, struct family *ret)
{
	char kind[32];

	*ret = (struct family){ .type = NULL };
	(void)copy_word(kind, sizeof(kind),
	                copy_word(ret->name, sizeof(ret->name), line));
	if (strcmp(kind, "counter") == 0)
		ret->type = "counter";
	else if (strcmp(kind, "gauge") == 0)
		ret->type = "gauge";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].family, ret->name) == 0) {
			ret->type = "string";
			ret->word = words[i].label;
			ret->description = words[i].description;
		}
}

/* "{path="…",map="…",…}": the path, or else the map, is the object. Moves *s behind it. */
static void take_labels(const char **s, json_object *metric, const char *word)
{
	json_object *fields = json_object_new_object(), *object = NULL;
	const char *p = *s + (**s == '{');

	while (*p != '\0' && *p != '\n' && *p != '}' && *p != ' ') {
		char key[64];
		json_object *value;
		size_t n = strcspn(p, "=\n");

		(void)snprintf(key, sizeof(key), "%.*s", (int)n, p);
		p += n + strspn(p + n, "=\"");
		value = take_text(&p);
		p += strspn(p, "\",");
		if (word != NULL && strcmp(key, word) == 0)
			json_object_object_add(metric, "value", value);
		else if (object == NULL &&
		         (strcmp(key, "path") == 0 || strcmp(key, "map") == 0))
			object = value;
		else
			json_object_object_add(fields, key, value);
	}
	*s = p + (*p == '}');
	if (object != NULL)
		json_object_object_add(metric, "object", object);
	if (json_object_object_length(fields) > 0)
		json_object_object_add(metric, "fields", fields);
	else
		json_object_put(fields);
}

/* NULL: not a number of JSON. */
static json_object *take_number(const char *s)
{
	size_t n = strspn(s, "-0123456789");
	char text[64];

	if (n == 0)
		return NULL;
	if (s[n] == '\0' || s[n] == '\n' || s[n] == ' ')
		return json_object_new_int64(strtoll(s, NULL, 10));
	(void)copy_word(text, sizeof(text), s);
	return json_object_new_double_s(strtod(text, NULL), text);
}

/* NAME{LABELS} VALUE */
static void add_sample(json_object *to, const char *line, const struct family *f)
{
	json_object *metric = json_object_new_object(), *number;
	const char *s = line + strcspn(line, "{ \n");

	json_object_object_add(metric, "name", family_name(f));
	take_labels(&s, metric, f->word);
	number = take_number(s + strspn(s, " "));
	if (number == NULL) {
		json_object_put(metric);
		return;
	}
	if (f->word == NULL)
		json_object_object_add(metric, "value", number);
	else
		json_object_put(number);
	json_object_array_add(to, metric);
}

/* "NAME TEXT" */
static void add_help(json_object *to, const char *line, const struct family *f)
{
	json_object *family = json_object_new_object();
	const char *text = line + strcspn(line, " \n");

	text += *text == ' ';
	json_object_object_add(family, "name", family_name(f));
	json_object_object_add(family, "description",
	                       f->description != NULL
	                               ? json_object_new_string(f->description)
	                               : take_text(&text));
	json_object_object_add(family, "type", json_object_new_string(f->type));
	json_object_array_add(to, family);
}

static json_object *make(const char *text, bool describe)
{
	json_object *all = json_object_new_array();
	struct family f = { .type = NULL };

	for (const char *line = text; *line != '\0';) {
		if (starts(line, TYPE))
			begin_family(line + strlen(TYPE), &f);
		else if (describe && starts(line, HELP) && f.type != NULL)
			add_help(all, line + strlen(HELP), &f);
		else if (!describe && *line != '#' && f.type != NULL)
			add_sample(all, line, &f);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return all;
}

json_object *report_list(const char *openmetrics)
{
	return make(openmetrics, false);
}

json_object *report_describe(const char *openmetrics)
{
	return make(openmetrics, true);
}
