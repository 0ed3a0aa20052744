/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a scenario: state machine, policy, maps and agreement are the product's; the kernel, the
 * checks and the clock are simulated. What checkerd/paths/holds.c and checks.c do is here once more, in
 * few lines. Every check takes no time, and the kernel answers at once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/core/error_share.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_holds.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/core/registry.h"
#include "tests/unit/core/scenario.h"
#include "util/macro.h"

/* What a successor takes up of a path. */
struct kept {
	struct path_status status;
	struct hold hold;
	int64_t interval_us;
	struct mono due;
};

static struct {
	const struct scenario *s;
	struct timeline *out;
	struct policy_rule rule;
	struct maps *maps;
	struct kept paths[SCENARIO_PATHS_MAX];
	bool good[SCENARIO_PATHS_MAX], active[SCENARIO_PATHS_MAX];
	/* That the path is used although it is held, or kept, was said: a successor says it again. */
	bool said[SCENARIO_PATHS_MAX];
	struct mono now;
} world;

static void say(const char *what, unsigned path, const char *more)
{
	bool again = strcmp(what, "use") == 0 || strcmp(what, "keep") == 0;
	struct timeline *t = world.out;

	if (again && world.said[path])
		return;
	world.said[path] = again || (world.said[path] && strcmp(what, "reinstate") == 0);
	if (t->n == SCENARIO_LINES_MAX)
		abort();
	(void)snprintf(t->lines[t->n++], SCENARIO_LINE_MAX, "%g %s %c%s%s",
	               (double)world.now.us / (double)USEC_PER_SEC, what,
	               (char)('a' + path), more[0] == '\0' ? "" : " ", more);
}

/* --- the kernel --- */

static struct map *table(void)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[SCENARIO_PATHS_MAX];
	const struct map_spec spec = { .devt_major = 254,
		                       .name = "m",
		                       .uuid = "",
		                       .n_groups = 1,
		                       .groups = &group,
		                       .n_paths = world.s->n_paths,
		                       .paths = paths };
	struct map *m;

	for (unsigned i = 0; i < world.s->n_paths; i++)
		paths[i] = (struct map_path){ 8, i, 1, 0, world.active[i] };
	if (map_new(&m, &spec) < 0)
		abort();
	return m;
}

static void read_table(void)
{
	struct map *m = table();
	unsigned change;
	uint32_t index;

	if (maps_update(world.maps, m, world.s->keep, world.now, &index, &change) < 0)
		abort();
	map_unref(m);
}

/* --- holds --- */

static void follow_hold(unsigned path, enum hold_why was)
{
	const struct hold *h = &world.paths[path].hold;
	enum hold_why is = policy_why(h);

	if (was == HOLD_NONE && is == HOLD_NONE)
		return;
	maps_hold(world.maps, path, h);
	if (was == is)
		return;
	if (is == HOLD_NONE)
		say("end", path, hold_why_name(was));
	else
		say("hold", path, hold_why_name(is));
}

static void step_interval(struct kept *p, unsigned actions)
{
	int64_t usual = world.s->interval_us;

	if (policy_is_sampled(&p->hold))
		p->interval_us = POLICY_SAMPLE_US;
	else if (policy_is_held(&p->hold) || p->interval_us < usual ||
	         (actions & ACTION_RESET_INTERVAL) != 0)
		p->interval_us = usual;
	else if ((actions & ACTION_BACK_OFF) != 0)
		p->interval_us = MIN(2 * p->interval_us, world.s->max_interval_us);
	p->due = mono_min(p->due, mono_add(world.now, p->interval_us));
}

static void check(unsigned path)
{
	struct kept *p = &world.paths[path];
	const struct path_policy policy = { (uint16_t)world.s->fail_checks,
		                            (uint16_t)world.s->recover_checks };
	const struct outcome o = { .kind = world.good[path] ? OUTCOME_OK : OUTCOME_FAILED,
		                   .stage = STAGE_READ,
		                   .error = world.good[path] ? 0 : EIO };
	const struct path_status before = p->status;
	enum hold_why was = policy_why(&p->hold);
	bool success;
	unsigned actions = path_status_step(&before, &o, &policy, USEC_PER_SEC, world.now,
	                                    &p->status);

	success = (actions & ACTION_SUCCESS) != 0;
	if (p->status.state != before.state && before.state != PATH_UNCHECKED)
		say("state", path, path_state_name(p->status.state));
	if (before.verdict == VERDICT_USABLE && p->status.verdict == VERDICT_UNUSABLE)
		policy_failed(&p->hold, &world.rule, world.now);
	policy_checked(&p->hold, &world.rule, success,
	               p->status.verdict == VERDICT_USABLE, world.now);
	follow_hold(path, was);
	step_interval(p, actions);
	maps_path_checked(world.maps, path, p->status.verdict,
	                  success && path_state_usable(p->status.state), world.now);
}

static void failed_by_kernel(unsigned path)
{
	enum hold_why was = policy_why(&world.paths[path].hold);

	policy_failed(&world.paths[path].hold, &world.rule, world.now);
	follow_hold(path, was);
}

static void follow_orders(void)
{
	enum agreement_command c;
	struct maps_order o;
	unsigned path;

	while (maps_next(world.maps, world.now, &o)) {
		path = maps_path(world.maps, o.entry)->path;
		if (o.spared)
			say("use", path, "");
		switch (o.step) {
		case STEP_FAIL:
		case STEP_REINSTATE:
			say(o.step == STEP_FAIL ? "fail" : "reinstate", path, "");
			world.active[path] = o.step == STEP_REINSTATE;
			maps_sent(world.maps, &o);
			(void)maps_answered(world.maps, o.token, 0, world.now, &c);
			break;
		case STEP_RECHECK:
			check(path);
			break;
		case STEP_KEEP:
			say("keep", path, "");
			break;
		case STEP_NOTHING:
		case STEP_WAIT:
			break;
		}
	}
}

static void apply(const struct stimulus *t)
{
	struct kept *p = &world.paths[t->path];
	enum hold_why was = policy_why(&p->hold);

	switch (t->deed) {
	case DEED_GOOD:
	case DEED_BAD:
		world.good[t->path] = t->deed == DEED_GOOD;
		return;
	case DEED_FAILS:
		if (!world.active[t->path])
			return;
		world.active[t->path] = false;
		read_table();
		failed_by_kernel(t->path);
		return;
	case DEED_MARK:
	case DEED_UNMARK:
		policy_mark(&p->hold, &world.rule, t->mark, t->deed == DEED_MARK,
		            world.now);
		break;
	case DEED_PARDON:
		policy_pardon(&p->hold, world.now);
		break;
	}
	follow_hold(t->path, was);
}

/* --- the daemon --- */

static void add_path(unsigned path)
{
	const struct device_spec spec = {
		.name = "x", .node = "/dev/x", .devt_major = 8, .devt_minor = path
	};
	struct device *d;

	if (device_new(&d, &spec) < 0)
		abort();
	maps_path_added(world.maps, path, d);
	device_unref(d);
}

/* A daemon begins with what its predecessor left of the paths. */
static void begin(void)
{
	if (maps_new(&world.maps, 16) < 0)
		abort();
	maps_set_control(world.maps, world.s->control);
	for (unsigned i = 0; i < world.s->n_paths; i++) {
		add_path(i);
		maps_hold(world.maps, i, &world.paths[i].hold);
		if (world.paths[i].status.verdict != VERDICT_NONE)
			maps_path_checked(world.maps, i, world.paths[i].status.verdict,
			                  false, world.now);
	}
	read_table();
}

static void restart(void)
{
	struct kept copy[SCENARIO_PATHS_MAX];

	memcpy(copy, world.paths, sizeof(copy));
	memset(world.paths, 0xa5, sizeof(world.paths));
	world.maps = maps_free(world.maps);
	memcpy(world.paths, copy, sizeof(copy));
	begin();
}

static void check_due(unsigned path)
{
	struct kept *p = &world.paths[path];

	if (mono_before(world.now, p->due))
		return;
	p->due = mono_add(p->due, p->interval_us);
	check(path);
}

void scenario_play(const struct scenario *s, unsigned when, struct timeline *ret)
{
	unsigned at = 0;

	memset(&world, 0, sizeof(world));
	world.s = s;
	world.out = ret;
	world.rule = policy_rule_of(&s->words, s->max_interval_us);
	*ret = (struct timeline){ .n = 0 };
	for (unsigned i = 0; i < s->n_paths; i++) {
		world.good[i] = world.active[i] = true;
		path_status_init(&world.paths[i].status, world.now);
		world.paths[i].interval_us = s->interval_us;
	}
	begin();
	while (world.now.us <= s->end_us) {
		struct mono next;

		if (at < s->n_stimuli && s->stimuli[at].at_us <= world.now.us)
			apply(&s->stimuli[at++]);
		else
			for (unsigned i = 0; i < s->n_paths; i++)
				check_due(i);
		follow_orders();
		if (ret->steps++ == when)
			restart();
		next = maps_wake(world.maps);
		for (unsigned i = 0; i < s->n_paths; i++)
			next = mono_min(next, world.paths[i].due);
		if (at < s->n_stimuli)
			next.us = MIN(next.us, s->stimuli[at].at_us);
		world.now = mono_max(world.now, next);
	}
	world.maps = maps_free(world.maps);
}
