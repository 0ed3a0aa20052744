/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: looks at the maps that have no usable path. The loop only. */
#include "checkerd/paths/loss_watch.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/loss.h"

/* Does I/O to the map wait or fail? Not with MAP_LOSS_BACK. */
enum { FAILS, WAITS, KINDS };

/* Of maps with the same news. */
struct news {
	uint32_t n;
	int64_t longest_us;
};

/* A path that checkerd does not know may work. */
static bool is_gone(struct outage *o, const struct maps_map *m)
{
	for (uint32_t i = m->first; i != MAPS_NONE;) {
		const struct maps_path *e = maps_path(o->events->maps, i);
		const struct path *p =
		        e->path == MAPS_NONE ? NULL : registry_get(o->registry, e->path);

		if (p == NULL ? !e->gone
		              : loss_of(p->status.state, &p->status.reason) !=
		                        LOSS_PERMANENT)
			return false;
		i = e->next;
	}
	return true;
}

static enum map_loss_what news_of(struct outage *o, uint32_t index, unsigned *ret_kind,
                                  struct mono now)
{
	const struct maps_map *m = maps_get(o->events->maps, index);
	struct map_losses *l = o->events->losses;
	enum map_loss_what what;

	if (m == NULL)
		return MAP_LOSS_NOTHING;
	what = map_losses_due(l, index,
	                      map_losses_since(l, index).us != 0 && is_gone(o, m), now);
	*ret_kind = what != MAP_LOSS_BACK && m->map->queueing ? WAITS : FAILS;
	return what;
}

static int priority_of(enum map_loss_what what)
{
	return what == MAP_LOSS_BACK ? LOG_NOTICE : LOG_CRIT;
}

static const char *word_of(enum map_loss_what what)
{
	static const char *const words[MAP_LOSS_COUNT_] = {
		[MAP_LOSS_NOTHING] = "",
		[MAP_LOSS_LOST] = "lost",
		[MAP_LOSS_GONE] = "gone",
		[MAP_LOSS_BACK] = "usable",
	};

	return words[what];
}

/* many: of maps; else of one. */
static void describe(enum map_loss_what what, unsigned kind, double s, bool many,
                     char *buf, size_t size)
{
	const char *io = kind == WAITS ? "I/O waits" : "I/O fails";

	if (what == MAP_LOSS_BACK)
		(void)snprintf(buf, size, "usable again after %s%.0f s without a path",
		               many ? "up to " : "", s);
	else if (what == MAP_LOSS_GONE)
		(void)snprintf(buf, size, "all paths are gone for good: %s", io);
	else
		(void)snprintf(buf, size, "no usable path for %.0f s: %s", s, io);
}

static double seconds(int64_t us)
{
	return (double)us / (double)USEC_PER_SEC;
}

/* The successor does not report it again. */
static void note_reported(struct outage *o, uint32_t index, enum map_loss_what what)
{
	map_losses_reported(o->events->losses, index, what);
	persist_touch_map(&o->checks->persist, index);
}

static void report_many(struct outage *o, enum map_loss_what what, unsigned kind,
                        const struct news *news, struct mono now)
{
	struct events_group g;
	char words[96], text[128];
	struct event e;

	events_group_begin(o->events, &g);
	for (uint32_t i = 0; i < maps_end(o->events->maps); i++) {
		unsigned is;

		if (news_of(o, i, &is, now) != what || is != kind)
			continue;
		events_group_name(o->events, &g, maps_get(o->events->maps, i)->map->name);
		note_reported(o, i, what);
	}
	memset(&e, 0, sizeof(e));
	e.type = EVENT_MAP;
	e.priority = priority_of(what);
	(void)snprintf(e.to, sizeof(e.to), "%s", word_of(what));
	describe(what, kind, seconds(news->longest_us), true, words, sizeof(words));
	(void)snprintf(text, sizeof(text), "%u maps: %s", g.members, words);
	events_group_end(o->events, &g, &e, text, true);
}

static int64_t lasted(const struct outage *o, uint32_t index, enum map_loss_what what,
                      struct mono now)
{
	int64_t us = mono_diff(now, map_losses_begun(o->events->losses, index));

	return what == MAP_LOSS_BACK ? MAX(us - MAP_LOSS_BACK_US, 0) : us;
}

static void report_one(struct outage *o, uint32_t index, enum map_loss_what what,
                       unsigned kind, struct mono now)
{
	const struct maps_map *m = maps_get(o->events->maps, index);
	char words[96];

	describe(what, kind, seconds(lasted(o, index, what, now)), false, words,
	         sizeof(words));
	note_reported(o, index, what);
	events_map(o->events, index, m->map->name, priority_of(what),
	           what == MAP_LOSS_BACK ? "lost" : "", word_of(what), now, "%s", words);
}

void loss_watch_run(struct outage *o, struct mono now)
{
	struct news news[MAP_LOSS_COUNT_][KINDS] = { 0 };
	struct map_losses *l = o->events->losses;
	unsigned kind;

	if (mono_before(now, map_losses_next(l)))
		return;
	map_losses_begin(l);
	for (uint32_t i = 0; i < maps_end(o->events->maps); i++) {
		enum map_loss_what what = news_of(o, i, &kind, now);
		struct news *of = &news[what][what == MAP_LOSS_NOTHING ? 0 : kind];

		of->n++;
		if (what != MAP_LOSS_NOTHING)
			of->longest_us = MAX(of->longest_us, lasted(o, i, what, now));
	}
	for (unsigned what = MAP_LOSS_LOST; what < MAP_LOSS_COUNT_; what++)
		for (kind = 0; kind < KINDS; kind++)
			if (news[what][kind].n >= CAUSE_MEMBERS_MIN)
				report_many(o, what, kind, &news[what][kind], now);
	for (uint32_t i = 0; i < maps_end(o->events->maps); i++) {
		enum map_loss_what what = news_of(o, i, &kind, now);

		if (what != MAP_LOSS_NOTHING)
			report_one(o, i, what, kind, now);
	}
}
