/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: serves the requests of the control thread. The loop's thread runs this. */
#include "checkerd/answers/requests.h"

#include <errno.h>
#include <syslog.h>

#include "checkerd/answers/batch.h"
#include "checkerd/answers/requester.h"
#include "util/syslog_level.h"

static void reply(struct requests *q, const struct port_request *r, int error,
                  enum path_state state)
{
	const struct port_reply answer = { .token = r->token,
		                           .error = error,
		                           .state = state };

	port_loop_reply(q->port, &answer);
}

static void check(struct requests *q, const struct port_request *r, struct path *p,
                  struct mono now)
{
	if (!checks_is_heard_of(p)) {
		reply(q, r, EBUSY, p->status.state);
		return;
	}
	/* A check that is outstanding already is the requested one. The state of an observed path
	 * comes with the next list of discovery. */
	checks_expedite(q->checks, r->path, now);
	q->checks->relist = q->checks->relist || device_is_observed(p->device);
	if (r->wait && !(p->outstanding && p->expired))
		waits_add(q->waits, r);
	else
		reply(q, r, 0, p->status.state);
}

/* Requests that change paths. The client is answered when the change is in the state file. */
static void change(struct requests *q, const struct port_request *r, struct mono now)
{
	const struct batch_parts parts = {
		.checks = q->checks,
		.events = q->events,
		.waits = q->waits,
		.dm = q->dm,
	};
	struct port_reply answer = {
		.token = r->token,
		.content = PORT_CONTENT_BATCH,
		.batch = r->batch,
	};

	if (r->batch != NULL)
		answer.error = batch_serve(&parts, r, now);
	else if (r->op == PORT_RELEASE && r->all)
		batch_release_all(&parts, r);
	else
		answer.error = EINVAL;
	if (answer.error == 0)
		records_wait_add(q->records, &answer, now);
	else
		port_loop_reply(q->port, &answer);
}

/* The path may have been removed since the snapshot from which the client chose it. */
static void serve_check(struct requests *q, const struct port_request *r, struct mono now)
{
	struct path *p = registry_get(q->checks->registry, r->path);

	if (p == NULL || p->generation != r->generation)
		reply(q, r, ESTALE, PATH_REMOVED);
	else
		check(q, r, p, now);
}

static void set_log_level(struct requests *q, const struct port_request *r)
{
	char name[REQUESTER_BYTES];

	if (r->arg < LOG_EMERG || r->arg > LOG_DEBUG) {
		reply(q, r, EINVAL, PATH_UNCHECKED);
		return;
	}
	q->events->level = (int)r->arg;
	events_say(q->events, EVENT_DAEMON, LOG_NOTICE, "log level set to %s by %s",
	           syslog_level_name(q->events->level), requester_format(r, name));
	reply(q, r, 0, PATH_UNCHECKED);
}

static void reply_explanation(struct requests *q, const struct discovery_answer *a,
                              int error)
{
	const struct port_reply answer = { .token = a->token,
		                           .error = error,
		                           .content = PORT_CONTENT_EXPLANATION,
		                           .explanation = a->explanation };

	port_loop_reply(q->port, &answer);
}

void requests_reply_explanations(struct requests *q)
{
	struct discovery_answer a;

	while (discovery_next_answer(q->discovery, &a))
		reply_explanation(q, &a, 0);
}

static void explain(struct requests *q, const struct port_request *r)
{
	const struct discovery_answer question = { r->token, r->explanation };

	if (!discovery_explain(q->discovery, &question))
		reply_explanation(q, &question, EBUSY);
}

static void serve(struct requests *q, const struct port_request *r, struct mono now)
{
	switch (r->op) {
	case PORT_SNAPSHOT:
		snapshot_fill_request(q->snapshots);
		return;
	case PORT_PING:
		reply(q, r, 0, PATH_UNCHECKED);
		return;
	case PORT_CHECK:
		serve_check(q, r, now);
		return;
	case PORT_DISABLE:
	case PORT_ENABLE:
	case PORT_FAIL:
	case PORT_REINSTATE:
	case PORT_ACCEPT:
	case PORT_RELEASE:
	case PORT_SET_MARGINAL:
	case PORT_UNSET_MARGINAL:
		change(q, r, now);
		return;
	case PORT_RELOAD:
		if (!reload_request_with_token(q->reload, r->token, now))
			reply(q, r, EBUSY, PATH_UNCHECKED);
		return;
	case PORT_LOG_LEVEL:
		set_log_level(q, r);
		return;
	case PORT_EXPLAIN:
		explain(q, r);
		return;
	case PORT_READ_TIMERS:
		if (!timers_wait_add(q->timers, r->token))
			reply(q, r, EBUSY, PATH_UNCHECKED);
		return;
	}
	reply(q, r, EOPNOTSUPP, PATH_UNCHECKED);
}

bool requests_serve(struct requests *q, struct mono now)
{
	struct port_request r;

	for (unsigned n = 0; n < REQUESTS_SLICE; n++) {
		if (!port_loop_next(q->port, &r))
			return false;
		serve(q, &r, now);
	}
	return true;
}
