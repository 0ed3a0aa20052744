/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the tally of overdue paths. The loop only. */
#include "checkerd/paths/overdue_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/paths/prober_end.h"

/* The state of the engine in events, which scripts use. */
#define OVERDUE_WORD "overdue"

/* Paths may become overdue again and again, for example when each prober dies after a minute. */
static const struct rate_policy report_rate = { .burst = 2, .window = 600 };

void overdue_watch_init(struct overdue_watch *o, struct checks *c, struct events *ev)
{
	*o = (struct overdue_watch){
		.checks = c,
		.events = ev,
		.next = REGISTRY_NONE,
	};
}

struct overdue_engine overdue_watch_engine(const struct checks *c)
{
	return (struct overdue_engine){
		.no_prober = c->no_prober,
		.no_commands = c->blocked_until.us > 0,
	};
}

struct overdue_why overdue_watch_why(const struct path *p,
                                     const struct overdue_engine *engine)
{
	const struct overdue_path path = {
		.error = p->shortage,
		.stage = (enum outcome_stage)p->shortage_stage,
		.deferred = p->deferred,
		.changing = p->changing,
		.sysfs = p->sysfs,
	};
	const struct overdue_engine none = { 0 };

	return overdue_find(device_is_observed(p->device) ? &none : engine, &path);
}

const char *overdue_watch_format(const struct overdue_tally *t, struct pathcheck *engine,
                                 char *buf, size_t size)
{
	struct pathcheck_stats s = { .size = sizeof(s) };
	struct overdue_why why = overdue_most(t);
	char cause[OVERDUE_CAUSE_TEXT_MAX], end[PROBER_END_TEXT_MAX] = "";

	(void)overdue_cause_format(why, cause, sizeof(cause));
	if (why.cause == OVERDUE_NO_PROBER && pathcheck_stats(engine, &s) == 0 &&
	    s.prober_end != PATHCHECK_END_NONE)
		(void)prober_end_format(s.prober_end, s.prober_end_code, end,
		                        sizeof(end));
	(void)snprintf(buf, size, "%" PRIu32 " path%s overdue: %s%s%s%s", t->total,
	               t->total == 1 ? " is" : "s are", cause,
	               end[0] != '\0' ? " (the last one: " : "", end,
	               end[0] != '\0' ? ")" : "");
	return buf;
}

static void report_start(struct overdue_watch *o, struct mono now)
{
	char text[256];
	uint32_t suppressed_before = 0;

	o->reported = rate_allow(&o->rate, &report_rate, now, &suppressed_before);
	o->suppressed = !o->reported;
	if (!o->reported)
		return;
	(void)overdue_watch_format(&o->last, o->checks->engine, text, sizeof(text));
	if (suppressed_before > 0)
		events_engine(o->events, LOG_ERR, "", OVERDUE_WORD,
		              "%s; states are old (%u more times since the last "
		              "message)",
		              text, suppressed_before);
	else
		events_engine(o->events, LOG_ERR, "", OVERDUE_WORD, "%s; states are old",
		              text);
}

/* After a walk. */
static void report(struct overdue_watch *o, struct mono now)
{
	bool before = o->last.total > 0;

	o->last = o->now;
	if (o->last.total > 0 && before && !o->reported && !o->suppressed)
		report_start(o, now);
	if (o->last.total > 0)
		return;
	if (o->reported)
		events_engine(o->events, LOG_NOTICE, OVERDUE_WORD, "",
		              "no path is overdue any more");
	o->reported = o->suppressed = false;
}

struct mono overdue_watch_next(const struct overdue_watch *o)
{
	if (o->next != REGISTRY_NONE)
		return (struct mono){ 0 };
	if (o->last.total > 0 || o->reported)
		return mono_add(o->started, OVERDUE_WALK_US);
	if (mono_is_never(o->checks->overdue_at))
		return MONO_NEVER;
	return mono_max(o->checks->overdue_at, mono_add(o->started, OVERDUE_WALK_US));
}

/*
 * A walk is due, or will be before the schedule wakes the loop: that saves a wake-up. Not before the
 * results of a batch have come: it would find the paths as the batch before left them, and be due again
 * soon.
 */
static bool is_time(const struct overdue_watch *o, struct mono now)
{
	struct mono next = overdue_watch_next(o);

	if (mono_is_never(next) || mono_diff(now, o->started) < OVERDUE_WALK_US)
		return false;
	return !mono_before(now, next) || (o->checks->outstanding == 0 &&
	                                   !mono_before(checks_next(o->checks), next));
}

static void examine(struct overdue_watch *o, const struct path *p, struct mono now)
{
	if (path_is_overdue(p, now))
		overdue_add(&o->now, overdue_watch_why(p, &o->engine));
	else
		o->soonest = mono_min(o->soonest, p->overdue_at);
}

void overdue_watch_run(struct overdue_watch *o, struct mono now)
{
	struct registry *registry = o->checks->registry;
	uint32_t end = registry_end(registry);

	if (o->next == REGISTRY_NONE) {
		if (!is_time(o, now))
			return;
		o->next = 0;
		o->started = now;
		o->soonest = o->checks->overdue_at = MONO_NEVER;
		o->now = (struct overdue_tally){ 0 };
		o->engine = overdue_watch_engine(o->checks);
	}
	for (unsigned n = 0; n < OVERDUE_SLICE && o->next < end; n++, o->next++) {
		const struct path *p = registry_get(registry, o->next);

		if (p != NULL)
			examine(o, p, now);
	}
	if (o->next < end)
		return;
	o->next = REGISTRY_NONE;
	/* checks_count_from() has lowered overdue_at for paths that were heard of meanwhile. */
	o->checks->overdue_at = mono_min(o->checks->overdue_at, o->soonest);
	report(o, now);
}
