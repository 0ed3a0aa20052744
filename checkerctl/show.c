/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The show commands that print tables: one call, one row for each element. One thread. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/select.h"
#include "checkerctl/table_fields.h"

static bool as_json(const struct ctl *ctl)
{
	return ctl_options_has(ctl->options, OPT_JSON);
}

int show_list(struct ctl *ctl, const struct table_def *def, json_object *reply,
              const char *key)
{
	json_object *list;
	struct table *t;
	size_t n = ctl_list(reply, key, &list);
	int r = 0;

	if (n > 0 && ctl->options->sort != NULL)
		r = table_sort(def, ctl->options->sort, list);
	if (r == 0 && as_json(ctl))
		ctl_print_json(reply);
	if (r || as_json(ctl))
		return r;
	r = table_new(&t, def, ctl->options, false);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		(void)table_add(t, NULL,
		                json_object_array_get_idx(list, i)); /* no tree */
	table_print(t);
	table_free(t);
	return 0;
}

static const char *list_key(enum ctl_names kind)
{
	return kind == CTL_PATHS ? "paths" : "maps";
}

static const char *list_method(enum ctl_names kind)
{
	return kind == CTL_PATHS ? "ListPaths" : "ListMaps";
}

/* An empty table is no answer for people. Scripts get no message. */
static void explain_empty(const struct ctl_options *o, enum ctl_names kind)
{
	if ((o->given & (OPT_BIT(OPT_JSON) | OPT_BIT(OPT_RAW) | OPT_BIT(OPT_NO_HEADINGS) |
	                 OPT_BIT(OPT_COLUMNS))) != 0)
		return;
	if (select_is_given(o))
		(void)human_complain(0, "no path has these properties");
	else if (kind == CTL_PATHS)
		(void)human_complain(0,
		                     "no path is checked; see 'checkerctl doctor', and "
		                     "'checkerctl show devices'");
	else
		(void)human_complain(0, "there is no map");
}

static json_object *list_parameters(const struct ctl *ctl, const struct table_def *def,
                                    enum ctl_names kind)
{
	json_object *p = select_parameters(ctl->options, NULL);

	return kind == CTL_PATHS ? table_fields(p, def, ctl->options, "name,devt") : p;
}

static int show_named(struct ctl *ctl, const struct table_def *def, enum ctl_names kind,
                      const char *const *names, size_t n)
{
	json_object *reply, *list;
	int r = table_check_columns(def, ctl->options->columns);

	if (r)
		return r;
	if (n == 0 && as_json(ctl) && ctl->options->sort == NULL)
		return ctl_print_call(ctl, list_method(kind),
		                      list_parameters(ctl, def, kind));
	r = ctl_call_names(ctl, list_method(kind), kind, names, n,
	                   list_parameters(ctl, def, kind), &reply);
	if (r)
		return r;
	/* Named paths stay in the user's order; all paths are sorted. */
	if (n == 0 && !as_json(ctl) && ctl_list(reply, list_key(kind), &list) > 0)
		ctl_sort_named(list);
	r = show_list(ctl, def, reply, list_key(kind));
	if (r == 0 && ctl_list(reply, list_key(kind), &list) == 0)
		explain_empty(ctl->options, kind);
	json_object_put(reply);
	return r;
}

int show_paths(struct ctl *ctl, const char *const *operands, size_t n)
{
	return show_named(ctl, &table_paths, CTL_PATHS, operands, n);
}

int show_maps(struct ctl *ctl, const char *const *operands, size_t n)
{
	return show_named(ctl, &table_maps, CTL_MAPS, operands, n);
}

/* --- history --- */

/* The present state as a last row, whose change to another state is not known yet. */
static json_object *present_row(json_object *history)
{
	json_object *row = json_object_new_object(), *state = NULL;
	struct timespec ts;
	double since;

	clock_gettime(CLOCK_REALTIME, &ts);
	json_object_object_add(row, "time", json_object_new_string("now"));
	if (json_object_object_get_ex(history, "state", &state) && state != NULL)
		json_object_object_add(row, "from", json_object_get(state));
	if (human_parse_time(ctl_text(history, "state_since", ""), &since) == 0)
		json_object_object_add(row, "lasted_s",
		                       json_object_new_double((double)ts.tv_sec +
		                                              (double)ts.tv_nsec / 1e9 -
		                                              since));
	return row;
}

static int print_history(struct ctl *ctl, json_object *history)
{
	json_object *list, *now;
	struct table *t;
	size_t n;
	int r = table_new(&t, &table_history, ctl->options, false);

	if (r)
		return r;
	n = ctl_list(history, "changes", &list);
	for (size_t i = 0; i < n; i++)
		(void)table_add(t, NULL,
		                json_object_array_get_idx(list, i)); /* no tree */
	if (ctl_text(history, "state", NULL) != NULL) {
		now = present_row(history);
		(void)table_add(t, NULL, now);
		json_object_put(now);
	}
	table_print(t);
	table_free(t);
	return 0;
}

int show_history(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *reply, *list;
	int r = table_check_columns(&table_history, ctl->options->columns);

	if (r)
		return r;
	r = ctl_call_names(ctl, "ListHistory", CTL_PATHS, operands, n, NULL, &reply);
	if (r)
		return r;
	if (as_json(ctl))
		ctl_print_json(reply);
	else if (ctl_list(reply, "histories", &list) > 0)
		r = print_history(ctl, json_object_array_get_idx(list, 0));
	json_object_put(reply);
	return r;
}

/* --- groups --- */

/* Prints the format below the table. Each % stands for the value of the next key; a key
 * "outer.inner" is that of an inner object. */
static void print_values(json_object *reply, const char *format, const char *const *keys)
{
	for (; *format; format++) {
		json_object *at = reply;
		const char *key, *point;

		if (*format != '%') {
			putchar(*format);
			continue;
		}
		key = *keys++;
		point = strchr(key, '.');
		if (point != NULL) {
			char outer[32];

			snprintf(outer, sizeof(outer), "%.*s", (int)(point - key), key);
			if (!json_object_object_get_ex(reply, outer, &at))
				at = NULL;
			key = point + 1;
		}
		human_put(stdout, ctl_text(at, key, "-"), false);
	}
}

static void print_engine(json_object *reply)
{
	print_values(reply, "\ndeferred   % now, % at most, % in all\n",
	             (const char *const[]){ "deferred.now", "deferred.max",
	                                    "deferred.total" });
	print_values(reply, "emergency  % now, % at most, % in all\n",
	             (const char *const[]){ "emergency.now", "emergency.max",
	                                    "emergency.total" });
	print_values(reply, "rescuers   % of % busy, % stuck, % at most\n",
	             (const char *const[]){ "rescuers.busy", "rescuers.size",
	                                    "rescuers.stuck", "rescuers.stuck_max" });
	print_values(reply,
	             "submit     % threads stuck, replaced % times, % paths block\n",
	             (const char *const[]){ "lanes.stuck", "lanes.replaced_total",
	                                    "lanes.blockers" });
	print_values(reply, "aio-nr     % of %, io_setup refused % times\n",
	             (const char *const[]){ "aio_nr", "aio_max_nr",
	                                    "io_setup_failures_total" });
}

int show_groups(struct ctl *ctl, const char *const *operands, size_t n)
{
	const struct ctl_options *o = ctl->options;
	json_object *reply;
	int r = table_check_columns(&table_groups, o->columns);

	(void)operands;
	(void)n;
	if (r)
		return r;
	r = ctl_call(ctl, "GetGroups", NULL, &reply);
	if (r)
		return r;
	r = show_list(ctl, &table_groups, reply, "groups");
	/* With chosen columns or --raw, scripts expect the table alone. */
	if (r == 0 && !as_json(ctl) && !ctl_options_has(o, OPT_RAW) &&
	    o->columns == NULL && !ctl_options_has(o, OPT_NO_HEADINGS))
		print_engine(reply);
	json_object_put(reply);
	return r;
}
