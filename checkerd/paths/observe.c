/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the tally of the map whose states come in. The loop only.
 *
 * The controller's state and the ANA state decide together, in the state machine of all paths: a
 * state in which the kernel sends I/O through the path is a successful check, any other a failed one,
 * which an inaccessible or changing ANA group explains (checkerd/core/sysfs_state.h).
 */
#include "checkerd/paths/observe.h"

#include "checkerd/paths/outcome.h"

void observe_init(struct observe *o, struct checks *c, struct events *ev)
{
	*o = (struct observe){ .checks = c, .events = ev };
}

static void judge(struct observe *o, uint32_t index, struct path *p,
                  const struct sysfs_state *s, struct mono now)
{
	struct outcome seen = { .kind = OUTCOME_STARTED, .stage = STAGE_READ };
	unsigned actions;

	if (p->status.state == PATH_UNCHECKED)
		(void)checks_step(o->checks, index, p, &seen, now); /* No action. */
	seen.kind = sysfs_state_is_bad(s) ? OUTCOME_FAILED : OUTCOME_OK;
	seen.sysfs = p->sysfs = *s;
	p->started = now;
	p->counters.checks++;
	actions = checks_step(o->checks, index, p, &seen, now);
	outcome_count(&p->counters, &seen, actions);
	checks_complete(o->checks, index, 0, p->status.state);
	/* A group that changes its state for too long makes the path overdue. */
	if ((actions & (ACTION_SUCCESS | ACTION_FAILURE)) == 0) {
		p->counters.deferred++;
		return;
	}
	p->last = now;
	if ((actions & ACTION_SUCCESS) != 0)
		p->good = now;
	checks_count_from(o->checks, p, now);
}

static void count(struct observe *o, uint32_t index, const struct path *p)
{
	if (o->n < OBSERVE_PATHS_MAX)
		o->paths[o->n] = index;
	o->n++;
	o->disabled += !p->enabled;
	o->up += p->enabled && p->status.state == PATH_UP;
	o->ghosts += p->enabled && p->status.state == PATH_GHOST;
}

/*
 * Every path of the map was counted. Discovery's records of one map follow each other, so these paths
 * are all there. Nothing was reported of a map whose paths are all new.
 */
static void report(struct observe *o, struct mono now)
{
	struct registry *registry = o->checks->registry;
	uint32_t n = MIN(o->n, (uint32_t)OBSERVE_PATHS_MAX);
	struct events_redundancy r = {
		.usable = redundancy_observed(o->up, o->ghosts, o->disabled),
		.paths = o->n,
		.disabled = o->disabled,
	};
	enum redundancy before = REDUNDANCY_FULL;
	bool reported = false;

	if (n == 0)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct path *p = registry_get(registry, o->paths[i]);

		before = MAX(before, (enum redundancy)p->map_reported);
		reported = reported || p->counters.checks > 1;
	}
	r.map = device_map(registry_get(registry, o->paths[0])->device);
	r.from = reported ? redundancy_name(before) : "";
	r.to = redundancy_of(r.paths, r.disabled, r.usable);
	if (r.to != before)
		events_observed_redundancy(o->events, o->paths[0], &r, now);
	for (uint32_t i = 0; i < n; i++) {
		registry_get(registry, o->paths[i])->map_reported = (uint8_t)r.to & 3;
		if (r.to != before)
			persist_touch(&o->checks->persist, o->paths[i]);
	}
}

void observe_take(struct observe *o, uint32_t index, const struct found *f,
                  struct mono now)
{
	struct path *p = registry_get(o->checks->registry, index);

	if (p != NULL && p->enabled && f->state.device.layer != SYSFS_NONE)
		judge(o, index, p, &f->state, now);
	if (p != NULL)
		count(o, index, p);
	if (!f->last)
		return;
	report(o, now);
	o->n = o->up = o->ghosts = o->disabled = 0;
}
