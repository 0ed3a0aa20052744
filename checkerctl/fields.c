/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: lists the keys that a command reads. One thread. */
#include "checkerctl/fields.h"

#include <string.h>

json_object *fields_add(json_object *parameters, const char *keys)
{
	json_object *list;

	if (parameters == NULL)
		parameters = json_object_new_object();
	if (!json_object_object_get_ex(parameters, FIELDS, &list)) {
		list = json_object_new_array();
		json_object_object_add(parameters, FIELDS, list);
	}
	while (*keys != '\0') {
		size_t n = strcspn(keys, ","), key = strcspn(keys, ".,");

		json_object_array_add(list, json_object_new_string_len(keys, (int)key));
		keys += n + (keys[n] != '\0');
	}
	return parameters;
}
