/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads multipathd's list of paths. Owns nothing. One thread. */
#include "checkerctl/multipathd_paths.h"

#include <stdlib.h>
#include <string.h>

#include "checkerctl/ctl.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"

#define SEPARATOR '|'

enum field {
	FIELD_NAME,
	FIELD_DEVT,
	FIELD_DM_STATE,
	FIELD_STATE,
	FIELD_DEVICE_STATE,
	FIELD_CHECKER,
	FIELD_MAP,
	FIELD_COUNT_
};

static const char *const keys[] = {
	[FIELD_NAME] = "name",
	[FIELD_DEVT] = "devt",
	[FIELD_DM_STATE] = "dm_state",
	[FIELD_STATE] = "state",
	[FIELD_DEVICE_STATE] = "device_state",
	[FIELD_CHECKER] = "checker",
	[FIELD_MAP] = "map",
};
static_assert(ARRAY_LEN(keys) == FIELD_COUNT_, "a key for each field");

const char *multipathd_path_key(json_object *path)
{
	const char *devt = ctl_text(path, "devt", "");

	return strchr(devt, ':') != NULL && strchr(devt, '#') == NULL
	               ? devt
	               : ctl_text(path, "name", "");
}

/* NULL: the line is not of the form that was asked for. */
static json_object *parse_line(const char *line, size_t length)
{
	json_object *path = json_object_new_object();
	char *words;

	for (size_t i = 0; i < FIELD_COUNT_; i++) {
		const char *end =
		        i == FIELD_MAP ? line + length : memchr(line, SEPARATOR, length);

		if (end == NULL) {
			json_object_put(path);
			return NULL;
		}
		json_object_object_add(
		        path, keys[i],
		        json_object_new_string_len(line, (int)(end - line)));
		if (i == FIELD_MAP)
			break;
		length -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	if (asprintf(&words, "%s %s %s", ctl_text(path, "dm_state", ""),
	             ctl_text(path, "state", ""), ctl_text(path, "device_state", "")) < 0)
		abort();
	json_object_object_add(path, "words", json_object_new_string(words));
	free(words);
	return path;
}

/* "ok" is multipathd's word for an empty list. */
int multipathd_paths_parse(const char *text, json_object *paths)
{
	const char *end, *last = text + strlen(text);

	if (strcmp(text, "ok\n") == 0)
		return 0;
	if (strstr(text, "timeout\n") != NULL && strchr(text, SEPARATOR) == NULL)
		return human_complain(
		        EXIT_UNREACHABLE,
		        "multipathd is busy, and ended the request after its "
		        "own time limit; repeat the command, or raise "
		        "uxsock_timeout in multipath.conf");
	for (const char *line = text; line < last; line = end < last ? end + 1 : last) {
		json_object *path;

		end = memchr(line, '\n', (size_t)(last - line));
		if (end == NULL)
			end = last;
		path = parse_line(line, (size_t)(end - line));
		if (path == NULL)
			return human_complain(EXIT_UNREACHABLE,
			                      "multipathd does not answer as expected: "
			                      "'%.*s'; see 'multipathd show paths'",
			                      (int)MIN(end - line, 80), line);
		/* Of two lines with one key the last counts. */
		json_object_object_add(paths, multipathd_path_key(path), path);
	}
	return 0;
}
