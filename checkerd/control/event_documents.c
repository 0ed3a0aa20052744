/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: writes events and histories as JSON. The control thread runs this. */
#include "checkerd/control/event_documents.h"

#include <string.h>

#include "checkerd/core/loss.h"

static void key_string(struct jw *j, const char *key, const char *s)
{
	jw_key(j, key);
	jw_string(j, s);
}

static void key_uint(struct jw *j, const char *key, uint64_t v)
{
	jw_key(j, key);
	jw_uint(j, v);
}

/* "": the value is not known. */
static void key_text(struct jw *j, const char *key, const char *s)
{
	key_string(j, key, s[0] != '\0' ? s : NULL);
}

/* Of an event about one path or map, and of others that have none. */
static void no_members(struct jw *j)
{
	jw_key(j, "members_total");
	jw_null(j);
	jw_key(j, "members");
	jw_null(j);
}

void document_event(struct jw *j, const struct event *e)
{
	bool has_cause = event_has_cause(e);

	jw_object(j);
	key_uint(j, "seq", e->seq);
	jw_key(j, "time");
	jw_time(j, e->realtime_us);
	key_string(j, "type", event_type_name(e->type));
	key_text(j, "path", e->path);
	key_text(j, "map", has_cause ? "" : e->map);
	key_text(j, "from", e->from);
	key_text(j, "to", e->to);
	key_text(j, "reason", e->reason);
	key_string(j, "message", e->message);
	key_string(j, "loss", loss_name((enum loss)e->loss));
	key_text(j, "cause", has_cause ? e->map : "");
	if (e->name_records == 0) {
		no_members(j);
		jw_object_end(j);
		return;
	}
	key_uint(j, "members_total", e->members);
	jw_key(j, "members");
	jw_array(j);
}

void document_event_names(struct jw *j, const char *names)
{
	while (*names != '\0') {
		size_t n = strcspn(names, (const char[]){ EVENT_NAME_END, '\0' });

		jw_text_begin(j);
		jw_text_part(j, names, n);
		jw_text_end(j);
		names += n + (names[n] != '\0');
	}
}

void document_event_end(struct jw *j)
{
	jw_array_end(j);
	jw_object_end(j);
}

static void document_change(struct jw *j, const struct change *x)
{
	char reason[REASON_TEXT_MAX];

	jw_object(j);
	jw_key(j, "seq");
	if ((x->seq & CHANGE_OF_GROUP) != 0)
		jw_null(j);
	else
		jw_uint(j, x->seq);
	jw_key(j, "time");
	jw_time(j, x->realtime_us);
	key_string(j, "from", path_state_name(x->from));
	jw_key(j, "lasted_s");
	jw_seconds(j, x->lasted_us);
	key_string(j, "to", path_state_name(x->to));
	key_text(j, "reason", reason_format(&x->reason, reason, sizeof(reason)));
	jw_object_end(j);
}

void document_history(struct jw *j, const struct snapshot *s,
                      const struct snap_path *path, const char *name,
                      const struct changes *changes)
{
	jw_object(j);
	key_string(j, "path", name);
	key_string(j, "state", path != NULL ? view_path_state(path) : NULL);
	jw_key(j, "state_since");
	if (path != NULL)
		jw_time(j,
		        s->taken_realtime_us + mono_diff(path->status.since, s->taken));
	else
		jw_null(j);
	jw_key(j, "changes");
	jw_array(j);
	for (const struct change *x = changes_first(changes, name); x != NULL;
	     x = changes_next(changes, x))
		document_change(j, x);
	jw_array_end(j);
	jw_object_end(j);
}
