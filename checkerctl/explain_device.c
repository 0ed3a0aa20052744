/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain: prints why a device is watched or not, its settings with their places, its state, and
 * what happens next. One thread.
 */
#include <string.h>
#include <time.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/fold.h"

#define LABEL_WIDTH    10
#define VALUE_WIDTH    10
#define LINE_BYTES     512
#define SETTINGS_BYTES 4096

static void label(const char *name)
{
	printf("%-*s ", LABEL_WIDTH, name);
}

/* The rest of a line after its label. */
static void put_line(const char *text)
{
	fold_print(text, LABEL_WIDTH + 1, LABEL_WIDTH + 1, fold_columns());
}

static void put(const char *text)
{
	human_put(stdout, text, false);
}

static json_object *inner(json_object *object, const char *key)
{
	json_object *value = NULL;

	(void)json_object_object_get_ex(object, key, &value); /* NULL: it is missing */
	return value;
}

/* Text in columns: at least this wide. */
static void put_column(const char *text, size_t width)
{
	put(text);
	for (size_t i = strlen(text); i < width; i++)
		putchar(' ');
	putchar(' ');
}

/* "/etc/checkerd.conf:12" */
static void put_place(json_object *object)
{
	put(ctl_text(object, "file", "?"));
	putchar(':');
	put(ctl_text(object, "line", "?"));
}

static void print_rule(json_object *reply, const char *key)
{
	json_object *rule = inner(reply, key);

	if (rule == NULL)
		return;
	label(key);
	put(ctl_text(rule, "section", "?"));
	putchar(' ');
	put(ctl_text(rule, "keyword", "?"));
	fputs(" \"", stdout);
	put(ctl_text(rule, "expression", ""));
	fputs("\" at ", stdout);
	put_place(rule);
	putchar('\n');
}

/* The keys that are known, in one line. */
static void print_known(const char *name, json_object *reply, const char *const *keys)
{
	char line[LINE_BYTES] = "";
	size_t used = 0;

	for (; *keys != NULL && used < sizeof(line); keys++) {
		const char *text = ctl_text(reply, *keys, NULL);

		if (text != NULL)
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s",
			                         used > 0 ? ", " : "", text);
	}
	if (used == 0)
		return;
	label(name);
	put_line(line);
}

static void print_state(json_object *path)
{
	const char *reason = ctl_text(path, "reason", NULL);
	char buf[HUMAN_SHORT_BYTES], line[LINE_BYTES];
	const char *lasts = "?";
	struct timespec ts;
	double since;

	if (path == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (human_parse_time(ctl_text(path, "state_since", ""), &since) == 0) {
		since = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9 - since;
		lasts = human_duration(MAX(since, 0), buf);
	}
	(void)snprintf(line, sizeof(line), "%s for %s%s%s", ctl_text(path, "state", "?"),
	               lasts, reason != NULL ? ": " : "", reason != NULL ? reason : "");
	label("state");
	put_line(line);
}

static bool is_given(json_object *setting)
{
	return ctl_text(setting, "section", NULL) != NULL;
}

static void print_setting(json_object *s, size_t width)
{
	put_column(ctl_text(s, "keyword", "?"), width);
	put_column(ctl_text(s, "value", "?"), VALUE_WIDTH);
	if (ctl_text(s, "file", NULL) == NULL) {
		put("the device's own");
	} else {
		put(ctl_text(s, "section", "?"));
		put(" at ");
		put_place(s);
	}
	putchar('\n');
}

/* Those that the configuration or the device gives, one a line; the others together. */
static void print_settings(json_object *reply)
{
	char others[SETTINGS_BYTES] = "built in: ";
	size_t begin = strlen(others), used = begin, width = 0, lines = 0;
	json_object *list, *s;
	size_t n = ctl_list(reply, "settings", &list);

	for (size_t i = 0; i < n; i++) {
		s = json_object_array_get_idx(list, i);
		if (is_given(s))
			width = MAX(width, strlen(ctl_text(s, "keyword", "?")));
		else if (used < sizeof(others))
			used += (size_t)snprintf(others + used, sizeof(others) - used,
			                         "%s%s %s", used > begin ? ", " : "",
			                         ctl_text(s, "keyword", "?"),
			                         ctl_text(s, "value", "?"));
	}
	for (size_t i = 0; i < n; i++) {
		s = json_object_array_get_idx(list, i);
		if (!is_given(s))
			continue;
		label(lines++ == 0 ? "settings" : "");
		print_setting(s, width);
	}
	if (used > begin) {
		label(lines == 0 ? "settings" : "");
		put_line(others);
	}
}

static void print_next(json_object *reply)
{
	json_object *list;
	size_t n = ctl_list(reply, "next", &list);

	for (size_t i = 0; i < n; i++) {
		label(i == 0 ? "next" : "");
		put_line(json_object_get_string(json_object_array_get_idx(list, i)));
	}
}

static void print_explanation(json_object *reply)
{
	static const char *const device[] = { "node", "devt",     "vendor", "product",
		                              "host", "protocol", NULL };
	static const char *const wwid[] = { "wwid", NULL };
	static const char *const checker[] = { "checker", "checker_why", NULL };
	char line[LINE_BYTES];

	put_column(ctl_text(reply, "device", "?"), LABEL_WIDTH);
	(void)snprintf(line, sizeof(line), "%swatched: %s",
	               json_object_get_boolean(inner(reply, "watched")) ? "" : "not ",
	               ctl_text(reply, "why", "?"));
	put_line(line);
	print_rule(reply, "rule");
	print_rule(reply, "exception");
	print_known("device", reply, device);
	print_known("wwid", reply, wwid);
	print_known("checker", reply, checker);
	print_settings(reply);
	print_state(inner(reply, "path"));
	print_next(reply);
}

int run_explain(struct ctl *ctl, const char *const *operands, size_t n _unused_)
{
	json_object *reply;
	int r = ctl_call_device(ctl, "Explain", operands[0], &reply);

	if (r)
		return r;
	if (ctl_options_has(ctl->options, OPT_JSON))
		ctl_print_json(reply);
	else
		print_explanation(reply);
	json_object_put(reply);
	return 0;
}
