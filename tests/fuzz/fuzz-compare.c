/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * multipathd's list of paths, as checkerctl compare reads it. Each path that is read has all its
 * texts, and they are in the reply. A message about the reply is safe on a terminal.
 */
#include <locale.h>
#include <string.h>

#include "checkerctl/exit.h"
#include "checkerctl/multipathd_paths.h"
#include "tests/fuzz/fuzz.h"

void fuzz_begin(void)
{
	REQUIRE(setlocale(LC_CTYPE, "C.UTF-8"), "no such locale");
}

static void look_at(const char *reply, const char *key, json_object *path)
{
	static const char *const texts[] = { "name",  "devt",         "dm_state",
		                             "state", "device_state", "checker",
		                             "map" };

	REQUIRE(strcmp(multipathd_path_key(path), key) == 0, "the key '%s'", key);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_object *value = NULL;

		REQUIRE(json_object_object_get_ex(path, texts[i], &value) &&
		                json_object_is_type(value, json_type_string),
		        "no %s", texts[i]);
		REQUIRE(strstr(reply, json_object_get_string(value)), "invented: %s",
		        json_object_get_string(value));
	}
	REQUIRE(json_object_object_length(path) == 8, "%d texts",
	        json_object_object_length(path));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *reply = fuzz_string(&in, '\0'), *message;
	json_object *paths = json_object_new_object();
	FILE *saved = stderr, *caught;
	size_t length;
	int r;

	caught = open_memstream(&message, &length);
	REQUIRE(caught, "no memory");
	stderr = caught;
	r = multipathd_paths_parse(reply, paths);
	stderr = saved;
	REQUIRE(fclose(caught) == 0, "no memory");
	REQUIRE(r == 0 || r == EXIT_UNREACHABLE, "%d", r);
	REQUIRE((r == 0) == (length == 0), "%d and the message %s", r, message);
	REQUIRE(fuzz_is_plain(message, length, "\n\t"), "the message %s", message);
	json_object_object_foreach(paths, key, path)
	{
		look_at(reply, key, path);
	}
	json_object_put(paths);
	free(message);
	free(reply);
}
