/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: changes the paths of struct checks. The loop only. */
#include "checkerd/paths/results.h"

#include <errno.h>

#include "checkerd/paths/engine_path.h"
#include "checkerd/paths/identify.h"
#include "checkerd/paths/outcome.h"

/* The check has its final result. */
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
 * Did the check read the path's device? Since discovery listed the devices, the name may lead to
 * another one: then the verdict is about that device, and discovery lists the devices again.
 * When discovery did not know the path's device number, it is requested once.
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

/* The outcome is about the path itself. actions: as of checks_step(). */
static void hear(struct checks *c, struct path *p, const struct outcome *o,
                 unsigned actions, struct mono now)
{
	p->shortage = 0;
	p->deferred = false;
	if (o->kind != OUTCOME_TIMED_OUT)
		p->last = now;
	if ((actions & ACTION_SUCCESS) != 0)
		p->good = now;
	checks_count_from(c, p, now);
}

/* A check ended, or waits, for a reason that is not about the device. */
static void not_judged(struct checks *c, struct path *p, const struct outcome *o,
                       struct mono now)
{
	p->counters.deferred++;
	p->shortage = (unsigned)o->error;
	p->shortage_stage = o->stage;
	events_not_judged(c->events, p, o, now);
}

/* A port that is Marginal holds the paths over it, until it is Online. */
static void follow_port(struct checks *c, uint32_t index, struct path *p, struct mono now)
{
	struct sysfs_word word;
	bool read;

	if (device_transport(p->device) == NULL)
		return;
	if (port_states_get(&c->ports, c->sys_dev_block, p->device, now, &word, &read)) {
		p->sysfs.transport = word;
		holds_mark(&c->holds, index, p, MARK_PORT_STATE,
		           sysfs_word_is_marginal(word) && holds_with_port(p), now);
	}
	c->states_read += read;
}

/* The result is about the path's device. */
static void judge(struct checks *c, uint32_t index, struct path *p, struct outcome *o,
                  struct mono now)
{
	bool read = outcome_wants_state(p, o);
	unsigned actions;

	if (read)
		checks_read_state(c, index, p, o);
	o->sysfs = p->sysfs;
	p->changing = o->kind == OUTCOME_PENDING;
	actions = checks_step(c, index, p, o, now);
	if (read && p->status.state == PATH_UP)
		checks_begin_counts(c, index, p);
	if (o->kind == OUTCOME_OK && p->enabled && p->latency.samples > 0)
		slow_watch_checked(&c->slow, index, p, now);
	follow_port(c, index, p, now);
	outcome_count(&p->counters, o, actions);
	if ((actions & (ACTION_SUCCESS | ACTION_FAILURE)) != 0)
		hear(c, p, o, actions, now);
	else
		not_judged(c, p, o, now);
	checks_complete(c, index, 0, p->status.state);
}

static void apply_result(struct checks *c, const struct pathcheck_result *r,
                         struct mono now)
{
	uint32_t index = engine_path_index(r->cookie);
	struct path *p = registry_get(c->registry, index);
	struct outcome o;

	if (p == NULL || engine_path_cookie(index, p->generation) != r->cookie) {
		c->stale++;
		return;
	}
	o = outcome_of_result(c->sys_dev_block, p->device, r);
	p->deferred = o.kind == OUTCOME_DEFERRED;
	if (p->deferred) {
		p->expired =
		        false; /* The engine restarted the check with another prober. */
		not_judged(c, p, &o, now);
		return;
	}
	p->engine = r->engine;
	p->group = (uint16_t)r->group;
	if (!is_same_device(c, p, r)) {
		if (o.kind != OUTCOME_TIMED_OUT)
			end_check(c, p);
		checks_complete(c, index, ESTALE, p->status.state);
		return;
	}
	identify_report(c->engine, c->maps, index, r);
	if (o.kind == OUTCOME_TIMED_OUT)
		p->expired = true;
	else
		finish_check(c, p, r);
	judge(c, index, p, &o, now);
}

bool results_collect(struct checks *c, struct mono now)
{
	struct pathcheck_result results[RESULTS_BATCH];
	int n, applied = 0;

	c->states_read = 0;
	/* After exactly a slice, which many batches of checks are, one call more finds nothing: that costs
	 * less than another round of the loop. */
	do {
		n = pathcheck_results(c->engine, results, ARRAY_LEN(results));
		for (int i = 0; i < n; i++)
			apply_result(c, &results[i], now);
		applied += n;
	} while (n == RESULTS_BATCH && applied <= CHECKS_SLICE &&
	         c->states_read < CHECKS_STATES_SLICE);
	if (applied > 0)
		c->blocked_until = (struct mono){ 0 };
	else
		c->maintain_at =
		        now; /* Woken without a result: the prober may have died. */
	return n == RESULTS_BATCH;
}
