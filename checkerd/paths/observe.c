/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the index of the map whose states come in. The loop only.
 *
 * The controller's state and the ANA state decide together, in the state machine of all paths: a
 * state in which the kernel sends I/O through the path is a successful check, any other a failed one,
 * which an inaccessible or changing ANA group explains (checkerd/core/sysfs_state.h).
 */
#include "checkerd/paths/observe.h"

#include "checkerd/paths/outage_observed.h"
#include "checkerd/paths/outcome.h"

void observe_init(struct observe *o, struct checks *c)
{
	*o = (struct observe){ .checks = c, .any = REGISTRY_NONE };
}

static void judge(struct observe *o, uint32_t index, struct path *p,
                  const struct sysfs_state *s, struct mono now)
{
	struct outcome seen = { .kind = OUTCOME_STARTED, .stage = STAGE_READ };
	struct checks *c = o->checks;
	unsigned actions;
	bool worked;

	if (p->status.state == PATH_UNCHECKED)
		(void)checks_step(c, index, p, &seen, now); /* No action. */
	seen.kind = sysfs_state_is_bad(s) ? OUTCOME_FAILED : OUTCOME_OK;
	seen.sysfs = p->sysfs = *s;
	/* A passive controller is passive for as long as it is there. */
	if (seen.kind == OUTCOME_FAILED &&
	    (p->status.state != PATH_GHOST || !sysfs_state_is_passive(s)))
		seen.counts = diag_watch_counts(&c->diag, c->sys_dev_block, index, p,
		                                &c->states_read);
	p->started = now;
	p->counters.checks++;
	worked = p->status.state == PATH_UP || p->status.state == PATH_PENDING;
	actions = checks_step(c, index, p, &seen, now);
	if (p->status.state == PATH_UP && !worked)
		checks_begin_counts(c, index, p);
	outcome_count(&p->counters, &seen, actions);
	checks_complete(c, index, 0, p->status.state);
	/* A group that changes its state for too long makes the path overdue. */
	if ((actions & (ACTION_SUCCESS | ACTION_FAILURE)) == 0) {
		p->counters.deferred++;
		return;
	}
	p->last = now;
	if ((actions & ACTION_SUCCESS) != 0)
		p->good = now;
	checks_count_from(c, p, now);
}

/* Discovery's records of one map follow each other: with the last one, all its paths have their states. */
void observe_take(struct observe *o, uint32_t index, const struct found *f,
                  struct mono now)
{
	struct path *p = registry_get(o->checks->registry, index);

	if (p != NULL && p->enabled && f->state.device.layer != SYSFS_NONE)
		judge(o, index, p, &f->state, now);
	if (p != NULL)
		o->any = index;
	if (f->last && o->any != REGISTRY_NONE)
		outage_observed(o->checks, o->any, now);
	if (f->last)
		o->any = REGISTRY_NONE;
}
