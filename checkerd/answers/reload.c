/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the configuration in force, and the clients that wait for a reload. The loop's thread
 * runs this; the files are read on the loader's thread.
 */
#include "checkerd/answers/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static void begin_reading(struct reload *r, struct mono now)
{
	r->again = false;
	r->present = r->next;
	r->next.n = 0;
	r->step = RELOAD_READING;
	ready_reload_begins(r->ready, now);
	loader_start(r->loader, r->ref->config);
}

/* The summary and the warnings about the file, one a line. NULL: no memory. */
static struct text *success_text(const struct reload *r, const char *summary)
{
	size_t warnings = r->messages == NULL ? 0 : r->messages->size;
	size_t size = strlen(summary) + 1;
	char *joined = malloc(size + warnings);
	struct text *text = NULL;

	if (joined == NULL)
		return NULL;
	memcpy(joined, summary, size - 1);
	joined[size - 1] = '\n';
	if (warnings > 0)
		memcpy(joined + size, r->messages->data, warnings);
	if (text_new(&text, joined, size + warnings) < 0)
		text = NULL;
	free(joined);
	return text;
}

static void reply_all(struct reload *r, int error, const char *summary)
{
	struct text *text;

	if (r->present.n == 0)
		return;
	/* If there is no memory for the text, the reply is the error code alone. */
	text = error == 0 ? success_text(r, summary) : text_ref(r->messages);
	for (unsigned i = 0; i < r->present.n; i++) {
		struct port_reply reply = { .token = r->present.tokens[i],
			                    .error = error,
			                    .text = text_ref(text) };

		port_loop_reply(r->port, &reply);
	}
	text_unref(text);
	r->present.n = 0;
}

/* Logs the warnings or errors about the file, one message a line. */
static void log_messages(struct reload *r, bool refused)
{
	const char *line = r->messages == NULL ? "" : r->messages->data;

	while (*line != '\0') {
		size_t n = strcspn(line, "\n");

		events_say(r->events, EVENT_CONFIG, refused ? LOG_ERR : LOG_WARNING,
		           "%.*s", (int)MIN(n, (size_t)EVENT_MESSAGE_MAX), line);
		line += n + (line[n] == '\n');
	}
}

static void end_reload(struct reload *r, int error, const char *summary, struct mono now)
{
	reply_all(r, error, summary);
	r->messages = text_unref(r->messages);
	r->step = RELOAD_IDLE;
	ready_reload_ends(r->ready);
	if (r->again)
		begin_reading(r, now);
}

static void refuse_config(struct reload *r, const struct loaded *l, struct mono now)
{
	log_messages(r, true);
	events_say(r->events, EVENT_CONFIG, LOG_ERR,
	           "the new configuration is refused, the old one stays in force%s%s",
	           l->result == -EINVAL ? "" : ": ",
	           l->result == -EINVAL ? "" : strerrordesc_np(-l->result));
	end_reload(r, l->result == -ENOMEM ? ENOMEM : EINVAL, "", now);
}

/* Puts the loaded configuration in force. Takes over its config and texts, also on failure. */
static int put_in_force(struct reload *r, struct loaded *l)
{
	uint64_t generation = r->ref == NULL ? 1 : r->ref->generation + 1;
	struct config *c = l->config;
	struct config_ref *ref;
	int error;

	l->config = NULL;
	error = config_ref_new(&ref, c, generation);
	if (error < 0)
		return error;
	config_ref_put(r->ref);
	r->ref = ref;
	text_unref(r->dump);
	r->dump = l->dump;
	l->dump = NULL;
	text_unref(r->rules);
	r->rules = l->rules;
	l->rules = NULL;
	if (!r->keep_level)
		r->events->level = c->log_level;
	inventory_reset_counts(r->inventory);
	r->step = RELOAD_APPLYING;
	discovery_apply(r->discovery, ref);
	return 0;
}

int reload_init(struct reload *r, const struct reload_parts *parts, struct loaded *first)
{
	int error;

	*r = (struct reload){
		.loader = parts->loader,
		.discovery = parts->discovery,
		.inventory = parts->inventory,
		.ready = parts->ready,
		.events = parts->events,
		.port = parts->port,
		.keep_level = parts->keep_level,
	};
	r->messages = first->messages;
	first->messages = NULL;
	error = put_in_force(r, first);
	log_messages(r, false);
	return error;
}

void reload_deinit(struct reload *r)
{
	r->ref = config_ref_put(r->ref);
	r->dump = text_unref(r->dump);
	r->rules = text_unref(r->rules);
	r->messages = text_unref(r->messages);
}

void reload_request(struct reload *r, struct mono now)
{
	r->again = true;
	if (r->step == RELOAD_IDLE)
		begin_reading(r, now);
}

bool reload_request_with_token(struct reload *r, uint64_t token, struct mono now)
{
	if (r->next.n == RELOAD_WAITERS_MAX)
		return false;
	r->next.tokens[r->next.n++] = token;
	reload_request(r, now);
	return true;
}

void reload_loaded(struct reload *r, struct mono now)
{
	struct loaded l;

	if (!loader_take(r->loader, &l))
		return;
	assert(r->step == RELOAD_READING);
	text_unref(r->messages);
	r->messages = l.messages;
	l.messages = NULL;
	if (l.result == 0)
		l.result = put_in_force(r, &l);
	if (l.result < 0)
		refuse_config(r, &l, now);
	else
		log_messages(r, false);
	loaded_deinit(&l);
}

void reload_progress(struct reload *r, struct mono now)
{
	const struct inventory *inv = r->inventory;
	char line[256], reply[sizeof(line) + INVENTORY_TWINS_SIZE];
	bool first = r->ref->generation == 1;

	if (r->step != RELOAD_APPLYING || inv->generation != r->ref->generation)
		return;
	/* The new configuration is in force all the same. */
	if (inv->error != 0)
		(void)snprintf(line, sizeof(line),
		               "configuration read again, but the devices cannot be "
		               "listed: %s (%s); checkerd tries again every second",
		               strerrordesc_np(inv->error), strerrorname_np(inv->error));
	else if (first)
		(void)snprintf(line, sizeof(line),
		               "%u path%s found, %u device%s excluded", inv->added,
		               inv->added == 1 ? "" : "s", inv->excluded,
		               inv->excluded == 1 ? "" : "s");
	else
		(void)snprintf(line, sizeof(line),
		               "configuration read again: %u paths added, %u removed, %u "
		               "changed, %u in all",
		               inv->added, inv->removed, inv->changed,
		               registry_count(inv->checks->registry));
	if (inv->error == 0) /* else inventory has said so */
		events_say(r->events, EVENT_CONFIG, LOG_NOTICE, "%s", line);
	(void)snprintf(reply, sizeof(reply), "%s%s%s", line,
	               inv->twins[0] == '\0' ? "" : "\n", inv->twins);
	end_reload(r, 0, reply, now);
}
