/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides which changes are gathered, and reports the others at once. Owns nothing: changes the table of
 * gathered changes in struct events. The loop only.
 *
 * Invariant: the events of one path are in the order of what happened. So a gathered change is reported
 * before anything that contradicts it.
 */
#include "checkerd/paths/outage_gather.h"

#include "checkerd/core/maps_count.h"
#include "checkerd/paths/outage_holds.h"
#include "checkerd/paths/outage_single.h"

void outage_path_added(struct events *ev, uint32_t index, const struct device *d,
                       struct mono now)
{
	uint32_t gone = gather_find_gone(ev->gathered, device_name(d));

	if (gone != GATHER_NONE)
		outage_report_gone(ev, gone, now);
	events_new_path(ev, index);
	causes_path_added(gather_causes(ev->gathered), d);
}

/* Reports the change that is gathered, as it was in this state of the path. */
static void report_gathered(struct events *ev, uint32_t index, const struct path *p,
                            const struct path_status *s, struct mono now)
{
	if (gather_has(ev->gathered, index))
		outage_report_single(ev, index, p, s, now);
}

/* A path that was removed before its change was reported. */
static bool gather_removal(struct events *ev, uint32_t index, const struct path *p,
                           struct mono now)
{
	struct gather_change c = { .turn = TURN_GONE };
	uint32_t entry = maps_first_of_path(ev->maps, index);
	struct map *map =
	        entry == MAPS_NONE
	                ? NULL
	                : maps_get(ev->maps, maps_path(ev->maps, entry)->map)->map;

	if (gather_has(ev->gathered, index))
		c = gather_get(ev->gathered, index);
	c.turn = TURN_GONE;
	c.commanded = c.foreign = false;
	return gather_put_gone(ev->gathered, p->device, map, &c, now) != GATHER_NONE;
}

void outage_path_removed(struct events *ev, uint32_t index, const struct path *p,
                         bool gone, struct mono now)
{
	outage_hold_flush(ev, index, p, now);
	if (gone && gather_removal(ev, index, p, now)) {
		if (gather_has(ev->gathered, index))
			gather_drop(ev->gathered, index, p->device);
	} else {
		report_gathered(ev, index, p, &p->status, now);
	}
	causes_path_removed(gather_causes(ev->gathered), p->device);
}

void outage_path_described(struct events *ev, uint32_t index, const struct path *p,
                           const struct device *d, struct mono now)
{
	report_gathered(ev, index, p, &p->status, now);
	outage_hold_flush(ev, index, p, now);
	causes_path_removed(gather_causes(ev->gathered), p->device);
	causes_path_added(gather_causes(ev->gathered), d);
}

/* False: a change to this state is reported at once. */
static bool turn_of(enum path_state to, enum cause_turn *ret)
{
	switch (to) {
	case PATH_DOWN:
	case PATH_REMOVED:
	case PATH_DISCONNECTED:
		*ret = TURN_DOWN;
		return true;
	case PATH_SHAKY:
	case PATH_TIMEOUT:
		*ret = TURN_DOUBT;
		return true;
	case PATH_UP:
	case PATH_GHOST:
	case PATH_DELAYED:
		*ret = TURN_BACK;
		return true;
	case PATH_UNCHECKED:
	case PATH_PENDING:
	case PATH_STATE_COUNT_:
		break;
	}
	return false;
}

/* Does one of the path's maps have no other path that I/O can go through? */
static bool is_last(struct events *ev, uint32_t index)
{
	uint32_t i = maps_first_of_path(ev->maps, index);

	for (; i != MAPS_NONE; i = maps_path(ev->maps, i)->next_of_path)
		if (!maps_has_another(ev->maps, i))
			return true;
	return false;
}

/* The first of a moment. The others that are last paths, too, follow together, shortly after it. */
static bool take_urgent(struct events *ev, uint32_t index, enum cause_turn turn,
                        struct mono now)
{
	if (turn != TURN_DOWN || mono_before(now, ev->urgent_from) || !is_last(ev, index))
		return false;
	ev->urgent_from = mono_add(now, GATHER_ALONE_US);
	return true;
}

static struct events_change change_of(const struct events *ev, uint32_t index,
                                      const struct path *p,
                                      const struct path_status *before, struct mono now)
{
	return (struct events_change){
		.device = p->device,
		.map = events_map_of(ev, index, p->device),
		.from = before->state,
		.to = p->status.state,
		.lasted_us = mono_diff(now, before->since),
		.since = now,
		.why = p->status.reason,
	};
}

/* Does the new turn go on in the direction of the gathered one? */
static bool goes_on(enum cause_turn gathered, enum cause_turn turn)
{
	return (gathered == TURN_BACK) == (turn == TURN_BACK);
}

/* Paths that flap must not have all others checked again and again. */
static const struct rate_policy suspect_rate = { .burst = 30, .window = 60 };

/* A part whose paths change one after the other is examined at once, but not again and again. */
static void suspect(struct events *ev, const struct device *d, enum cause_turn turn,
                    struct mono now)
{
	uint32_t suppressed;

	if (ev->is_suspect || turn == TURN_GONE ||
	    !causes_suspect(gather_causes(ev->gathered), d, turn, &ev->suspect))
		return;
	causes_examined(gather_causes(ev->gathered), &ev->suspect, turn);
	if (!rate_allow(&ev->suspect_rate, &suspect_rate, now, &suppressed))
		return;
	ev->is_suspect = true;
	ev->suspect_turn = turn;
}

void outage_state(struct events *ev, uint32_t index, const struct path *p,
                  const struct path_status *before, struct mono now)
{
	const struct events_change change = change_of(ev, index, p, before, now);
	struct gather_change c = { .lasted_us = change.lasted_us,
		                   .from = before->state,
		                   .changed = true };
	bool gathers = turn_of(p->status.state, &c.turn);

	if (gather_has(ev->gathered, index)) {
		struct gather_change gathered = gather_get(ev->gathered, index);

		/* Back in the state before: together the two changes are none. */
		bool returns = gathered.changed && gathered.from == p->status.state;

		if (!gathers || returns || !goes_on(gathered.turn, c.turn)) {
			report_gathered(ev, index, p, before, now);
		} else {
			if (gathered.changed) {
				c.from = gathered.from;
				c.lasted_us = gathered.lasted_us;
			}
			c.commanded = gathered.commanded;
			c.foreign = gathered.foreign;
			c.mapped = gathered.mapped;
		}
	}
	if (gathers && !take_urgent(ev, index, c.turn, now)) {
		gather_put(ev->gathered, index, p->device, &c, now);
		suspect(ev, p->device, c.turn, now);
		return;
	}
	report_gathered(ev, index, p, before, now);
	events_change(ev, index, &change, now);
}

/* Adds to the gathered change of the path, or gathers a new one. */
static bool gather_more(struct events *ev, uint32_t index, const struct path *p,
                        enum cause_turn turn, bool foreign, struct mono now)
{
	struct gather_change c = { .turn = turn };

	if (gather_has(ev->gathered, index)) {
		c = gather_get(ev->gathered, index);
		if (!goes_on(c.turn, turn) || (foreign ? c.foreign : c.commanded)) {
			report_gathered(ev, index, p, &p->status, now);
			return false;
		}
	} else if (turn != TURN_BACK && is_last(ev, index)) {
		return false;
	}
	/* The daemon's command after the kernel's failure says what is reported last. */
	c.mapped = c.commanded || c.foreign ? c.mapped : now;
	c.foreign = c.foreign || foreign;
	c.commanded = c.commanded || !foreign;
	gather_put(ev->gathered, index, p->device, &c, now);
	return true;
}

bool outage_commanded(struct events *ev, uint32_t index, const struct path *p, bool fail,
                      struct mono now)
{
	return gather_more(ev, index, p, fail ? TURN_DOWN : TURN_BACK, false, now);
}

bool outage_foreign(struct events *ev, uint32_t index, const struct path *p,
                    struct mono now)
{
	return gather_more(ev, index, p, TURN_DOUBT, true, now);
}

bool outage_reports_removal(struct events *ev, const struct device *d)
{
	uint32_t item = gather_find_gone(ev->gathered, device_name(d));

	if (item == GATHER_NONE)
		return false;
	gather_gone(ev->gathered, item)->reported = true;
	return true;
}
