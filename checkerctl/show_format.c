/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show paths format, show maps format, and show wildcards. One thread. */
#include <string.h>

#include "checkerctl/commands.h"
#include "checkerctl/fields.h"
#include "checkerctl/format.h"
#include "checkerctl/select.h"

#define SYSFS "/sys"

static void print_rows(struct ctl *ctl, const struct wildcard_table *t,
                       const char *format, json_object *rows, bool raw)
{
	format_print(stdout, t, format, rows,
	             !ctl_options_has(ctl->options, OPT_NO_HEADINGS),
	             raw || ctl_options_has(ctl->options, OPT_RAW), SYSFS);
}

static int print_paths(struct ctl *ctl, const char *const *operands, size_t n, bool raw)
{
	json_object *reply, *list;
	int r = format_check(&path_wildcards, operands[0]);

	if (r)
		return r;
	r = ctl_call_names(
	        ctl, "ListPaths", CTL_PATHS, operands + 1, n - 1,
	        fields_add(select_parameters(ctl->options, NULL), path_wildcard_keys),
	        &reply);
	if (r)
		return r;
	if (ctl_list(reply, "paths", &list) > 0) {
		if (n == 1)
			ctl_sort_named(list);
		print_rows(ctl, &path_wildcards, operands[0], list, raw);
	}
	json_object_put(reply);
	return 0;
}

int show_paths_format(struct ctl *ctl, const char *const *operands, size_t n)
{
	return print_paths(ctl, operands, n, false);
}

int show_paths_raw_format(struct ctl *ctl, const char *const *operands, size_t n)
{
	return print_paths(ctl, operands, n, true);
}

/* --- maps --- */

/* Does the format show what the disk says of itself? A map of ListMaps has only names of paths. */
static bool needs_paths(const char *format)
{
	for (const char *s = strchr(format, '%'); s != NULL && s[1] != '\0';
	     s = strchr(s + 2, '%'))
		if (strchr("svpe", s[1]) != NULL)
			return true;
	return false;
}

/* Gives each map one of its paths, the first that has a vendor and a product. */
static int add_paths(struct ctl *ctl, json_object *maps)
{
	json_object *of_map = json_object_new_object(), *reply, *paths, *path;
	int r = ctl_call(ctl, "ListPaths",
	                 fields_add(NULL, "map,vendor,product,revision"), &reply);
	size_t n = r == 0 ? ctl_list(reply, "paths", &paths) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *map;

		path = json_object_array_get_idx(paths, i);
		map = ctl_text(path, "map", NULL);
		if (map != NULL && ctl_text(path, "vendor", NULL) != NULL &&
		    ctl_text(path, "product", NULL) != NULL &&
		    !json_object_object_get_ex(of_map, map, NULL))
			json_object_object_add(of_map, map, json_object_get(path));
	}
	for (size_t i = 0; r == 0 && i < json_object_array_length(maps); i++) {
		json_object *map = json_object_array_get_idx(maps, i);

		if (json_object_object_get_ex(of_map, ctl_text(map, "name", ""), &path))
			json_object_object_add(map, "first_path", json_object_get(path));
	}
	if (r == 0)
		json_object_put(reply);
	json_object_put(of_map);
	return r;
}

static int print_maps(struct ctl *ctl, const char *const *operands, size_t n, bool raw)
{
	json_object *reply, *list;
	int r = format_check(&map_wildcards, operands[0]);

	if (r)
		return r;
	r = ctl_call_names(ctl, "ListMaps", CTL_MAPS, operands + 1, n - 1, NULL, &reply);
	if (r)
		return r;
	if (ctl_list(reply, "maps", &list) > 0) {
		if (n == 1)
			ctl_sort_named(list);
		if (needs_paths(operands[0]))
			r = add_paths(ctl, list);
		if (r == 0)
			print_rows(ctl, &map_wildcards, operands[0], list, raw);
	}
	json_object_put(reply);
	return r;
}

int show_maps_format(struct ctl *ctl, const char *const *operands, size_t n)
{
	return print_maps(ctl, operands, n, false);
}

int show_maps_raw_format(struct ctl *ctl, const char *const *operands, size_t n)
{
	return print_maps(ctl, operands, n, true);
}

int show_wildcards(struct ctl *ctl _unused_, const char *const *operands _unused_,
                   size_t n _unused_)
{
	puts("multipath format wildcards:");
	format_list(stdout, &map_wildcards);
	puts("\npath format wildcards:");
	format_list(stdout, &path_wildcards);
	return 0;
}
