/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: changes the tables of struct checks. The loop only. */
#include "checkerd/paths/membership.h"

#include <errno.h>

#include "checkerd/core/maps_holds.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/discovery/device_state.h"
#include "checkerd/paths/engine_path.h"
#include "checkerd/paths/outage_gather.h"
#include "checkerd/paths/outage_holds.h"

/* Adds the path to the engine, which opens it with the next check. An observed path has nothing to
 * open. */
static int add_to_engine(struct checks *c, uint32_t index, struct path *p)
{
	if (device_is_observed(p->device))
		return 0;
	return engine_path_add(c->engine, p->device, &p->settings,
	                       engine_path_cookie(index, p->generation), &p->engine_id);
}

/* The predecessor gathered these changes with others, and was ended before it could report them. */
static void report_left(struct checks *c, uint32_t index, const struct path *p,
                        const struct stored_marks *m, struct mono now)
{
	int64_t lasted_us = (int64_t)m->unreported_lasted_ms * USEC_PER_MSEC;
	struct path_status before = p->status;

	if (m->hold_unreported != 0 && policy_is_held(&p->hold))
		outage_hold(c->events, index, p, &(struct hold){ .at = 0 }, now);
	if (m->unreported_from == 0 ||
	    m->unreported_from == 1 + (unsigned)p->status.state)
		return;
	before.state = (enum path_state)(m->unreported_from - 1U);
	before.since = mono_add(p->status.since, -lasted_us);
	outage_state(c->events, index, p, &before, now);
}

/* A path that an administrator took out of service stays so. Its time may be over. */
static void take_up(struct checks *c, uint32_t index, struct path *p,
                    const struct stored_marks *m, struct mono now)
{
	const struct checks_outage out = {
		.until = m->disabled_until,
		.empty = m->empties != 0,
		.even_last = m->even_last != 0,
	};

	persist_take_marks(&c->persist, index, m);
	holds_take_up(&c->holds, index, p, now);
	slow_watch_configured(&c->slow, index, p, now);
	report_left(c, index, p, m, now);
	persist_await(&c->persist, index,
	              checks_is_heard_of(p) && maps_is_unproven(c->maps, index));
	if (m->disabled_until.us == 0)
		return;
	checks_disable(c, index, &out, now);
	p->heard = m->disabled_since;
}

int membership_add(struct checks *c, struct device *d, const struct path_settings *s,
                   struct mono now, uint32_t *ret_index)
{
	struct stored_marks marks;
	struct path *p;
	uint32_t index;
	bool taken;
	int r;

	r = registry_add(c->registry, d, s, now, &index);
	if (r < 0)
		return r;
	p = registry_get(c->registry, index);
	r = add_to_engine(c, index, p);
	if (r < 0) {
		registry_remove(c->registry, index);
		if (r == -EAGAIN)
			checks_block(c, now);
		return r;
	}
	c->dirty = true;
	taken = persist_take_path(&c->persist, index, now, &marks);
	c->by_state[p->status.state]++;
	c->never_checked += checks_is_never_checked(p);
	c->observed += device_is_observed(d);
	c->paths_changed = true;
	device_state_from_discovery(d, &p->sysfs);
	checks_begin_counts(c, index, p);
	outage_path_added(c->events, index, d, now);
	maps_path_added(c->maps, index, d);
	checks_count_from(c, p, now);
	if (checks_is_checked(p))
		schedule_put(c->schedule, index,
		             checks_first_due(c, index,
		                              MIN(s->interval_us, CHECKS_FIRST_PASS_US),
		                              now));
	if (taken)
		take_up(c, index, p, &marks, now);
	persist_touch(&c->persist, index);
	*ret_index = index;
	return 0;
}

/* Removes the path from the engine, with its outstanding check. -EAGAIN: not now. */
static int remove_from_engine(struct checks *c, struct path *p, struct mono now)
{
	int r;

	if (device_is_observed(p->device))
		return 0;
	r = pathcheck_remove(c->engine, p->engine_id);
	if (r == -EAGAIN) {
		checks_block(c, now);
		return r;
	}
	c->dirty = true;
	c->outstanding -= p->outstanding;
	p->outstanding = p->expired = false;
	p->engine_id = REGISTRY_NONE;
	return 0;
}

int membership_remove(struct checks *c, uint32_t index, bool gone, struct mono now)
{
	const struct outcome went = { .kind = OUTCOME_GONE };
	struct path *p = registry_get(c->registry, index);
	int r;

	r = remove_from_engine(c, p, now);
	if (r < 0)
		return r;
	if (gone) /* The actions do not matter: a path that is removed has no counters. */
		(void)checks_step(c, index, p, &went, now);
	outage_path_removed(c->events, index, p, gone, now);
	maps_path_removed(c->maps, index, gone);
	schedule_remove(c->schedule, index);
	checks_complete(c, index, ESTALE, p->status.state);
	c->by_state[p->status.state]--;
	c->disabled[p->status.state] -= !p->enabled;
	c->never_checked -= checks_is_never_checked(p);
	c->observed -= device_is_observed(p->device);
	slow_watch_forget(&c->slow, p);
	holds_forget(&c->holds, p);
	persist_await(&c->persist, index, false);
	persist_touch(&c->persist, index);
	registry_remove(c->registry, index);
	return 0;
}

/* Reports the new description to the maps. A path that is checked no longer is released. A device
 * that did not exist when its path was configured has its number only now. */
static void change_in_maps(struct checks *c, uint32_t index, const struct path *p,
                           struct device *d, const struct path_settings *s)
{
	bool was_none = p->settings.checker == CHECKER_NONE;
	bool is_none = s->checker == CHECKER_NONE;
	bool unproven = maps_is_unproven(c->maps, index);
	bool emptied = maps_is_emptied(c->maps, index);

	if (p->device->devt_major == d->devt_major &&
	    p->device->devt_minor == d->devt_minor) {
		maps_path_changed(c->maps, index, d);
	} else {
		maps_path_removed(c->maps, index, false);
		maps_path_added(c->maps, index, d);
		if (unproven)
			maps_take_verdict(c->maps, index, p->status.verdict);
		else
			maps_path_checked(c->maps, index, p->status.verdict, false,
			                  p->started);
		maps_disable(c->maps, index,
		             p->enabled ? MAPS_ENABLED
		             : emptied  ? MAPS_DISABLED_EMPTIED
		                        : MAPS_DISABLED,
		             false);
		maps_hold(c->maps, index, &p->hold);
	}
	if (was_none != is_none)
		maps_let_go(c->maps, index, is_none);
}

/* The same path, which is opened or checked in another way from now on: state and history stay. */
static int put_back_to_engine(struct checks *c, uint32_t index, struct path *p,
                              struct mono now)
{
	int r = add_to_engine(c, index, p);

	if (r < 0) {
		p->engine_id = REGISTRY_NONE;
		if (r == -EAGAIN)
			checks_block(c, now);
		return r;
	}
	checks_expedite(c, index, now);
	return 0;
}

static void change_settings(struct checks *c, uint32_t index, struct device *d,
                            const struct path_settings *s, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	bool was_checked = checks_is_checked(p), grace;
	int64_t interval, most;

	c->never_checked -= checks_is_never_checked(p);
	outage_path_described(c->events, index, p, d, now);
	change_in_maps(c, index, p, d, s);
	registry_update_device(c->registry, index, d);
	device_state_from_discovery(d, &p->sysfs);
	grace = !was_checked || !path_settings_same_times(&p->settings, s);
	p->settings = *s;
	holds_change_rule(&c->holds, index, p, now);
	slow_watch_configured(&c->slow, index, p, now);
	c->never_checked += checks_is_never_checked(p);
	persist_await(&c->persist, index,
	              checks_is_heard_of(p) && maps_is_unproven(c->maps, index));
	persist_touch(&c->persist, index);
	interval = MAX((int64_t)p->interval_us, (int64_t)s->interval_us);
	most = path_max_interval_us(s);
	p->interval_us = MIN(interval, most);
	if (!checks_is_checked(p)) {
		if (!checks_is_heard_of(p))
			p->overdue_at = MONO_NEVER;
		if (p->enabled)
			schedule_remove(c->schedule, index);
		return;
	}
	/* After a reload, a path that is overdue stays overdue. */
	if (grace && !path_is_overdue(p, now))
		checks_count_from(c, p, now);
	if (!was_checked)
		schedule_put(c->schedule, index,
		             checks_first_due(c, index, s->interval_us, now));
	else if (mono_diff(p->due, now) > p->interval_us)
		schedule_put(c->schedule, index,
		             mono_add(now, mono_diff(p->due, now) % p->interval_us));
}

int membership_change(struct checks *c, uint32_t index, struct device *d,
                      const struct path_settings *s, struct mono now)
{
	struct path *p = registry_get(c->registry, index);
	int r;

	if (p->engine_id != REGISTRY_NONE &&
	    !engine_path_same(p->device, &p->settings, d, s)) {
		r = remove_from_engine(c, p, now);
		if (r < 0)
			return r;
	}
	change_settings(c, index, d, s, now);
	return p->engine_id == REGISTRY_NONE ? put_back_to_engine(c, index, p, now) : 0;
}
