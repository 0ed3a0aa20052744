/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the states of observed paths make of the paths and of their map. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/paths/observe.h"
#include "checkerd/paths/overdue_watch.h"
#include "tests/unit/paths/checks-bed.h"

static struct observe observe;
static const struct path_settings observed = {
	.interval_us = 5 * SEC,
	.max_interval_grid = 5 * SEC / PATH_GRID_US,
	.timeout_us = 2 * SEC,
	.fail_checks = 1,
	.recover_checks = 1,
	.checker = CHECKER_NONE,
};

static uint32_t add_with(unsigned n, const char *map, const struct path_settings *s)
{
	char name[32], node[64];
	const struct device_spec spec = {
		.name = name, .node = node, .map = map, .kind = DEVICE_OBSERVED
	};
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "nvme0c%un1", n);
	(void)snprintf(node, sizeof(node), "/sys/class/block/%s", name);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, s, t0, &index), 0);
	device_unref(d);
	return index;
}

static uint32_t add_observed(unsigned n)
{
	return add_with(n, "nvme0n1", &observed);
}

static int begin(void **state)
{
	int r = setup(state);

	observe_init(&observe, &checks, &events);
	events.maps_decide = true;
	return r;
}

/* controller NULL: the state could not be read. */
static void see(uint32_t index, const char *controller, const char *ana, bool last,
                struct mono now)
{
	const struct found f = {
		.op = FOUND_STATE,
		.state = { .device = sysfs_word(SYSFS_CONTROLLER, controller),
		           .access = sysfs_word(SYSFS_ANA, ana) },
		.last = last,
	};

	observe_take(&observe, index, &f, now);
}

static void each_state_has_its_verdict(void **state)
{
	static const struct {
		const char *controller, *ana;
		enum path_state is;
		const char *reason;
	} cases[] = {
		{ "live", "change", PATH_PENDING, "" }, /* not judged */
		{ "live", "optimized", PATH_UP, "" },
		{ "live", "change", PATH_UP, "" },
		{ "live", "non-optimized", PATH_UP, "" },
		{ "live", "inaccessible", PATH_GHOST, "ANA state inaccessible" },
		{ "live", "change", PATH_GHOST, "ANA state inaccessible" },
		{ "live", NULL, PATH_UP, "" },
		{ "live", "persistent-loss", PATH_DOWN, "ANA state persistent-loss" },
		{ "live", "inaccessible", PATH_GHOST, "ANA state inaccessible" },
		{ "resetting", "optimized", PATH_DOWN, "controller resetting" },
		{ "live", "optimized", PATH_UP, "" },
		{ "connecting", "optimized", PATH_DOWN, "controller connecting" },
		{ "connecting", "inaccessible", PATH_DOWN,
		  "controller connecting, ANA state inaccessible" },
		{ NULL, NULL, PATH_DOWN,
		  "controller connecting, ANA state inaccessible" },
		{ "live", "optimized", PATH_UP, "" },
		{ "deleting", "optimized", PATH_DOWN, "controller deleting" },
		{ "live", "optimized", PATH_UP, "" },
		{ "dead", "optimized", PATH_DOWN, "controller dead" },
		{ "live", "optimized", PATH_UP, "" },
		{ "a word to come", "optimized", PATH_DOWN, "controller other" },
	};
	uint32_t index = add_observed(0);
	char reason[REASON_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		see(index, cases[i].controller, cases[i].ana, true,
		    at((int64_t)i * 5 * SEC));
		assert_int_equal(path(index)->status.state, cases[i].is);
		assert_string_equal(reason_format(&path(index)->status.reason, reason,
		                                  sizeof(reason)),
		                    cases[i].reason);
	}
	assert_int_equal(path(index)->counters.failures, 7);
	assert_int_equal(n_completed, ARRAY_LEN(cases) - 1);
	assert_int_equal(completed_error, 0);
	assert_int_equal(path(index)->counters.checks, ARRAY_LEN(cases) - 1);
}

static void nothing_is_asked_of_the_engine(void **state)
{
	uint32_t index = add_observed(0);
	const struct path *p = path(index);

	(void)state;
	assert_int_equal(p->engine_id, REGISTRY_NONE);
	assert_int_equal(engine.next_id, 0);
	see(index, "connecting", NULL, true, t0);
	run_until(at(60 * SEC));
	checks_expedite(&checks, index, at(60 * SEC));
	assert_int_equal(engine.n_asked, 0);
	assert_int_equal(
	        membership_change(&checks, index, p->device, &observed, at(60 * SEC)), 0);
	assert_int_equal(p->engine_id, REGISTRY_NONE);
	assert_int_equal(p->status.state, PATH_DOWN);
	assert_int_equal(membership_remove(&checks, index, true, at(61 * SEC)), 0);
	assert_int_equal(engine.removed, 0);
	assert_int_equal(registry_count(checks.registry), 0);
}

/* Two observed paths that have no state yet do not excuse two others. */
static void a_first_state_is_waited_for(void **state)
{
	uint32_t left = add_observed(0), right = add_observed(1);

	(void)state;
	assert_int_equal(checks.never_checked, 0);
	assert_false(checks_all_answered(&checks));
	see(left, "live", NULL, false, t0);
	assert_false(checks_all_answered(&checks));
	see(right, "connecting", NULL, true, t0);
	assert_true(checks_all_answered(&checks));
}

/* The reports of a map, as "from>to: usable of paths". */
static void assert_report(unsigned n, const char *from, const char *to, const char *words)
{
	assert_int_equal(n_events, n);
	assert_int_equal(last_event.type, EVENT_MAP);
	assert_string_equal(last_event.map, "nvme0n1");
	assert_string_equal(last_event.from, from);
	assert_string_equal(last_event.to, to);
	assert_non_null(strstr(last_event.message, words));
}

static void the_redundancy_of_a_map_is_reported(void **state)
{
	uint32_t left = add_observed(0), right = add_observed(1);

	(void)state;
	n_events = 0;
	see(left, "live", "optimized", false, t0);
	see(right, "live", "inaccessible", true, t0);
	assert_int_equal(n_events, 0); /* full */
	/* The path's own event comes first. */
	see(left, "connecting", "optimized", false, at(5 * SEC));
	assert_int_equal(n_events, 1);
	see(right, "live", "inaccessible", true, at(5 * SEC));
	assert_report(2, "full", "none", "map nvme0n1: full -> none: 0 of 2 paths");
	see(left, "connecting", "optimized", false, at(10 * SEC));
	see(right, "live", "inaccessible", true, at(10 * SEC));
	assert_int_equal(n_events, 2);
	see(left, "connecting", "optimized", false, at(15 * SEC));
	see(right, "live", "optimized", true, at(15 * SEC));
	assert_report(4, "none", "last", "1 of 2 paths usable");
	/* A path that was removed is missed no more. */
	assert_int_equal(membership_remove(&checks, left, true, at(16 * SEC)), 0);
	n_events = 0;
	see(right, "live", "optimized", true, at(20 * SEC));
	assert_report(1, "last", "full", "1 of 1 paths usable");
}

static void a_map_that_begins_without_a_path_is_reported(void **state)
{
	(void)state;
	n_events = 0;
	see(add_observed(0), "connecting", NULL, true, t0);
	assert_report(2, "", "none", "map nvme0n1: none: 0 of 1 paths");
}

static void maps_are_reckoned_apart(void **state)
{
	uint32_t one = add_observed(0), other = add_with(1, "nvme0n2", &observed);

	(void)state;
	see(one, "live", NULL, true, t0);
	see(other, "live", NULL, true, t0);
	n_events = 0;
	see(one, "dead", NULL, true, at(SEC));
	assert_report(2, "full", "none", "0 of 1");
	see(other, "live", NULL, true, at(SEC));
	assert_int_equal(n_events, 2);
	/* A path without room is not counted, and ends its map all the same. */
	see(REGISTRY_NONE, "dead", NULL, true, at(2 * SEC));
	see(other, "live", NULL, true, at(2 * SEC));
	assert_int_equal(n_events, 2);
}

static void a_disabled_path_counts_for_nothing(void **state)
{
	uint32_t left = add_observed(0), right = add_observed(1);

	(void)state;
	see(left, "live", NULL, false, t0);
	see(right, "live", NULL, true, t0);
	n_events = 0;
	checks_disable(&checks, right, &(struct checks_outage){ .until = MONO_NEVER },
	               at(0));
	see(left, "live", NULL, false, at(5 * SEC));
	see(right, "dead", NULL, true, at(5 * SEC));
	assert_report(1, "full", "last", "1 of 2 paths usable, 1 disabled");
	assert_int_equal(path(right)->status.state, PATH_UP);
	assert_true(mono_is_never(path(right)->overdue_at));
	checks_enable(&checks, right, false, at(6 * SEC));
	see(left, "live", NULL, false, at(10 * SEC));
	see(right, "dead", NULL, true, at(10 * SEC));
	assert_int_equal(path(right)->status.state, PATH_DOWN);
	assert_int_equal(n_events, 2); /* the path's own; the map's word is the same */
}

/* Discovery hangs, or the group changes for too long: an engine without a prober does not matter. */
static void a_path_without_news_is_overdue(void **state)
{
	const struct overdue_engine no_prober = { .no_prober = true };
	uint32_t index = add_observed(0);

	(void)state;
	see(index, "live", "optimized", true, t0);
	assert_false(path_is_overdue(path(index), at(8 * SEC - 1)));
	assert_true(path_is_overdue(path(index), at(8 * SEC)));
	assert_int_equal(overdue_watch_why(path(index), &no_prober).cause,
	                 OVERDUE_NO_RESULT);
	see(index, "live", "optimized", true, at(9 * SEC));
	assert_false(path_is_overdue(path(index), at(9 * SEC)));
	for (unsigned i = 1; i < 10; i++)
		see(index, "live", "change", true, at((9 + i) * SEC));
	assert_true(path_is_overdue(path(index), at(18 * SEC)));
	assert_int_equal(overdue_watch_why(path(index), &no_prober).cause,
	                 OVERDUE_TRANSITION);
	assert_int_equal(path(index)->status.state, PATH_UP);
}

static void fail_checks_counts_states(void **state)
{
	struct path_settings patient = observed;
	uint32_t index;

	(void)state;
	patient.fail_checks = 3;
	index = add_with(0, "nvme0n1", &patient);
	see(index, "live", NULL, true, t0);
	see(index, "resetting", NULL, true, at(5 * SEC));
	assert_int_equal(path(index)->status.state, PATH_SHAKY);
	see(index, "resetting", NULL, true, at(10 * SEC));
	assert_int_equal(path(index)->status.state, PATH_SHAKY);
	see(index, "resetting", NULL, true, at(15 * SEC));
	assert_int_equal(path(index)->status.state, PATH_DOWN);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(each_state_has_its_verdict),
		TEST(nothing_is_asked_of_the_engine),
		TEST(a_first_state_is_waited_for),
		TEST(the_redundancy_of_a_map_is_reported),
		TEST(a_map_that_begins_without_a_path_is_reported),
		TEST(maps_are_reckoned_apart),
		TEST(a_disabled_path_counts_for_nothing),
		TEST(a_path_without_news_is_overdue),
		TEST(fail_checks_counts_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
