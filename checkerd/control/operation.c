/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the targets of calls. The control thread runs it. The table of pending requests limits how
 * many requests have no reply; a call that gets no place there waits until others are answered.
 * When a client disconnects, the replies free its places.
 */
#include "checkerd/control/operation.h"

#include <errno.h>
#include <stdio.h>

#include "checkerd/control/reply.h"
#include "checkerd/control/selection.h"

/* Places that checks with wait leave to requests that are answered at once. */
#define PLACES_FOR_OTHERS 32

/* --- the targets --- */

/* False: the reply is an error. */
static bool new_targets(struct service *s, struct call *c, uint32_t n)
{
	c->targets = budget_borrow(&s->budget, &c->borrower, n * sizeof(*c->targets));
	if (c->targets == NULL) {
		reply_busy(c, "too many large requests at once: try again");
		return false;
	}
	c->n_targets = n;
	return true;
}

void operation_for_daemon(struct service *s, struct call *c)
{
	if (new_targets(s, c, 1))
		c->targets[0] = (struct target){ .device = NULL };
}

void operation_for_paths(struct service *s, struct call *c)
{
	if (!selection_of_paths_to_change(s, c) || !new_targets(s, c, c->n_selected))
		return;
	for (uint32_t i = 0; i < c->n_targets; i++) {
		const struct snap_path *p = &c->view->snap->paths[c->selected[i]];

		c->targets[i] = (struct target){
			.device = device_ref(p->device),
			.index = p->index,
			.generation = p->generation,
		};
	}
}

void operation_for_explanation(struct service *s, struct call *c, const char *device)
{
	if (s->explanations == EXPLANATIONS_MAX) {
		reply_busy(c, "too many requests for an explanation: try again");
		return;
	}
	c->explanation = explanation_new(device);
	if (c->explanation == NULL) {
		reply_busy(c, "not enough memory: try again");
		return;
	}
	s->explanations++;
	operation_for_daemon(s, c);
}

/* NULL allowed. */
static void drop_explanation(struct service *s, struct explanation *e)
{
	if (e == NULL)
		return;
	s->explanations--;
	explanation_free(e);
}

/* --- what the loop has answered --- */

void operation_conclude(struct service *s, struct call *c)
{
	(void)s;
	if (c->targets[0].error != 0)
		reply_busy(c, "the main loop refuses");
}

void operation_conclude_reload(struct service *s, struct call *c)
{
	static const char no_memory[] =
	        "error: not enough memory to read the configuration: try again\n";
	const char *text = c->answer != NULL ? c->answer->data : "";
	size_t size = c->answer != NULL ? c->answer->size : 0;

	(void)s;
	/* Any other refusal has a text, which takes memory. */
	if (c->targets[0].error != 0 && size == 0) {
		text = no_memory;
		size = sizeof(no_memory) - 1;
	}
	if (c->targets[0].error == 0) {
		reply_text(c, "message", text, size);
	} else if (c->targets[0].error == EBUSY) {
		reply_busy(c, "another reload is in progress");
	} else {
		reply_text(c, "errors", text, size);
		c->reply.error = REPLY_CONTROL_ERROR("ReloadFailed");
	}
}

enum piece operation_write_results(struct service *s, struct call *c, struct jw *j)
{
	struct reply *r = &c->reply;
	const struct target *t;

	(void)s;
	if (!r->begun) {
		reply_begin(c, j);
		jw_key(j, "results");
		jw_array(j);
		return PIECE_MORE;
	}
	if (r->at == c->n_targets) {
		jw_array_end(j);
		return reply_end(j);
	}
	t = &c->targets[r->at++];
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

/* --- requests to the loop --- */

bool operation_is_done(const struct call *c)
{
	return c->n_answered == c->n_targets;
}

static void conclude(struct service *s, struct call *c)
{
	const struct method *m = c->request.method;

	if (m->conclude != NULL)
		m->conclude(s, c);
	reply_by_method(c);
}

void operation_begin(struct service *s, struct call *c)
{
	c->request.method->prepare(s, c);
	if (c->reply.piece != NULL)
		return;
	/* The targets have references of their own. */
	if (!c->request.method->keeps_view)
		views_release(&s->views, &c->view);
	operation_continue(s, c);
	if (operation_is_done(c))
		conclude(s, c);
}

void operation_continue(struct service *s, struct call *c)
{
	const struct request *q = &c->request;

	while (c->n_sent < c->n_targets) {
		const struct target *t = &c->targets[c->n_sent];
		struct port_request r = {
			.op = q->method->op,
			.wait = q->wait,
			.all = t->device == NULL && c->batch == NULL,
			.batch = c->batch,
			.explanation = c->explanation,
			.path = t->index,
			.generation = t->generation,
			.arg = q->arg,
			.uid = c->uid,
			.pid = c->pid,
		};

		if (!pending_take(&s->pending, c, c->n_sent,
		                  q->wait ? PLACES_FOR_OTHERS : 0, &r.token))
			return;
		if (!port_control_request(s->port, &r)) {
			pending_return(&s->pending, r.token);
			return;
		}
		c->batch_sent = c->batch != NULL;
		c->explanation = NULL;
		c->n_sent++;
	}
}

/* No call waits for the batch any more: see bulk_cancel(). */
static void drop_batch(struct service *s, struct port_batch *b)
{
	if (b == NULL)
		return;
	budget_return_passed(&s->budget, port_batch_bytes(b->n));
	port_batch_free(b);
}

struct call *operation_answered(struct service *s, const struct port_reply *r,
                                bool *ret_changed)
{
	uint32_t target;
	struct call *c = pending_answered(&s->pending, r->token, &target);
	struct target *t;

	/* It is not known what a call that was forgotten has changed. */
	*ret_changed =
	        c == NULL || c->request.method->changes || c->request.method->renews;
	if (c == NULL) {
		drop_batch(s, port_reply_batch(r));
		drop_explanation(s, port_reply_explanation(r));
		return NULL;
	}
	c->explanation = port_reply_explanation(r);
	c->batch_sent = false;
	t = &c->targets[target];
	t->error = r->error;
	t->state = r->error == ESTALE ? PATH_REMOVED : r->state;
	if (c->answer == NULL)
		c->answer = text_ref(port_reply_text(r));
	c->n_answered++;
	if (!operation_is_done(c))
		return NULL;
	conclude(s, c);
	return c;
}

void operation_cancel(struct service *s, struct call *c)
{
	pending_forget(&s->pending, c, c->n_sent - c->n_answered);
	for (uint32_t i = 0; i < c->n_targets; i++)
		device_unref(c->targets[i].device);
	budget_return(&s->budget, &c->borrower, c->targets,
	              c->n_targets * sizeof(*c->targets));
	c->targets = NULL;
	c->n_targets = c->n_sent = c->n_answered = 0;
	c->answer = text_unref(c->answer);
	drop_explanation(s, c->explanation);
	c->explanation = NULL;
}
