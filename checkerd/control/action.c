/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that the loop has to answer: one message to it for each path, or one in all. How
 * many may be without an answer is limited by the places in server->pending; who gets none
 * waits until others are answered. A client that goes away leaves its places to be cleared
 * by the answers.
 */
#include <errno.h>
#include <stdio.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/server.h"

/* Places that checks with wait leave to those who are answered at once. */
#define PENDING_FOR_OTHERS 32

static enum port_op op_of(enum method m)
{
	switch (m) {
	case METHOD_CHECK:
		return PORT_CHECK;
	case METHOD_DISABLE:
		return PORT_DISABLE;
	case METHOD_ENABLE:
		return PORT_ENABLE;
	case METHOD_FAIL:
		return PORT_FAIL;
	case METHOD_REINSTATE:
		return PORT_REINSTATE;
	case METHOD_RELEASE:
		return PORT_RELEASE;
	case METHOD_RELOAD:
		return PORT_RELOAD;
	case METHOD_SET_LOG_LEVEL:
		return PORT_LOG_LEVEL;
	case METHOD_PING:
		return PORT_PING;
	case METHOD_GET_INFO:
	case METHOD_GET_INTERFACE:
	case METHOD_LIST_PATHS:
	case METHOD_LIST_MAPS:
	case METHOD_GET_GROUPS:
	case METHOD_GET_STATUS:
	case METHOD_GET_CONFIG:
	case METHOD_GET_MEMORY:
	case METHOD_GET_METRICS:
	case METHOD_LIST_EVENTS:
	case METHOD_LIST_HISTORY:
	case METHOD_MONITOR:
		break;
	}
	return PORT_SNAPSHOT; /* none of these */
}

bool action_is(const struct client *c)
{
	return op_of(c->request.method) != PORT_SNAPSHOT;
}

/* False: the reply is an error. */
static bool make_targets(struct server *s, struct client *c)
{
	bool paths = c->request.has_names;
	uint32_t n = paths ? c->request.n_names : 1;

	if (paths && !reply_select(s, c))
		return false;
	c->targets = server_lend(s, c, n * sizeof(*c->targets));
	if (!c->targets) {
		reply_busy(c, "too much is being asked at once");
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct snap_path *p =
		        paths ? &c->view->snap->paths[c->selected[i]] : NULL;

		c->targets[i] = (struct target){
			.device = p ? device_ref(p->device) : NULL,
			.index = p ? p->index : 0,
			.generation = p ? p->generation : 0,
		};
	}
	c->n_targets = n;
	return true;
}

/* Why a path was not failed or reinstated, by the error of port.h. */
static const char *refusal(int error)
{
	switch (error) {
	case EPERM:
		return "dm_control is off: checkerd changes nothing in device-mapper";
	case ENXIO:
		return "it is in no map of device-mapper";
	case EBUSY:
		return "it is the last path of its map, which is kept (keep_last_path)";
	case EXDEV:
		return "another disk is under its number: it is barred until it leaves "
		       "the map";
	case EIO:
		return "its checks do not find it good; it is reinstated when they do";
	default:
		return "the main loop refuses";
	}
}

/* The first thing that did not go well. */
static void prepare_path_reply(struct client *c)
{
	struct request *q = &c->request;

	for (uint32_t i = 0; i < c->n_targets; i++) {
		const struct target *t = &c->targets[i];

		if (t->error == ESTALE) {
			reply_error(c, "io.checkerd.Control.NoSuchPath", "path",
			            device_name(t->device));
			return;
		}
		if (t->error != 0) {
			(void)snprintf(q->what, sizeof(q->what), "%s: %s",
			               device_name(t->device), refusal(t->error));
			reply_error(c, "io.checkerd.Control.NotPossible", "reason",
			            q->what);
			return;
		}
	}
	reply_empty(c);
}

static void prepare_reload_reply(struct client *c)
{
	static const char no_room[] =
	        "error: not enough memory to read the configuration: try again\n";
	const char *text = c->answer ? c->answer->data : "";
	size_t size = c->answer ? c->answer->size : 0;

	/* What was refused for another reason has a text, which takes memory. */
	if (c->targets[0].error != 0 && size == 0) {
		text = no_room;
		size = sizeof(no_room) - 1;
	}
	if (c->targets[0].error == 0) {
		reply_text(c, "message", text, size);
	} else if (c->targets[0].error == EBUSY) {
		reply_busy(c, "another reload is on its way");
	} else {
		reply_text(c, "errors", text, size);
		c->reply.error = "io.checkerd.Control.ReloadFailed";
	}
}

/* Every answer is there. */
static void prepare_reply(struct client *c)
{
	if (c->request.method == METHOD_CHECK)
		reply_results(c);
	else if (c->request.method == METHOD_RELOAD)
		prepare_reload_reply(c);
	else if (c->request.has_names)
		prepare_path_reply(c);
	else if (c->targets[0].error != 0)
		reply_busy(c, "the main loop refuses");
	else
		reply_empty(c);
}

void action_begin(struct server *s, struct client *c)
{
	const struct request *q = &c->request;

	if (!make_targets(s, c))
		return;
	server_release_view(s, c); /* the targets hold what they need */
	if (q->method == METHOD_RELOAD)
		c->deadline = mono_add(s->now, RELOAD_TIMEOUT_US);
	else if (q->method == METHOD_CHECK && q->wait)
		c->deadline = MONO_NEVER; /* every check ends */
	else
		c->deadline = mono_add(s->now, s->loop_timeout_us);
	action_continue(s, c);
	if (c->n_targets == 0)
		prepare_reply(c);
}

/* Takes a place and fills in its token; false: none is left for this request. */
static bool take_pending(struct server *s, struct client *c, uint32_t target,
                         uint64_t *ret_token)
{
	bool waits = c->request.method == METHOD_CHECK && c->request.wait;
	uint32_t i = s->free_pending;
	struct pending *p;

	if (s->n_free_pending <= (waits ? PENDING_FOR_OTHERS : 0))
		return false;
	p = &s->pending[i];
	s->free_pending = p->next_free;
	s->n_free_pending--;
	p->client = c;
	p->target = target;
	p->serial++;
	*ret_token = (uint64_t)p->serial << 32 | i;
	return true;
}

static void free_pending(struct server *s, uint32_t i)
{
	s->pending[i].client = NULL;
	s->pending[i].next_free = s->free_pending;
	s->free_pending = i;
	s->n_free_pending++;
}

void action_continue(struct server *s, struct client *c)
{
	const struct request *q = &c->request;

	while (c->n_sent < c->n_targets) {
		const struct target *t = &c->targets[c->n_sent];
		struct port_request r = {
			.op = op_of(q->method),
			.wait = q->wait,
			.all = !q->has_names,
			.path = t->index,
			.generation = t->generation,
			.arg = q->method == METHOD_SET_LOG_LEVEL ? q->level : q->for_us,
			.uid = c->uid,
			.pid = c->pid,
		};

		if (!take_pending(s, c, c->n_sent, &r.token))
			return;
		if (!port_control_request(s->port, &r)) {
			free_pending(s, (uint32_t)r.token);
			return;
		}
		c->n_sent++;
	}
}

struct client *action_reply(struct server *s, const struct port_reply *r)
{
	uint32_t i = (uint32_t)r->token;
	struct pending *p;
	struct client *c;
	struct target *t;

	assert(i < port_control_replies_max(s->port));
	p = &s->pending[i];
	assert(p->serial == r->token >> 32);
	c = p->client;
	free_pending(s, i);
	if (!c)
		return NULL;
	t = &c->targets[p->target];
	t->error = r->error;
	t->state = r->error == ESTALE ? PATH_REMOVED : r->state;
	if (r->text && !c->answer)
		c->answer = text_ref(r->text);
	c->n_answered++;
	if (c->n_answered < c->n_targets)
		return NULL;
	prepare_reply(c);
	return c;
}

void action_cancel(struct server *s, struct client *c)
{
	uint32_t owed = c->n_sent - c->n_answered;

	for (uint32_t i = 0; owed > 0; i++)
		if (s->pending[i].client == c) {
			s->pending[i].client = NULL;
			owed--;
		}
	for (uint32_t i = 0; i < c->n_targets; i++)
		device_unref(c->targets[i].device);
	server_give_back(s, c, c->targets,
	                 (c->request.has_names ? c->request.n_names : 1) *
	                         sizeof(*c->targets));
	c->targets = NULL;
	c->n_targets = c->n_sent = c->n_answered = 0;
}
