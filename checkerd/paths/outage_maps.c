/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: gathers and reports the redundancy of maps. The loop only.
 *
 * The cursor visits the table of maps, and then the paths, of which one stands for each gathered map with
 * observed paths.
 */
#include "checkerd/paths/outage_maps.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/paths/outage_observed.h"

/* A cursor: the rest is the index of a path. */
#define CURSOR_PATHS (UINT32_C(1) << 31)

static_assert(REGISTRY_PATHS_MAX < CURSOR_PATHS, "an index fits");

static struct events_redundancy redundancy_now(struct events *ev,
                                               const struct maps_map *m)
{
	return (struct events_redundancy){
		.map = m->map->name,
		.from = m->reported_any ? redundancy_name(m->reported) : "",
		.to = maps_redundancy(ev->maps, m),
		.usable = maps_usable(ev->maps, m),
		.paths = m->map->n_paths,
		.disabled = maps_disabled(ev->maps, m),
	};
}

/* Does it differ from what was reported? A map that was always full is not worth an event. */
static bool differs(const struct maps_map *m, enum redundancy to)
{
	return m->reported_any ? to != m->reported : to != REDUNDANCY_FULL;
}

static void let_go(struct events *ev, struct maps_map *m)
{
	ev->maps_gathered -= m->gathered && ev->maps_gathered > 0;
	m->gathered = false;
}

static void report(struct events *ev, uint32_t index, struct maps_map *m, struct mono now)
{
	const struct events_redundancy r = redundancy_now(ev, m);
	bool news = differs(m, r.to);

	let_go(ev, m);
	m->reported_any = true;
	if (news)
		events_redundancy(ev, index, &r, now);
	m->reported = r.to;
}

bool outage_map(struct events *ev, uint32_t index, struct mono now)
{
	struct maps_map *m = maps_get(ev->maps, index);
	enum redundancy to = maps_redundancy(ev->maps, m);
	bool first = !m->reported_any, lost;

	lost = map_losses_note(ev->losses, index, !maps_is_lost(ev->maps, m), now);
	if (!differs(m, to)) {
		let_go(ev, m);
		m->reported_any = true;
		m->reported = to;
		return first || lost;
	}
	if (to == REDUNDANCY_NONE && !mono_before(now, ev->urgent_map_from)) {
		ev->urgent_map_from = mono_add(now, GATHER_ALONE_US);
		report(ev, index, m, now);
		return true;
	}
	if (!m->gathered) {
		m->gathered = true;
		if (ev->maps_gathered++ == 0)
			ev->maps_first = now;
	}
	return lost;
}

struct mono outage_maps_due(const struct outage *o)
{
	const struct events *ev = o->events;
	bool paths_gathered = gather_count(ev->gathered, TURN_DOWN) > 0 ||
	                      gather_count(ev->gathered, TURN_DOUBT) > 0 ||
	                      gather_count(ev->gathered, TURN_BACK) > 0;

	if (ev->maps_gathered == 0)
		return MONO_NEVER;
	return mono_add(ev->maps_first,
	                paths_gathered ? GATHER_LONGEST_US : GATHER_ALONE_US);
}

static uint32_t count_in_table(const struct outage *o, uint32_t ret[REDUNDANCY_COUNT])
{
	struct events *ev = o->events;
	uint32_t n = 0;

	for (uint32_t i = 0; i < maps_end(ev->maps); i++) {
		const struct maps_map *m = maps_get(ev->maps, i);

		if (m == NULL || !m->gathered)
			continue;
		ret[maps_redundancy(ev->maps, m)]++;
		n++;
	}
	return n;
}

static uint32_t count_observed(const struct outage *o, uint32_t ret[REDUNDANCY_COUNT])
{
	uint32_t n = 0;

	if (o->events->observed_gathered == 0)
		return 0;
	for (uint32_t i = 0; i < registry_end(o->registry); i++) {
		if (!outage_observed_is_gathered(o->checks, i))
			continue;
		ret[outage_observed_redundancy(o->checks, i)]++;
		n++;
	}
	return n;
}

/* By their words. Gathered maps may be gone since they were counted. Returns the sum. */
static uint32_t count_gathered(const struct outage *o, uint32_t ret[REDUNDANCY_COUNT])
{
	struct events *ev = o->events;

	memset(ret, 0, REDUNDANCY_COUNT * sizeof(ret[0]));
	ev->observed_gathered = count_observed(o, ret);
	ev->maps_gathered = ev->observed_gathered + count_in_table(o, ret);
	return ev->maps_gathered;
}

bool outage_maps_format(const struct outage *o, char *buf, size_t size)
{
	uint32_t n[REDUNDANCY_COUNT];
	size_t used = 0;

	buf[0] = '\0';
	if (o->events->maps_gathered == 0 || count_gathered(o, n) == 0)
		return false;
	for (unsigned r = 0; r < REDUNDANCY_COUNT && used < size; r++)
		if (n[r] > 0)
			used += (size_t)snprintf(buf + used, size - used, "%s%u %s",
			                         used == 0 ? "; maps: " : ", ", n[r],
			                         redundancy_name(r));
	return used > 0;
}

/* The next word that enough maps have, from the one on; else the maps that are left, one by one. */
static void begin_from(struct outage *o, unsigned word)
{
	uint32_t n[REDUNDANCY_COUNT];

	(void)count_gathered(o, n); /* The words are what matters. */
	o->cursor = 0;
	o->phase = OUTAGE_MAP_SINGLES;
	for (; word < REDUNDANCY_COUNT; word++) {
		if (n[word] < CAUSE_MEMBERS_MIN)
			continue;
		o->phase = OUTAGE_MAPS;
		o->to = word;
		events_group_begin(o->events, &o->group);
		return;
	}
}

void outage_maps_begin(struct outage *o)
{
	begin_from(o, 0);
}

static void finish_group(struct outage *o)
{
	static const char *const words[REDUNDANCY_COUNT] = {
		[REDUNDANCY_FULL] = "have all their paths",
		[REDUNDANCY_DEGRADED] = "are degraded",
		[REDUNDANCY_LAST] = "have one usable path left",
		[REDUNDANCY_NONE] = "have no usable path",
	};
	char text[64];
	struct event e;

	if (o->group.members == 0)
		return;
	memset(&e, 0, sizeof(e));
	e.type = EVENT_MAP;
	e.priority = events_redundancy_priority(o->to);
	(void)snprintf(e.to, sizeof(e.to), "%s", redundancy_name(o->to));
	(void)snprintf(text, sizeof(text), "%u maps %s", o->group.members, words[o->to]);
	/* The line about the paths said the same; but that I/O waits or fails is worth its own. */
	events_group_end(o->events, &o->group, &e, text,
	                 !o->maps_told || o->to == REDUNDANCY_NONE);
}

static void visit_map(struct outage *o, uint32_t index, struct mono now)
{
	struct maps_map *m = maps_get(o->events->maps, index);

	if (m == NULL || !m->gathered)
		return;
	if (o->phase == OUTAGE_MAP_SINGLES) {
		report(o->events, index, m, now);
		persist_touch_map(&o->checks->persist, index);
		return;
	}
	if (maps_redundancy(o->events->maps, m) != o->to)
		return;
	let_go(o->events, m);
	m->reported_any = true;
	m->reported = o->to;
	persist_touch_map(&o->checks->persist, index);
	events_group_name(o->events, &o->group, m->map->name);
}

static void visit_path(struct outage *o, uint32_t index, struct mono now)
{
	if (!outage_observed_is_gathered(o->checks, index))
		return;
	if (o->phase == OUTAGE_MAP_SINGLES)
		outage_observed_report(o->checks, index, now);
	else if (outage_observed_redundancy(o->checks, index) == o->to)
		events_group_name(o->events, &o->group,
		                  outage_observed_reported(o->checks, index));
}

/* False: all were visited. */
static bool visit_next(struct outage *o, struct mono now)
{
	if (o->cursor < CURSOR_PATHS && o->cursor >= maps_end(o->events->maps))
		o->cursor = CURSOR_PATHS;
	if (o->cursor < CURSOR_PATHS) {
		visit_map(o, o->cursor++, now);
		return true;
	}
	if (o->events->observed_gathered == 0 ||
	    o->cursor - CURSOR_PATHS >= registry_end(o->registry))
		return false;
	visit_path(o, o->cursor++ - CURSOR_PATHS, now);
	return true;
}

/* Maps that were gathered behind the cursor are left. */
static void finish(struct outage *o, struct mono now)
{
	uint32_t n[REDUNDANCY_COUNT];

	if (count_gathered(o, n) > 0)
		o->events->maps_first = now;
	o->phase = OUTAGE_IDLE;
	o->maps_told = false;
}

void outage_maps_run(struct outage *o, struct mono now)
{
	for (unsigned n = 0; n < OUTAGE_VISITS; n++) {
		if (!events_have_room(o->events)) {
			o->retry_at = mono_add(now, OUTAGE_RETRY_US);
			return;
		}
		if (visit_next(o, now))
			continue;
		if (o->phase == OUTAGE_MAP_SINGLES) {
			finish(o, now);
			return;
		}
		finish_group(o);
		begin_from(o, (unsigned)o->to + 1);
		return;
	}
}
