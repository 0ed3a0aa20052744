/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns struct outage: what is being reported. The loop only.
 *
 * When the changes of a turn are due, the parts that explain them are reported one after the other,
 * and then what no part explains. Each event about a part takes as many rounds of the loop as its
 * members need: first their records, then the event itself. So whoever has the event has its members.
 */
#include "checkerd/paths/outage.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/loss.h"
#include "checkerd/paths/loss_watch.h"
#include "checkerd/paths/outage_holds.h"
#include "checkerd/paths/outage_maps.h"
#include "checkerd/paths/outage_single.h"

void outage_init(struct outage *o, struct checks *checks)
{
	*o = (struct outage){
		.events = checks->events,
		.checks = checks,
		.registry = checks->registry,
	};
}

static const struct device *device_of(const struct outage *o, uint32_t item)
{
	const struct gather_gone *g = gather_gone(o->events->gathered, item);

	return g != NULL ? g->device : registry_get(o->registry, item)->device;
}

static struct events_change change_of(const struct outage *o, uint32_t item,
                                      const struct gather_change *c)
{
	const struct gather_gone *g = gather_gone(o->events->gathered, item);
	const struct path *p;

	if (g != NULL)
		return outage_gone_change(c, g);
	p = registry_get(o->registry, item);
	return outage_gathered_change(o->events, item, c, p, &p->status);
}

/* Without what each path has counted for itself. */
static struct reason common(const struct reason *why)
{
	struct reason r = *why;

	r.counts = 0;
	return r;
}

static bool same_reason(const struct reason *a, const struct reason *b)
{
	char of_a[REASON_TEXT_MAX], of_b[REASON_TEXT_MAX];

	return strcmp(reason_format(a, of_a, sizeof(of_a)),
	              reason_format(b, of_b, sizeof(of_b))) == 0;
}

/* Boyer and Moore's vote: `why` is the reason of most members, if one is. */
static void vote(struct outage *o, const struct reason *of_path)
{
	const struct reason why = common(of_path);
	bool same = o->votes > 0 && same_reason(&o->why, &why);

	if (o->votes == 0)
		o->why = why;
	else
		o->same_why = o->same_why && same;
	o->votes = o->votes == 0 || same ? o->votes + 1 : o->votes - 1;
}

static void tally(struct outage *o, const struct gather_change *c,
                  const struct events_change *change)
{
	uint8_t loss;

	if (o->group.members == 0) {
		(void)cause_format(&o->cause, change->device, o->label, sizeof(o->label));
		o->from = change->from;
		o->to_state = change->to;
	}
	loss = (uint8_t)loss_of(change->to, &change->why);
	if (o->group.members == 0)
		o->loss = loss;
	else if (o->loss != loss)
		o->loss = LOSS_NONE;
	o->same_from = o->same_from && c->changed && change->from == o->from;
	o->same_to = o->same_to && change->to == o->to_state;
	o->changed += c->changed;
	o->commanded += c->commanded;
	o->foreign += c->foreign;
	o->lasted_us = MAX(o->lasted_us, c->changed ? c->lasted_us : 0);
	vote(o, &change->why);
}

static void add_member(struct outage *o, uint32_t item, struct mono now)
{
	struct events *ev = o->events;
	const struct gather_change c = gather_get(ev->gathered, item);
	const struct events_change change = change_of(o, item, &c);

	tally(o, &c, &change);
	if (c.changed)
		events_group_change(ev, &o->group, &change, now);
	events_group_name(ev, &o->group, device_name(change.device));
	gather_drop(ev->gathered, item, change.device);
}

/* Their state now; of paths in different states, the one that promises less. If only their maps changed,
 * it is device-mapper's word. */
static const char *state_word(const struct outage *o)
{
	if (o->changed == 0 && o->turn != TURN_GONE)
		return o->turn == TURN_BACK ? "active" : "failed";
	if (o->same_to)
		return path_state_name(o->to_state);
	if (o->turn == TURN_BACK)
		return path_state_name(PATH_DELAYED);
	return path_state_name(o->turn == TURN_DOWN ? PATH_DOWN : PATH_SHAKY);
}

/* What happened to the paths, in words. */
static void describe_turn(const struct outage *o, char *buf, size_t size)
{
	if (o->turn == TURN_GONE)
		(void)snprintf(buf, size, "are gone, their devices were removed");
	else if (o->changed == 0 && o->foreign > 0)
		(void)snprintf(buf, size,
		               "failed in their maps, by the kernel or another program");
	else if (o->changed == 0)
		(void)snprintf(buf, size, "%s in their maps",
		               o->turn == TURN_BACK ? "reinstated" : "failed");
	else if (o->turn == TURN_BACK)
		(void)snprintf(buf, size, "are %s again, after up to %.1f s",
		               o->same_to ? state_word(o) : "up or delayed",
		               (double)o->lasted_us / (double)USEC_PER_SEC);
	else
		(void)snprintf(buf, size, "are %s", state_word(o));
}

static void describe_commands(const struct outage *o, char *buf, size_t size)
{
	buf[0] = '\0';
	if (o->changed > 0 && o->commanded > 0)
		(void)snprintf(buf, size, "; %u %s in their maps", o->commanded,
		               o->turn == TURN_BACK ? "reinstated" : "failed");
}

static int priority_of(enum cause_turn turn)
{
	switch (turn) {
	case TURN_DOWN:
		return LOG_ERR;
	case TURN_DOUBT:
		return LOG_WARNING;
	case TURN_BACK:
	case TURN_GONE:
	case TURN_HELD:
	case TURN_LET_GO:
	case CAUSE_TURNS:
		break;
	}
	return LOG_NOTICE;
}

/* left: how many such messages the rate suppressed before. */
static void write_message(struct outage *o, const struct event *e, const char *left,
                          char *buf, size_t size)
{
	char turn[96], commands[64], maps[OUTAGE_MAPS_TEXT_MAX];
	bool because = e->reason[0] != '\0';
	uint32_t n = o->group.members;

	describe_turn(o, turn, sizeof(turn));
	describe_commands(o, commands, sizeof(commands));
	o->maps_told = outage_maps_format(o, maps, sizeof(maps)) || o->maps_told;
	(void)snprintf(buf, size, "%s: %u of %u paths %s%s%s%s%s%s%s%s", o->label, n,
	               MAX(n, o->cause.total), turn, because ? ": " : "",
	               because && !o->same_why ? "mostly " : "", e->reason,
	               o->turn == TURN_DOWN && o->loss == LOSS_PERMANENT
	                       ? "; gone for good"
	                       : "",
	               commands, maps, left);
}

/* All members are recorded. */
static void finish_group(struct outage *o, struct mono now)
{
	struct event e;
	char left[64], message[2 * EVENT_MESSAGE_MAX];
	bool to_log;

	if (o->group.members == 0)
		return; /* All of them were reported meanwhile. */
	memset(&e, 0, sizeof(e));
	e.type = EVENT_CAUSE;
	e.priority = priority_of(o->turn);
	(void)snprintf(e.map, sizeof(e.map), "%s", o->label);
	if (o->same_from)
		(void)snprintf(e.from, sizeof(e.from), "%s", path_state_name(o->from));
	(void)snprintf(e.to, sizeof(e.to), "%s", state_word(o));
	e.lasted_us = o->lasted_us;
	e.why = o->why;
	e.loss = o->loss;
	if (o->turn == TURN_DOWN || o->turn == TURN_DOUBT)
		(void)reason_format(&o->why, e.reason, sizeof(e.reason));
	to_log = events_may_log(o->events, e.priority, o->turn, now, left, sizeof(left));
	write_message(o, &e, left, message, sizeof(message));
	events_group_end(o->events, &o->group, &e, message, to_log);
	o->events->causes_total[o->cause.kind][o->turn]++;
}

/* Reports the next part, or else the changes that none explains. */
static void begin_next(struct outage *o)
{
	struct events *ev = o->events;

	o->cursor = 0;
	o->oldest = MONO_NEVER;
	o->phase = OUTAGE_SINGLES;
	if (!causes_best(gather_causes(ev->gathered), o->turn,
	                 gather_count(ev->gathered, o->turn), &o->cause))
		return;
	o->phase = OUTAGE_MEMBERS;
	o->votes = o->changed = o->commanded = o->foreign = 0;
	o->same_why = o->same_from = o->same_to = true;
	o->lasted_us = 0;
	events_group_begin(ev, &o->group);
}

/* When the change became known. A change in its map only: the table does not know. */
static struct mono since_of(const struct outage *o, uint32_t item)
{
	const struct gather_gone *g = gather_gone(o->events->gathered, item);

	if (g != NULL)
		return g->since;
	if (!gather_get(o->events->gathered, item).changed)
		return (struct mono){ 0 };
	return registry_get(o->registry, item)->status.since;
}

/* At the end everything is due. */
static bool is_due(const struct outage *o, struct mono at, struct mono now)
{
	return o->finishing ? !mono_is_never(at) : !mono_before(now, at);
}

static void report_single(struct outage *o, uint32_t item, struct mono now)
{
	const struct path *p;

	if (gather_gone(o->events->gathered, item) != NULL) {
		outage_report_gone(o->events, item, now);
		return;
	}
	p = registry_get(o->registry, item);
	outage_report_single(o->events, item, p, &p->status, now);
}

/* One item of the turn. */
static void visit(struct outage *o, uint32_t item, struct mono now)
{
	struct mono since;

	if (o->phase == OUTAGE_MEMBERS) {
		if (cause_has(&o->cause, device_of(o, item)))
			add_member(o, item, now);
		return;
	}
	since = since_of(o, item);
	if (!is_due(o, mono_add(since, GATHER_ALONE_US), now))
		o->oldest = mono_min(o->oldest, since);
	else
		report_single(o, item, now);
}

/* Visits items, a slice at most. False: the slice is used up. */
static bool visit_all(struct outage *o, struct mono now)
{
	uint32_t visits = OUTAGE_VISITS;

	for (unsigned n = 0; n < OUTAGE_RECORDS; n++) {
		uint32_t item;

		if (!events_have_room(o->events)) {
			o->retry_at = mono_add(now, OUTAGE_RETRY_US);
			return false;
		}
		item = gather_next(o->events->gathered, o->turn, &o->cursor, &visits);
		if (item == GATHER_NONE)
			return o->cursor == gather_end(o->events->gathered);
		visit(o, item, now);
	}
	return false;
}

static void run_paths(struct outage *o, struct mono now)
{
	if (!visit_all(o, now))
		return;
	if (o->phase == OUTAGE_MEMBERS) {
		finish_group(o, now);
		begin_next(o);
		return;
	}
	gather_reported(o->events->gathered, o->turn, o->oldest);
	o->phase = OUTAGE_IDLE;
}

/* What is due first: failures before what comes back, and paths before their maps. */
static void choose(struct outage *o, struct mono now)
{
	for (unsigned t = 0; t < TURN_COUNT_; t++) {
		if (!is_due(o, gather_due(o->events->gathered, t), now))
			continue;
		o->turn = t;
		begin_next(o);
		return;
	}
	if (is_due(o, outage_maps_due(o), now))
		outage_maps_begin(o);
}

/* Checks the other paths of a part that is suspect, a slice at most. Their due times stay. */
static void examine(struct outage *o, struct mono now)
{
	struct events *ev = o->events;
	uint32_t end = MIN(registry_end(o->registry), o->examined + CHECKS_SLICE);

	for (; o->examined < end; o->examined++) {
		const struct path *p = registry_get(o->registry, o->examined);

		if (p != NULL && cause_has(&ev->suspect, p->device) &&
		    path_state_usable(p->status.state) == (ev->suspect_turn != TURN_BACK))
			checks_expedite(o->checks, o->examined, now);
	}
	if (o->examined < registry_end(o->registry))
		return;
	o->examined = 0;
	ev->is_suspect = false;
}

void outage_run(struct outage *o, struct mono now)
{
	if (o->events->is_suspect)
		examine(o, now);
	loss_watch_run(o, now);
	if (mono_before(now, o->retry_at))
		return;
	o->retry_at = (struct mono){ 0 };
	if (!outage_holds_run(o->events, o->registry, o->finishing, now)) {
		o->retry_at = mono_add(now, OUTAGE_RETRY_US);
		return;
	}
	if (o->phase == OUTAGE_IDLE)
		choose(o, now);
	if (o->phase == OUTAGE_MEMBERS || o->phase == OUTAGE_SINGLES)
		run_paths(o, now);
	else if (o->phase != OUTAGE_IDLE)
		outage_maps_run(o, now);
}

static bool has_more(const struct outage *o)
{
	if (o->phase != OUTAGE_IDLE || !mono_is_never(outage_maps_due(o)) ||
	    o->events->holds.n > 0)
		return true;
	for (unsigned t = 0; t < TURN_COUNT_; t++)
		if (!mono_is_never(gather_due(o->events->gathered, t)))
			return true;
	return false;
}

void outage_finish(struct outage *o, struct mono now)
{
	o->finishing = true;
	while (has_more(o) && events_have_room(o->events)) {
		o->retry_at = (struct mono){ 0 };
		outage_run(o, now);
	}
}

struct mono outage_next(const struct outage *o)
{
	struct mono next =
	        mono_min(outage_maps_due(o), hold_gather_due(&o->events->holds));

	if (o->events->is_suspect)
		return (struct mono){ 0 };
	if (o->phase != OUTAGE_IDLE)
		return mono_min(o->retry_at, map_losses_next(o->events->losses));
	for (unsigned t = 0; t < TURN_COUNT_; t++)
		next = mono_min(next, gather_due(o->events->gathered, t));
	return mono_min(mono_max(next, o->retry_at), map_losses_next(o->events->losses));
}
