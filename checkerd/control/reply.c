/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replies, piece by piece. A piece function writes one thing and moves the cursor in
 * client->reply; it never looks whether there was room.
 */
#include <string.h>

#include "checkerd/control/documents.h"
#include "checkerd/control/interface.h"
#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"

#define ERROR_CONTROL(name) ("io.checkerd.Control." name)
#define ERROR_SERVICE(name) ("org.varlink.service." name)

static void begin(struct client *c, struct jw *j)
{
	c->reply.begun = true;
	jw_object(j);
	if (c->reply.error) {
		jw_key(j, "error");
		jw_string(j, c->reply.error);
	}
	jw_key(j, "parameters");
	jw_object(j);
}

static enum piece end(struct jw *j)
{
	jw_object_end(j);
	jw_object_end(j);
	jw_message_end(j);
	return PIECE_LAST;
}

/* --- a parameter that is one text, or nothing at all --- */

static enum piece piece_empty(struct server *s, struct client *c, struct jw *j)
{
	(void)s;
	begin(c, j);
	return end(j);
}

static enum piece piece_text(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const char *rest = r->text + r->text_at;
	size_t n;

	(void)s;
	if (!r->begun) {
		begin(c, j);
		jw_key(j, r->key);
		if (r->raw)
			jw_raw_begin(j);
		else
			jw_text_begin(j);
		return PIECE_MORE;
	}
	if (r->text_at == r->text_size) {
		if (!r->raw)
			jw_text_end(j);
		return end(j);
	}
	n = jw_text_cut(rest, r->text_size - r->text_at, TEXT_PIECE);
	if (r->raw)
		jw_raw_part(j, rest, n);
	else
		jw_text_part(j, rest, n);
	r->text_at += n;
	return PIECE_MORE;
}

void reply_empty(struct client *c)
{
	c->reply = (struct reply){ .piece = piece_empty };
}

void reply_text(struct client *c, const char *key, const char *text, size_t size)
{
	c->reply = (struct reply){
		.piece = piece_text,
		.key = key,
		.text = text,
		.text_size = size,
	};
}

void reply_error(struct client *c, const char *error, const char *key, const char *value)
{
	if (key)
		reply_text(c, key, value, strlen(value));
	else
		reply_empty(c);
	c->reply.error = error;
}

void reply_problem(struct client *c, enum request_problem problem)
{
	const char *what = c->request.what;

	switch (problem) {
	case REQUEST_NO_INTERFACE:
		reply_error(c, ERROR_SERVICE("InterfaceNotFound"), "interface", what);
		return;
	case REQUEST_NO_METHOD:
		reply_error(c, ERROR_SERVICE("MethodNotFound"), "method", what);
		return;
	case REQUEST_BAD_PARAMETER:
		reply_error(c, ERROR_SERVICE("InvalidParameter"), "parameter", what);
		return;
	case REQUEST_WANTS_MORE:
		reply_error(c, ERROR_SERVICE("ExpectedMore"), NULL, NULL);
		return;
	case REQUEST_FINE:
	case REQUEST_GARBAGE:
		break;
	}
	assert(!"a problem that has a name");
}

void reply_busy(struct client *c, const char *reason)
{
	reply_error(c, ERROR_CONTROL("Busy"), "reason", reason);
}

/* --- what comes from a snapshot --- */

static uint32_t selected(const struct client *c, uint32_t at)
{
	return c->selected ? c->selected[at] : at;
}

static enum piece piece_paths(struct server *s, struct client *c, struct jw *j)
{
	const struct snapshot *snap = c->view->snap;
	uint32_t n = c->selected ? c->request.n_names : snap->n_paths;
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun) {
		begin(c, j);
		jw_key(j, "paths");
		jw_array(j);
		return PIECE_MORE;
	}
	if (r->at < n) {
		document_path(j, snap, &snap->paths[selected(c, r->at)]);
		r->at++;
		return PIECE_MORE;
	}
	jw_array_end(j);
	return end(j);
}

/* Opens the next map, or closes the document. */
static enum piece piece_next_map(struct client *c, struct jw *j)
{
	const struct view *v = c->view;
	uint32_t n = c->selected ? c->request.n_names : v->n_maps;
	struct reply *r = &c->reply;

	if (r->at == n) {
		jw_array_end(j);
		return end(j);
	}
	r->map = &v->maps[selected(c, r->at++)];
	r->in_map = r->map_group = 0;
	document_map_begin(j, v, r->map);
	return PIECE_MORE;
}

/* Its groups, after the names of its paths: a piece for each path, and for each end. */
static void piece_map_groups(struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct map *dm = r->map->dm ? r->map->dm->map : NULL;
	uint32_t at = r->in_map - r->map->n - 1; /* of the paths */

	if (dm && r->map_group > 0 && at < dm->n_paths &&
	    dm->paths[at].group == r->map_group) {
		document_map_path(j, c->view, r->map, at);
		r->in_map++;
		return;
	}
	if (r->map_group > 0)
		document_map_group_end(j);
	if (dm && r->map_group < dm->n_groups) {
		document_map_group(j, r->map, ++r->map_group);
		return;
	}
	document_map_end(j, r->map);
	r->map = NULL;
}

static enum piece piece_maps(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun) {
		begin(c, j);
		jw_key(j, "maps");
		jw_array(j);
		return PIECE_MORE;
	}
	if (!r->map)
		return piece_next_map(c, j);
	if (r->in_map < r->map->n) {
		document_map_name(j, c->view, r->map, r->in_map++);
	} else if (r->in_map == r->map->n) {
		document_map_middle(j, c->view, r->map);
		r->in_map++;
	} else {
		piece_map_groups(c, j);
	}
	return PIECE_MORE;
}

static enum piece piece_groups(struct server *s, struct client *c, struct jw *j)
{
	const struct snapshot *snap = c->view->snap;
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun) {
		begin(c, j);
		jw_key(j, "groups");
		jw_array(j);
		return PIECE_MORE;
	}
	if (r->at < snap->n_groups) {
		document_group(j, &snap->groups[r->at++]);
		return PIECE_MORE;
	}
	jw_array_end(j);
	document_engine(j, snap);
	return end(j);
}

static enum piece piece_status(struct server *s, struct client *c, struct jw *j)
{
	(void)s;
	begin(c, j);
	document_status(j, c->view);
	return end(j);
}

/* A text of which nobody has ever had all. */
static enum piece piece_metrics(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;
	struct metrics_piece piece;
	bool more;

	if (!r->begun) {
		begin(c, j);
		jw_key(j, "metrics");
		jw_text_begin(j);
		return PIECE_MORE;
	}
	more = metrics_next(&r->metrics, c->view, port_control_events_lost(s->port),
	                    &piece);
	jw_text_part(j, piece.text, piece.size);
	if (more)
		return PIECE_MORE;
	jw_text_end(j);
	return end(j);
}

static enum piece piece_info(struct server *s, struct client *c, struct jw *j)
{
	(void)s;
	begin(c, j);
	document_info(j);
	return end(j);
}

/* --- events --- */

static enum piece piece_events(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct event *e;
	uint64_t lost = 0;

	if (!r->begun) {
		begin(c, j);
		jw_key(j, "events");
		jw_array(j);
		return PIECE_MORE;
	}
	e = history_next(&s->history, &r->cursor, &lost);
	if (e) {
		r->lost += lost;
		document_event(j, e);
		return PIECE_MORE;
	}
	jw_array_end(j);
	jw_key(j, "lost");
	jw_uint(j, r->lost);
	return end(j);
}

/* Each event is a reply of its own. */
static enum piece piece_monitor(struct server *s, struct client *c, struct jw *j)
{
	struct history_cursor cursor = c->reply.cursor;
	uint64_t lost = 0;
	const struct event *e = history_next(&s->history, &cursor, &lost);

	if (!e)
		return PIECE_NOTHING_YET;
	jw_object(j);
	jw_key(j, "parameters");
	jw_object(j);
	if (lost > 0) { /* and then the event */
		jw_key(j, "lost");
		jw_uint(j, lost);
		c->reply.cursor.seq += lost;
	} else {
		jw_key(j, "event");
		document_event(j, e);
		c->reply.cursor = cursor;
	}
	jw_object_end(j);
	jw_key(j, "continues");
	jw_bool(j, true);
	jw_object_end(j);
	jw_message_end(j);
	return PIECE_MORE;
}

/* --- history --- */

/* A path's is one piece: between two its changes may be forgotten. */
static enum piece piece_histories(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;

	if (!r->begun) {
		begin(c, j);
		jw_key(j, "histories");
		jw_array(j);
		r->text = c->request.names; /* the next name */
		return PIECE_MORE;
	}
	if (r->at < c->request.n_names) {
		const struct snapshot *snap = c->view->snap;
		uint32_t at = c->selected[r->at++];
		const struct snap_path *path =
		        at == REGISTRY_NONE ? NULL : &snap->paths[at];

		document_history(j, snap, path,
		                 path ? device_name(path->device) : r->text, s->changes);
		r->text = request_next_name(r->text);
		return PIECE_MORE;
	}
	jw_array_end(j);
	return end(j);
}

/* --- what became of a request that changes something --- */

static enum piece piece_results(struct server *s, struct client *c, struct jw *j)
{
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun) {
		begin(c, j);
		jw_key(j, "results");
		jw_array(j);
		return PIECE_MORE;
	}
	if (r->at < c->n_targets) {
		const struct target *t = &c->targets[r->at++];

		jw_object(j);
		jw_key(j, "path");
		jw_string(j, device_name(t->device));
		jw_key(j, "state");
		jw_string(j, path_state_name(t->state));
		jw_key(j, "checked");
		jw_bool(j, t->error == 0);
		jw_object_end(j);
		return PIECE_MORE;
	}
	jw_array_end(j);
	return end(j);
}

void reply_results(struct client *c)
{
	c->reply = (struct reply){ .piece = piece_results };
}

/* --- which reply --- */

bool reply_needs_snapshot(const struct client *c)
{
	switch (c->request.method) {
	case METHOD_LIST_PATHS:
	case METHOD_LIST_MAPS:
	case METHOD_GET_GROUPS:
	case METHOD_GET_STATUS:
	case METHOD_GET_CONFIG:
	case METHOD_GET_MEMORY:
	case METHOD_GET_METRICS:
	case METHOD_LIST_HISTORY:
	case METHOD_CHECK:
	case METHOD_DISABLE:
	case METHOD_ENABLE:
	case METHOD_FAIL:
	case METHOD_REINSTATE:
	case METHOD_RELEASE:
		return true;
	case METHOD_GET_INFO:
	case METHOD_GET_INTERFACE:
	case METHOD_LIST_EVENTS:
	case METHOD_MONITOR:
	case METHOD_RELOAD:
	case METHOD_SET_LOG_LEVEL:
	case METHOD_PING:
		break;
	}
	return false;
}

bool reply_select(struct server *s, struct client *c)
{
	const struct request *q = &c->request;
	bool maps = q->method == METHOD_LIST_MAPS;
	const char *name = q->names;

	if ((maps ? view_make_map_names(c->view) : view_make_path_names(c->view)) < 0) {
		reply_busy(c, "out of memory");
		return false;
	}
	c->selected = server_lend(s, c, q->n_names * sizeof(*c->selected));
	if (!c->selected) {
		reply_busy(c, "too much is being asked at once");
		return false;
	}
	for (uint32_t i = 0; i < q->n_names; i++, name = request_next_name(name)) {
		c->selected[i] = maps ? view_find_map(c->view, s->dev_fd, name)
		                      : view_find_path(c->view, s->dev_fd, name);
		if (c->selected[i] != REGISTRY_NONE)
			continue;
		/* One that is gone has a history all the same. */
		if (q->method == METHOD_LIST_HISTORY && changes_first(s->changes, name))
			continue;
		if (maps)
			reply_error(c, ERROR_CONTROL("NoSuchMap"), "map", name);
		else
			reply_error(c, ERROR_CONTROL("NoSuchPath"), "path", name);
		return false;
	}
	return true;
}

static void prepare_list(struct server *s, struct client *c, write_piece *piece)
{
	if (c->request.has_names) {
		if (!reply_select(s, c))
			return;
	} else if (piece == piece_maps && view_make_maps(c->view) < 0) {
		reply_busy(c, "out of memory");
		return;
	}
	c->reply = (struct reply){ .piece = piece };
}

/* What needs to know the maps. */
static void prepare_with_maps(struct client *c, write_piece *piece)
{
	if (view_make_maps(c->view) < 0)
		reply_busy(c, "out of memory");
	else
		c->reply = (struct reply){ .piece = piece };
}

static void prepare_interface(struct client *c)
{
	const char *name = c->request.what, *text;

	if (strcmp(name, "io.checkerd.Control") == 0)
		text = interface_control;
	else if (strcmp(name, "org.varlink.service") == 0)
		text = interface_service;
	else {
		reply_problem(c, REQUEST_NO_INTERFACE);
		return;
	}
	reply_text(c, "description", text, strlen(text));
}

static void prepare_events(struct server *s, struct client *c, write_piece *piece)
{
	const struct request *q = &c->request;

	c->reply = (struct reply){
		.piece = piece,
		.cursor = q->has_since || q->method == METHOD_LIST_EVENTS
		                  ? history_find(&s->history, q->since)
		                  : history_end(&s->history),
	};
}

/* Only while the view is held. */
static void prepare_snapshot_text(struct client *c, const char *key, const struct text *t,
                                  const char *otherwise)
{
	reply_text(c, key, t ? t->data : otherwise, t ? t->size : strlen(otherwise));
}

void reply_prepare(struct server *s, struct client *c)
{
	switch (c->request.method) {
	case METHOD_GET_INFO:
		c->reply = (struct reply){ .piece = piece_info };
		return;
	case METHOD_GET_INTERFACE:
		prepare_interface(c);
		return;
	case METHOD_LIST_PATHS:
		prepare_list(s, c, piece_paths);
		return;
	case METHOD_LIST_MAPS:
		prepare_list(s, c, piece_maps);
		return;
	case METHOD_GET_GROUPS:
		c->reply = (struct reply){ .piece = piece_groups };
		return;
	case METHOD_GET_STATUS:
		prepare_with_maps(c, piece_status);
		return;
	case METHOD_GET_CONFIG:
		prepare_snapshot_text(c, "config", c->view->snap->config_text, "");
		return;
	case METHOD_GET_MEMORY:
		prepare_snapshot_text(c, "memory", c->view->snap->memory_text, "{}");
		c->reply.raw = true;
		return;
	case METHOD_GET_METRICS:
		prepare_with_maps(c, piece_metrics);
		return;
	case METHOD_LIST_EVENTS:
		prepare_events(s, c, piece_events);
		return;
	case METHOD_LIST_HISTORY:
		prepare_list(s, c, piece_histories);
		return;
	case METHOD_MONITOR:
		prepare_events(s, c, piece_monitor);
		return;
	case METHOD_CHECK:
	case METHOD_DISABLE:
	case METHOD_ENABLE:
	case METHOD_FAIL:
	case METHOD_REINSTATE:
	case METHOD_RELEASE:
	case METHOD_RELOAD:
	case METHOD_SET_LOG_LEVEL:
	case METHOD_PING:
		break; /* action.c's */
	}
	assert(!"a method that only reads");
}
