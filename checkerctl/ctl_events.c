/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show events and monitor: prints events, all or those of a type or a map. One thread. */
#include <string.h>
#include <unistd.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/fold.h"
#include "checkerctl/human.h"
#include "checkerctl/words.h"

#define TYPES_BYTES 256

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

static int complain_type(const char *type, int length)
{
	char valid[TYPES_BYTES] = "";
	size_t used = 0;

	for (size_t i = 0; words_event_type[i] != NULL && used < sizeof(valid); i++)
		used += (size_t)snprintf(valid + used, sizeof(valid) - used, "%s%s",
		                         i > 0 ? ", " : "", words_event_type[i]);
	return human_usage("there is no type of event '%.*s': %s", length, type, valid);
}

/* list NULL: all types. */
static int check_types(const char *list)
{
	while (list != NULL) {
		size_t length = strcspn(list, ","), i = 0;
		const char *const *types = words_event_type;

		while (types[i] != NULL && (strlen(types[i]) != length ||
		                            strncmp(types[i], list, length) != 0))
			i++;
		if (types[i] == NULL)
			return complain_type(list, (int)length);
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

/* map: NULL: of any map. */
static bool is_wanted(const struct ctl_options *o, const char *map, json_object *event)
{
	if (o->types != NULL && !is_listed(o->types, ctl_text(event, "type", "")))
		return false;
	return map == NULL || strcmp(ctl_text(event, "map", ""), map) == 0 ||
	       is_member(event, map);
}

/*
 * The name of the map of --map, which may be given as dm-3 or as its WWID. *ret: as long as *ret_reply,
 * which the caller puts; both NULL: there is no --map. 0, or an exit code after a message.
 */
static int name_map(struct ctl *ctl, json_object **ret_reply, const char **ret)
{
	const char *const *map = &ctl->options->map;
	json_object *list;
	int r;

	*ret_reply = NULL;
	*ret = NULL;
	if (*map == NULL)
		return 0;
	r = ctl_call_names(ctl, "ListMaps", CTL_MAPS, map, 1, NULL, ret_reply);
	if (r == 0)
		*ret = ctl_list(*ret_reply, "maps", &list) > 0
		               ? ctl_text(json_object_array_get_idx(list, 0), "name",
		                          *map)
		               : *map;
	return r;
}

/* The events that match --type, and are about the map. */
static json_object *wanted_events(const struct ctl_options *o, const char *map,
                                  json_object *reply)
{
	json_object *list, *wanted = json_object_new_array();
	size_t n = ctl_list(reply, "events", &list);

	for (size_t i = 0; i < n; i++) {
		json_object *event = json_object_array_get_idx(list, i);

		if (is_wanted(o, map, event))
			json_object_array_add(wanted, json_object_get(event));
	}
	return wanted;
}

/* Removes events that do not match --type and --map from the reply. 0, or an exit code. */
static int keep_wanted(struct ctl *ctl, json_object *reply)
{
	const struct ctl_options *o = ctl->options;
	json_object *wanted = wanted_events(o, o->map, reply), *maps;
	const char *map;
	int r = 0;

	/* A map that was removed has events, but no name that the daemon knows. */
	if (o->map != NULL && json_object_array_length(wanted) == 0) {
		json_object_put(wanted);
		r = name_map(ctl, &maps, &map);
		if (r)
			return r;
		wanted = wanted_events(o, map, reply);
		json_object_put(maps);
	}
	json_object_object_add(reply, "events", wanted);
	return r;
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
	r = keep_wanted(ctl, reply);
	if (r == 0)
		r = show_list(ctl, &table_events, reply, "events");
	if (r == 0 && !ctl_options_has(ctl->options, OPT_JSON) &&
	    ctl_number(reply, "lost", &lost) && lost > 0)
		(void)human_complain(0, "%.0f earlier events are not kept any more",
		                     lost);
	json_object_put(reply);
	return r;
}

static void print_event(const struct ctl_options *o, json_object *event)
{
	const char *time = ctl_text(event, "time", "-");
	char local[HUMAN_TIME_BYTES];

	if (isatty(STDOUT_FILENO) && !ctl_options_has(o, OPT_UTC) &&
	    human_local_time(time, local) == 0)
		time = local;
	human_put(stdout, time, false);
	putchar(' ');
	fold_print(ctl_text(event, "message", "-"), strlen(time) + 1, strlen(time) + 1,
	           fold_columns());
}

static void print_next(struct ctl *ctl, const char *map, json_object *reply)
{
	json_object *event = NULL;
	double lost = 0;

	json_object_object_get_ex(reply, "event", &event);
	if (json_object_is_type(event, json_type_object) &&
	    is_wanted(ctl->options, map, event)) {
		if (ctl_options_has(ctl->options, OPT_JSON))
			ctl_print_json(event);
		else
			print_event(ctl->options, event);
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
	json_object *parameters, *maps;
	const char *map;
	bool more = true;
	int r = check_types(ctl->options->types);

	(void)operands;
	(void)n;
	if (r == 0)
		r = name_map(ctl, &maps, &map);
	if (r)
		return r;
	parameters = json_object_new_object();
	if (ctl_options_has(ctl->options, OPT_SINCE))
		json_object_object_add(
		        parameters, "since",
		        json_object_new_int64((int64_t)ctl->options->since));
	ctl->wait_forever = true;
	r = ctl_begin(ctl, "Monitor", parameters);
	while (r == 0 && more) {
		json_object *reply;

		r = ctl_next(ctl, &reply, &more);
		if (r)
			break;
		print_next(ctl, map, reply);
		json_object_put(reply);
		if (!ctl_flush())
			r = EXIT_FAILED;
	}
	json_object_put(maps);
	if (r == 0)
		r = human_complain(EXIT_UNREACHABLE,
		                   "checkerd ended the stream of events");
	return r;
}
