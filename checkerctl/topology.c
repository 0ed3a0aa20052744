/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show topology: prints maps, their groups and their paths as a tree. One thread. */
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/table_fields.h"

/* Indexes the paths by name: maps list names, and a search for each of thousands is slow. */
static json_object *by_name(json_object *paths, size_t n)
{
	json_object *index = json_object_new_object();

	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_array_get_idx(paths, i);
		const char *name = ctl_text(path, "name", NULL);

		if (name != NULL)
			json_object_object_add(index, name, json_object_get(path));
	}
	return index;
}

/* Adds ", 2 disabled" when the count is not 0. */
static void append_count(char *buf, size_t size, json_object *map, const char *key,
                         const char *words)
{
	size_t n = strlen(buf);
	double count;

	if (ctl_number(map, key, &count) && count > 0)
		(void)snprintf(buf + n, size - n, ", %.0f %s", count, words);
}

static void append_flag(char *buf, size_t size, json_object *map, const char *key)
{
	size_t n = strlen(buf);
	json_object *flag;

	if (json_object_object_get_ex(map, key, &flag) && json_object_get_boolean(flag))
		(void)snprintf(buf + n, size - n, ", %s", key);
}

/* Makes a row of show paths from a map. */
static json_object *map_row(json_object *map)
{
	json_object *row = json_object_new_object();
	char reason[192];

	(void)snprintf(reason, sizeof(reason), "%.20s of %.20s paths up",
	               ctl_text(map, "paths_up", "?"), ctl_text(map, "paths_total", "?"));
	append_count(reason, sizeof(reason), map, "paths_disabled", "disabled");
	append_count(reason, sizeof(reason), map, "paths_overdue", "overdue");
	append_flag(reason, sizeof(reason), map, "queueing");
	append_flag(reason, sizeof(reason), map, "suspended");
	json_object_object_add(row, "name",
	                       json_object_new_string(ctl_text(map, "name", "-")));
	json_object_object_add(row, "state",
	                       json_object_new_string(ctl_text(map, "redundancy", "-")));
	json_object_object_add(row, "reason", json_object_new_string(reason));
	for (const char *const *key = (const char *const[]){ "devt", "wwid", NULL }; *key;
	     key++) {
		json_object *value;

		if (json_object_object_get_ex(map, *key, &value) && value != NULL)
			json_object_object_add(row, *key, json_object_get(value));
	}
	return row;
}

static json_object *inner(json_object *object, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static void set_text(json_object *row, const char *key, const char *text)
{
	json_object_object_add(row, key, json_object_new_string(text));
}

/* Makes a row from a path and its entry in a map. The caller puts it. NULL: the path was added
 * or removed between the two replies. */
static json_object *path_row(json_object *index, json_object *of_map)
{
	const char *name = ctl_text(of_map, "path", NULL);
	const char *error = ctl_text(of_map, "error", NULL), *reason;
	json_object *row = json_object_new_object(), *path = NULL;
	char text[256];

	if (name == NULL) { /* checkerd does not check it */
		set_text(row, "name", ctl_text(of_map, "devt", "-"));
		set_text(row, "devt", ctl_text(of_map, "devt", "-"));
		set_text(row, "reason", "not checked here");
	} else if (json_object_object_get_ex(index, name, &path)) {
		json_object_object_foreach(path, key, value)
		        json_object_object_add(row, key, json_object_get(value));
	} else {
		json_object_put(row);
		return NULL;
	}
	json_object_object_add(row, "dm_state",
	                       json_object_get(inner(of_map, "dm_state")));
	reason = ctl_text(row, "reason", "");
	snprintf(text, sizeof(text), "%s%s%s%s%s", reason,
	         json_object_get_boolean(inner(row, "forced")) ? "; failed by hand" : "",
	         json_object_get_boolean(inner(of_map, "kept")) ? "; kept: the last path"
	                                                        : "",
	         error != NULL ? "; device-mapper refuses: " : "",
	         error != NULL ? error : "");
	if (strcmp(text, reason) != 0)
		set_text(row, "reason", *reason ? text : text + strlen("; "));
	return row;
}

static void add_path(struct table *t, struct table_row *parent, json_object *index,
                     json_object *of_map)
{
	json_object *row = path_row(index, of_map);

	if (row != NULL)
		(void)table_add(t, parent, row);
	json_object_put(row);
}

static void add_group(struct table *t, struct table_row *parent, json_object *group,
                      json_object *index)
{
	json_object *row = json_object_new_object(), *paths;
	size_t n = ctl_list(group, "paths", &paths);
	char name[64];

	snprintf(name, sizeof(name), "group %.20s", ctl_text(group, "group", "-"));
	set_text(row, "name", name);
	set_text(row, "state", ctl_text(group, "state", "-"));
	parent = table_add(t, parent, row);
	for (size_t i = 0; i < n; i++)
		add_path(t, parent, index, json_object_array_get_idx(paths, i));
	json_object_put(row);
}

static void add_map(struct table *t, json_object *map, json_object *index)
{
	json_object *row = map_row(map), *list;
	struct table_row *parent = table_add(t, NULL, row);
	size_t groups = ctl_list(map, "groups", &list), n;

	for (size_t i = 0; i < groups; i++)
		add_group(t, parent, json_object_array_get_idx(list, i), index);
	/* A map that exists only in the configuration has no groups. */
	n = groups > 0 ? 0 : ctl_list(map, "paths", &list);
	for (size_t i = 0; i < n; i++) {
		const char *name =
		        json_object_get_string(json_object_array_get_idx(list, i));
		json_object *path;

		if (name == NULL || !json_object_object_get_ex(index, name, &path))
			continue; /* added or removed between the two replies */
		(void)table_add(t, parent, path);
	}
	json_object_put(row);
}

static int print_tree(struct ctl *ctl, json_object *maps, json_object *paths, bool all)
{
	json_object *list, *index;
	struct table *t;
	size_t n;
	int r = table_new(&t, &table_topology, ctl->options, true);

	if (r)
		return r;
	n = ctl_list(paths, "paths", &list);
	index = by_name(list, n);
	if (n > 0)
		ctl_sort_named(list);
	for (size_t i = 0; all && i < n;
	     i++) { /* paths without a map come first, as roots */
		json_object *path = json_object_array_get_idx(list, i);

		if (ctl_text(path, "map", NULL) == NULL)
			(void)table_add(t, NULL, path);
	}
	n = ctl_list(maps, "maps", &list);
	if (all && n > 0)
		ctl_sort_named(list);
	for (size_t i = 0; i < n; i++)
		add_map(t, json_object_array_get_idx(list, i), index);
	table_print(t);
	table_free(t);
	json_object_put(index);
	return 0;
}

/* There is no method for a topology: prints both replies in one object. */
static void print_both(json_object *maps, json_object *paths)
{
	json_object *both = json_object_new_object(), *list;

	if (json_object_object_get_ex(maps, "maps", &list))
		json_object_object_add(both, "maps", json_object_get(list));
	if (json_object_object_get_ex(paths, "paths", &list))
		json_object_object_add(both, "paths", json_object_get(list));
	ctl_print_json(both);
	json_object_put(both);
}

int show_topology(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *maps, *paths;
	int r = table_check_columns(&table_topology, ctl->options->columns);

	if (r)
		return r;
	r = ctl_call_names(ctl, "ListMaps", CTL_MAPS, operands, n, NULL, &maps);
	if (r)
		return r;
	r = ctl_call(ctl, "ListPaths",
	             table_fields(NULL, &table_topology, ctl->options,
	                          "name,devt,map,reason,forced"),
	             &paths);
	if (r == 0) {
		if (ctl_options_has(ctl->options, OPT_JSON))
			print_both(maps, paths);
		else
			r = print_tree(ctl, maps, paths, n == 0);
		json_object_put(paths);
	}
	json_object_put(maps);
	return r;
}
