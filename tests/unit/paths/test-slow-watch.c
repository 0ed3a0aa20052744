/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths are slow: compared with the paths of their map only, reported once, and held if wanted. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "tests/unit/paths/checks-bed.h"

#define FAST_US 1000
#define SLOW_US (200 * USEC_PER_MSEC)
/* Of checks of 5 s: more than SLOW_TIME_US. */
#define ROUNDS 30

#define KEPT 64

static struct event kept[KEPT];
static unsigned n_kept;
static int64_t now_us;

static void keep(const struct event *e)
{
	if (e->type == EVENT_SLOW && n_kept < KEPT)
		kept[n_kept++] = *e;
}

static int begin(void **state)
{
	n_kept = 0;
	now_us = 0;
	on_event = keep;
	return setup(state);
}

static int end(void **state)
{
	on_event = NULL;
	return teardown(state);
}

/* A path of the map that its device names; NULL: of none. */
static uint32_t add_of(unsigned n, const char *map, enum slow_mode mode)
{
	char name[16], node[32];
	const struct device_spec spec = { .name = name, .node = node, .map = map };
	struct path_settings s = usual;
	struct device *d;
	uint32_t index;

	s.slow = mode;
	(void)snprintf(name, sizeof(name), "p%u", n);
	(void)snprintf(node, sizeof(node), "/p%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &s, t0, &index), 0);
	device_unref(d);
	return index;
}

/* A successful check, as results.c has it. */
static void succeed(uint32_t index, int64_t us)
{
	struct path *p = path(index);

	p->status.state = PATH_UP;
	p->overdue_at = MONO_NEVER;
	histogram_add(&p->latency, us);
	slow_watch_checked(&checks.slow, index, p, at(now_us));
}

/* Rounds of checks: path i of `n` takes us[i]. */
static void rounds(unsigned times, unsigned n, const int64_t us[])
{
	for (; times > 0; times--) {
		for (unsigned i = 0; i < n; i++)
			succeed(i, us[i]);
		now_us += usual.interval_us;
	}
}

static const int64_t all_fast[] = { FAST_US, FAST_US, FAST_US };
static const int64_t one_slow[] = { SLOW_US, FAST_US, FAST_US };
static const int64_t all_slow[] = { SLOW_US, SLOW_US, SLOW_US, SLOW_US, SLOW_US };
static const int64_t one_fast[] = { FAST_US, SLOW_US, SLOW_US, SLOW_US, SLOW_US };

static void add_three(enum slow_mode mode)
{
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(add_of(i, "m", mode), i);
	rounds(ROUNDS, 3, all_fast);
	assert_int_equal(n_kept, 0);
}

static bool is_held(uint32_t index)
{
	return policy_is_marked(&path(index)->hold, MARK_SLOW);
}

static void a_slow_path_is_reported_once_and_so_is_its_end(void **state)
{
	(void)state;
	add_three(SLOW_MODE_EVENT);
	rounds(ROUNDS, 3, one_slow);
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].path, "p0");
	assert_string_equal(kept[0].map, "m");
	assert_string_equal(kept[0].to, "slow");
	assert_non_null(strstr(kept[0].message, "the other paths of its map 1.0 ms"));
	assert_int_equal(checks.slow.slow, 1);
	assert_false(is_held(0));
	rounds(ROUNDS, 3, all_fast);
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].path, "p0");
	assert_string_equal(kept[1].from, "slow");
	assert_int_equal(checks.slow.slow, 0);
}

/* Not before its time, and one fast check begins it again. */
static void a_moment_is_not_enough(void **state)
{
	(void)state;
	add_three(SLOW_MODE_EVENT);
	for (unsigned i = 0; i < 5; i++) {
		rounds(8, 3, one_slow);
		rounds(8, 3, all_fast);
	}
	assert_int_equal(n_kept, 0);
	assert_int_equal(checks.slow.slow, 0);
}

static void a_slow_path_is_held_if_wanted(void **state)
{
	(void)state;
	add_three(SLOW_MODE_MARGINAL);
	rounds(ROUNDS, 3, one_slow);
	assert_true(is_held(0));
	assert_false(is_held(1));
	assert_int_equal(policy_why(&path(0)->hold), HOLD_SLOW);
	rounds(ROUNDS, 3, all_fast);
	assert_false(is_held(0));
}

/* An array that is slow makes many maps slow. Each is an event; the log has some, and a number. */
static void lines_are_limited(void **state)
{
	const struct events_slow before = { .map = "m", .slow = true, .now = at(SEC) };
	const struct events_slow later = { .map = "m", .now = at(62 * SEC) };

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		events_slow(&events, &before, "map m: slow");
		assert_string_equal(kept[n_kept - 1].message, "map m: slow");
		n_kept = 0;
	}
	events_slow(&events, &later, "map m: no longer slow");
	assert_string_equal(kept[0].message,
	                    "map m: no longer slow (10 such messages suppressed)");
}

/* The settings are those of each path. */
static void each_path_has_its_own_mode(void **state)
{
	(void)state;
	assert_int_equal(add_of(0, "m", SLOW_MODE_OFF), 0);
	assert_int_equal(add_of(1, "m", SLOW_MODE_MARGINAL), 1);
	assert_int_equal(add_of(2, "m", SLOW_MODE_EVENT), 2);
	rounds(ROUNDS, 3, all_fast);
	rounds(ROUNDS, 3, one_slow);
	assert_int_equal(n_kept, 0);
	assert_int_equal(checks.slow.slow, 0);
	/* It is nobody's sibling either. */
	assert_int_equal(path(0)->slow_recent, 0);
}

static void configure(uint32_t index, enum slow_mode mode)
{
	path(index)->settings.slow = mode & 3;
	slow_watch_configured(&checks.slow, index, path(index), at(now_us));
}

static void another_mode_counts_at_once(void **state)
{
	(void)state;
	add_three(SLOW_MODE_EVENT);
	rounds(ROUNDS, 3, one_slow);
	configure(0, SLOW_MODE_MARGINAL);
	assert_true(is_held(0));
	configure(0, SLOW_MODE_EVENT);
	assert_false(is_held(0));
	assert_int_equal(checks.slow.slow, 1);
	configure(0, SLOW_MODE_MARGINAL);
	configure(0, SLOW_MODE_OFF);
	assert_false(is_held(0));
	assert_int_equal(checks.slow.slow, 0);
	assert_int_equal(path(0)->slow_state, SLOW_NO);
	/* Nothing was remembered. */
	configure(0, SLOW_MODE_MARGINAL);
	rounds(3, 3, one_slow);
	assert_false(is_held(0));
	rounds(ROUNDS, 3, one_slow);
	assert_true(is_held(0));
}

/* A map all of whose paths are slow is one event, and no path is slow. */
static void a_slow_map_is_one_event(void **state)
{
	static const int64_t five_fast[] = { FAST_US, FAST_US, FAST_US, FAST_US,
		                             FAST_US };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(add_of(i, "m", SLOW_MODE_MARGINAL), i);
	/* Long enough for what is usual to stay so. */
	rounds(10 * ROUNDS, 5, five_fast);
	rounds(ROUNDS, 5, all_slow);
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].path, "");
	assert_string_equal(kept[0].map, "m");
	assert_non_null(strstr(kept[0].message, "all 5 paths are slow"));
	for (uint32_t i = 0; i < 5; i++)
		assert_false(is_held(i));
	assert_int_equal(checks.slow.slow, 0);
	/* One path that is fast meanwhile does not end it, and does not begin it again. */
	rounds(ROUNDS, 5, one_fast);
	rounds(ROUNDS, 5, all_slow);
	assert_int_equal(n_kept, 1);
	rounds(ROUNDS, 5, five_fast);
	assert_int_equal(n_kept, 2);
	assert_string_equal(kept[1].from, "slow");
	assert_string_equal(kept[1].map, "m");
}

/* Another checker, another map, a path that is down, disabled or overdue: nobody to compare with. */
static void only_equals_are_compared(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(add_of(i, i == 1 ? "other" : "m", SLOW_MODE_EVENT), i);
	path(2)->settings.checker = CHECKER_TUR;
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned n = 1; n < 5; n++)
			succeed(n, FAST_US);
		path(3)->enabled = false;
		path(4)->overdue_at = t0;
		succeed(0, SLOW_US);
		now_us += usual.interval_us;
	}
	assert_int_equal(n_kept, 0);
	path(3)->enabled = true;
	rounds(ROUNDS, 1, one_slow);
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].path, "p0");
}

static void a_path_that_goes_is_not_counted(void **state)
{
	(void)state;
	add_three(SLOW_MODE_EVENT);
	rounds(ROUNDS, 3, one_slow);
	assert_int_equal(checks.slow.slow, 1);
	assert_int_equal(membership_remove(&checks, 0, true, at(now_us)), 0);
	assert_int_equal(checks.slow.slow, 0);
}

/* The predecessor's mark: the path is slow until this daemon knows better, and that is no event. */
static void a_mark_that_was_taken_up_counts(void **state)
{
	(void)state;
	add_three(SLOW_MODE_MARGINAL);
	policy_mark(&path(0)->hold, policy_rules_get(POLICY_RULE_DEFAULT), MARK_SLOW,
	            true, at(now_us));
	configure(0, SLOW_MODE_MARGINAL);
	assert_true(is_held(0));
	rounds(1, 3, one_slow);
	assert_int_equal(checks.slow.slow, 1);
	assert_int_equal(n_kept, 0);
	rounds(ROUNDS, 3, all_fast);
	assert_false(is_held(0));
	assert_int_equal(checks.slow.slow, 0);
	assert_int_equal(n_kept, 1);
	assert_string_equal(kept[0].from, "slow");
	/* The configuration does not want it any more. */
	report(at(now_us));
	policy_mark(&path(0)->hold, policy_rules_get(POLICY_RULE_DEFAULT), MARK_SLOW,
	            true, at(now_us));
	configure(0, SLOW_MODE_OFF);
	assert_false(is_held(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(a_slow_path_is_reported_once_and_so_is_its_end),
		TEST(a_moment_is_not_enough),
		TEST(a_slow_path_is_held_if_wanted),
		TEST(lines_are_limited),
		TEST(each_path_has_its_own_mode),
		TEST(another_mode_counts_at_once),
		TEST(a_slow_map_is_one_event),
		TEST(only_equals_are_compared),
		TEST(a_path_that_goes_is_not_counted),
		TEST(a_mark_that_was_taken_up_counts),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
