/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The loop only. */
#include "checkerd/paths/outage_single.h"

#include <syslog.h>

struct events_change outage_gathered_change(const struct events *ev, uint32_t index,
                                            const struct gather_change *c,
                                            const struct path *p,
                                            const struct path_status *s)
{
	return (struct events_change){
		.device = p->device,
		.map = events_map_of(ev, index, p->device),
		.from = c->from,
		.to = s->state,
		.lasted_us = c->lasted_us,
		.since = s->since,
		.why = s->reason,
	};
}

struct events_change outage_gone_change(const struct gather_change *c,
                                        const struct gather_gone *g)
{
	return (struct events_change){
		.device = g->device,
		.map = g->map == NULL ? device_map(g->device) : g->map->name,
		.from = c->from,
		.to = PATH_REMOVED,
		.lasted_us = c->lasted_us,
		.since = g->since,
		.why = { .kind = OUTCOME_GONE },
	};
}

static const char *follows(const struct path *p, const struct path_status *s)
{
	switch (s->verdict) {
	case VERDICT_USABLE:
		return p->enabled ? "it is checked now"
		                  : "it is disabled, and checked when it is enabled";
	case VERDICT_UNUSABLE:
		return "it is down";
	case VERDICT_NONE:
		break;
	}
	return "its state is not known yet";
}

static void report_commanded(struct events *ev, uint32_t index, const struct path *p,
                             const char *map, const struct gather_change *c,
                             struct mono now)
{
	char reason[REASON_TEXT_MAX];

	if (c->turn == TURN_BACK)
		events_dm_since(ev, index, p, map, LOG_NOTICE, "failed", "active",
		                c->mapped, now, "reinstated in its map");
	else
		events_dm_since(ev, index, p, map, LOG_NOTICE, "active", "failed",
		                c->mapped, now, "failed in its map: %s",
		                reason_format(&p->status.reason, reason, sizeof(reason)));
}

void outage_report_single(struct events *ev, uint32_t index, const struct path *p,
                          const struct path_status *s, struct mono now)
{
	const struct gather_change c = gather_get(ev->gathered, index);
	const struct events_change change = outage_gathered_change(ev, index, &c, p, s);

	gather_drop(ev->gathered, index, p->device);
	if (c.foreign)
		events_dm_since(ev, index, p, change.map,
		                s->verdict == VERDICT_USABLE ? LOG_WARNING : LOG_INFO,
		                "active", "failed", c.mapped, now,
		                "failed in its map, by the kernel or another program: %s",
		                follows(p, s));
	if (c.changed)
		events_change(ev, index, &change, now);
	if (c.commanded)
		report_commanded(ev, index, p, change.map, &c, now);
}

void outage_report_gone(struct events *ev, uint32_t item, struct mono now)
{
	const struct gather_change c = gather_get(ev->gathered, item);
	struct gather_gone *g = gather_gone(ev->gathered, item);
	const struct events_change change = outage_gone_change(&c, g);

	if (c.changed)
		events_change(ev, REGISTRY_NONE, &change, now);
	if (g->reported)
		events_path(ev, EVENT_PATH_REMOVED, LOG_NOTICE, g->device,
		            "its device is gone");
	gather_drop(ev->gathered, item, g->device);
}
