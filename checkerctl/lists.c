/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * show blacklist, show hardware and show devices: what the configuration makes of devices. The block
 * devices of this host are listed from sysfs; checkerd says of each whether it is watched. One thread.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/fields.h"
#include "checkerctl/human.h"

#define BLOCK_DEVICES "/sys/class/block"

static json_object *inner(json_object *object, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(object, key, &value); /* NULL: it is missing */
	return value;
}

/* Adds the place of a rule, "/etc/checkerd.conf:12", as a key of the row. */
static void add_place(json_object *row, json_object *rule)
{
	const char *file = ctl_text(rule, "file", NULL);
	char place[512] = "built in";

	if (file != NULL)
		(void)snprintf(place, sizeof(place), "%.480s:%s", file,
		               ctl_text(rule, "line", "?"));
	json_object_object_add(row, "place", json_object_new_string(place));
}

/* --- rules --- */

/* Prints one list of the rules. */
static int show_rules(struct ctl *ctl, const struct table_def *def, const char *key,
                      bool with_places)
{
	json_object *reply, *rules, *list;
	int r = table_check_columns(def, ctl->options->columns);

	if (r)
		return r;
	r = ctl_call(ctl, "GetRules", NULL, &reply);
	if (r)
		return r;
	list = inner(inner(reply, "rules"), key);
	for (size_t i = 0;
	     with_places && list != NULL && i < json_object_array_length(list); i++)
		add_place(json_object_array_get_idx(list, i),
		          json_object_array_get_idx(list, i));
	rules = json_object_new_object();
	json_object_object_add(rules, key, json_object_get(list));
	r = show_list(ctl, def, rules, key);
	json_object_put(rules);
	json_object_put(reply);
	return r;
}

int show_blacklist(struct ctl *ctl, const char *const *operands _unused_,
                   size_t n _unused_)
{
	return show_rules(ctl, &table_blacklist, "filters", true);
}

int show_hardware(struct ctl *ctl, const char *const *operands _unused_,
                  size_t n _unused_)
{
	return show_rules(ctl, &table_hardware, "hardware", false);
}

/* --- devices --- */

static void add_name(json_object *names, json_object *known, const char *name)
{
	if (json_object_object_get_ex(known, name, NULL))
		return;
	json_object_object_add(known, name, NULL);
	json_object_array_add(names, json_object_new_string(name));
}

static int compare_names(const void *a, const void *b)
{
	json_object *x = *(json_object *const *)a, *y = *(json_object *const *)b;

	return strverscmp(json_object_get_string(x), json_object_get_string(y));
}

/* Names of the block devices of this host, and of paths that are files. 0, or an exit code. */
static int list_names(struct ctl *ctl, json_object *names)
{
	json_object *known = json_object_new_object(), *reply, *paths;
	DIR *dir = opendir(BLOCK_DEVICES);
	struct dirent *entry;
	int r;

	/* A container may have no sysfs: then there are the paths. */
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			add_name(names, known, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	r = ctl_call(ctl, "ListPaths", fields_add(NULL, "name"), &reply);
	if (r == 0) {
		size_t n = ctl_list(reply, "paths", &paths);

		for (size_t i = 0; i < n; i++)
			add_name(names, known,
			         ctl_text(json_object_array_get_idx(paths, i), "name",
			                  ""));
		json_object_put(reply);
	}
	json_object_put(known);
	json_object_array_sort(names, compare_names);
	return r;
}

/* Adds what is easier to read: the place of the rule that decided. */
static void add_rule(json_object *device)
{
	json_object *rule = inner(device, "exception");
	char text[512];

	if (rule == NULL)
		rule = inner(device, "rule");
	if (rule == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s %s \"%.400s\"",
	               ctl_text(rule, "section", "?"), ctl_text(rule, "keyword", "?"),
	               ctl_text(rule, "expression", ""));
	json_object_object_add(device, "decided_by", json_object_new_string(text));
	add_place(device, rule);
}

/* 0, or an exit code. A device that is removed meanwhile is left out, unless the user named it. */
static int explain_all(struct ctl *ctl, json_object *names, bool named,
                       json_object *devices)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_object_array_length(names); i++) {
		const char *name =
		        json_object_get_string(json_object_array_get_idx(names, i));
		json_object *device = NULL;

		/* Each device has the whole time limit. */
		connection_begin_again(&ctl->connection);
		r = ctl_call_device_if(ctl, "Explain", name, !named, &device);
		if (r != 0 || device == NULL)
			continue;
		if (!ctl_options_has(ctl->options, OPT_JSON))
			add_rule(device);
		json_object_array_add(devices, device);
	}
	return r;
}

int show_devices(struct ctl *ctl, const char *const *operands, size_t n)
{
	json_object *names, *reply, *devices;
	int r = table_check_columns(&table_devices, ctl->options->columns);

	if (r)
		return r;
	names = json_object_new_array();
	devices = json_object_new_array();
	for (size_t i = 0; i < n; i++)
		json_object_array_add(names, json_object_new_string(operands[i]));
	if (n == 0)
		r = list_names(ctl, names);
	if (r == 0)
		r = explain_all(ctl, names, n > 0, devices);
	reply = json_object_new_object();
	json_object_object_add(reply, "devices", devices);
	if (r == 0)
		r = show_list(ctl, &table_devices, reply, "devices");
	json_object_put(reply);
	json_object_put(names);
	return r;
}
