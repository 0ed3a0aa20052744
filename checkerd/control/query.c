/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods that this thread answers itself. They own nothing; the control thread runs them. */
#include "checkerd/control/query.h"

#include <string.h>

#include "checkerd/control/document_path.h"
#include "checkerd/control/documents.h"
#include "checkerd/control/findings.h"
#include "checkerd/control/event_documents.h"
#include "checkerd/control/interface.h"
#include "checkerd/control/reply.h"
#include "checkerd/control/selection.h"
#include "checkerd/control/service.h"

/* The beginning of a reply that is one list. */
static enum piece begin_list(struct call *c, struct jw *j, const char *key)
{
	reply_begin(c, j);
	jw_key(j, key);
	jw_array(j);
	return PIECE_MORE;
}

static enum piece end_list(struct jw *j)
{
	jw_array_end(j);
	return reply_end(j);
}

/* So many paths or maps are in a reply, if the client takes several. */
#define LIST_PART 256

/* Ends a reply that others follow. */
static void end_part(struct jw *j)
{
	jw_object_end(j);
	jw_key(j, "continues");
	jw_bool(j, true);
	jw_object_end(j);
	jw_message_end(j);
}

/* Before another element: ends a reply that has enough of them, and begins the next one. */
static void part_list(struct call *c, struct jw *j, const char *key)
{
	if (!c->request.more || c->reply.at == 0 || c->reply.at % LIST_PART != 0)
		return;
	jw_array_end(j);
	end_part(j);
	(void)begin_list(c, j, key);
}

/* --- constants --- */

enum piece query_write_info(struct service *s, struct call *c, struct jw *j)
{
	(void)s;
	reply_begin(c, j);
	document_info(j);
	return reply_end(j);
}

void query_interface(struct service *s, struct call *c)
{
	const char *name = c->request.detail, *text;

	(void)s;
	if (strcmp(name, INTERFACE_CONTROL) == 0)
		text = interface_control;
	else if (strcmp(name, INTERFACE_SERVICE) == 0)
		text = interface_service;
	else {
		reply_problem(c, REQUEST_NO_INTERFACE);
		return;
	}
	reply_text(c, "description", text, strlen(text));
}

/* --- paths --- */

void query_paths(struct service *s, struct call *c)
{
	if (c->request.has_names || request_selects(&c->request))
		(void)selection_of_paths(s, c); /* if it fails, the reply is an error */
}

enum piece query_write_paths(struct service *s, struct call *c, struct jw *j)
{
	const struct snapshot *snap = c->view->snap;
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun)
		return begin_list(c, j, "paths");
	if (r->at == selection_count(c, snap->n_paths))
		return end_list(j);
	part_list(c, j, "paths");
	document_path(j, snap, &snap->paths[selection_at(c, r->at++)],
	              c->request.fields != 0 ? c->request.fields : DOCUMENT_PATH_ALL);
	return PIECE_MORE;
}

/* --- maps --- */

/* The maps of the snapshot, without a selection. */
void query_all_maps(struct service *s, struct call *c)
{
	(void)s;
	if (view_make_maps(c->view) < 0)
		reply_busy(c, "not enough memory: try again");
}

void query_maps(struct service *s, struct call *c)
{
	if (c->request.has_names)
		(void)selection_of_maps(s, c); /* if it fails, the reply is an error */
	else
		query_all_maps(s, c);
}

/* Begins the next map, or ends the document. */
static enum piece write_next_map(struct call *c, struct jw *j)
{
	const struct view *v = c->view;
	struct reply *r = &c->reply;

	if (r->at == selection_count(c, v->n_maps))
		return end_list(j);
	part_list(c, j, "maps");
	r->map = &v->maps[selection_at(c, r->at++)];
	r->in_map = r->map_group = 0;
	document_map_begin(j, v, r->map);
	return PIECE_MORE;
}

/* The groups of a map, which follow the names of its paths: a piece for each path, and for the
 * beginning and the end of each group. */
static void write_map_groups(struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct map *dm = r->map->dm != NULL ? r->map->dm->map : NULL;
	uint32_t at = r->in_map - r->map->n - 1; /* of the paths */

	if (dm != NULL && r->map_group > 0 && at < dm->n_paths &&
	    dm->paths[at].group == r->map_group) {
		document_map_path(j, c->view, r->map, at);
		r->in_map++;
		return;
	}
	if (r->map_group > 0)
		document_map_group_end(j);
	if (dm != NULL && r->map_group < dm->n_groups) {
		document_map_group(j, r->map, ++r->map_group);
		return;
	}
	document_map_end(j, r->map);
	r->map = NULL;
}

enum piece query_write_maps(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun)
		return begin_list(c, j, "maps");
	if (r->map == NULL)
		return write_next_map(c, j);
	if (r->in_map < r->map->n) {
		document_map_name(j, c->view, r->map, r->in_map++);
	} else if (r->in_map == r->map->n) {
		document_map_middle(j, c->view, r->map);
		r->in_map++;
	} else {
		write_map_groups(c, j);
	}
	return PIECE_MORE;
}

/* --- the engine and the daemon --- */

enum piece query_write_groups(struct service *s, struct call *c, struct jw *j)
{
	const struct snapshot *snap = c->view->snap;
	struct reply *r = &c->reply;

	(void)s;
	if (!r->begun)
		return begin_list(c, j, "groups");
	if (r->at < snap->n_groups) {
		document_group(j, &snap->groups[r->at++]);
		return PIECE_MORE;
	}
	jw_array_end(j);
	document_engine(j, snap);
	return reply_end(j);
}

enum piece query_write_status(struct service *s, struct call *c, struct jw *j)
{
	(void)s;
	reply_begin(c, j);
	document_status(j, c->view);
	return reply_end(j);
}

/* One kind of finding is one piece. */
enum piece query_write_findings(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	struct finding finding;

	(void)s;
	if (!r->begun)
		return begin_list(c, j, "findings");
	if (r->at == findings_count())
		return end_list(j);
	if (findings_get(c->view, r->at++, &finding))
		findings_write(j, &finding);
	return PIECE_MORE;
}

/* The view, which is held until the reply is sent, holds the text. */
static void reply_snapshot_text(struct call *c, const char *key, const struct text *t,
                                const char *otherwise)
{
	if (t != NULL)
		reply_text(c, key, t->data, t->size);
	else
		reply_text(c, key, otherwise, strlen(otherwise));
}

void query_config(struct service *s, struct call *c)
{
	(void)s;
	reply_snapshot_text(c, "config", c->view->snap->config_text, "");
}

void query_rules(struct service *s, struct call *c)
{
	(void)s;
	reply_snapshot_text(c, "rules", c->view->snap->rules_text,
	                    "{\"filters\":[],\"hardware\":[]}");
	c->reply.raw = true;
}

void query_memory(struct service *s, struct call *c)
{
	(void)s;
	reply_snapshot_text(c, "memory", c->view->snap->memory_text, "{}");
	c->reply.raw = true;
}

/* The text of the metrics never exists as a whole. */
enum piece query_write_metrics(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	struct metrics_piece piece;
	bool more;

	if (!r->begun) {
		reply_begin(c, j);
		r->metrics.without_paths = c->request.without_paths;
		r->metrics.latency = c->request.latency;
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
	return reply_end(j);
}

/* --- events --- */

/* Begins an event, or writes all of it. */
static void write_event(struct service *s, struct reply *r, struct jw *j,
                        const struct event *e)
{
	document_event(j, e);
	r->in_event = e->name_records > 0;
	if (r->in_event)
		r->names = history_names(&s->history, e, &r->cursor);
}

/* Writes more names of the event that was begun. True: it is complete. */
static bool write_names(struct service *s, struct reply *r, struct jw *j)
{
	const char *names = history_next_names(&s->history, &r->names);

	if (names != NULL) {
		document_event_names(j, names);
		return false;
	}
	document_event_end(j);
	r->in_event = false;
	return true;
}

void query_events(struct service *s, struct call *c)
{
	c->reply.cursor = history_find(&s->history, c->request.since);
}

enum piece query_write_events(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct event *e;
	uint64_t lost = 0;

	if (!r->begun)
		return begin_list(c, j, "events");
	if (r->in_event) {
		(void)write_names(s, r, j); /* The next event follows, or more names. */
		return PIECE_MORE;
	}
	e = history_next(&s->history, &r->cursor, &lost);
	if (e != NULL) {
		r->lost += lost;
		write_event(s, r, j, e);
		return PIECE_MORE;
	}
	jw_array_end(j);
	jw_key(j, "lost");
	jw_uint(j, r->lost);
	return reply_end(j);
}

void query_coming_events(struct service *s, struct call *c)
{
	if (c->request.has_since)
		query_events(s, c);
	else
		c->reply.cursor = history_end(&s->history);
}

/* Each event, and each number of lost events, is a message of its own. */
enum piece query_write_event(struct service *s, struct call *c, struct jw *j)
{
	struct history_cursor cursor = c->reply.cursor;
	uint64_t lost = 0;
	const struct event *e;

	if (c->reply.in_event) {
		if (write_names(s, &c->reply, j))
			end_part(j);
		return PIECE_MORE;
	}
	e = history_next(&s->history, &cursor, &lost);
	if (e == NULL)
		return PIECE_NONE_YET;
	jw_object(j);
	jw_key(j, "parameters");
	jw_object(j);
	if (lost > 0) { /* the next message has the event */
		jw_key(j, "lost");
		jw_uint(j, lost);
		c->reply.cursor.seq += lost;
	} else {
		jw_key(j, "event");
		c->reply.cursor = cursor;
		write_event(s, &c->reply, j, e);
	}
	if (!c->reply.in_event)
		end_part(j);
	return PIECE_MORE;
}

/* --- histories of paths --- */

void query_histories(struct service *s, struct call *c)
{
	(void)selection_of_histories(s, c); /* if it fails, the reply is an error */
}

/* The history of a path is one piece: between two pieces its changes may be forgotten. */
enum piece query_write_histories(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct snapshot *snap = c->view->snap;
	const struct snap_path *path;
	uint32_t at;

	if (!r->begun) {
		r->text = c->request.names; /* the next name */
		return begin_list(c, j, "histories");
	}
	if (r->at == c->request.n_names)
		return end_list(j);
	at = c->selected[r->at++];
	path = at == REGISTRY_NONE ? NULL : &snap->paths[at];
	document_history(j, snap, path,
	                 path != NULL ? device_name(path->device) : r->text, s->changes);
	r->text = request_next_name(r->text);
	return PIECE_MORE;
}
