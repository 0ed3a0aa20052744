/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the registry, the schedule and the engine. The loop only: no other thread sees them. */
#include "checkerd/paths/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/core/loss.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/discovery/device_state.h"
#include "checkerd/paths/engine_path.h"
#include "checkerd/paths/identify.h"
#include "checkerd/paths/outage_gather.h"
#include "checkerd/paths/prober_end.h"

/* Paths whose reads may not be in flight together are not due together: most of them would be
 * deferred. */
static uint32_t share_of(const struct config *c)
{
	uint32_t share = SCHEDULE_SHARE;

	if (c->max_in_flight > 0)
		share = MIN(share, MAX(1U, c->max_in_flight / 2));
	if (c->max_in_flight_host > 0)
		share = MIN(share, c->max_in_flight_host);
	return share;
}

struct mono checks_first_due(const struct checks *c, uint32_t index, int64_t interval_us,
                             struct mono now)
{
	return schedule_spread(now, interval_us, index, c->share);
}

int checks_init(struct checks *c, const struct checks_options *o, const char **ret_what)
{
	const struct config *config = o->config;
	struct persist_parts kept = {
		.store = o->store,
		.maps = o->maps,
		.gathered = o->events->gathered,
		.losses = o->events->losses,
		.holds = &o->events->holds,
		.max_paths = config->max_paths,
	};
	struct pathcheck_options engine;
	int r;

	*c = (struct checks){
		.events = o->events,
		.listener = o->listener,
		.holds = { .events = o->events, .maps = o->maps, .persist = &c->persist },
		.maps = o->maps,
		.maintain_at = MONO_NEVER,
		.overdue_at = MONO_NEVER,
		.recheck = REGISTRY_NONE,
		.share = share_of(config),
		.sys_dev_block = open("/sys/dev/block", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	*ret_what = "cannot allocate the table of paths";
	r = registry_new(&c->registry, config->max_paths);
	if (r == 0)
		r = schedule_new(&c->schedule, c->registry);
	kept.registry = c->registry;
	c->slow = (struct slow_watch){
		.registry = c->registry,
		.maps = o->maps,
		.events = o->events,
		.holds = &c->holds,
	};
	if (r == 0)
		r = persist_init(&c->persist, &kept);
	if (r == 0) {
		engine_path_options(config, &engine);
		*ret_what = pathcheck_program(&engine);
		r = pathcheck_new(&c->engine, &engine);
	}
	if (r < 0)
		checks_deinit(c);
	return r;
}

void checks_deinit(struct checks *c)
{
	c->engine = pathcheck_free(c->engine);
	persist_deinit(&c->persist);
	c->schedule = schedule_free(c->schedule);
	c->registry = registry_free(c->registry);
	if (c->sys_dev_block >= 0)
		close(c->sys_dev_block);
	c->sys_dev_block = -1;
}

void checks_count_from(struct checks *c, struct path *p, struct mono now)
{
	if (!p->enabled)
		return;
	p->heard = now;
	p->overdue_at = checks_is_heard_of(p)
	                        ? mono_add(now, MAX((int64_t)p->interval_us,
	                                            (int64_t)p->settings.interval_us) +
	                                                p->settings.timeout_us +
	                                                OVERDUE_MARGIN_US)
	                        : MONO_NEVER;
	c->overdue_at = mono_min(c->overdue_at, p->overdue_at);
}

/* A shorter interval. The path keeps its phase, so thousands that fail together do not become due
 * together. */
static void shorten_interval(struct checks *c, uint32_t index, struct path *p,
                             int64_t interval, struct mono now)
{
	int64_t wait;

	p->interval_us = interval;
	if (p->sched_slot == REGISTRY_NONE || !p->enabled)
		return; /* run_due() schedules it next. */
	wait = mono_diff(p->due, now);
	if (wait > interval)
		schedule_put(c->schedule, index, mono_add(now, wait % interval));
}

static void back_off(struct path *p)
{
	int64_t interval = p->interval_us, most = path_max_interval_us(&p->settings);

	p->interval_us = MIN(2 * interval, most);
}

/* The next interval of the path. */
static void step_interval(struct checks *c, uint32_t index, struct path *p,
                          unsigned actions, struct mono now)
{
	int64_t of_hold = holds_interval_us(&c->holds, p);

	if (of_hold != 0 && of_hold != p->interval_us)
		shorten_interval(c, index, p, of_hold, now);
	else if (of_hold != 0)
		return;
	else if ((actions & ACTION_RESET_INTERVAL) != 0 ||
	         p->interval_us < (int64_t)p->settings.interval_us)
		shorten_interval(c, index, p, p->settings.interval_us, now);
	else if ((actions & ACTION_BACK_OFF) != 0)
		back_off(p);
}

/* Nobody wants a notification of a first check that started or succeeded: at start there are
 * thousands. */
static bool is_first_success(enum path_state from, enum path_state to)
{
	return to == PATH_PENDING || ((from == PATH_UNCHECKED || from == PATH_PENDING) &&
	                              path_state_usable(to));
}

/* The predecessor's state is confirmed, or it is over. */
static void confirm(struct checks *c, uint32_t index)
{
	persist_await(&c->persist, index, false);
	maps_path_proven(c->maps, index);
}

unsigned checks_step(struct checks *c, uint32_t index, struct path *p,
                     const struct outcome *o, struct mono now)
{
	struct path_policy policy;
	struct path_status before;
	unsigned actions;

	if (o->kind == OUTCOME_STARTED && !path_status_notes_start(&p->status))
		return ACTION_NONE;
	policy = path_policy_of(&p->settings);
	before = p->status;
	actions = path_status_step(&before, o, &policy, p->settings.timeout_us, now,
	                           &p->status);
	if (p->status.state != before.state) {
		c->by_state[before.state]--;
		c->by_state[p->status.state]++;
		c->disabled[before.state] -= !p->enabled;
		c->disabled[p->status.state] += !p->enabled;
		if (before.state != PATH_UNCHECKED && before.state != PATH_PENDING)
			p->counters.transitions++;
		persist_touch(&c->persist, index);
		c->paths_changed =
		        c->paths_changed || p->status.verdict == VERDICT_UNUSABLE;
	}
	if ((actions & (ACTION_SUCCESS | ACTION_FAILURE)) != 0 &&
	    persist_awaits(&c->persist, index))
		confirm(c, index);
	if ((actions & ACTION_FAILURE) != 0 &&
	    loss_of(before.state, &before.reason) !=
	            loss_of(p->status.state, &p->status.reason))
		maps_path_noted(c->maps, index);
	if ((actions & ACTION_EVENT) != 0 &&
	    !is_first_success(before.state, p->status.state))
		outage_state(c->events, index, p, &before, now);
	else if ((actions & ACTION_DEVICE_ERROR) != 0)
		events_device_error(c->events, index, p, now);
	holds_checked(&c->holds, index, p, before.verdict, actions, now);
	step_interval(c, index, p, actions, now);
	if (o->kind != OUTCOME_STARTED)
		maps_path_checked(c->maps, index, p->status.verdict,
		                  (actions & ACTION_SUCCESS) != 0 &&
		                          path_state_usable(p->status.state),
		                  p->started);
	return actions;
}

void checks_block(struct checks *c, struct mono now)
{
	c->blocked_until = mono_add(now, CHECKS_RETRY_US);
	c->dirty = true;
}

/* Reports to the maps what follows from by_hand and window. */
static void tell_maps(struct checks *c, uint32_t index, const struct path *p,
                      bool even_last)
{
	enum maps_disabled how = MAPS_DISABLED;

	if (p->enabled)
		how = MAPS_ENABLED;
	else if ((p->by_hand && p->by_hand_empties) ||
	         (p->window != 0 && p->window_empties))
		how = MAPS_DISABLED_EMPTIED;
	maps_disable(c->maps, index, how, even_last);
}

void checks_disable(struct checks *c, uint32_t index, const struct checks_outage *o,
                    struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	c->never_checked -= checks_is_never_checked(p);
	c->disabled[p->status.state] += p->enabled;
	if (p->enabled)
		p->heard = now;
	p->enabled = false;
	p->overdue_at = MONO_NEVER;
	if (o->window == 0) {
		p->by_hand = true;
		p->by_hand_empties = o->empty;
		/* At that time run_due() enables the path. */
		schedule_put(c->schedule, index, o->until);
	} else {
		p->window = o->window & ((1U << PATH_WINDOW_BITS) - 1);
		p->window_empties = o->empty;
		if (!p->by_hand) {
			schedule_remove(c->schedule, index);
			p->due = o->until;
		}
	}
	tell_maps(c, index, p, o->even_last);
	persist_await(&c->persist, index, false);
	persist_touch(&c->persist, index);
}

/* Hands one check to the engine. -EAGAIN: it accepts no commands now. */
static int start(struct checks *c, uint32_t index, struct path *p, struct mono now)
{
	const struct outcome started = { .kind = OUTCOME_STARTED };
	int r;

	r = identify_check(c->engine, c->maps, index, p);
	if (r == -EAGAIN)
		return r;
	if (r < 0) {
		/* The check did not start, so it proves nothing about the device. The next due
		 * time tries again. */
		p->counters.deferred++;
		return 0;
	}
	c->dirty = true;
	c->outstanding++;
	p->outstanding = true;
	p->expired = false;
	p->started = now;
	p->counters.checks++;
	/* A start has no actions to count. */
	(void)checks_step(c, index, p, &started, now);
	return 0;
}

void checks_expedite(struct checks *c, uint32_t index, struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	if (!checks_is_checked(p) || p->outstanding)
		return;
	/* The due time stays: paths that are expedited together do not become due together. */
	if (start(c, index, p, now) == -EAGAIN) {
		checks_block(c, now);
		schedule_put(c->schedule, index, now);
	}
}

/* The path is in service again, unless something else keeps it out. */
static void put_back(struct checks *c, uint32_t index, struct path *p, bool many,
                     struct mono now)
{
	bool was_enabled = p->enabled;

	persist_touch(&c->persist, index);
	if (p->by_hand || p->window != 0) {
		tell_maps(c, index, p, false);
		return;
	}
	c->disabled[p->status.state] -= !p->enabled;
	c->never_checked -= checks_is_never_checked(p);
	p->enabled = true;
	c->never_checked += checks_is_never_checked(p);
	tell_maps(c, index, p, false);
	persist_await(&c->persist, index,
	              checks_is_heard_of(p) && maps_is_unproven(c->maps, index));
	p->interval_us = p->settings.interval_us;
	if (!was_enabled)
		checks_count_from(c, p, now);
	if (!checks_is_checked(p)) {
		schedule_remove(c->schedule, index);
		return;
	}
	schedule_put(c->schedule, index, checks_first_due(c, index, p->interval_us, now));
	if (!many) {
		checks_expedite(c, index, now);
		return;
	}
	p->resumed = true;
	c->recheck = 0;
}

void checks_enable(struct checks *c, uint32_t index, bool many, struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	p->by_hand = false;
	p->window_waived = p->window_waived || p->window != 0;
	p->window = 0;
	put_back(c, index, p, many, now);
}

void checks_end_window(struct checks *c, uint32_t index, bool many, struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	p->window = 0;
	put_back(c, index, p, many, now);
}

/* The time of checkerctl disable is over. */
static void end_by_hand(struct checks *c, uint32_t index, struct path *p, struct mono now)
{
	p->by_hand = false;
	if (p->window != 0) {
		schedule_remove(c->schedule, index);
		p->due = MONO_NEVER; /* until the windows are looked at again */
	}
	put_back(c, index, p, false, now);
	if (p->enabled)
		events_path(c->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "enabled again: its time as disabled is over");
}

void checks_read_state(struct checks *c, uint32_t index, struct path *p,
                       struct outcome *o)
{
	device_state_read(c->sys_dev_block, p->device, &p->sysfs);
	c->states_read += device_state_attributes(p->device);
	if (o->kind != OUTCOME_OK && o->kind != OUTCOME_DEVICE_ERROR)
		o->counts = diag_watch_counts(&c->diag, c->sys_dev_block, index, p,
		                              &c->states_read);
}

void checks_begin_counts(struct checks *c, uint32_t index, const struct path *p)
{
	c->states_read += diag_watch_begin(&c->diag, c->sys_dev_block, index, p);
}

/* The check of a running prober is past its deadline and still in the kernel. */
static void stay_timed_out(struct checks *c, uint32_t index, struct path *p,
                           struct mono now)
{
	struct outcome timed_out = { .kind = OUTCOME_SILENT, .error = ETIMEDOUT };

	checks_read_state(c, index, p, &timed_out);
	timed_out.sysfs = p->sysfs;
	if ((checks_step(c, index, p, &timed_out, now) & ACTION_FAILURE) != 0)
		checks_count_from(c, p, now);
}

/* The path is due. False: the engine accepts no commands, so no other check can start. */
static bool run_due(struct checks *c, uint32_t index, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	bool first = p->started.us == 0;
	struct mono due = p->due;

	if (!p->enabled) {
		end_by_hand(c, index, p, now);
		return true;
	}
	c->lag_last_us = mono_diff(now, due);
	c->lag_max_us = MAX(c->lag_max_us, c->lag_last_us);
	if (p->outstanding && p->expired && !c->no_prober) {
		stay_timed_out(c, index, p, now);
	} else if (!p->outstanding && start(c, index, p, now) == -EAGAIN) {
		p->counters.deferred++;
		schedule_put(c->schedule, index, due);
		checks_block(c, now);
		return false;
	}
	/* The first check came early, together with others'. From now on the path has a due time of
	 * its own. */
	schedule_put(c->schedule, index,
	             first ? checks_first_due(c, index, p->interval_us, mono_add(now, 1))
	                   : schedule_after(due, p->interval_us, now));
	return true;
}

/* Checks the paths that were enabled, or after the prober was replaced every path, a slice at most.
 * Due times stay. */
static void recheck(struct checks *c, struct mono now)
{
	uint32_t end = registry_end(c->registry);

	for (unsigned n = 0; n < CHECKS_SLICE && c->recheck < end; n++, c->recheck++) {
		struct path *p = registry_get(c->registry, c->recheck);

		if (p == NULL || !(c->recheck_all || p->resumed))
			continue;
		p->resumed = false;
		checks_expedite(c, c->recheck, now);
	}
	if (c->recheck < end)
		return;
	c->recheck = REGISTRY_NONE;
	c->recheck_all = false;
}

void checks_run(struct checks *c, struct mono now)
{
	if (mono_before(now, c->blocked_until))
		return;
	c->blocked_until = (struct mono){ 0 };
	if (c->recheck != REGISTRY_NONE)
		recheck(c, now);
	c->states_read = 0;
	for (unsigned n = 0; n < CHECKS_SLICE && c->states_read < CHECKS_STATES_SLICE;
	     n++) {
		uint32_t index = schedule_pop(c->schedule, now);

		if (index == REGISTRY_NONE || !run_due(c, index, now))
			return;
	}
}

struct mono checks_next(struct checks *c)
{
	struct mono next = schedule_next(c->schedule);

	if (c->recheck != REGISTRY_NONE)
		next = (struct mono){ 0 };
	return mono_before(next, c->blocked_until) ? c->blocked_until : next;
}

/*
 * While no check is outstanding the loop is not woken for maintenance: it runs together with the
 * last result, at most four times a second.
 */
static void plan_maintenance(struct checks *c, struct mono now)
{
	/* When the engine accepts no commands, its prober may have died. */
	bool busy = c->outstanding > 0 || c->blocked_until.us > 0;

	if (busy && mono_is_never(c->maintain_at))
		c->maintain_at = mono_add(now, CHECKS_MAINTAIN_US);
	else if (!busy && mono_before(now, c->maintain_at) &&
	         !mono_is_never(c->maintain_at))
		c->maintain_at = mono_diff(now, c->maintained) >= CHECKS_MAINTAIN_US
		                         ? now
		                         : MONO_NEVER;
}

void checks_flush(struct checks *c, struct mono now)
{
	if (c->dirty)
		pathcheck_flush(c->engine);
	c->dirty = false;
	plan_maintenance(c, now);
}

void checks_maintain(struct checks *c, struct mono now)
{
	int r;

	c->maintain_at = MONO_NEVER;
	c->maintained = now;
	plan_maintenance(c, now);
	r = pathcheck_tend(c->engine);
	if (r == 1) {
		c->replaced = now;
		c->no_prober = false;
		c->recheck_all = true;
		c->recheck = 0; /* Checks of the old prober never complete. */
		prober_end_report(c->engine, c->events);
	} else if (r < 0 && !c->no_prober) {
		c->no_prober = true;
		if (r == -EINPROGRESS)
			events_say(
			        c->events, EVENT_ENGINE, LOG_ERR,
			        "the prober was replaced too often: the next one starts "
			        "later, no path is checked until then");
		else
			events_say(
			        c->events, EVENT_ENGINE, LOG_ERR,
			        "the prober cannot be started: %s (%s); checkerd tries "
			        "again, no path is checked until then",
			        strerrordesc_np(-r), strerrorname_np(-r));
	} else if (r == 0) {
		c->no_prober = false;
	}
}

void checks_count(const struct checks *c, uint32_t ret[PATH_KINDS])
{
	ret[PATH_KIND_DISABLED] = 0;
	for (unsigned i = 0; i < PATH_STATE_COUNT_; i++) {
		ret[i] = c->by_state[i] - c->disabled[i];
		ret[PATH_KIND_DISABLED] += c->disabled[i];
	}
}

bool checks_all_answered(const struct checks *c)
{
	uint32_t n[PATH_KINDS];

	checks_count(c, n);
	return n[PATH_UNCHECKED] + n[PATH_PENDING] + c->persist.n_awaited <=
	       c->never_checked;
}
