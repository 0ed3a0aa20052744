/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_STRICT_JSON_H
#define TESTS_STRICT_JSON_H

/*
 * What json-c makes of a text that has to be JSON and nothing else; NULL: it is not.
 * JSON_TOKENER_STRICT of json-c 0.18 refuses all that is not ASCII. So json-c judges a copy in
 * which a question mark replaces each such byte, and reads the text without that flag.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "util/utf8.h"

/* The text ends with a NUL after size bytes. */
static inline json_object *strict_json_parse(const char *text, size_t size, int flags)
{
	json_tokener *t = json_tokener_new();
	json_object *o;

	if (t == NULL)
		return NULL;
	json_tokener_set_flags(t, flags);
	o = json_tokener_parse_ex(t, text, (int)size + 1);
	if (json_tokener_get_error(t) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

/* Strings may have bytes that are not UTF-8. */
static inline json_object *strict_json_bytes(const char *text, size_t size)
{
	char *copy = malloc(size + 1);
	json_object *o;

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < size; i++)
		copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	copy[size] = '\0';
	o = strict_json_parse(copy, size, JSON_TOKENER_STRICT);
	if (o != NULL) {
		json_object_put(o);
		memcpy(copy, text, size);
		o = strict_json_parse(copy, size, 0);
	}
	free(copy);
	return o;
}

static inline json_object *strict_json(const char *text, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = utf8_length(text + i, size - i);
		if (n == 0)
			return NULL;
	}
	return strict_json_bytes(text, size);
}

#endif
