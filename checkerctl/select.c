/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: turns options into parameters of calls. One thread. */
#include "checkerctl/select.h"

#include <string.h>

bool select_is_given(const struct ctl_options *o)
{
	return (o->given & SELECT_OPTIONS) != 0;
}

static void add_text(json_object *parameters, const char *key, const char *text)
{
	if (text != NULL)
		json_object_object_add(parameters, key, json_object_new_string(text));
}

/* "down,timeout" */
static json_object *list_of(const char *words)
{
	json_object *list = json_object_new_array();

	for (;;) {
		size_t n = strcspn(words, ",");

		json_object_array_add(list, json_object_new_string_len(words, (int)n));
		if (words[n] == '\0')
			return list;
		words += n + 1;
	}
}

json_object *select_parameters(const struct ctl_options *o, json_object *parameters)
{
	if (parameters == NULL)
		parameters = json_object_new_object();
	add_text(parameters, "host", o->host);
	add_text(parameters, "target", o->target);
	add_text(parameters, "map", o->map);
	if (o->states != NULL)
		json_object_object_add(parameters, "states", list_of(o->states));
	return parameters;
}
