/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show latency: compares each path with the others of its map. One thread. */
#include "checkerctl/latency.h"

#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/fields.h"
#include "checkerctl/select.h"
#include "checkerctl/table_fields.h"

struct measured {
	json_object *path;
	const char *map;
	double p50;
};

/* By map, then by median, the fastest first. */
static int compare_medians(const void *a, const void *b)
{
	const struct measured *x = a, *y = b;
	int r = strcmp(x->map, y->map);

	return r != 0 ? r : (x->p50 > y->p50) - (x->p50 < y->p50);
}

static bool measure(json_object *path, struct measured *ret)
{
	json_object *latency = NULL;

	ret->path = path;
	ret->map = ctl_text(path, "map", NULL);
	return ret->map != NULL &&
	       json_object_object_get_ex(path, "latency_us", &latency) &&
	       json_object_is_type(latency, json_type_object) &&
	       ctl_number(latency, "p50", &ret->p50);
}

/* The daemon decides. One that is older decides nothing. */
static bool is_slower(const struct measured *m, double others)
{
	json_object *slow;

	if (json_object_object_get_ex(m->path, "slow", &slow))
		return json_object_get_boolean(slow);
	return m->p50 >= SLOWER_TIMES * others && m->p50 - others >= SLOWER_US;
}

/* Compares each path of one map with the median of the others: of two middle values the
 * smaller. */
static void compare_siblings(const struct measured *m, size_t n)
{
	for (size_t i = 0; n > 1 && i < n; i++) {
		size_t middle = (n - 2) / 2;
		double others = m[middle < i ? middle : middle + 1].p50;

		if (others > 0 && is_slower(&m[i], others))
			json_object_object_add(m[i].path, "slower",
			                       json_object_new_double(m[i].p50 / others));
	}
}

void latency_compare(json_object *paths)
{
	size_t n = json_object_array_length(paths), known = 0;
	struct measured *m = calloc(n + 1, sizeof(*m));

	if (m == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_array_get_idx(paths, i);

		if (!json_object_is_type(path, json_type_object))
			continue;
		json_object_object_add(path, "slower", NULL);
		known += measure(path, &m[known]);
	}
	qsort(m, known, sizeof(*m), compare_medians);
	for (size_t first = 0, i = 0; i < known; i++)
		if (i + 1 == known || strcmp(m[i].map, m[i + 1].map) != 0) {
			compare_siblings(&m[first], i + 1 - first);
			first = i + 1;
		}
	free(m);
}

/* Copies "slower" from the list of all paths to the requested paths. */
static void take_over(json_object *paths, json_object *all)
{
	json_object *index = json_object_new_object(), *path, *slower;

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		path = json_object_array_get_idx(all, i);
		json_object_object_add(index, ctl_text(path, "name", ""),
		                       json_object_get(path));
	}
	for (size_t i = 0; i < json_object_array_length(paths); i++) {
		json_object *known;

		path = json_object_array_get_idx(paths, i);
		if (!json_object_is_type(path, json_type_object))
			continue;
		slower = NULL;
		if (json_object_object_get_ex(index, ctl_text(path, "name", ""), &known))
			json_object_object_get_ex(known, "slower", &slower);
		json_object_object_add(path, "slower", json_object_get(slower));
	}
	json_object_put(index);
}

/* What latency_compare() reads. */
#define COMPARED "name,map,slow,latency_us"

/* A requested path is compared with all other paths of its map. */
static int compare_named(struct ctl *ctl, json_object *paths)
{
	json_object *reply, *all;
	int r = ctl_call(ctl, "ListPaths", fields_add(NULL, COMPARED), &reply);

	if (r)
		return r;
	if (ctl_list(reply, "paths", &all) > 0) {
		latency_compare(all);
		take_over(paths, all);
	}
	json_object_put(reply);
	return 0;
}

int show_latency(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *reply, *paths;
	int r = table_check_columns(&table_latency, ctl->options->columns);

	if (r)
		return r;
	r = ctl_call_names(ctl, "ListPaths", CTL_PATHS, operands, n,
	                   table_fields(select_parameters(ctl->options, NULL),
	                                &table_latency, ctl->options, COMPARED ",devt"),
	                   &reply);
	if (r)
		return r;
	if (ctl_list(reply, "paths", &paths) > 0) {
		if (n > 0 || select_is_given(ctl->options))
			r = compare_named(ctl, paths);
		else
			latency_compare(paths);
		if (n == 0)
			ctl_sort_named(paths);
	}
	if (r == 0)
		r = show_list(ctl, &table_latency, reply, "paths");
	json_object_put(reply);
	return r;
}
