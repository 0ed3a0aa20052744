/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the sd_event loop and its sources: one timer for the whole schedule, one descriptor for all
 * results, never a source per path. Each handler calls one part with the time, does a slice at most,
 * and ends in complete_round(), which sets the timers. Runs on the main thread.
 */
#include "checkerd/loop/sources.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>

#include <systemd/sd-event.h>

#include "checkerd/paths/results.h"
#include "util/seal.h"

enum source_id {
	SOURCE_STOP,
	SOURCE_STOP_INT,
	SOURCE_RESULTS,
	SOURCE_RESULTS_MORE,
	SOURCE_MAPS,
	SOURCE_MAPS_MORE,
	SOURCE_SCHEDULE,
	SOURCE_CHORES,
	SOURCE_FOUND,
	SOURCE_FOUND_MORE,
	SOURCE_REQUESTS,
	SOURCE_REQUESTS_MORE,
	SOURCE_WRITTEN,
	SOURCE_RELOAD,
	SOURCE_LOADED,
	SOURCE_PURGED,
	SOURCE_CLOCK,
	SOURCE_SNAPSHOT,
	SOURCE_COUNT_
};

/* After so many rounds what was found, requests and a snapshot have a turn, although other sources are
 * always ready: a daemon with more checks than its CPU can do answers all the same. */
#define ROUNDS_BEFORE_OTHERS 8

struct timer {
	struct mono at; /* as set with sd-event; MONO_NEVER: off */
};

struct sources {
	struct daemon *d;
	sd_event *event;
	sd_event_source *source[SOURCE_COUNT_];
	struct timer schedule, chores;
	bool more_results, more_maps, more_found, more_requests;
	unsigned rounds; /* since the others had their turn */
};

/* Of sources that are ready at the same time, the one of the lowest number runs first; but see
 * ROUNDS_BEFORE_OTHERS. */
static const struct {
	int64_t priority;
	const char *name, *why;
} priorities[SOURCE_COUNT_] = {
	[SOURCE_STOP] = { -100, "stop", "nothing may delay the end" },
	[SOURCE_STOP_INT] = { -100, "stop-int", "nothing may delay the end" },
	[SOURCE_RESULTS] = { -30, "results",
	                     "a result is worth more than another check" },
	[SOURCE_RESULTS_MORE] = { -30, "results-more", "the rest of the results" },
	[SOURCE_MAPS] = { -25, "maps",
	                  "a path that the kernel failed is checked at once" },
	[SOURCE_MAPS_MORE] = { -25, "maps-more", "the rest of the maps" },
	[SOURCE_SCHEDULE] = { -20, "schedule", "checks start at their due time" },
	[SOURCE_CHORES] = { -10, "chores",
	                    "a stalled prober and the watchdog do not wait" },
	[SOURCE_FOUND] = { 0, "found", "paths that exist come before new ones" },
	[SOURCE_FOUND_MORE] = { 0, "found-more", "the rest of what was found" },
	[SOURCE_REQUESTS] = { 10, "requests", "people can wait longer than disks" },
	[SOURCE_REQUESTS_MORE] = { 10, "requests-more", "the rest of the requests" },
	[SOURCE_WRITTEN] = { 10, "written", "a reply waits until its records are" },
	[SOURCE_RELOAD] = { 20, "reload", "rare, and not urgent" },
	[SOURCE_LOADED] = { 20, "loaded", "rare, and not urgent" },
	[SOURCE_PURGED] = { 20, "purged", "rare, and not urgent" },
	[SOURCE_CLOCK] = { 20, "clock", "rare, and not urgent" },
	[SOURCE_SNAPSHOT] = { 30, "snapshot",
	                      "long, so only when nothing else is ready" },
};

void sources_block_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
}

static void set_timer(struct timer *t, sd_event_source *source, struct mono at)
{
	if (t->at.us == at.us)
		return;
	t->at = at;
	if (mono_is_never(at)) {
		/* Never fails. */
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return;
	}
	/* Neither call allocates or fails for a source that exists. */
	(void)sd_event_source_set_time(source, (uint64_t)MAX(at.us, INT64_C(1)));
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void enable_more(struct sources *s, enum source_id id, bool *enabled, bool on)
{
	if (*enabled == on)
		return;
	*enabled = on;
	(void)sd_event_source_set_enabled(s->source[id], on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void take_found(struct sources *s)
{
	bool more = inventory_take(&s->d->inventory, mono_now());

	enable_more(s, SOURCE_FOUND_MORE, &s->more_found, more);
}

static void take_requests(struct sources *s)
{
	bool more = requests_serve(&s->d->requests, mono_now());

	enable_more(s, SOURCE_REQUESTS_MORE, &s->more_requests, more);
}

/* Without work this costs little. */
static void let_others(struct sources *s)
{
	s->rounds = 0;
	take_found(s);
	take_requests(s);
	if (snapshot_fill_wanted(&s->d->snapshots))
		snapshot_fill_run(&s->d->snapshots);
}

/* Every handler ends with this. */
static int complete_round(struct sources *s)
{
	struct daemon *d = s->d;
	int on;

	if (++s->rounds == ROUNDS_BEFORE_OTHERS)
		let_others(s);
	daemon_complete_round(d, mono_now());
	set_timer(&s->schedule, s->source[SOURCE_SCHEDULE], checks_next(&d->checks));
	set_timer(&s->chores, s->source[SOURCE_CHORES], daemon_next_chore(d));
	on = snapshot_fill_wanted(&d->snapshots) ? SD_EVENT_ON : SD_EVENT_OFF;
	(void)sd_event_source_set_enabled(s->source[SOURCE_SNAPSHOT], on);
	return 0;
}

static void collect_results(struct sources *s)
{
	bool more;

	seal_begin();
	more = results_collect(&s->d->checks, mono_now());
	seal_end();
	enable_more(s, SOURCE_RESULTS_MORE, &s->more_results, more);
}

static void take_maps(struct sources *s)
{
	bool more = dm_take(&s->d->dm, mono_now());

	enable_more(s, SOURCE_MAPS_MORE, &s->more_maps, more);
}

static int on_results(sd_event_source *e _unused_, int fd _unused_,
                      uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	collect_results(s);
	/* The engine may accept the command that inventory holds. */
	if (s->d->inventory.holding)
		take_found(s);
	return complete_round(s);
}

static int on_results_more(sd_event_source *e _unused_, void *arg)
{
	collect_results(arg);
	return complete_round(arg);
}

static int on_maps(sd_event_source *e _unused_, int fd _unused_, uint32_t events _unused_,
                   void *arg)
{
	struct sources *s = arg;

	devmapper_clear(s->d->devmapper);
	take_maps(s);
	return complete_round(s);
}

static int on_maps_more(sd_event_source *e _unused_, void *arg)
{
	take_maps(arg);
	return complete_round(arg);
}

static int on_schedule(sd_event_source *e _unused_, uint64_t usec _unused_, void *arg)
{
	struct sources *s = arg;

	s->schedule.at = MONO_NEVER;
	seal_begin();
	checks_run(&s->d->checks, mono_now());
	seal_end();
	return complete_round(s);
}

static int on_chores(sd_event_source *e _unused_, uint64_t usec _unused_, void *arg)
{
	struct sources *s = arg;

	s->chores.at = MONO_NEVER;
	daemon_run_chores(s->d, mono_now());
	if (s->d->inventory.holding)
		take_found(s);
	return complete_round(s);
}

static int on_found(sd_event_source *e _unused_, int fd _unused_,
                    uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	discovery_clear(s->d->discovery);
	take_found(s);
	return complete_round(s);
}

static int on_found_more(sd_event_source *e _unused_, void *arg)
{
	take_found(arg);
	return complete_round(arg);
}

static int on_requests(sd_event_source *e _unused_, int fd _unused_,
                       uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	port_loop_clear(s->d->port);
	take_requests(s);
	return complete_round(s);
}

static int on_requests_more(sd_event_source *e _unused_, void *arg)
{
	take_requests(arg);
	return complete_round(arg);
}

/* The round puts the records that the ring had no room for, and sends the replies. */
static int on_written(sd_event_source *e _unused_, int fd _unused_,
                      uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	store_clear(s->d->store);
	return complete_round(s);
}

static int on_loaded(sd_event_source *e _unused_, int fd _unused_,
                     uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	reload_loaded(&s->d->reload, mono_now());
	return complete_round(s);
}

static int on_purged(sd_event_source *e _unused_, int fd _unused_,
                     uint32_t events _unused_, void *arg)
{
	struct sources *s = arg;

	purge_take(&s->d->purge, mono_now());
	return complete_round(s);
}

static int on_clock(sd_event_source *e _unused_, int fd, uint32_t events _unused_,
                    void *arg)
{
	struct sources *s = arg;

	clock_watch_clear(fd);
	windows_clock_set(&s->d->windows);
	return complete_round(s);
}

static int on_snapshot(sd_event_source *e _unused_, void *arg)
{
	struct sources *s = arg;

	snapshot_fill_run(&s->d->snapshots);
	return complete_round(s);
}

static int on_reload(sd_event_source *e _unused_,
                     const struct signalfd_siginfo *info _unused_, void *arg)
{
	struct sources *s = arg;

	reload_request(&s->d->reload, mono_now());
	return complete_round(s);
}

static int on_stop(sd_event_source *e, const struct signalfd_siginfo *info _unused_,
                   void *arg _unused_)
{
	return sd_event_exit(sd_event_source_get_event(e), 0);
}

static int add_fd(struct sources *s, enum source_id id, int fd,
                  sd_event_io_handler_t handler)
{
	return sd_event_add_io(s->event, &s->source[id], fd, EPOLLIN, handler, s);
}

static int add_timer(struct sources *s, enum source_id id, struct timer *t,
                     sd_event_time_handler_t handler)
{
	int r;

	t->at = MONO_NEVER;
	/* Accuracy 1 us: the grid of the schedule already combines wake-ups. */
	r = sd_event_add_time(s->event, &s->source[id], CLOCK_MONOTONIC, UINT64_MAX, 1,
	                      handler, s);
	return r < 0 ? r : sd_event_source_set_enabled(s->source[id], SD_EVENT_OFF);
}

static int add_more(struct sources *s, enum source_id id, sd_event_handler_t handler)
{
	int r = sd_event_add_defer(s->event, &s->source[id], handler, s);

	return r < 0 ? r : sd_event_source_set_enabled(s->source[id], SD_EVENT_OFF);
}

static int add_signal(struct sources *s, enum source_id id, int number,
                      sd_event_signal_handler_t handler)
{
	return sd_event_add_signal(s->event, &s->source[id], number, handler, s);
}

static int add_all(struct sources *s)
{
	struct daemon *d = s->d;
	const int added[] = {
		add_signal(s, SOURCE_STOP, SIGTERM, on_stop),
		add_signal(s, SOURCE_STOP_INT, SIGINT, on_stop),
		add_signal(s, SOURCE_RELOAD, SIGHUP, on_reload),
		add_fd(s, SOURCE_RESULTS, pathcheck_fd(d->checks.engine), on_results),
		add_more(s, SOURCE_RESULTS_MORE, on_results_more),
		add_fd(s, SOURCE_MAPS, devmapper_fd(d->devmapper), on_maps),
		add_more(s, SOURCE_MAPS_MORE, on_maps_more),
		add_timer(s, SOURCE_SCHEDULE, &s->schedule, on_schedule),
		add_timer(s, SOURCE_CHORES, &s->chores, on_chores),
		add_fd(s, SOURCE_FOUND, discovery_fd(d->discovery), on_found),
		add_more(s, SOURCE_FOUND_MORE, on_found_more),
		add_fd(s, SOURCE_REQUESTS, port_loop_fd(d->port), on_requests),
		add_more(s, SOURCE_REQUESTS_MORE, on_requests_more),
		add_fd(s, SOURCE_WRITTEN, store_fd(d->store), on_written),
		add_fd(s, SOURCE_LOADED, loader_fd(d->loader), on_loaded),
		add_fd(s, SOURCE_PURGED, purger_fd(d->purger), on_purged),
		add_fd(s, SOURCE_CLOCK, d->clock_fd, on_clock),
		add_more(s, SOURCE_SNAPSHOT, on_snapshot),
	};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		if (added[i] < 0)
			return added[i];
	}
	for (int id = 0; id < SOURCE_COUNT_; id++) {
		r = sd_event_source_set_priority(s->source[id], priorities[id].priority);
		if (r >= 0)
			r = sd_event_source_set_description(s->source[id],
			                                    priorities[id].name);
		if (r < 0)
			return r;
	}
	return 0;
}

int sources_run(struct daemon *d)
{
	struct sources s = { .d = d };
	int r;

	r = sd_event_new(&s.event);
	if (r < 0)
		return r;
	r = add_all(&s);
	if (r == 0) {
		(void)complete_round(&s); /* Always 0. */
		r = sd_event_loop(s.event);
	}
	for (int id = 0; id < SOURCE_COUNT_; id++)
		sd_event_source_unref(s.source[id]);
	sd_event_unref(s.event);
	return r;
}
