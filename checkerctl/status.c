/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The show commands that print text: status, config, memory, metrics. One thread. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/fold.h"
#include "checkerctl/human.h"

#define LABEL_WIDTH  14
#define KEY_BYTES    256
#define MEMORY_DEPTH 4

static json_object *inner(json_object *object, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static void label(const char *name)
{
	printf("%-*s ", LABEL_WIDTH, name);
}

/* Prints text of the daemon, safe for a terminal. */
static void put_text(const char *text)
{
	human_put(stdout, text, false);
}

static void put_duration(json_object *object, const char *key)
{
	char buf[HUMAN_SHORT_BYTES];
	double seconds;

	put_text(ctl_number(object, key, &seconds) ? human_duration(seconds, buf) : "-");
}

static void put_bytes(json_object *object, const char *key)
{
	char buf[HUMAN_SHORT_BYTES];
	double bytes;

	put_text(ctl_number(object, key, &bytes) ? human_bytes(bytes, buf) : "-");
}

/* "2000: 1998 up, 2 down": the total and each count that is not 0. */
static void print_counts(const char *name, json_object *counts)
{
	const char *separator = ": ";

	if (!json_object_is_type(counts, json_type_object))
		return;
	label(name);
	put_text(ctl_text(counts, "total", "-"));
	json_object_object_foreach(counts, key, value)
	{
		if (strcmp(key, "total") == 0 || json_object_get_int64(value) == 0)
			continue;
		fputs(separator, stdout);
		printf("%lld ", (long long)json_object_get_int64(value));
		put_text(key);
		separator = ", ";
	}
	putchar('\n');
}

static void print_daemon(json_object *s)
{
	char buf[HUMAN_SHORT_BYTES];
	struct timespec ts;
	double started;

	clock_gettime(CLOCK_REALTIME, &ts);
	label("checkerd");
	put_text(ctl_text(s, "version", "-"));
	fputs(", pid ", stdout);
	put_text(ctl_text(s, "pid", "-"));
	if (human_parse_time(ctl_text(s, "started", ""), &started) == 0)
		printf(", running for %s",
		       human_duration((double)ts.tv_sec - started, buf));
	puts(json_object_get_boolean(inner(s, "ready")) ? ", ready"
	                                                : ", first pass not done");
}

static void print_device_mapper(json_object *s)
{
	json_object *dm = inner(s, "dm"), *known = inner(dm, "maps_known");
	double left_out, deleted;

	label("device-mapper");
	fputs("control ", stdout);
	put_text(ctl_text(s, "dm_control", "-"));
	if (known != NULL && !json_object_get_boolean(known)) {
		fputs(", its maps cannot be listed: ", stdout);
		put_text(ctl_text(dm, "error", "-"));
	}
	if (json_object_is_type(dm, json_type_object)) {
		fputs("; paths failed ", stdout);
		put_text(ctl_text(dm, "failed_total", "-"));
		fputs(", reinstated ", stdout);
		put_text(ctl_text(dm, "reinstated_total", "-"));
		fputs(", refused ", stdout);
		put_text(ctl_text(dm, "refused_total", "-"));
	}
	if (ctl_number(inner(s, "purge"), "deleted_total", &deleted) && deleted > 0)
		printf("; disconnected disks deleted %.0f", deleted);
	if (ctl_number(dm, "maps_left_out", &left_out) && left_out > 0)
		printf("; %.0f maps left out: no room, see max_paths", left_out);
	putchar('\n');
}

static void print_prober(json_object *prober)
{
	double lingering;

	label("prober");
	fputs("pid ", stdout);
	put_text(ctl_text(prober, "pid", "-"));
	fputs(", replaced ", stdout);
	put_text(ctl_text(prober, "restarts_total", "-"));
	fputs(" times, last heartbeat ", stdout);
	put_duration(prober, "heartbeat_age_s");
	fputs(" ago", stdout);
	if (ctl_text(prober, "last_end", NULL) != NULL) {
		fputs("; end of the last prober: ", stdout);
		put_text(ctl_text(prober, "last_end", "-"));
	}
	if (ctl_number(prober, "lingering", &lingering) && lingering > 0)
		printf("; %.0f killed probers are still in the kernel", lingering);
	putchar('\n');
}

static void print_overdue(json_object *overdue)
{
	if (ctl_text(overdue, "message", NULL) == NULL)
		return;
	label("overdue");
	put_text(ctl_text(overdue, "message", "-"));
	putchar('\n');
}

static void print_status(json_object *s)
{
	json_object *prober = inner(s, "prober"), *memory = inner(s, "memory"), *warnings;
	size_t n = ctl_list(s, "warnings", &warnings);
	double oldest;

	print_daemon(s);
	print_counts("paths", inner(s, "paths"));
	print_counts("maps", inner(s, "maps"));
	label("in flight");
	if (ctl_number(s, "oldest_in_flight_s", &oldest)) {
		fputs("the oldest check for ", stdout);
		put_duration(s, "oldest_in_flight_s");
		putchar('\n');
	} else {
		puts("no check right now");
	}
	label("lag");
	put_duration(inner(s, "lag_s"), "last");
	fputs(", at most ", stdout);
	put_duration(inner(s, "lag_s"), "max");
	putchar('\n');
	label("memory");
	put_bytes(memory, "locked_bytes");
	fputs(" locked, bound ", stdout);
	put_bytes(memory, "bound_bytes");
	putchar('\n');
	print_prober(prober);
	print_overdue(inner(s, "overdue"));
	print_device_mapper(s);
	for (size_t i = 0; i < n; i++) {
		label("warning");
		human_put(stdout,
		          json_object_get_string(json_object_array_get_idx(warnings, i)),
		          true);
		putchar('\n');
	}
}

/* A line is continued below its text, not below its label. */
static void print_folded(json_object *s)
{
	FILE *out = stdout;
	char *text = NULL;
	size_t size, columns = fold_columns();

	stdout = open_memstream(&text, &size);
	if (stdout == NULL)
		abort();
	print_status(s);
	if (fclose(stdout) != 0 || text == NULL)
		abort();
	stdout = out;
	for (char *rest = text, *line;
	     (line = strsep(&rest, "\n")) != NULL && rest != NULL;) {
		size_t labelled = MIN(strlen(line), (size_t)LABEL_WIDTH + 1);

		printf("%.*s", (int)labelled, line);
		fold_print(line + labelled, LABEL_WIDTH + 1, LABEL_WIDTH + 1, columns);
	}
	free(text);
}

/* Calls a method without parameters and prints the reply, unless JSON is wanted. */
static int show_reply(struct ctl *ctl, const char *method, void (*print)(json_object *))
{
	json_object *reply;
	int r = ctl_call(ctl, method, NULL, &reply);

	if (r)
		return r;
	if (ctl_options_has(ctl->options, OPT_JSON))
		ctl_print_json(reply);
	else
		print(reply);
	json_object_put(reply);
	return 0;
}

int show_status(struct ctl *ctl, const char *const *operands, size_t n)
{
	(void)operands;
	(void)n;
	return show_reply(ctl, "GetStatus", print_folded);
}

static void print_config(json_object *reply)
{
	human_put(stdout, ctl_text(reply, "config", ""), true);
}

int show_config(struct ctl *ctl, const char *const *operands, size_t n)
{
	(void)operands;
	(void)n;
	return show_reply(ctl, "GetConfig", print_config);
}

static void print_metrics(json_object *reply)
{
	human_put_utf8(stdout, ctl_text(reply, "metrics", ""));
}

int run_metrics(struct ctl *ctl, const char *const *operands, size_t n)
{
	(void)operands;
	(void)n;
	return show_reply(ctl, "GetMetrics", print_metrics);
}

/* Prints whatever terms the daemon sends, one value a line. */
static void print_terms(const char *prefix, json_object *value, int depth)
{
	char key_path[KEY_BYTES], buf[HUMAN_SHORT_BYTES];
	size_t length = strlen(prefix);

	if (json_object_is_type(value, json_type_object) && depth < MEMORY_DEPTH) {
		json_object_object_foreach(value, key, member)
		{
			snprintf(key_path, sizeof(key_path), "%s%s%s", prefix,
			         *prefix ? "." : "", key);
			print_terms(key_path, member, depth + 1);
		}
		return;
	}
	if (json_object_is_type(value, json_type_array) && depth < MEMORY_DEPTH) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			json_object *element = json_object_array_get_idx(value, i);

			snprintf(key_path, sizeof(key_path), "%s.%zu", prefix, i);
			print_terms(key_path, element, depth + 1);
		}
		return;
	}
	put_text(prefix);
	printf("%*s  ", (int)MAX(30 - (int)MIN(length, 30), 0), "");
	put_text(value != NULL ? json_object_get_string(value) : "-");
	if (length > 6 && strcmp(prefix + length - 6, "_bytes") == 0 &&
	    json_object_get_double(value) >= 1024)
		printf("  (%s)", human_bytes(json_object_get_double(value), buf));
	putchar('\n');
}

static void print_memory(json_object *reply)
{
	print_terms("", inner(reply, "memory"), 0);
}

int show_memory(struct ctl *ctl, const char *const *operands, size_t n)
{
	(void)operands;
	(void)n;
	return show_reply(ctl, "GetMemory", print_memory);
}
