/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the lists of the keys that the page uses. Any thread. */
#include "exporter/picture.h"

#include <time.h>
#include <unistd.h>

#include "util/macro.h"

/* With ten thousand paths, all keys would be 15 MB. */
static const char *const path_keys[] = {
	"device",
	"devt",
	"hcil",
	"host",
	"target",
	"state",
	"map",
	"state_since",
	"reason",
	"loss",
	"dm_state",
	"access_state",
	"checker",
	"overdue",
	"slow",
	"marginal",
	"marginal_reason",
	"disabled_by",
	"disabled_until",
	"last_check",
	"failures_in_row",
	"error_share_percent",
	"latency_us",
	"latency_counts",
};
static const char *const map_keys[] = {
	"name",           "dm",         "wwid",       "paths_total", "paths_up",
	"paths_expected", "redundancy", "lost_since", "queueing",    "suspended",
	"paths",
};
static const char *const status_keys[] = {
	"version", "started", "ready", "paths", "maps", "dm_control", "warnings",
};

/* Shares the values of the keys with `from`. */
static json_object *pick(json_object *from, const char *const *keys, size_t n)
{
	json_object *to = json_object_new_object(), *value;

	for (size_t i = 0; i < n; i++)
		if (json_object_object_get_ex(from, keys[i], &value) && value != NULL)
			json_object_object_add(to, keys[i], json_object_get(value));
	return to;
}

static void add_paths(json_object *to, json_object *reply)
{
	json_object *list, *name;

	if (!json_object_object_get_ex(reply, "paths", &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *path = json_object_array_get_idx(list, i);

		if (json_object_object_get_ex(path, "name", &name))
			json_object_object_add(
			        to, json_object_get_string(name),
			        pick(path, path_keys, ARRAY_LEN(path_keys)));
	}
}

static void add_maps(json_object *to, json_object *reply)
{
	json_object *list;

	if (!json_object_object_get_ex(reply, "maps", &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		json_object_array_add(to, pick(json_object_array_get_idx(list, i),
		                               map_keys, ARRAY_LEN(map_keys)));
}

void picture_add_fields(json_object *list)
{
	json_object_array_add(list, json_object_new_string("name"));
	for (size_t i = 0; i < ARRAY_LEN(path_keys); i++)
		json_object_array_add(list, json_object_new_string(path_keys[i]));
}

json_object *picture_make(json_object *paths, json_object *maps, json_object *status)
{
	json_object *picture = json_object_new_object(),
	            *all_paths = json_object_new_object(),
	            *all_maps = json_object_new_array();
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	add_paths(all_paths, paths);
	add_maps(all_maps, maps);
	json_object_object_add(picture, "host", json_object_new_string(host));
	json_object_object_add(picture, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(picture, "status",
	                       pick(status, status_keys, ARRAY_LEN(status_keys)));
	json_object_object_add(picture, "maps", all_maps);
	json_object_object_add(picture, "paths", all_paths);
	return picture;
}
