/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show events and monitor: prints events, all or those of a type or a map. One thread. */
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"

static const char *const types[] = { "path_state", "path_added", "path_removed", "map",
	                             "dm",         "engine",     "config",       "daemon",
	                             "hold",       "cause",      "slow" };

/* Is the word one of the list "A,B"? */
static bool is_listed(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		if (strncmp(list, word, length) == 0 &&
		    (list[length] == ',' || list[length] == '\0'))
			return true;
		list = strchr(list, ',');
		if (list == NULL)
			return false;
		list++;
	}
}

/* list NULL: all types. */
static int check_types(const char *list)
{
	while (list != NULL) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < ARRAY_LEN(types) && (strlen(types[i]) != length ||
		                                strncmp(types[i], list, length) != 0))
			i++;
		if (i == ARRAY_LEN(types))
			return human_usage(
			        "there is no type of event '%.*s': path_state, "
			        "path_added, path_removed, map, dm, engine, "
			        "config, daemon, hold, cause, slow",
			        (int)length, list);
		list = list[length] ? list + length + 1 : NULL;
	}
	return 0;
}

/* An event of type map may be about many maps. */
static bool is_member(json_object *event, const char *map)
{
	json_object *list;
	size_t n = ctl_list(event, "members", &list);

	if (strcmp(ctl_text(event, "type", ""), "map") != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)),
		           map) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct ctl_options *o, json_object *event)
{
	if (o->types != NULL && !is_listed(o->types, ctl_text(event, "type", "")))
		return false;
	return o->map == NULL || strcmp(ctl_text(event, "map", ""), o->map) == 0 ||
	       is_member(event, o->map);
}

/* Removes events that do not match --type and --map from the reply. */
static void keep_wanted(const struct ctl_options *o, json_object *reply)
{
	json_object *list, *wanted;
	size_t n = ctl_list(reply, "events", &list);

	if (n == 0 || (o->types == NULL && o->map == NULL))
		return;
	wanted = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		json_object *event = json_object_array_get_idx(list, i);

		if (is_wanted(o, event))
			json_object_array_add(wanted, json_object_get(event));
	}
	json_object_object_add(reply, "events", wanted);
}

int show_events(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *parameters = NULL, *reply;
	double lost = 0;
	int r = check_types(ctl->options->types);

	(void)operands;
	(void)n;
	if (r == 0)
		r = table_check_columns(&table_events, ctl->options->columns);
	if (r)
		return r;
	if (ctl_options_has(ctl->options, OPT_SINCE)) {
		parameters = json_object_new_object();
		json_object_object_add(
		        parameters, "since",
		        json_object_new_int64((int64_t)ctl->options->since));
	}
	r = ctl_call(ctl, "ListEvents", parameters, &reply);
	if (r)
		return r;
	keep_wanted(ctl->options, reply);
	r = show_list(ctl, &table_events, reply, "events");
	if (r == 0 && !ctl_options_has(ctl->options, OPT_JSON) &&
	    ctl_number(reply, "lost", &lost) && lost > 0)
		(void)human_complain(0, "%.0f earlier events are not kept any more",
		                     lost);
	json_object_put(reply);
	return r;
}

static void print_event(json_object *event)
{
	human_put(stdout, ctl_text(event, "time", "-"), false);
	putchar(' ');
	human_put(stdout, ctl_text(event, "message", "-"), false);
	putchar('\n');
}

static void print_next(struct ctl *ctl, json_object *reply)
{
	json_object *event = NULL;
	double lost = 0;

	json_object_object_get_ex(reply, "event", &event);
	if (json_object_is_type(event, json_type_object) &&
	    is_wanted(ctl->options, event)) {
		if (ctl_options_has(ctl->options, OPT_JSON))
			ctl_print_json(event);
		else
			print_event(event);
	}
	if (!ctl_number(reply, "lost", &lost) || lost <= 0)
		return;
	if (ctl_options_has(ctl->options, OPT_JSON))
		printf("{\"lost\":%.0f}\n", lost);
	else
		printf("(%.0f events were lost: this client was too slow)\n", lost);
}

int run_monitor(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *parameters = json_object_new_object();
	bool more = true;
	int r = check_types(ctl->options->types);

	(void)operands;
	(void)n;
	if (ctl_options_has(ctl->options, OPT_SINCE))
		json_object_object_add(
		        parameters, "since",
		        json_object_new_int64((int64_t)ctl->options->since));
	if (r) {
		json_object_put(parameters);
		return r;
	}
	ctl->wait_forever = true;
	r = ctl_begin(ctl, "Monitor", parameters);
	while (r == 0 && more) {
		json_object *reply;

		r = ctl_next(ctl, &reply, &more);
		if (r)
			break;
		print_next(ctl, reply);
		json_object_put(reply);
		if (!ctl_flush())
			r = EXIT_FAILED;
	}
	if (r == 0)
		r = human_complain(EXIT_UNREACHABLE,
		                   "checkerd ended the stream of events");
	return r;
}
