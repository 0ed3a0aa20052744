/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A daemon and its successor: what goes on, and what a new check decides first. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/core/maps_count.h"
#include "checkerd/core/maps_entries.h"
#include "checkerd/core/maps_orders.h"
#include "checkerd/core/maps_paths.h"
#include "checkerd/paths/outage_maps.h"
#include "tests/unit/paths/checks-bed.h"

static char folder[64], file[96];
static struct mono now;

/* This machine may have no disk 8:0, and then sysfs says that the path is gone. */
static int setup_without_sysfs(void **state)
{
	int r = setup(state);

	if (checks.sys_dev_block >= 0)
		(void)close(checks.sys_dev_block);
	checks.sys_dev_block = -1;
	return r;
}

static int begin(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test-persist-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/state", folder);
	state_file = file;
	setup_at = now = t0;
	return setup_without_sysfs(state);
}

static int end(void **state)
{
	char lock[128];

	on_event = NULL;
	if (teardown(state) < 0)
		return -1;
	(void)unlink(file);
	(void)snprintf(lock, sizeof(lock), "%s.lock", file);
	(void)unlink(lock);
	return rmdir(folder);
}

/* killed: only what was touched is in the file. */
static void restart(bool killed)
{
	void *state = NULL;

	now = mono_add(now, SEC);
	if (killed)
		persist_run(&checks.persist, now);
	else
		persist_finish(&checks.persist, now, mono_add(mono_now(), 10 * SEC));
	assert_int_equal(teardown(&state), 0);
	now = setup_at = mono_add(now, SEC);
	assert_int_equal(setup_without_sysfs(&state), 0);
}

/* Path n: 8:n, as a disk of its own. */
static uint32_t add_disk(unsigned n, const char *wwid)
{
	char name[16], node[32];
	const struct device_spec spec = {
		.name = name, .node = node, .devt_major = 8, .devt_minor = n, .wwid = wwid
	};
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "sd%u", n);
	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &usual, now, &index), 0);
	device_unref(d);
	return index;
}

static void check(uint32_t index, enum pathcheck_verdict v)
{
	now = mono_add(now, SEC);
	checks_expedite(&checks, index, now);
	answer(index, v, v == PATHCHECK_OK ? 0 : EIO, false, now);
}

/* A map of the first n disks; the kernel uses those whose bit is set. */
static uint32_t add_map(unsigned n, unsigned active)
{
	const enum map_group_state group = MAP_GROUP_ACTIVE;
	struct map_path paths[8] = { 0 };
	const struct map_spec spec = { .devt_major = 253,
		                       .name = "m",
		                       .uuid = "mpath-w",
		                       .n_groups = 1,
		                       .groups = &group,
		                       .n_paths = n,
		                       .paths = paths };
	unsigned change;
	struct map *m;
	uint32_t index;

	for (unsigned i = 0; i < n; i++)
		paths[i] = (struct map_path){ .devt_major = 8,
			                      .devt_minor = i,
			                      .group = 1,
			                      .active = (active >> i & 1) != 0 };
	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_update(maps, m, true, now, &index, &change), 0);
	map_unref(m);
	persist_take_map(&checks.persist, index, now);
	persist_touch_map(&checks.persist, index);
	return index;
}

/* The steps that the maps want; STEP_RECHECK and STEP_KEEP included. A command is done at once. */
static unsigned orders(void)
{
	enum agreement_command c;
	struct maps_order o;
	unsigned steps = 0;

	while (maps_next(maps, now, &o)) {
		if (o.step != STEP_NOTHING && o.step != STEP_WAIT)
			steps |= 1U << o.step;
		if (o.step != STEP_FAIL && o.step != STEP_REINSTATE)
			continue;
		maps_sent(maps, &o);
		(void)maps_answered(maps, o.token, 0, now, &c);
	}
	return steps;
}

static void a_healthy_path_is_no_event(void **state)
{
	uint32_t p = add_disk(0, "w");
	struct mono since;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		check(p, PATHCHECK_OK);
	since = path(p)->status.since;
	restart(false);
	p = add_disk(0, "w");
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->status.since.us, since.us);
	assert_int_equal(path(p)->counters.checks, 4);
	assert_int_equal(path(p)->latency.samples, 4);
	assert_false(checks_all_answered(&checks));
	check(p, PATHCHECK_OK);
	assert_true(checks_all_answered(&checks));
	assert_int_equal(path(p)->status.since.us, since.us);
	assert_int_equal(path(p)->counters.checks, 5);
	assert_int_equal(n_events, 0);
}

/* After SIGKILL a counter may be older; the state is not. */
static void a_killed_daemon_has_left_the_state(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	check(p, PATHCHECK_OK);
	persist_run(&checks.persist, now);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	restart(true);
	p = add_disk(0, "w");
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_int_equal(path(p)->status.streak, -3);
	assert_int_equal(n_events, 0);
}

static void a_walk_writes_counters(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	check(p, PATHCHECK_OK);
	persist_run(&checks.persist, now);
	for (unsigned i = 0; i < 100; i++) {
		check(p, PATHCHECK_OK);
		persist_run(&checks.persist, now);
	}
	/* The last walk was less than PERSIST_WALK_US ago. */
	persist_run(&checks.persist, now);
	restart(true);
	p = add_disk(0, "w");
	assert_in_range(path(p)->counters.checks, 40, 101);
}

static void a_change_while_nobody_looked_is_one_event(void **state)
{
	uint32_t p = add_disk(0, "w");
	struct mono since;

	(void)state;
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	since = path(p)->status.since;
	restart(true);
	p = add_disk(0, "w");
	check(p, PATHCHECK_OK);
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(n_events, 1);
	assert_string_equal(last_event.from, "down");
	assert_string_equal(last_event.to, "up");
	assert_int_equal(last_event.lasted_us, mono_diff(now, since));
}

static void another_disk_begins_anew(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	checks_disable(&checks, p, &(struct checks_outage){ .until = MONO_NEVER }, now);
	restart(false);
	p = add_disk(0, "another");
	assert_int_equal(path(p)->status.state, PATH_UNCHECKED);
	assert_int_equal(path(p)->counters.checks, 0);
	assert_true(path(p)->enabled);
}

static void disabled_stays_disabled(void **state)
{
	uint32_t a = add_disk(0, "w"), b = add_disk(1, "w");
	struct mono until;

	(void)state;
	check(a, PATHCHECK_OK);
	check(b, PATHCHECK_OK);
	until = mono_add(now, 100 * SEC);
	checks_disable(&checks, a,
	               &(struct checks_outage){ .until = MONO_NEVER, .empty = true },
	               now);
	checks_disable(&checks, b, &(struct checks_outage){ .until = until }, now);
	restart(true);
	a = add_disk(0, "w");
	b = add_disk(1, "w");
	assert_false(path(a)->enabled);
	assert_false(path(b)->enabled);
	assert_true(mono_is_never(path(a)->due));
	assert_int_equal(path(b)->due.us, until.us);
	assert_true(checks_all_answered(&checks));
	restart(true);
	a = add_disk(0, "w");
	b = add_disk(1, "w");
	assert_false(path(b)->enabled);
	/* Its time ends, also while no daemon runs. */
	now = mono_add(until, SEC);
	run_until(now);
	assert_true(path(b)->enabled);
	assert_false(path(a)->enabled);
	assert_int_equal(n_events, 1);
	assert_false(checks_all_answered(&checks));
	answer(b, PATHCHECK_OK, 0, false, now);
	assert_true(checks_all_answered(&checks));
	assert_int_equal(path(b)->status.state, PATH_UP);
	assert_int_equal(n_events, 1);
}

/* Somebody reinstated the path while no daemon ran: a new check decides, not the old verdict. */
static void an_old_verdict_sends_no_command(void **state)
{
	uint32_t p = add_disk(0, "w"), q = add_disk(1, "w");

	(void)state;
	maps_set_control(maps, true);
	add_map(2, 3);
	check(p, PATHCHECK_FAILED);
	check(q, PATHCHECK_OK);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders(), 1U << STEP_FAIL);
	restart(true);
	maps_set_control(maps, true);
	add_map(2, 3);
	p = add_disk(0, "w");
	q = add_disk(1, "w");
	assert_int_equal(orders(), 0);
	check(q, PATHCHECK_OK);
	assert_int_equal(orders(), 0);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders(), 1U << STEP_FAIL);
}

/* A path that the kernel has failed needs a successful check of the new daemon. */
static void an_old_verdict_reinstates_nothing(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	maps_set_control(maps, true);
	add_map(1, 1);
	check(p, PATHCHECK_OK);
	restart(false);
	maps_set_control(maps, true);
	p = add_disk(0, "w");
	add_map(1, 0);
	assert_int_equal(orders(), 0);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 0);
}

/* The other path was up, and may be dead: it protects nobody before its first check. */
static void an_old_verdict_protects_no_path(void **state)
{
	uint32_t p = add_disk(0, "w"), q = add_disk(1, "w");

	(void)state;
	add_map(2, 3);
	check(p, PATHCHECK_OK);
	check(q, PATHCHECK_OK);
	restart(true);
	maps_set_control(maps, true);
	p = add_disk(0, "w");
	q = add_disk(1, "w");
	add_map(2, 3);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders() & 1U << STEP_FAIL, 0);
	check(q, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_FAIL, 1U << STEP_FAIL);
}

static void redundancy_counts_old_verdicts(void **state)
{
	uint32_t p = add_disk(0, "w"), q = add_disk(1, "w"), m;

	(void)state;
	add_map(2, 3);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	check(q, PATHCHECK_OK);
	maps_get(maps, 0)->reported_any = true;
	maps_get(maps, 0)->reported = REDUNDANCY_LAST;
	persist_touch_map(&checks.persist, 0);
	restart(true);
	m = add_map(2, 3);
	(void)add_disk(0, "w");
	(void)add_disk(1, "w");
	assert_int_equal(maps_usable(maps, maps_get(maps, m)), 1);
	assert_true(maps_get(maps, m)->reported_any);
	assert_int_equal(maps_get(maps, m)->reported, REDUNDANCY_LAST);
}

/* The daemon looks at the map, as it does at the end of a round. */
static void look_at(uint32_t map)
{
	if (outage_map(&events, map, now))
		persist_touch_map(&checks.persist, map);
}

/* As run_until(), for what is reported of maps. Then the daemon is killed. */
static void wait_and_kill(struct mono until)
{
	while (!mono_before(until, outage_next(&outage))) {
		now = mono_max(outage_next(&outage), now);
		outage_run(&outage, now);
		persist_run(&checks.persist, now);
	}
	now = until;
	restart(true);
}

static unsigned n_lost, n_usable;

static void count_losses(const struct event *e)
{
	n_lost += e->type == EVENT_MAP && strcmp(e->to, "lost") == 0;
	n_usable += e->type == EVENT_MAP && strcmp(e->to, "usable") == 0;
}

/* The time of a loss goes on although the daemon is killed; it is reported once, and so is its end. */
static void a_loss_goes_on(void **state)
{
	struct mono since;
	uint32_t p, m;

	(void)state;
	n_lost = n_usable = 0;
	on_event = count_losses;
	p = add_disk(0, "w");
	m = add_map(1, 1);
	map_losses_set_time(events.losses, 60 * SEC);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	look_at(m);
	since = map_losses_since(events.losses, m);
	assert_int_not_equal(since.us, 0);
	wait_and_kill(mono_add(since, 40 * SEC));
	for (unsigned i = 0; i < 2; i++) {
		map_losses_set_time(events.losses, 60 * SEC);
		m = add_map(1, 1);
		add_disk(0, "w");
		look_at(m);
		assert_int_equal(map_losses_since(events.losses, m).us, since.us);
		assert_int_equal(n_lost, i);
		wait_and_kill(mono_add(since, (i == 0 ? 61 : 200) * SEC));
		assert_int_equal(n_lost, 1);
	}
	map_losses_set_time(events.losses, 60 * SEC);
	m = add_map(1, 1);
	p = add_disk(0, "w");
	look_at(m);
	check(p, PATHCHECK_OK);
	look_at(m);
	wait_and_kill(mono_add(now, SEC));
	m = add_map(1, 1);
	(void)add_disk(0, "w");
	look_at(m);
	assert_int_equal(map_losses_since(events.losses, m).us, 0);
	wait_and_kill(mono_add(now, SEC));
	assert_int_equal(n_lost, 1);
	assert_int_equal(n_usable, 1);
}

static void failed_by_hand_stays_failed(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	maps_set_control(maps, true);
	add_map(1, 1);
	check(p, PATHCHECK_OK);
	maps_force(maps, p, true, true);
	persist_touch(&checks.persist, p);
	for (unsigned i = 0; i < 2; i++) {
		restart(true);
		maps_set_control(maps, true);
		p = add_disk(0, "w");
		add_map(1, 1);
		assert_true(maps_is_forced(maps, p));
		check(p, PATHCHECK_OK);
		assert_true(maps_is_forced(maps, p));
		assert_int_equal(orders() & 1U << STEP_FAIL, 1U << STEP_FAIL);
	}
}

/* The daemon has failed the path, and checkerctl has released it. */
static void add_released_path(void)
{
	uint32_t p = add_disk(0, "w");

	add_disk(1, "w");
	maps_set_control(maps, true);
	add_map(2, 3);
	check(1, PATHCHECK_OK);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders(), 1U << STEP_FAIL);
	maps_release(maps, p, true);
	persist_touch(&checks.persist, p);
}

/* checkerctl release counts until the next decision, also when that is the successor's. */
static void a_released_path_stays_released(void **state)
{
	uint32_t p;

	(void)state;
	add_released_path();
	assert_int_equal(orders(), 1U << STEP_REINSTATE);
	restart(true);
	maps_set_control(maps, true);
	add_map(2, 3);
	p = add_disk(0, "w");
	add_disk(1, "w");
	check(1, PATHCHECK_OK);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders(), 0);
	/* The next decisions. */
	check(p, PATHCHECK_OK);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	(void)orders();
	check(p, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 1U << STEP_REINSTATE);
	check(p, PATHCHECK_FAILED);
	check(p, PATHCHECK_FAILED);
	assert_int_equal(orders() & 1U << STEP_FAIL, 1U << STEP_FAIL);
}

/* The path is failed in its map: the record may be older than the last decision, so a check decides. */
static void a_released_path_that_is_failed_is_checked_first(void **state)
{
	uint32_t p;

	(void)state;
	add_released_path();
	restart(true);
	maps_set_control(maps, true);
	add_map(2, 2);
	p = add_disk(0, "w");
	add_disk(1, "w");
	assert_int_equal(orders(), 0);
	check(p, PATHCHECK_OK);
	check(p, PATHCHECK_OK);
	assert_int_equal(orders(), 1U << STEP_REINSTATE);
}

static struct policy_rule flapping(void)
{
	return (struct policy_rule){ .why = HOLD_FLAPPING,
		                     .threshold = 1,
		                     .forget_time = 36000,
		                     .flap_time = 600,
		                     .first = 600,
		                     .max = 6000 };
}

/* Path p is up, and held since now; the kernel has failed it. */
static void hold_path(uint32_t p)
{
	const struct policy_rule rule = flapping();
	struct path *of = path(p);

	policy_failed(&of->hold, &rule, now);
	policy_checked(&of->hold, &rule, true, true, now);
	policy_failed(&of->hold, &rule, now);
	policy_checked(&of->hold, &rule, true, true, now);
	policy_failed(&of->hold, &rule, now);
	policy_checked(&of->hold, &rule, true, true, now);
	assert_true(policy_is_held(&of->hold));
	persist_touch(&checks.persist, p);
}

/* A hold goes on; a better path, whose first check has not ended, keeps the held path out. */
static void a_hold_goes_on(void **state)
{
	uint32_t p = add_disk(0, "w"), q = add_disk(1, "w");
	struct hold before;

	(void)state;
	path(p)->settings.rule = usual.rule;
	check(p, PATHCHECK_OK);
	check(q, PATHCHECK_OK);
	hold_path(p);
	before = path(p)->hold;
	restart(true);
	maps_set_control(maps, true);
	(void)add_map(2, 2);
	p = add_disk(0, "w");
	q = add_disk(1, "w");
	assert_int_equal(path(p)->hold.until, before.until);
	assert_int_equal(path(p)->hold.at, before.at);
	assert_int_equal(path(p)->hold.failures, before.failures);
	assert_int_equal(checks.holds.held[HOLD_FLAPPING], 1);
	assert_int_equal(n_events, 0);
	assert_int_equal(orders(), 0);
	check(p, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 0);
	check(q, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 0);
}

/* A daemon that is killed has not reported the begin: its successor does, once. */
static void a_hold_that_was_not_reported_is(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	check(p, PATHCHECK_OK);
	now = mono_add(now, SEC);
	holds_mark(&checks.holds, p, path(p), MARK_BY_HAND, true, now);
	for (unsigned i = 0; i < 3; i++) {
		restart(true);
		p = add_disk(0, "w");
		assert_int_equal(n_events, 0);
		if (i == 1)
			report(now);
		assert_int_equal(n_events, i == 1 ? 1 : 0);
	}
	report(now);
	assert_int_equal(n_events, 0);
	assert_int_equal(policy_why(&path(p)->hold), HOLD_BY_HAND);
}

/* The better path is dead: the held one is used. */
static void a_held_path_is_used_when_no_other_is(void **state)
{
	uint32_t p = add_disk(0, "w"), q = add_disk(1, "w");

	(void)state;
	check(p, PATHCHECK_OK);
	check(q, PATHCHECK_OK);
	hold_path(p);
	restart(true);
	maps_set_control(maps, true);
	(void)add_map(2, 2);
	p = add_disk(0, "w");
	q = add_disk(1, "w");
	now = mono_add(now, 10 * SEC);
	check(p, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 0);
	check(q, PATHCHECK_FAILED);
	check(q, PATHCHECK_FAILED);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 1U << STEP_REINSTATE);
}

/* Before all paths are known, another one may be better. */
static void a_held_path_waits_for_paths_that_come(void **state)
{
	uint32_t p = add_disk(0, "w");

	(void)state;
	check(p, PATHCHECK_OK);
	hold_path(p);
	restart(true);
	maps_set_control(maps, true);
	maps_set_settling(maps, true);
	(void)add_map(2, 2);
	p = add_disk(0, "w");
	now = mono_add(now, 10 * SEC);
	check(p, PATHCHECK_OK);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 0);
	maps_set_settling(maps, false);
	assert_int_equal(orders() & 1U << STEP_REINSTATE, 1U << STEP_REINSTATE);
}

/* What the daemon did to a path, and what it reported, is known; whichever comes first. */
static void entries_get_their_marks(void **state)
{
	(void)state;
	for (unsigned map_first = 0; map_first < 2; map_first++) {
		uint32_t p, e;

		now = mono_add(now, SEC);
		p = add_disk(map_first, "w");
		(void)add_map(2, 0);
		e = maps_first_of_path(maps, p);
		maps_path(maps, e)->agreement.ours = true;
		maps_path(maps, e)->kept_reported = true;
		persist_touch(&checks.persist, p);
		restart(true);
		if (map_first)
			(void)add_map(2, 0);
		p = add_disk(map_first, "w");
		if (!map_first)
			(void)add_map(2, 0);
		e = maps_first_of_path(maps, p);
		assert_true(maps_path(maps, e)->agreement.ours);
		assert_true(maps_path(maps, e)->kept_reported);
		assert_int_equal(membership_remove(&checks, p, false, now), 0);
		maps_remove(maps, 0);
	}
}

/* More paths than the ring has room for. */
static void all_of_many_are_written(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PATHS; i++)
		(void)add_disk(i, "w");
	for (uint32_t i = 0; i < PATHS; i++)
		check(i, i % 3 ? PATHCHECK_OK : PATHCHECK_FAILED);
	restart(false);
	for (unsigned i = 0; i < PATHS; i++) {
		uint32_t p = add_disk(i, "w");

		assert_int_equal(path(p)->status.state, i % 3 ? PATH_UP : PATH_SHAKY);
	}
	assert_int_equal(checks.persist.taken, PATHS);
	/* A daemon that is killed now has left the old records, or the new ones. */
	persist_end_old(&checks.persist);
	assert_true(store_has_old(checks.persist.store));
	while (checks.persist.n_paths > 0) {
		assert_true(store_has_old(checks.persist.store));
		persist_run(&checks.persist, now);
	}
	assert_false(store_has_old(checks.persist.store));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_healthy_path_is_no_event),
		TEST(a_killed_daemon_has_left_the_state),
		TEST(a_walk_writes_counters),
		TEST(a_change_while_nobody_looked_is_one_event),
		TEST(another_disk_begins_anew),
		TEST(disabled_stays_disabled),
		TEST(an_old_verdict_sends_no_command),
		TEST(an_old_verdict_reinstates_nothing),
		TEST(an_old_verdict_protects_no_path),
		TEST(redundancy_counts_old_verdicts),
		TEST(a_loss_goes_on),
		TEST(failed_by_hand_stays_failed),
		TEST(a_released_path_stays_released),
		TEST(a_released_path_that_is_failed_is_checked_first),
		TEST(a_hold_goes_on),
		TEST(a_hold_that_was_not_reported_is),
		TEST(a_held_path_is_used_when_no_other_is),
		TEST(a_held_path_waits_for_paths_that_come),
		TEST(entries_get_their_marks),
		TEST(all_of_many_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
