/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the names of the variables. One thread. */
#include "checkerctl/hook_environment.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerctl/ctl.h"
#include "checkerctl/human.h"
#include "util/clean.h"

/* Of what a variable begins with when it is ours. */
#define PREFIX "CHECKERD_"

/* The variables that are a value of the event. */
static const struct {
	const char *name, *key;
} values[] = {
	{ "CHECKERD_SEQ", "seq" },
	{ "CHECKERD_TIME", "time" },
	{ "CHECKERD_TYPE", "type" },
	{ "CHECKERD_PATH", "path" },
	{ "CHECKERD_MAP", "map" },
	{ "CHECKERD_FROM", "from" },
	{ "CHECKERD_STATE", "to" },
	{ "CHECKERD_REASON", "reason" },
	{ "CHECKERD_LOSS", "loss" },
	{ "CHECKERD_CAUSE", "cause" },
	{ "CHECKERD_MEMBERS", "members_total" },
	{ "CHECKERD_MESSAGE", "message" },
};

struct block {
	char **of;
	size_t n;
	bool failed;
};

static void add(struct block *b, char *text)
{
	char **more = reallocarray(b->of, b->n + 2, sizeof(*b->of));

	if (more == NULL || text == NULL) {
		b->failed = true;
		free(text);
	}
	if (more == NULL)
		return;
	b->of = more;
	if (text != NULL)
		b->of[b->n++] = text;
	b->of[b->n] = NULL;
}

/* Adds NAME=VALUE. Control characters in the value are escaped: it may become a header of a mail. */
static void set(struct block *b, const char *name, const char *value)
{
	size_t head = strlen(name) + 1,
	       room = head + strlen(value) * CLEAN_ESCAPE_BYTES + 1;
	char *text = malloc(room);

	if (text != NULL) {
		(void)snprintf(text, room, "%s=", name);
		(void)clean_copy(text + head, room - head, value);
	}
	add(b, text);
}

static void set_number(struct block *b, const char *name, uint64_t number)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "%" PRIu64, number);
	set(b, name, value);
}

/* All of ours but those of the event. */
static void begin(struct block *b)
{
	for (char **e = environ; e != NULL && *e != NULL; e++)
		if (strncmp(*e, PREFIX, strlen(PREFIX)) != 0)
			add(b, strdup(*e));
}

/* The first names, with a blank between two. */
static void set_names(struct block *b, json_object *event)
{
	json_object *list;
	size_t n = MIN(ctl_list(event, "members", &list), (size_t)HOOK_NAMES_MAX),
	       room = 1;
	char *text;

	for (size_t i = 0; i < n; i++)
		room += strlen(json_object_get_string(
		                json_object_array_get_idx(list, i))) +
		        1;
	text = calloc(room, 1);
	if (text == NULL) {
		b->failed = true;
		return;
	}
	for (size_t i = 0, used = 0; i < n; i++)
		used += (size_t)snprintf(
		        text + used, room - used, "%s%s", i > 0 ? " " : "",
		        json_object_get_string(json_object_array_get_idx(list, i)));
	set(b, "CHECKERD_NAMES", text);
	free(text);
}

/* The kernel takes 128 KiB as one variable. */
static void cut_names(json_object *event)
{
	json_object *list;
	size_t n = ctl_list(event, "members", &list);

	if (n > HOOK_NAMES_MAX)
		(void)json_object_array_del_idx(list, HOOK_NAMES_MAX, n - HOOK_NAMES_MAX);
}

/* Escaped as JSON has it. */
static void set_event(struct block *b, json_object *event)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f != NULL) {
		fputs("CHECKERD_EVENT=", f);
		human_put_json(f, json_object_to_json_string_ext(
		                          event, JSON_C_TO_STRING_PLAIN |
		                                         JSON_C_TO_STRING_NOSLASHESCAPE));
		if (fclose(f) != 0) {
			free(text);
			text = NULL;
		}
	}
	add(b, text);
}

static char **finish(struct block *b)
{
	if (!b->failed)
		return b->of;
	hook_environment_free(b->of);
	return NULL;
}

char **hook_environment_new(json_object *event, const char *kind)
{
	struct block b = { .n = 0 };

	begin(&b);
	set(&b, "CHECKERD_HOOK", kind);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		set(&b, values[i].name, ctl_text(event, values[i].key, ""));
	cut_names(event);
	set_names(&b, event);
	set(&b, "CHECKERD_SKIPPED", "0");
	set(&b, "CHECKERD_LOST", "0");
	set_event(&b, event);
	return finish(&b);
}

char **hook_environment_skipped(uint64_t skipped, uint64_t lost, uint64_t seq)
{
	struct block b = { .n = 0 };
	json_object *event = json_object_new_object();
	char message[128];

	(void)snprintf(message, sizeof(message),
	               "%" PRIu64 " events had no command of their own, %" PRIu64
	               " were lost: checkerctl show events",
	               skipped, lost);
	json_object_object_add(event, "skipped", json_object_new_int64((int64_t)skipped));
	json_object_object_add(event, "lost", json_object_new_int64((int64_t)lost));
	json_object_object_add(event, "message", json_object_new_string(message));
	begin(&b);
	set(&b, "CHECKERD_HOOK", "skipped");
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strcmp(values[i].key, "seq") != 0)
			set(&b, values[i].name, ctl_text(event, values[i].key, ""));
	set_number(&b, "CHECKERD_SEQ", seq);
	set(&b, "CHECKERD_NAMES", "");
	set_number(&b, "CHECKERD_SKIPPED", skipped);
	set_number(&b, "CHECKERD_LOST", lost);
	set_event(&b, event);
	json_object_put(event);
	return finish(&b);
}

void hook_environment_free(char **environment)
{
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
		free(environment[i]);
	free(environment);
}
