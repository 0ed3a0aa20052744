/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: changes the table of gathered holds in struct events. The loop only.
 *
 * Invariant: a gathered change is counted in the parts of its path, as TURN_HELD or TURN_LET_GO.
 */
#include "checkerd/paths/outage_holds.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* From one reason to another it is neither: then it is reported at once. */
static bool turn_of(const struct hold *before, const struct hold *now,
                    enum cause_turn *ret)
{
	*ret = policy_is_held(now) ? TURN_HELD : TURN_LET_GO;
	return policy_is_held(before) != policy_is_held(now);
}

static enum cause_turn gathered_turn(const struct hold_change *c)
{
	return policy_is_held(&c->before) ? TURN_LET_GO : TURN_HELD;
}

static void drop(struct events *ev, struct hold_change *c, const struct path *p)
{
	/* How many are left does not matter. */
	(void)causes_count(gather_causes(ev->gathered), p->device, gathered_turn(c), -1);
	hold_gather_drop(&ev->holds, c);
}

/* now: of the hold. */
static void report_one(struct events *ev, struct hold_change *c, const struct path *p,
                       const struct hold *is, struct mono now)
{
	struct path then = *p;

	then.hold = *is;
	events_hold(ev, c->path, &then, &c->before, c->at, now);
	drop(ev, c, p);
}

void outage_hold(struct events *ev, uint32_t index, const struct path *p,
                 const struct hold *before, struct mono now)
{
	struct hold_change *gathered = hold_gather_find(&ev->holds, index);
	enum cause_turn turn;

	if (gathered != NULL)
		report_one(ev, gathered, p, before, now);
	if (!turn_of(before, &p->hold, &turn) ||
	    !hold_gather_put(&ev->holds, index, before, now)) {
		events_hold(ev, index, p, before, now, now);
		return;
	}
	if (causes_count(gather_causes(ev->gathered), p->device, turn, 1) >=
	    CAUSE_MEMBERS_MIN)
		ev->holds.company = true;
}

void outage_hold_flush(struct events *ev, uint32_t index, const struct path *p,
                       struct mono now)
{
	struct hold_change *c = hold_gather_find(&ev->holds, index);

	if (c != NULL)
		report_one(ev, c, p, &p->hold, now);
}

static uint32_t count(const struct events *ev, enum cause_turn turn)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ev->holds.n; i++)
		n += gathered_turn(&ev->holds.of[i]) == turn;
	return n;
}

/* Of the hold that began or ended. */
static enum hold_why why_of(const struct hold_change *c, const struct path *p)
{
	return policy_why(gathered_turn(c) == TURN_HELD ? &p->hold : &c->before);
}

struct together {
	struct cause cause;
	enum cause_turn turn;
	enum hold_why why;
	bool same_why;
	char label[CAUSE_TEXT_MAX];
};

static void finish(struct events *ev, struct events_group *g, const struct together *t,
                   struct mono now)
{
	bool held = t->turn == TURN_HELD, to_log;
	const char *why = t->same_why ? hold_why_name(t->why) : "";
	char left[64], message[EVENT_MESSAGE_MAX];
	struct event e;

	memset(&e, 0, sizeof(e));
	e.type = EVENT_HOLD;
	e.priority = held ? LOG_WARNING : LOG_NOTICE;
	(void)snprintf(e.map, sizeof(e.map), "%s", t->label);
	(void)snprintf(held ? e.to : e.from, sizeof(e.to), "%s", why);
	(void)snprintf(e.reason, sizeof(e.reason), "%s", why);
	to_log = events_may_log(ev, e.priority, t->turn, now, left, sizeof(left));
	(void)snprintf(message, sizeof(message), "%s: %u of %u paths are held%s%s%s%s",
	               t->label, g->members, MAX(g->members, t->cause.total),
	               held ? "" : " no longer", t->same_why ? ": " : "", why, left);
	events_group_end(ev, g, &e, message, to_log);
	ev->causes_total[t->cause.kind][t->turn]++;
}

/* The part that explains most of them. False: no part does. */
static bool report_together(struct events *ev, struct registry *r, enum cause_turn turn,
                            struct mono now)
{
	struct together t = { .turn = turn, .same_why = true };
	struct events_group g;

	if (!causes_best(gather_causes(ev->gathered), turn, count(ev, turn), &t.cause))
		return false;
	events_group_begin(ev, &g);
	for (uint32_t i = ev->holds.n; i-- > 0;) {
		struct hold_change *c = &ev->holds.of[i];
		const struct path *p = registry_get(r, c->path);

		if (gathered_turn(c) != turn || !cause_has(&t.cause, p->device))
			continue;
		if (g.members == 0) {
			t.why = why_of(c, p);
			(void)cause_format(&t.cause, p->device, t.label, sizeof(t.label));
		}
		t.same_why = t.same_why && t.why == why_of(c, p);
		events_group_name(ev, &g, device_name(p->device));
		drop(ev, c, p);
	}
	if (g.members > 0)
		finish(ev, &g, &t, now);
	return g.members > 0;
}

bool outage_holds_run(struct events *ev, struct registry *r, bool all, struct mono now)
{
	if (ev->holds.n == 0 || (!all && mono_before(now, hold_gather_due(&ev->holds))))
		return true;
	if (!events_have_room(ev))
		return false;
	for (unsigned turn = TURN_HELD; turn <= TURN_LET_GO; turn++)
		while (report_together(ev, r, (enum cause_turn)turn, now))
			if (!events_have_room(ev))
				return false;
	while (ev->holds.n > 0) {
		struct hold_change *c = &ev->holds.of[ev->holds.n - 1];
		const struct path *p = registry_get(r, c->path);

		if (!events_have_room(ev))
			return false;
		report_one(ev, c, p, &p->hold, now);
	}
	return true;
}
