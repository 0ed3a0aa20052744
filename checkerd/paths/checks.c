/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkerd/paths/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/core/maps_paths.h"
#include "checkerd/discovery/device_state.h"
#include "checkerd/paths/engine_path.h"
#include "checkerd/paths/identify.h"
#include "checkerd/paths/outcome.h"
#include "checkerd/paths/prober_end.h"

/* What may not be in the kernel together is not due together. */
static uint32_t share_of(const struct config *c)
{
	uint32_t share = SCHEDULE_SHARE;

	if (c->max_in_flight > 0)
		share = MIN(share, MAX(1U, c->max_in_flight / 2));
	if (c->max_in_flight_host > 0)
		share = MIN(share, c->max_in_flight_host);
	return share;
}

static struct mono next_due(const struct checks *c, uint32_t index, int64_t interval_us,
                            struct mono now)
{
	return schedule_spread(now, interval_us, index, c->share);
}

int checks_init(struct checks *c, const struct checks_options *o, const char **ret_what)
{
	const struct config *config = o->config;
	struct pathcheck_options engine;
	int r;

	*c = (struct checks){
		.events = o->events,
		.listener = o->listener,
		.maps = o->maps,
		.maintain_at = MONO_NEVER,
		.overdue_at = MONO_NEVER,
		.recheck = REGISTRY_NONE,
		.share = share_of(config),
		.sys_dev_block = open("/sys/dev/block", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	*ret_what = "the table of paths";
	r = registry_new(&c->registry, config->max_paths);
	if (r == 0)
		r = schedule_new(&c->schedule, c->registry);
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
	c->schedule = schedule_free(c->schedule);
	c->registry = registry_free(c->registry);
	if (c->sys_dev_block >= 0)
		close(c->sys_dev_block);
	c->sys_dev_block = -1;
}

/* A result names its path by both, so that one for a path of the past is known. */
static uint64_t cookie_of(uint32_t index, const struct path *p)
{
	return (uint64_t)p->generation << 32 | index;
}

/* Those who wait for a check of the path wait no longer. */
static void complete(const struct checks *c, uint32_t index, int error,
                     enum path_state state)
{
	c->listener.completed(c->listener.userdata, index, error, state);
}

static bool is_never_checked(const struct path *p)
{
	return p->enabled && p->settings.checker == CHECKER_NONE;
}

static bool is_checked(const struct path *p)
{
	return p->enabled && p->settings.checker != CHECKER_NONE;
}

/* Hands the path to the engine, which opens it with the next check. */
static int add_to_engine(struct checks *c, uint32_t index, struct path *p)
{
	return engine_path_add(c->engine, p->device, &p->settings, cookie_of(index, p),
	                       &p->engine_id);
}

/* Something was heard of the path, or its grace begins: from here on it may be overdue again. */
static void count_from(struct checks *c, struct path *p, struct mono now)
{
	p->heard = now;
	p->overdue_at = is_checked(p)
	                        ? mono_add(now, p->interval_us + p->settings.timeout_us +
	                                                OVERDUE_MARGIN_US)
	                        : MONO_NEVER;
	c->overdue_at = mono_min(c->overdue_at, p->overdue_at);
}

/* Back to the shortest interval, with the path's phase kept: thousands that fail together do
 * not become due together. */
static void reset_interval(struct checks *c, uint32_t index, struct path *p,
                           struct mono now)
{
	int64_t interval = p->settings.interval_us, wait;

	p->interval_us = interval;
	if (p->sched_slot == REGISTRY_NONE || !p->enabled)
		return; /* it is just having its turn */
	wait = mono_diff(p->due, now);
	if (wait > interval)
		schedule_put(c->schedule, index, mono_add(now, wait % interval));
}

/* That a first check was begun, or went well, is news to nobody: thousands do at start. */
static bool is_first_good(enum path_state from, enum path_state to)
{
	return to == PATH_PENDING || ((from == PATH_UNCHECKED || from == PATH_PENDING) &&
	                              path_state_usable(to));
}

static unsigned step(struct checks *c, uint32_t index, struct path *p,
                     const struct outcome *o, struct mono now)
{
	struct path_policy policy = path_policy_of(&p->settings);
	struct path_status before = p->status;
	unsigned actions;

	actions = path_status_step(&before, o, &policy, p->settings.timeout_us, now,
	                           &p->status);
	if (p->status.state != before.state) {
		c->by_state[before.state]--;
		c->by_state[p->status.state]++;
		c->disabled[before.state] -= !p->enabled;
		c->disabled[p->status.state] += !p->enabled;
		if (before.state != PATH_UNCHECKED && before.state != PATH_PENDING)
			p->counters.transitions++;
	}
	if ((actions & ACTION_EVENT) != 0 &&
	    !is_first_good(before.state, p->status.state))
		events_state(c->events, index, p, &before, now);
	else if ((actions & ACTION_DEVICE_ERROR) != 0)
		events_device_error(c->events, index, p, now);
	if ((actions & ACTION_RESET_INTERVAL) != 0)
		reset_interval(c, index, p, now);
	else if ((actions & ACTION_BACK_OFF) != 0)
		p->interval_us =
		        MIN(2 * p->interval_us, path_max_interval_us(&p->settings));
	if (o->kind != OUTCOME_STARTED)
		maps_path_checked(c->maps, index, p->status.verdict,
		                  (actions & ACTION_SUCCESS) != 0 &&
		                          path_state_usable(p->status.state),
		                  p->started);
	return actions;
}

/* The engine takes no commands until it has taken those it was handed. */
static void block(struct checks *c, struct mono now)
{
	c->blocked_until = mono_add(now, CHECKS_RETRY_US);
	c->dirty = true;
}

int checks_add(struct checks *c, struct device *d, const struct path_settings *s,
               struct mono now, uint32_t *ret_index)
{
	struct path *p;
	uint32_t index;
	int r;

	r = registry_add(c->registry, d, s, now, &index);
	if (r < 0)
		return r;
	p = registry_get(c->registry, index);
	r = add_to_engine(c, index, p);
	if (r < 0) {
		registry_remove(c->registry, index);
		if (r == -EAGAIN)
			block(c, now);
		return r;
	}
	c->dirty = true;
	c->by_state[p->status.state]++;
	c->never_checked += is_never_checked(p);
	device_state_told(d, &p->sysfs);
	events_new_path(c->events, index);
	maps_path_added(c->maps, index, d);
	count_from(c, p, now);
	if (is_checked(p))
		schedule_put(c->schedule, index,
		             next_due(c, index, MIN(s->interval_us, CHECKS_FIRST_PASS_US),
		                      now));
	*ret_index = index;
	return 0;
}

/* Takes the path away from the engine, with its outstanding check. -EAGAIN: not now. */
static int remove_from_engine(struct checks *c, struct path *p, struct mono now)
{
	int r = pathcheck_remove(c->engine, p->engine_id);

	if (r == -EAGAIN) {
		block(c, now);
		return r;
	}
	c->dirty = true;
	c->outstanding -= p->outstanding;
	p->outstanding = p->expired = false;
	p->engine_id = REGISTRY_NONE;
	return 0;
}

int checks_remove(struct checks *c, uint32_t index, bool gone, struct mono now)
{
	const struct outcome went = { .kind = OUTCOME_GONE };
	struct path *p = registry_get(c->registry, index);
	int r;

	r = remove_from_engine(c, p, now);
	if (r < 0)
		return r;
	if (gone)
		(void)step(c, index, p, &went,
		           now); /* it is removed: nothing is counted */
	maps_path_removed(c->maps, index, gone);
	schedule_remove(c->schedule, index);
	complete(c, index, ESTALE, p->status.state);
	c->by_state[p->status.state]--;
	c->disabled[p->status.state] -= !p->enabled;
	c->never_checked -= is_never_checked(p);
	registry_remove(c->registry, index);
	return 0;
}

/* Tells of what is known of its disk now, and lets it go when it is not checked any more. A
 * device that was not there when its path was configured has its number now. */
static void change_in_maps(struct checks *c, uint32_t index, const struct path *p,
                           struct device *d, const struct path_settings *s)
{
	bool was_none = p->settings.checker == CHECKER_NONE;
	bool is_none = s->checker == CHECKER_NONE;

	if (p->device->devt_major == d->devt_major &&
	    p->device->devt_minor == d->devt_minor) {
		maps_path_changed(c->maps, index, d);
	} else {
		maps_path_removed(c->maps, index, false);
		maps_path_added(c->maps, index, d);
		maps_path_checked(c->maps, index, p->status.verdict, false, p->started);
		maps_disable(c->maps, index, !p->enabled);
	}
	if (was_none != is_none)
		maps_let_go(c->maps, index, is_none);
}

/* The same path, opened in another way from now on: its state and its history stay. */
static int put_back_to_engine(struct checks *c, uint32_t index, struct path *p,
                              struct mono now)
{
	int r = add_to_engine(c, index, p);

	if (r < 0) {
		p->engine_id = REGISTRY_NONE;
		if (r == -EAGAIN)
			block(c, now);
		return r;
	}
	checks_expedite(c, index, now);
	return 0;
}

static void change_settings(struct checks *c, uint32_t index, struct device *d,
                            const struct path_settings *s, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	bool was_checked = is_checked(p), grace;

	c->never_checked -= is_never_checked(p);
	change_in_maps(c, index, p, d, s);
	registry_update_device(c->registry, index, d);
	device_state_told(d, &p->sysfs);
	grace = !was_checked || !path_settings_same_times(&p->settings, s);
	p->settings = *s;
	c->never_checked += is_never_checked(p);
	p->interval_us =
	        MIN(MAX(p->interval_us, s->interval_us), path_max_interval_us(s));
	if (!is_checked(p)) {
		p->overdue_at = MONO_NEVER;
		if (p->enabled)
			schedule_remove(c->schedule, index);
		return;
	}
	/* A reload does not end what is overdue. */
	if (grace && !path_is_overdue(p, now))
		count_from(c, p, now);
	if (!was_checked)
		schedule_put(c->schedule, index, next_due(c, index, s->interval_us, now));
	else if (mono_diff(p->due, now) > p->interval_us)
		schedule_put(c->schedule, index,
		             mono_add(now, mono_diff(p->due, now) % p->interval_us));
}

int checks_change(struct checks *c, uint32_t index, struct device *d,
                  const struct path_settings *s, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	int r;

	if (p->engine_id != REGISTRY_NONE &&
	    engine_path_keeps_open(d, s) !=
	            engine_path_keeps_open(p->device, &p->settings)) {
		r = remove_from_engine(c, p, now);
		if (r < 0)
			return r;
	}
	change_settings(c, index, d, s, now);
	return p->engine_id == REGISTRY_NONE ? put_back_to_engine(c, index, p, now) : 0;
}

void checks_disable(struct checks *c, uint32_t index, struct mono until)
{
	struct path *p = registry_get(c->registry, index);

	c->never_checked -= is_never_checked(p);
	c->disabled[p->status.state] += p->enabled;
	p->enabled = false;
	p->overdue_at = MONO_NEVER;
	maps_disable(c->maps, index, true);
	/* The schedule wakes it again, too. */
	schedule_put(c->schedule, index, until);
}

/* Hands one check to the engine. -EAGAIN: it takes no commands now. */
static int start(struct checks *c, uint32_t index, struct path *p, struct mono now)
{
	const struct outcome started = { .kind = OUTCOME_STARTED };
	int r;

	r = identify_check(c->engine, c->maps, index, p);
	if (r == -EAGAIN)
		return r;
	if (r < 0) {
		/* Not made, so nothing is known of the device: its next turn tries again. */
		p->counters.deferred++;
		return 0;
	}
	c->dirty = true;
	c->outstanding++;
	p->outstanding = true;
	p->expired = false;
	p->started = now;
	p->counters.checks++;
	(void)step(c, index, p, &started, now); /* no answer yet: nothing is counted */
	return 0;
}

void checks_expedite(struct checks *c, uint32_t index, struct mono now)
{
	struct path *p = registry_get(c->registry, index);

	if (!is_checked(p) || p->outstanding)
		return;
	/* Beside its turn, which stays where it is: many that hurry are not many in step. */
	if (start(c, index, p, now) == -EAGAIN) {
		block(c, now);
		schedule_put(c->schedule, index, now);
	}
}

void checks_enable(struct checks *c, uint32_t index, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	bool was_enabled = p->enabled;

	c->disabled[p->status.state] -= !p->enabled;
	c->never_checked -= is_never_checked(p);
	p->enabled = true;
	c->never_checked += is_never_checked(p);
	maps_disable(c->maps, index, false);
	p->interval_us = p->settings.interval_us;
	if (!was_enabled)
		count_from(c, p, now);
	if (!is_checked(p)) {
		schedule_remove(c->schedule, index);
		return;
	}
	schedule_put(c->schedule, index, next_due(c, index, p->interval_us, now));
	checks_expedite(c, index, now);
}

/* Asks the kernel what it thinks of the device. */
static void read_state(struct checks *c, struct path *p)
{
	device_state_read(c->sys_dev_block, p->device, &p->sysfs);
	c->states_read += device_state_attributes(p->device);
}

/* Its check is past its deadline and still in the kernel of a prober that runs. */
static void stay_silent(struct checks *c, uint32_t index, struct path *p, struct mono now)
{
	struct outcome silent = { .kind = OUTCOME_SILENT, .error = ETIMEDOUT };

	read_state(c, p);
	silent.sysfs = p->sysfs;
	if ((step(c, index, p, &silent, now) & ACTION_FAILURE) != 0)
		count_from(c, p, now);
}

/* One path has its turn. False: the engine takes no commands, nothing more can be begun. */
static bool run_due(struct checks *c, uint32_t index, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	bool first = p->status.state == PATH_UNCHECKED;
	struct mono due = p->due;

	if (!p->enabled) {
		checks_enable(c, index, now);
		events_path(c->events, EVENT_CONFIG, LOG_NOTICE, p->device,
		            "enabled again, its time is over");
		return true;
	}
	c->lag_last_us = mono_diff(now, due);
	c->lag_max_us = MAX(c->lag_max_us, c->lag_last_us);
	if (p->outstanding && p->expired && !c->no_prober) {
		stay_silent(c, index, p, now);
	} else if (!p->outstanding && start(c, index, p, now) == -EAGAIN) {
		p->counters.deferred++;
		schedule_put(c->schedule, index, due);
		block(c, now);
		return false;
	}
	/* The first check came early, with others'; from now on the path has a turn of its own. */
	schedule_put(c->schedule, index,
	             first ? next_due(c, index, p->interval_us, mono_add(now, 1))
	                   : schedule_after(due, p->interval_us, now));
	return true;
}

/* After the prober was replaced every path is checked again, beside its turn; a slice. */
static void recheck(struct checks *c, struct mono now)
{
	uint32_t end = registry_end(c->registry);

	for (unsigned n = 0; n < CHECKS_SLICE && c->recheck < end; n++, c->recheck++)
		if (registry_get(c->registry, c->recheck) != NULL)
			checks_expedite(c, c->recheck, now);
	if (c->recheck >= end)
		c->recheck = REGISTRY_NONE;
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

/* It has its final result. */
static void end_check(struct checks *c, struct path *p)
{
	c->outstanding -= p->outstanding;
	p->outstanding = false;
	p->expired = false;
}

static void finish_check(struct checks *c, struct path *p,
                         const struct pathcheck_result *r)
{
	end_check(c, p);
	if (r->verdict == PATHCHECK_OK && r->started_us > 0) {
		histogram_add(&p->latency, r->finished_us - r->started_us);
		histogram_totals_add(&c->durations, r->finished_us - r->started_us);
	}
}

/*
 * Did the check read the device that the path stands for? A name may lead to another one since
 * discovery looked at it: then the verdict is about that one, and discovery looks again. A number
 * that discovery did not know is asked for once.
 */
static bool is_same_device(struct checks *c, struct path *p,
                           const struct pathcheck_result *r)
{
	struct pathcheck_opened o = { .size = sizeof(o) };
	const struct device *d = p->device;

	if (r->opened == 0 || pathcheck_opened(c->engine, r->id, &o) < 0 ||
	    (o.devt_major == d->devt_major && o.devt_minor == d->devt_minor))
		return true;
	if (d->devt_major == 0 && d->devt_minor == 0) {
		c->relist = c->relist || !p->number_asked;
		p->number_asked = true;
		return true;
	}
	c->relist = true;
	c->other_device++;
	return false;
}

/* Something was heard of the path itself. */
static void hear(struct checks *c, struct path *p, const struct outcome *o,
                 unsigned actions, struct mono now)
{
	p->shortage = 0;
	p->deferred = false;
	if (o->kind != OUTCOME_TIMED_OUT)
		p->last = now;
	if ((actions & ACTION_SUCCESS) != 0)
		p->good = now;
	count_from(c, p, now);
}

/* A check ended, or waits, for a reason that says nothing about the device. */
static void not_judged(struct checks *c, struct path *p, const struct outcome *o,
                       struct mono now)
{
	p->counters.deferred++;
	p->shortage = (unsigned)o->error;
	p->shortage_stage = o->stage;
	events_not_judged(c->events, p, o, now);
}

static void take(struct checks *c, const struct pathcheck_result *r, struct mono now)
{
	uint32_t index = (uint32_t)r->cookie;
	struct path *p = registry_get(c->registry, index);
	struct outcome o;
	unsigned actions;

	if (p == NULL || cookie_of(index, p) != r->cookie) {
		c->stale++;
		return;
	}
	o = outcome_of_result(c->sys_dev_block, p->device, r);
	p->deferred = o.kind == OUTCOME_DEFERRED;
	if (p->deferred) {
		p->expired = false; /* it was asked of another prober anew */
		not_judged(c, p, &o, now);
		return;
	}
	p->engine = r->engine;
	p->group = (uint16_t)r->group;
	if (!is_same_device(c, p, r)) {
		if (o.kind != OUTCOME_TIMED_OUT)
			end_check(c, p);
		complete(c, index, ESTALE, p->status.state);
		return;
	}
	identify_report(c->engine, c->maps, index, r);
	if (o.kind == OUTCOME_TIMED_OUT)
		p->expired = true;
	else
		finish_check(c, p, r);
	if (outcome_wants_state(p, &o))
		read_state(c, p);
	o.sysfs = p->sysfs;
	actions = step(c, index, p, &o, now);
	outcome_count(&p->counters, &o, actions);
	if ((actions & (ACTION_SUCCESS | ACTION_FAILURE)) != 0)
		hear(c, p, &o, actions, now);
	else
		not_judged(c, p, &o, now);
	complete(c, index, 0, p->status.state);
}

bool checks_collect(struct checks *c, struct mono now)
{
	struct pathcheck_result results[CHECKS_BATCH];
	int n, taken = 0;

	c->states_read = 0;
	do {
		n = pathcheck_results(c->engine, results, ARRAY_LEN(results));
		for (int i = 0; i < n; i++)
			take(c, &results[i], now);
		taken += n;
	} while (n == CHECKS_BATCH && taken < CHECKS_SLICE &&
	         c->states_read < CHECKS_STATES_SLICE);
	if (taken > 0)
		c->blocked_until = (struct mono){ 0 };
	else
		c->maintain_at = now; /* woken for nothing: the prober may have died */
	return n == CHECKS_BATCH;
}

/*
 * When all is answered there is nothing to be woken for: what the engine has to tell beside
 * its results is seen together with the last of them, four times a second at most.
 */
static void plan_maintenance(struct checks *c, struct mono now)
{
	/* An engine that takes no commands may be one that has died. */
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
		c->recheck = 0; /* what the old one was asked was never answered */
		prober_end_report(c->engine, c->events);
	} else if (r < 0 && !c->no_prober) {
		c->no_prober = true;
		if (r == -EINPROGRESS)
			events_say(
			        c->events, EVENT_ENGINE, LOG_ERR,
			        "the prober was replaced too often: the next one waits, "
			        "nothing is checked until then");
		else
			events_say(c->events, EVENT_ENGINE, LOG_ERR,
			           "the prober cannot be started: %s (%s); it is tried "
			           "again, nothing is checked until then",
			           strerrordesc_np(-r), errno_name(-r));
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
	return n[PATH_UNCHECKED] + n[PATH_PENDING] <= c->never_checked;
}
