/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the count of slow paths. The loop only. Invariants: a path in the state SLOW_PATH is counted;
 * with SLOW_MODE_MARGINAL it has the mark MARK_SLOW, and otherwise it has not. Nothing allocates.
 */
#include "checkerd/paths/slow_watch.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

static_assert(SLOW_STATE_COUNT_ <= 1 << SLOW_STATE_BITS, "struct path has room");

/* Visits the paths of one map. */
struct walk {
	const struct slow_watch *w;
	uint32_t map_entry; /* the next entry of a map of device-mapper */
	const char *
	        name; /* of a map that the devices name; NULL: it is one of device-mapper */
	uint32_t at;
};

/* False: the path is in no map. */
static bool begin_walk(const struct slow_watch *w, uint32_t index, const struct path *p,
                       struct walk *ret)
{
	uint32_t entry = maps_first_of_path(w->maps, index);

	*ret = (struct walk){ .w = w, .map_entry = MAPS_NONE, .at = REGISTRY_NONE };
	if (entry != MAPS_NONE)
		ret->map_entry = maps_get(w->maps, maps_path(w->maps, entry)->map)->first;
	else if (!w->events->maps_decide)
		ret->name = device_map(p->device);
	return entry != MAPS_NONE || ret->name != NULL;
}

/* NULL: there is no other path. */
static struct path *next_of_walk(struct walk *v)
{
	const struct slow_watch *w = v->w;

	if (v->name != NULL) {
		v->at = registry_next_of_map(w->registry, v->name, v->at);
		return v->at == REGISTRY_NONE ? NULL : registry_get(w->registry, v->at);
	}
	while (v->map_entry != MAPS_NONE) {
		const struct maps_path *e = maps_path(w->maps, v->map_entry);

		v->map_entry = e->next;
		if (e->path != MAPS_NONE)
			return registry_get(w->registry, e->path);
	}
	return NULL;
}

/* Can the latencies of both paths be compared? A read and a TEST UNIT READY cannot. */
static bool is_comparable(const struct path *p, const struct path *q, struct mono now)
{
	return q->enabled && q->status.state == PATH_UP && q->slow_recent != 0 &&
	       q->settings.checker == p->settings.checker && q->engine == p->engine &&
	       !path_is_overdue(q, now);
}

static slow_level siblings_of(const struct slow_watch *w, uint32_t index,
                              const struct path *p, struct mono now)
{
	uint16_t counts[SLOW_LEVELS] = { 0 };
	const struct path *q;
	struct walk v;

	if (!begin_walk(w, index, p, &v))
		return 0;
	while ((q = next_of_walk(&v)) != NULL)
		if (q != p && is_comparable(p, q, now))
			counts[q->slow_recent]++;
	return slow_median(counts);
}

/* --- the events --- */

/* "512 ms", "1.2 s" */
static const char *duration(int64_t us, char buf[static 32])
{
	if (us >= USEC_PER_SEC)
		(void)snprintf(buf, 32, "%.1f s", (double)us / (double)USEC_PER_SEC);
	else
		(void)snprintf(buf, 32, us < 10 * USEC_PER_MSEC ? "%.1f ms" : "%.0f ms",
		               (double)us / (double)USEC_PER_MSEC);
	return buf;
}

static const char *map_of(const struct slow_watch *w, uint32_t index,
                          const struct path *p)
{
	const struct map *map = maps_of(w->maps, index);

	if (map != NULL)
		return map->name;
	return w->events->maps_decide ? NULL : device_map(p->device);
}

static void say_path(const struct slow_watch *w, uint32_t index, const struct path *p,
                     const struct slow_check *c, bool slow, struct mono now)
{
	char own[32], others[32];
	const struct events_slow e = {
		.path = p->device,
		.map = map_of(w, index, p),
		.slow = slow,
		.now = now,
	};

	(void)duration(slow_level_us(p->slow_recent), own);
	(void)duration(slow_level_us(c->siblings), others);
	if (!slow)
		events_slow(w->events, &e, "no longer slow: checks take %s", own);
	else
		events_slow(
		        w->events, &e,
		        "slow: checks take %s, those of the other paths of its map %s",
		        own, others);
}

/* --- maps --- */

struct slow_map {
	uint32_t paths, slow; /* comparable ones; those that are slower than before */
	bool told;
	slow_level recent;
	uint32_t usual_us;
};

static void count_map(const struct slow_watch *w, uint32_t index, const struct path *p,
                      struct mono now, struct slow_map *ret)
{
	uint16_t recent[SLOW_LEVELS] = { 0 }, usual[SLOW_LEVELS] = { 0 };
	const struct path *q;
	struct walk v;

	*ret = (struct slow_map){ .paths = 0 };
	if (!begin_walk(w, index, p, &v))
		return;
	while ((q = next_of_walk(&v)) != NULL) {
		if (!is_comparable(p, q, now))
			continue;
		ret->paths++;
		ret->slow += q->slow_state == SLOW_MAP;
		ret->told = ret->told || q->slow_told;
		recent[q->slow_recent]++;
		usual[slow_level_of(histogram_quantile(&q->latency, 0.5))]++;
	}
	ret->recent = slow_median(recent);
	ret->usual_us = (uint32_t)slow_level_us(slow_median(usual));
}

static void mark_told(const struct slow_watch *w, uint32_t index, const struct path *p,
                      bool told)
{
	struct path *q;
	struct walk v;

	if (!begin_walk(w, index, p, &v))
		return;
	while ((q = next_of_walk(&v)) != NULL)
		q->slow_told = told;
}

/* A path of the map is slower than before, as its siblings are, or it is no longer. All of them: the
 * map is slow. None of them: it is not. */
static void follow_map(const struct slow_watch *w, uint32_t index, const struct path *p,
                       struct mono now)
{
	const struct events_slow e = { .map = map_of(w, index, p),
		                       .slow = true,
		                       .now = now };
	const struct events_slow end = { .map = e.map, .now = now };
	char recent[32], usual[32];
	struct slow_map m;

	count_map(w, index, p, now, &m);
	(void)duration(slow_level_us(m.recent), recent);
	(void)duration(m.usual_us, usual);
	if (e.map == NULL || m.paths == 0)
		return;
	if (m.slow == m.paths && !m.told) {
		mark_told(w, index, p, true);
		if (m.paths == 1)
			events_slow(
			        w->events, &e,
			        "map %s: its only path is slow: checks take %s, usual is "
			        "%s: look at the array",
			        e.map, recent, usual);
		else
			events_slow(
			        w->events, &e,
			        "map %s: all %u paths are slow: checks take %s, usual is "
			        "%s: look at the array",
			        e.map, m.paths, recent, usual);
	} else if (m.slow == 0 && m.told) {
		mark_told(w, index, p, false);
		events_slow(w->events, &end, "map %s: no longer slow: checks take %s",
		            e.map, recent);
	}
}

/* --- paths --- */

static void set_slow(struct slow_watch *w, uint32_t index, struct path *p, bool slow,
                     struct mono now)
{
	bool marked = slow && p->settings.slow == SLOW_MODE_MARGINAL;

	w->slow += slow;
	w->slow -= !slow;
	/* Only if it is not so: the predecessor's hold may have the mark. */
	if (policy_is_marked(&p->hold, MARK_SLOW) != marked)
		holds_mark(w->holds, index, p, MARK_SLOW, marked, now);
}

static void judge(struct slow_watch *w, uint32_t index, struct path *p, struct slow *s,
                  struct mono now)
{
	const struct slow_check c = {
		.latency_us = p->latency.last_us,
		.interval_us = p->interval_us,
		.siblings = siblings_of(w, index, p, now),
		.usual_us = p->latency.samples >= SLOW_USUAL_CHECKS
		                    ? histogram_quantile(&p->latency, 0.5)
		                    : 0,
	};
	enum slow_state before = s->state;

	slow_judge(s, &c);
	p->slow_state = s->state & ((1U << SLOW_STATE_BITS) - 1);
	if (s->state == before)
		return;
	if ((s->state == SLOW_PATH) != (before == SLOW_PATH)) {
		set_slow(w, index, p, s->state == SLOW_PATH, now);
		say_path(w, index, p, &c, s->state == SLOW_PATH, now);
	}
	if ((s->state == SLOW_MAP) != (before == SLOW_MAP))
		follow_map(w, index, p, now);
}

void slow_watch_checked(struct slow_watch *w, uint32_t index, struct path *p,
                        struct mono now)
{
	struct slow s = {
		.recent = p->slow_recent,
		.state = (enum slow_state)p->slow_state,
		.pending = (enum slow_state)p->slow_pending,
		.count = p->slow_count,
	};
	/* The mark is the predecessor's: it counts until this daemon knows better. */
	bool marked = policy_is_marked(&p->hold, MARK_SLOW) && s.state != SLOW_PATH;

	if (p->settings.slow == SLOW_MODE_OFF)
		return;
	if (marked) {
		s.state = SLOW_PATH;
		w->slow++;
	}
	if (slow_is_suspect(&s, p->latency.last_us)) {
		p->slow_recent = s.recent;
		judge(w, index, p, &s, now);
	}
	p->slow_recent = s.recent;
	p->slow_state = s.state & ((1U << SLOW_STATE_BITS) - 1);
	p->slow_pending = s.pending & ((1U << SLOW_STATE_BITS) - 1);
	p->slow_count = s.count & ((1U << SLOW_COUNT_BITS) - 1);
}

void slow_watch_configured(struct slow_watch *w, uint32_t index, struct path *p,
                           struct mono now)
{
	/* The mark may be the predecessor's: then the path is counted with its first check. */
	bool slow = p->slow_state == SLOW_PATH || policy_is_marked(&p->hold, MARK_SLOW);
	bool wanted = slow && p->settings.slow == SLOW_MODE_MARGINAL;

	if (policy_is_marked(&p->hold, MARK_SLOW) != wanted)
		holds_mark(w->holds, index, p, MARK_SLOW, wanted, now);
	if (p->settings.slow != SLOW_MODE_OFF)
		return;
	slow_watch_forget(w, p);
	p->slow_recent = p->slow_pending = p->slow_told = p->slow_count = 0;
}

void slow_watch_forget(struct slow_watch *w, struct path *p)
{
	w->slow -= p->slow_state == SLOW_PATH;
	p->slow_state = SLOW_NO;
}
