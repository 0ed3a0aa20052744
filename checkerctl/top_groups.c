/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the rows of groups; see top_groups.h. One thread. */
#include "checkerctl/top_groups.h"

#include <string.h>

#include "checkerctl/ctl.h"

int top_severity(const char *state)
{
	static const char *const states[] = { "up",       "ghost",   "unchecked",
		                              "disabled", "pending", "delayed",
		                              "shaky",    "timeout", "removed",
		                              "down",     "failed",  "disconnected",
		                              "none" };

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], state) == 0)
			return (int)i;
	return 2;
}

void top_groups_deinit(struct top_groups *g)
{
	json_object_put(g->rows);
	*g = TOP_GROUPS_NULL;
}

static double number(json_object *object, const char *key)
{
	double n;

	return ctl_number(object, key, &n) ? n : 0;
}

static void add_int(json_object *row, const char *key, double n)
{
	json_object_object_add(row, key,
	                       json_object_new_int64((int64_t)(number(row, key) + n)));
}

/* A number of the row becomes the larger one; what no path has stays unknown. */
static void keep_larger(json_object *row, json_object *path, const char *key)
{
	double n, now;

	if (!ctl_number(path, key, &n))
		return;
	if (!ctl_number(row, key, &now) || n > now)
		json_object_object_add(row, key, json_object_new_double(n));
}

static void copy(json_object *row, json_object *path, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(path, key, &value); /* NULL: it is missing */
	json_object_object_add(row, key, json_object_get(value));
}

static const char *count_key(const char *state)
{
	if (strcmp(state, "up") == 0 || strcmp(state, "ghost") == 0)
		return "up";
	return top_severity(state) >= top_severity("timeout") ? "down" : "other";
}

static json_object *row_of(struct top_groups *g, const char *name)
{
	json_object *row;

	if (g->rows == NULL)
		g->rows = json_object_new_object();
	if (json_object_object_get_ex(g->rows, name, &row))
		return row;
	row = json_object_new_object();
	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "latency_us", json_object_new_object());
	json_object_object_add(g->rows, name, row);
	return row;
}

void top_groups_add(struct top_groups *g, const char *key, json_object *path, bool passes)
{
	static const char *const latencies[] = { "last", "p50", "p99", "max" };
	json_object *row = row_of(g, ctl_text(path, key, "-")), *to, *from;
	const char *state = ctl_text(path, "state", "-");

	if (number(row, "paths") == 0 ||
	    top_severity(state) > top_severity(ctl_text(row, "state", ""))) {
		copy(row, path, "state");
		copy(row, path, "state_since");
		copy(row, path, "reason");
	}
	add_int(row, "paths", 1);
	add_int(row, "up", 0);
	add_int(row, "down", 0);
	add_int(row, "other", 0);
	add_int(row, count_key(state), 1);
	add_int(row, "failures_total", number(path, "failures_total"));
	keep_larger(row, path, "in_flight_s");
	if (json_object_object_get_ex(row, "latency_us", &to) &&
	    json_object_object_get_ex(path, "latency_us", &from) &&
	    json_object_is_type(from, json_type_object))
		for (size_t i = 0; i < ARRAY_LEN(latencies); i++)
			keep_larger(to, from, latencies[i]);
	if (passes)
		json_object_object_add(row, "passes", json_object_new_boolean(true));
}
