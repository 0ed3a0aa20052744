/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: looks at the maps that have no usable path. The loop only. */
#include "checkerd/paths/loss_watch.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/loss.h"
#include "checkerd/paths/outage_observed.h"

/* What becomes of I/O to the map, as enum observed_io. Of MAP_LOSS_BACK the first one. */
enum { KINDS = OBSERVED_IO_WAITS + 1 };

/* Of maps with the same news. */
struct news {
	uint32_t n;
	int64_t longest_us;
};

/* Of one map. */
struct lost {
	bool native;
	uint32_t index; /* in the table of maps; native: of one of its paths */
	const char *name;
	enum map_loss_what what;
	enum observed_io kind;
	int64_t lasted_us;
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

static void look_at_map(struct outage *o, uint32_t index, struct mono now,
                        struct lost *ret)
{
	const struct maps_map *m = maps_get(o->events->maps, index);
	struct map_losses *l = o->events->losses;

	if (m == NULL)
		return;
	*ret = (struct lost){
		.index = index,
		.name = m->map->name,
		.what = map_losses_due(
		        l, index, map_losses_since(l, index).us != 0 && is_gone(o, m),
		        now),
		.kind = m->map->queueing ? OBSERVED_IO_WAITS : OBSERVED_IO_FAILS,
		.lasted_us = mono_diff(now, map_losses_begun(l, index)),
	};
}

static void look_at_path(struct outage *o, uint32_t index, struct mono now,
                         struct lost *ret)
{
	struct observed_loss l;

	if (!outage_observed_loss(o->checks, index, &l))
		return;
	*ret = (struct lost){
		.native = true,
		.index = index,
		.name = l.map,
		.what = map_loss_due(o->events->losses, &l.loss, l.gone, now),
		.kind = l.io,
		.lasted_us = mono_diff(now, map_loss_begun(&l.loss)),
	};
}

/* The maps of the table come first, then the native ones. */
static uint32_t end_of(const struct outage *o)
{
	return maps_end(o->events->maps) +
	       (o->checks->observed > 0 ? registry_end(o->registry) : 0);
}

/* MAP_LOSS_NOTHING: there is nothing to report of it. */
static enum map_loss_what look(struct outage *o, uint32_t i, struct mono now,
                               struct lost *ret)
{
	uint32_t maps = maps_end(o->events->maps);

	ret->what = MAP_LOSS_NOTHING;
	if (i < maps)
		look_at_map(o, i, now, ret);
	else
		look_at_path(o, i - maps, now, ret);
	if (ret->what == MAP_LOSS_BACK) {
		ret->kind = 0;
		ret->lasted_us = MAX(ret->lasted_us - MAP_LOSS_BACK_US, 0);
	}
	return ret->what;
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

static const char *io_of(enum observed_io kind)
{
	static const char *const words[KINDS] = {
		[OBSERVED_IO_FAILS] = "I/O fails",
		[OBSERVED_IO_CONNECTS] = "I/O waits, or fails after fast_io_fail_tmo",
		[OBSERVED_IO_WAITS] = "I/O waits",
	};

	return words[kind];
}

/* many: of maps; else of one. */
static void describe(enum map_loss_what what, enum observed_io kind, int64_t us,
                     bool many, char *buf, size_t size)
{
	double s = (double)us / (double)USEC_PER_SEC;

	if (what == MAP_LOSS_BACK)
		(void)snprintf(buf, size, "usable again after %s%.0f s without a path",
		               many ? "up to " : "", s);
	else if (what == MAP_LOSS_GONE)
		(void)snprintf(buf, size, "all paths are gone for good: %s", io_of(kind));
	else
		(void)snprintf(buf, size, "no usable path for %.0f s: %s", s,
		               io_of(kind));
}

/* The successor does not report it again. */
static void note_reported(struct outage *o, const struct lost *l)
{
	if (l->native) {
		outage_observed_loss_reported(o->checks, l->index, l->what);
		return;
	}
	map_losses_reported(o->events->losses, l->index, l->what);
	persist_touch_map(&o->checks->persist, l->index);
}

static void report_many(struct outage *o, enum map_loss_what what, enum observed_io kind,
                        const struct news *news, struct mono now)
{
	struct events_group g;
	char words[96], text[128];
	struct event e;
	struct lost l;

	events_group_begin(o->events, &g);
	for (uint32_t i = 0; i < end_of(o); i++) {
		if (look(o, i, now, &l) != what || l.kind != kind)
			continue;
		events_group_name(o->events, &g, l.name);
		note_reported(o, &l);
	}
	memset(&e, 0, sizeof(e));
	e.type = EVENT_MAP;
	e.priority = priority_of(what);
	(void)snprintf(e.to, sizeof(e.to), "%s", word_of(what));
	describe(what, kind, news->longest_us, true, words, sizeof(words));
	(void)snprintf(text, sizeof(text), "%u maps: %s", g.members, words);
	events_group_end(o->events, &g, &e, text, true);
}

static void report_one(struct outage *o, const struct lost *l, struct mono now)
{
	const struct events_map_change c = {
		.map = l->name,
		.from = l->what == MAP_LOSS_BACK ? "lost" : "",
		.to = word_of(l->what),
		.priority = priority_of(l->what),
	};
	char words[96];

	describe(l->what, l->kind, l->lasted_us, false, words, sizeof(words));
	note_reported(o, l);
	if (l->native)
		events_observed_map(o->events, l->index, &c, words, now);
	else
		events_map(o->events, l->index, c.map, c.priority, c.from, c.to, now,
		           "%s", words);
}

void loss_watch_run(struct outage *o, struct mono now)
{
	struct news news[MAP_LOSS_COUNT_][KINDS] = { 0 };
	struct map_losses *losses = o->events->losses;
	struct lost l;

	if (mono_before(now, map_losses_next(losses)))
		return;
	map_losses_begin(losses);
	for (uint32_t i = 0; i < end_of(o); i++) {
		struct news *of;

		if (look(o, i, now, &l) == MAP_LOSS_NOTHING)
			continue;
		of = &news[l.what][l.kind];
		of->n++;
		of->longest_us = MAX(of->longest_us, l.lasted_us);
	}
	for (unsigned what = MAP_LOSS_LOST; what < MAP_LOSS_COUNT_; what++)
		for (unsigned kind = 0; kind < KINDS; kind++)
			if (news[what][kind].n >= CAUSE_MEMBERS_MIN)
				report_many(o, what, kind, &news[what][kind], now);
	for (uint32_t i = 0; i < end_of(o); i++)
		if (look(o, i, now, &l) != MAP_LOSS_NOTHING)
			report_one(o, &l, now);
}
