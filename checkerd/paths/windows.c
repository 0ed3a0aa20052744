/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns which windows are open. Runs on the loop. Nothing happens while no window is open and none
 * has to open: windows_run() returns at once.
 *
 * While a window is open, windows_run() goes over all paths at least once a minute, and after a path
 * has failed: each path gets the first open window that covers it, unless that would take the last
 * usable path of a map.
 */
#include "checkerd/paths/windows.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/core/last_path.h"
#include "checkerd/core/maps_paths.h"

/* The clock may have been set without a notification. */
#define AGAIN_US (60 * USEC_PER_SEC)
/* Paths that fail make the windows be computed again, at most this often. */
#define FAILED_US USEC_PER_SEC
/* Paths that a window takes or gives back while it is open have an event each, up to this many. */
#define EVENTS_EACH 16

static_assert(MAINTENANCE_WINDOWS_MAX < 1 << PATH_WINDOW_BITS,
              "a path can have each window");

void windows_init(struct windows *w, struct checks *checks, struct events *events)
{
	*w = (struct windows){ .checks = checks, .events = events, .due = MONO_NEVER };
}

void windows_deinit(struct windows *w)
{
	w->config = config_ref_put(w->config);
	w->places = text_unref(w->places);
}

/* NULL: there is no memory. A snapshot does not name the windows then. */
static struct text *places_of(const struct maintenance *m)
{
	struct text *places = NULL;
	size_t size = 0, used = 0;
	char *joined;

	for (size_t i = 0; i < m->n; i++)
		size += strlen(m->windows[i].place) + 1;
	joined = malloc(size + 1);
	if (joined == NULL)
		return NULL;
	for (size_t i = 0; i < m->n; i++) {
		size_t n = strlen(m->windows[i].place) + 1;

		memcpy(joined + used, m->windows[i].place, n);
		used += n;
	}
	if (text_new(&places, joined, size) < 0)
		places = NULL;
	free(joined);
	return places;
}

void windows_configure(struct windows *w, struct config_ref *config)
{
	/* The windows have other numbers now: all paths come back, and are covered again in the
	 * same round. Neither change is reported. */
	for (uint32_t i = 0; i < registry_end(w->checks->registry); i++) {
		struct path *p = registry_get(w->checks->registry, i);

		if (p != NULL && p->window != 0)
			p->window = PATH_WINDOW_OLD;
	}
	w->config = config_ref_put(w->config);
	w->config = config_ref_get(config);
	w->places = text_unref(w->places);
	w->places = places_of(maintenance_of(config->config));
	memset(w->state, 0, sizeof(w->state));
	w->due = (struct mono){ 0 };
}

void windows_clock_set(struct windows *w)
{
	if (!mono_is_never(w->due))
		w->due = (struct mono){ 0 };
}

struct mono windows_next(const struct windows *w)
{
	if (w->checks->paths_changed && !mono_is_never(w->due))
		return mono_min(w->due, w->not_before);
	return w->due;
}

/* --- which windows are open --- */

static void say_opened(const struct windows *w, size_t i, int64_t realtime_s)
{
	const struct maintenance_window *m =
	        &maintenance_of(w->config->config)->windows[i];
	char until[CALENDAR_TEXT_SIZE];
	int64_t change;

	(void)calendar_is_open(&m->when, realtime_s, &change);
	events_say(
	        w->events, EVENT_CONFIG, LOG_NOTICE,
	        "maintenance window %s is open until %s: %u paths are disabled%s, %u are "
	        "not, because each may be the last usable one of its map",
	        m->place, calendar_format_time(change, until), w->state[i].covered,
	        m->fail ? " and failed" : "", w->state[i].spared);
}

static void say_closed(const struct windows *w, size_t i)
{
	events_say(w->events, EVENT_CONFIG, LOG_NOTICE,
	           "maintenance window %s has closed: its paths are checked again",
	           maintenance_of(w->config->config)->windows[i].place);
}

/* Returns how many windows are open. Sets when windows_run() is due next. */
static unsigned look_at_clock(struct windows *w, struct mono now, int64_t realtime_s,
                              uint32_t *ret_opened, uint32_t *ret_closed)
{
	const struct maintenance *m = maintenance_of(w->config->config);
	unsigned n = 0;

	*ret_opened = *ret_closed = 0;
	w->due = m->n == 0 ? MONO_NEVER : mono_add(now, AGAIN_US);
	for (size_t i = 0; i < m->n; i++) {
		int64_t change;
		bool open = calendar_is_open(&m->windows[i].when, realtime_s, &change);

		if (open != w->state[i].open)
			*(open ? ret_opened : ret_closed) |= UINT32_C(1) << i;
		w->state[i].open = open;
		w->state[i].change =
		        change == CALENDAR_NEVER
		                ? MONO_NEVER
		                : mono_add(now, (change - realtime_s) * USEC_PER_SEC);
		w->due = mono_min(w->due, w->state[i].change);
		n += open;
	}
	return n;
}

/* --- which paths they cover --- */

static const char *map_of(const struct windows *w, uint32_t index, const struct path *p)
{
	const struct map *map = maps_of(w->checks->maps, index);

	if (map != NULL)
		return map->name;
	return w->events->maps_decide ? NULL : device_map(p->device);
}

/* 1 + the index of the first open window that covers the path; 0: none. */
static unsigned window_for(const struct windows *w, uint32_t index, const struct path *p)
{
	const struct maintenance *m = maintenance_of(w->config->config);

	for (size_t i = 0; i < m->n; i++)
		if (w->state[i].open &&
		    maintenance_covers(&m->windows[i], p->device, map_of(w, index, p)))
			return (unsigned)i + 1;
	return 0;
}

/* Picks the paths that may be taken only if their maps keep a usable path. */
static void pick(struct windows *w, const struct last_path *l, bool any)
{
	for (uint32_t i = 0; i < registry_end(l->registry); i++) {
		struct path *p = registry_get(l->registry, i);

		if (p == NULL)
			continue;
		p->window_wanted = any ? window_for(w, i, p) : 0;
		p->window_waived = p->window_waived && p->window_wanted != 0;
		if (p->window_waived)
			p->window_wanted = 0;
		if (p->window_wanted != 0)
			last_path_pick(l, i);
	}
}

static void take(struct windows *w, uint32_t index, struct path *p, struct mono now)
{
	const struct maintenance_window *m =
	        &maintenance_of(w->config->config)->windows[p->window_wanted - 1];
	const struct checks_outage o = {
		.window = p->window_wanted,
		.until = w->state[p->window_wanted - 1].change,
		.empty = m->fail,
		.even_last = m->force,
	};

	checks_disable(w->checks, index, &o, now);
}

enum change { CHANGE_NONE, CHANGE_TAKEN, CHANGE_SPARED, CHANGE_OVER };

/* Takes the path, or gives it back. */
static enum change apply(struct windows *w, const struct last_path *l, uint32_t index,
                         struct path *p, struct mono now)
{
	const struct maintenance *m = maintenance_of(w->config->config);
	unsigned before = p->window, wanted = p->window_wanted;
	bool spared = false;
	uint32_t map;

	if (wanted != 0 && !m->windows[wanted - 1].force &&
	    last_path_loses(l, index, &map)) {
		w->state[wanted - 1].spared++;
		p->window_wanted = 0;
		spared = true;
	} else if (wanted != 0) {
		w->state[wanted - 1].covered++;
	}
	if (p->window_wanted != 0)
		take(w, index, p,
		     now); /* also if it is taken: the end may have changed */
	else if (before != 0)
		checks_end_window(w->checks, index, true, now);
	if (before == 0)
		return p->window_wanted != 0 ? CHANGE_TAKEN : CHANGE_NONE;
	if (p->window_wanted != 0)
		return CHANGE_NONE;
	return spared ? CHANGE_SPARED : CHANGE_OVER;
}

static void say_path(const struct windows *w, const struct path *p, enum change c)
{
	if (c == CHANGE_TAKEN)
		events_path(
		        w->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		        "disabled by maintenance window %s",
		        maintenance_of(w->config->config)->windows[p->window - 1].place);
	else if (c == CHANGE_OVER)
		events_path(w->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "enabled again: no maintenance window covers it any more");
	else
		events_path(w->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "enabled again in a maintenance window: it may be the last "
		            "usable path of its map");
}

static void cover(struct windows *w, bool any, bool quiet, struct mono now)
{
	const struct last_path l = {
		.registry = w->checks->registry,
		.maps = w->checks->maps,
		.maps_decide = w->events->maps_decide,
		.as_enabled = true,
	};
	uint32_t end = registry_end(l.registry), said = 0;

	for (size_t i = 0; i < MAINTENANCE_WINDOWS_MAX; i++)
		w->state[i].covered = w->state[i].spared = 0;
	pick(w, &l, any);
	for (uint32_t i = 0; i < end; i++) {
		struct path *p = registry_get(l.registry, i);
		enum change c = p == NULL ? CHANGE_NONE : apply(w, &l, i, p, now);

		if (c != CHANGE_NONE && !quiet && said++ < EVENTS_EACH)
			say_path(w, p, c);
	}
	for (uint32_t i = 0; i < end; i++)
		if (registry_get(l.registry, i) != NULL)
			last_path_drop(&l, i);
}

static bool any_is_covered(const struct windows *w)
{
	for (uint32_t i = 0; i < registry_end(w->checks->registry); i++) {
		const struct path *p = registry_get(w->checks->registry, i);

		if (p != NULL && p->window != 0)
			return true;
	}
	return false;
}

void windows_run(struct windows *w, struct mono now, int64_t realtime_s)
{
	uint32_t opened, closed;
	bool was_open = false, any;

	if (w->config == NULL || mono_before(now, windows_next(w)))
		return;
	w->checks->paths_changed = false;
	w->not_before = mono_add(now, FAILED_US);
	for (size_t i = 0; i < MAINTENANCE_WINDOWS_MAX; i++)
		was_open = was_open || w->state[i].open;
	any = look_at_clock(w, now, realtime_s, &opened, &closed) > 0;
	if (!any && !was_open && !any_is_covered(w))
		return;
	cover(w, any, (opened | closed) != 0, now);
	for (size_t i = 0; i < MAINTENANCE_WINDOWS_MAX; i++)
		if ((opened >> i & 1) != 0)
			say_opened(w, i, realtime_s);
		else if ((closed >> i & 1) != 0)
			say_closed(w, i);
}
