/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: serves the requests of the control thread. The loop's thread runs this. */
#include "checkerd/answers/requests.h"

#include <errno.h>
#include <syslog.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_disks.h"
#include "checkerd/core/maps_paths.h"
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

static void disable(struct requests *q, const struct port_request *r, struct path *p,
                    struct mono now)
{
	checks_disable(q->checks, r->path,
	               r->arg > 0 ? mono_add(now, r->arg) : MONO_NEVER);
	if (r->arg > 0)
		events_path(q->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "disabled by user %u for %.0f s", r->uid,
		            (double)r->arg / (double)USEC_PER_SEC);
	else
		events_path(q->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "disabled by user %u until it is enabled", r->uid);
	/* No check will come that a client could wait for. */
	if (!p->outstanding)
		waits_complete(q->waits, r->path, EBUSY, p->status.state);
	reply(q, r, 0, p->status.state);
}

static void enable(struct requests *q, const struct port_request *r, struct path *p,
                   struct mono now)
{
	if (!p->enabled) {
		checks_enable(q->checks, r->path, now);
		events_path(q->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "enabled by user %u", r->uid);
	}
	reply(q, r, 0, p->status.state);
}

/* 0, or the errno of the refusal. */
static int may_force(const struct requests *q, const struct port_request *r)
{
	if (!q->dm->control)
		return EPERM;
	if (maps_of(q->dm->maps, r->path) == NULL)
		return ENXIO;
	if (r->op == PORT_REINSTATE && maps_is_barred(q->dm->maps, r->path))
		return EXDEV;
	if (r->op == PORT_FAIL && !maps_is_forced(q->dm->maps, r->path) &&
	    maps_is_needed(q->dm->maps, r->path))
		return EBUSY;
	return 0;
}

/* dm sends the commands at the end of this round of the loop. */
static void force(struct requests *q, const struct port_request *r, struct path *p,
                  struct mono now)
{
	bool fail = r->op == PORT_FAIL;
	int error = may_force(q, r);

	if (error != 0) {
		reply(q, r, error, p->status.state);
		return;
	}
	if (maps_is_forced(q->dm->maps, r->path) != fail) {
		maps_force(q->dm->maps, r->path, fail);
		events_dm(q->events, r->path, p, maps_of(q->dm->maps, r->path)->name,
		          LOG_NOTICE, "", "", now,
		          fail ? "to be failed in its map until it is reinstated, says "
		                 "user %u"
		               : "no longer to be failed in its map, says user %u",
		          r->uid);
	}
	/* The path is reinstated when a check succeeds. */
	if (!fail && p->status.verdict != VERDICT_USABLE) {
		checks_expedite(q->checks, r->path, now);
		error = EIO;
	}
	reply(q, r, error, p->status.state);
}

/* Also ends checkerctl fail. */
static void let_go(struct requests *q, uint32_t path)
{
	if (maps_is_forced(q->dm->maps, path))
		maps_force(q->dm->maps, path, false);
	maps_release(q->dm->maps, path, true);
}

static void release(struct requests *q, const struct port_request *r, struct path *p,
                    struct mono now)
{
	const struct map *map = maps_of(q->dm->maps, r->path);

	if (map == NULL || maps_is_barred(q->dm->maps, r->path)) {
		reply(q, r, map == NULL ? ENXIO : EXDEV, p->status.state);
		return;
	}
	let_go(q, r->path);
	events_dm(q->events, r->path, p, map->name, LOG_NOTICE, "", "", now,
	          "let go until the next decision, says user %u", r->uid);
	reply(q, r, 0, p->status.state);
}

static void release_all(struct requests *q, const struct port_request *r)
{
	for (uint32_t i = 0; i < registry_end(q->checks->registry); i++)
		if (registry_get(q->checks->registry, i) != NULL)
			let_go(q, i);
	maps_release(q->dm->maps, MAPS_NONE,
	             true); /* also those whose path was removed */
	events_say(q->events, EVENT_DM, LOG_NOTICE,
	           "every path is let go until the next decision, says user %u", r->uid);
	reply(q, r, 0, PATH_UNCHECKED);
}

/* The path may have been removed since the snapshot from which the client chose it. */
static void serve_path(struct requests *q, const struct port_request *r, struct mono now)
{
	struct path *p = registry_get(q->checks->registry, r->path);

	if (p == NULL || p->generation != r->generation)
		reply(q, r, ESTALE, PATH_REMOVED);
	else if (r->op == PORT_CHECK)
		check(q, r, p, now);
	else if (r->op == PORT_DISABLE)
		disable(q, r, p, now);
	else if (r->op == PORT_ENABLE)
		enable(q, r, p, now);
	else if (r->op == PORT_RELEASE)
		release(q, r, p, now);
	else
		force(q, r, p, now);
}

static void set_log_level(struct requests *q, const struct port_request *r)
{
	if (r->arg < LOG_EMERG || r->arg > LOG_DEBUG) {
		reply(q, r, EINVAL, PATH_UNCHECKED);
		return;
	}
	q->events->level = (int)r->arg;
	events_say(q->events, EVENT_DAEMON, LOG_NOTICE, "log level set to %s by user %u",
	           syslog_level_name(q->events->level), r->uid);
	reply(q, r, 0, PATH_UNCHECKED);
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
	case PORT_DISABLE:
	case PORT_ENABLE:
	case PORT_FAIL:
	case PORT_REINSTATE:
		serve_path(q, r, now);
		return;
	case PORT_RELEASE:
		if (r->all)
			release_all(q, r);
		else
			serve_path(q, r, now);
		return;
	case PORT_RELOAD:
		if (!reload_request_with_token(q->reload, r->token, now))
			reply(q, r, EBUSY, PATH_UNCHECKED);
		return;
	case PORT_LOG_LEVEL:
		set_log_level(q, r);
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
