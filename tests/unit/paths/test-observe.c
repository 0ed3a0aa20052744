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

	observe_init(&observe, &checks);
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
	assert_int_equal(n_events, 0);
	see(right, "live", "inaccessible", true, at(5 * SEC));
	assert_report(2, "full", "none", "map nvme0n1: full -> none: 0 of 2 paths");
	see(left, "connecting", "optimized", false, at(10 * SEC));
	see(right, "live", "inaccessible", true, at(10 * SEC));
	assert_int_equal(n_events, 2);
	see(left, "connecting", "optimized", false, at(15 * SEC));
	see(right, "live", "optimized", true, at(15 * SEC));
	assert_int_equal(n_events, 2);
	run_outage(at(16 * SEC));
	assert_report(4, "none", "last", "1 of 2 paths usable");
	/* A path that was removed is missed no more. */
	assert_int_equal(membership_remove(&checks, left, true, at(16 * SEC)), 0);
	run_outage(at(17 * SEC));
	n_events = 0;
	see(right, "live", "optimized", true, at(20 * SEC));
	run_outage(at(21 * SEC));
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
	run_outage(at(SEC));
	n_events = 0;
	see(one, "dead", NULL, true, at(SEC));
	assert_report(2, "full", "none", "0 of 1");
	see(other, "live", NULL, true, at(SEC));
	run_outage(at(2 * SEC));
	assert_int_equal(n_events, 2);
	/* A path without room is not counted, and ends its map all the same. */
	see(REGISTRY_NONE, "dead", NULL, true, at(2 * SEC));
	see(other, "live", NULL, true, at(2 * SEC));
	run_outage(at(5 * SEC));
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
	run_outage(at(6 * SEC));
	assert_report(1, "full", "last", "1 of 2 paths usable, 1 disabled");
	assert_int_equal(path(right)->status.state, PATH_UP);
	assert_true(mono_is_never(path(right)->overdue_at));
	checks_enable(&checks, right, false, at(6 * SEC));
	see(left, "live", NULL, false, at(10 * SEC));
	see(right, "dead", NULL, true, at(10 * SEC));
	assert_int_equal(path(right)->status.state, PATH_DOWN);
	run_outage(at(20 * SEC));
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

/* --- many at one moment --- */

#define NAMESPACES 64

/* Path n of controller c has the index c * NAMESPACES + n. */
static void add_namespaces(unsigned controllers)
{
	char name[32], node[64], map[32], host[16];
	const struct device_spec spec = { .name = name,
		                          .node = node,
		                          .map = map,
		                          .host = host,
		                          .target = "nqn.array",
		                          .vendor = "NVME",
		                          .product = "ARRAY",
		                          .kind = DEVICE_OBSERVED };
	struct device *d;
	uint32_t index;

	for (unsigned i = 0; i < controllers * NAMESPACES; i++) {
		unsigned c = i / NAMESPACES, n = i % NAMESPACES + 1;

		(void)snprintf(name, sizeof(name), "nvme0c%un%u", c, n);
		(void)snprintf(node, sizeof(node), "/sys/class/block/%s", name);
		(void)snprintf(map, sizeof(map), "nvme0n%u", n);
		(void)snprintf(host, sizeof(host), "nvme%u", c);
		assert_int_equal(device_new(&d, &spec), 0);
		assert_int_equal(membership_add(&checks, d, &observed, t0, &index), 0);
		assert_int_equal(index, i);
		device_unref(d);
	}
}

/* Discovery read all states. The controllers have these; each map has two paths. */
static void see_all(const char *left, const char *right, struct mono now)
{
	for (uint32_t n = 0; n < NAMESPACES; n++) {
		see(n, left, NULL, false, now);
		see(NAMESPACES + n, right, NULL, true, now);
	}
}

#define KEPT 16

static struct event kept[KEPT];
static unsigned n_kept, n_members, n_names;

static void keep(const struct event *e)
{
	if (e->part == EVENT_WHOLE && n_kept < KEPT)
		kept[n_kept++] = *e;
	n_members += e->part == EVENT_MEMBER;
	for (const char *s = e->message; e->part == EVENT_NAMES && *s != '\0'; s++)
		n_names += *s == EVENT_NAME_END;
}

static void forget(void)
{
	n_kept = n_members = n_names = 0;
	on_event = keep;
}

/* Two controllers, each with a path to each of the namespaces, and all of them live. */
static void begin_many(void)
{
	add_namespaces(2);
	forget();
	see_all("live", "live", t0);
	run_outage(at(4 * SEC));
	assert_true(mono_is_never(outage_next(&outage)));
	forget();
}

static int end(void **state)
{
	on_event = NULL;
	return teardown(state);
}

static void a_controller_that_is_cut_off_is_one_event(void **state)
{
	(void)state;
	begin_many();
	see_all("connecting", "live", at(5 * SEC));
	assert_int_equal(n_kept, 0);
	run_outage(at(6 * SEC));
	assert_int_equal(n_kept, 2);
	assert_int_equal(kept[0].type, EVENT_CAUSE);
	assert_string_equal(kept[0].map, "target nqn.array through nvme0");
	assert_string_equal(kept[0].message,
	                    "target nqn.array through nvme0: 64 of 64 paths are down: "
	                    "controller connecting; maps: 64 last");
	assert_int_equal(kept[1].type, EVENT_MAP);
	assert_string_equal(kept[1].message, "64 maps have one usable path left");
	assert_int_equal(n_members, 64);
	assert_int_equal(n_names, 128);
	see_all("connecting", "live", at(10 * SEC));
	assert_true(mono_is_never(outage_next(&outage)));
	forget();
	see_all("live", "live", at(15 * SEC));
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(
	        kept[0].message,
	        "target nqn.array through nvme0: 64 of 64 paths are up again, "
	        "after up to 10.0 s; maps: 64 full");
	assert_string_equal(kept[1].message, "64 maps have all their paths");
}

/* The first map without a path does not wait. Nor do its paths, which are named before it. */
static void an_array_that_is_cut_off_is_one_event(void **state)
{
	(void)state;
	begin_many();
	see_all("connecting", "resetting", at(5 * SEC));
	assert_int_equal(n_kept, 3);
	assert_string_equal(kept[0].to, "down");
	assert_string_equal(kept[1].to, "down");
	assert_string_equal(kept[2].message,
	                    "map nvme0n1: full -> none: 0 of 2 paths usable");
	forget();
	run_outage(at(10 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[0].message,
	                    "target nqn.array: 126 of 128 paths are down: mostly "
	                    "controller connecting; maps: 63 none");
	assert_string_equal(kept[1].message, "63 maps have no usable path");
	assert_int_equal(kept[1].priority, LOG_ERR);
	assert_int_equal(n_members, 126);
}

static void a_map_that_is_full_again_was_never_worth_a_word(void **state)
{
	(void)state;
	begin_many();
	see_all("connecting", "live", at(5 * SEC));
	see_all("live", "live", at(5 * SEC + 1000));
	run_outage(at(20 * SEC));
	for (unsigned i = 0; i < n_kept; i++)
		assert_int_not_equal(kept[i].type, EVENT_MAP);
	assert_true(mono_is_never(outage_next(&outage)));
}

/* The path goes that stands for the gathered map. The states of the other one follow at once. */
static void a_gathered_map_outlives_its_paths(void **state)
{
	(void)state;
	begin_many();
	see_all("dead", "dead", at(5 * SEC));
	run_outage(at(6 * SEC));
	see_all("live", "dead", at(7 * SEC));
	for (uint32_t n = 0; n < NAMESPACES; n++)
		assert_int_equal(
		        membership_remove(&checks, NAMESPACES + n, true, at(7 * SEC)), 0);
	for (uint32_t n = 0; n < NAMESPACES; n++)
		see(n, "live", NULL, true, at(7 * SEC));
	forget();
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 3); /* the others: what came back, and what is gone */
	assert_string_equal(kept[1].message, "64 maps have all their paths");
	assert_int_equal(kept[1].members, NAMESPACES);
	assert_true(mono_is_never(outage_next(&outage)));
}

/* A map whose first states are not good is reported as new, also when that is late. */
static void maps_that_begin_badly_have_no_word_before(void **state)
{
	(void)state;
	add_namespaces(2);
	forget();
	for (uint32_t n = 0; n < 2; n++) {
		see(n, "live", NULL, false, t0);
		see(NAMESPACES + n, "dead", NULL, true, t0);
		see(n, "live", NULL, false, at(100));
		see(NAMESPACES + n, "dead", NULL, true, at(100));
	}
	run_outage(at(20 * SEC));
	assert_int_equal(n_kept, 4);
	for (unsigned i = 2; i < 4; i++) {
		assert_int_equal(kept[i].type, EVENT_MAP);
		assert_string_equal(kept[i].from, "");
		assert_string_equal(kept[i].to, "last");
	}
}

/* Maps are gathered behind the place to which the reports have come. */
static void maps_gathered_meanwhile_are_reported(void **state)
{
	(void)state;
	begin_many();
	see_all("connecting", "live", at(5 * SEC));
	for (unsigned i = 0; i < 100 && outage.phase != OUTAGE_MAP_SINGLES; i++)
		outage_run(&outage, mono_max(outage_next(&outage), t0));
	assert_int_equal(outage.phase, OUTAGE_MAP_SINGLES);
	outage.cursor = UINT32_MAX - 1;
	see(0, "live", NULL, false, at(7 * SEC));
	see(NAMESPACES, "live", NULL, true, at(7 * SEC));
	forget();
	run_outage(at(30 * SEC));
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].message,
	                    "map nvme0n1: last -> full: 2 of 2 paths usable");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
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
		TEST(a_controller_that_is_cut_off_is_one_event),
		TEST(an_array_that_is_cut_off_is_one_event),
		TEST(a_map_that_is_full_again_was_never_worth_a_word),
		TEST(a_gathered_map_outlives_its_paths),
		TEST(maps_that_begin_badly_have_no_word_before),
		TEST(maps_gathered_meanwhile_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
