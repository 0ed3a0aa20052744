/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METHOD_H
#define CHECKERD_CONTROL_METHOD_H

/* What there is to know of a method: a row of the table in methods.c. */
#include "checkerd/control/call.h"
#include "checkerd/control/port.h"
#include "checkerd/control/request.h"

#define METHOD_PARAMETERS_MAX 8

struct parameter {
	const char *name;
	request_reader *read;
	bool required;
};

/* A step on the way to the reply. It may set the reply: to an error, or to a text. */
typedef void method_step(struct service *s, struct call *c);

/*
 * A call is served in this order: the client's right, a snapshot, prepare, the requests to the
 * main loop and its replies, conclude, piece. A step that is not needed is left out. After a
 * step that has set the reply, that reply is sent.
 */
struct method {
	const char *interface, *name;
	bool changes; /* only root may call it */
	bool renews; /* snapshots show something new after the reply, though it changes nothing */
	bool keeps_view;     /* with op: the reply shows the snapshot, too */
	bool needs_snapshot; /* call->view is set from prepare on */
	bool lists;   /* the reply has all paths or all maps, if the request names none */
	bool streams; /* the reply has no end, and the request has to say "more" */
	struct parameter parameters[METHOD_PARAMETERS_MAX];
	/* What the main loop does for each target; PORT_SNAPSHOT: nothing, this thread answers. */
	enum port_op op;
	int64_t timeout_us; /* for the loop's replies; 0: the server's */
	method_step
	        *prepare; /* finds what the request names; with op: makes the targets */
	method_step *conclude; /* with op: looks at the loop's replies */
	write_piece *piece;    /* writes the reply, unless a step has set another one */
};

/* May the reply be megabytes? */
static inline bool method_lists_all(const struct request *q)
{
	return q->method->lists && !q->has_names && !q->without_paths;
}

static inline bool method_needs_loop(const struct method *m)
{
	return m->op != PORT_SNAPSHOT;
}

#endif
