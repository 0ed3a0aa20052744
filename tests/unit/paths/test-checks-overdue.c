/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a path is overdue, and what is reported. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/paths/overdue_watch.h"
#include "tests/unit/paths/checks-bed.h"
#include "tests/unit/disk.h"

static struct overdue_watch watch;

/* Rounds of the loop every tenth of a second, without results. */
static void let_pass(struct mono from, struct mono end)
{
	for (struct mono now = from; mono_before(now, end); now.us += SEC / 10) {
		checks_run(&checks, now);
		checks_flush(&checks, now);
		if (!mono_before(now, checks.maintain_at))
			checks_maintain(&checks, now);
		overdue_watch_run(&watch, now);
	}
}

/* For the usual path: interval 5 s, timeout 2 s, and a margin of 1 s. */
#define OVERDUE_US (8 * SEC)

static void overdue_paths_are_reported(void **state)
{
	struct path *p = path(add(0));

	(void)state;
	overdue_watch_init(&watch, &checks, &events);
	run_until(at(SEC));
	answer(0, PATHCHECK_OK, 0, false, at(SEC));
	n_events = 0;
	assert_false(path_is_overdue(p, at(SEC + OVERDUE_US - 1)));
	assert_true(path_is_overdue(p, at(SEC + OVERDUE_US)));
	engine.tend = -ENOENT;
	engine.stats.prober_end = PATHCHECK_END_SIGNAL;
	engine.stats.prober_end_code = 9;
	let_pass(at(SEC), at(SEC + OVERDUE_US));
	assert_int_equal(n_events, 1); /* the prober cannot be started */
	assert_int_equal(watch.last.total, 0);
	let_pass(at(SEC + OVERDUE_US), at(4 * SEC + OVERDUE_US));
	assert_int_equal(watch.last.total, 1);
	assert_int_equal(n_events, 2);
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_string_equal(
	        last_event.message,
	        "1 path is overdue: no prober is running (the last one: signal "
	        "SIGKILL); states are old");
	assert_string_equal(last_event.from, "");
	assert_string_equal(last_event.to, "overdue");
	assert_int_equal(p->status.state, PATH_UP); /* never a false down */
	let_pass(at(4 * SEC + OVERDUE_US), at(100 * SEC));
	assert_int_equal(n_events, 2);
	engine.tend = 1;
	let_pass(at(100 * SEC), at(101 * SEC));
	engine.tend = 0;
	answer(0, PATHCHECK_OK, 0, false, at(101 * SEC));
	n_events = 0;
	let_pass(at(101 * SEC), at(103 * SEC));
	assert_int_equal(n_events, 1);
	assert_string_equal(last_event.message, "no path is overdue any more");
	assert_string_equal(last_event.from, "overdue");
	assert_string_equal(last_event.to, "");
}

/* While each path is heard of in time, nothing is reported. */
static void a_healthy_host_is_not_woken(void **state)
{
	unsigned walks = 0, rounds = 0;
	struct mono started;

	(void)state;
	(void)add(0);
	overdue_watch_init(&watch, &checks, &events);
	for (struct mono now = t0; mono_before(now, at(600 * SEC));) {
		struct mono next =
		        mono_min(checks_next(&checks), overdue_watch_next(&watch));

		assert_false(mono_before(next, now));
		assert_true(rounds++ < 600); /* it does not spin */
		/* The watch never wakes the loop by itself. */
		assert_true(
		        mono_before(checks_next(&checks), overdue_watch_next(&watch)));
		now = next;
		started = watch.started;
		checks_run(&checks, now);
		if (path(0)->outstanding)
			answer(0, PATHCHECK_OK, 0, false, now);
		overdue_watch_run(&watch, now);
		walks += watch.started.us != started.us;
		assert_int_equal(watch.last.total, 0);
	}
	assert_in_range(walks, 1, 600 / 10);
}

/* The results of a batch come after the round of the loop that started it. */
static void a_batch_is_looked_at_with_its_results(void **state)
{
	unsigned walks = 0;

	(void)state;
	(void)add(0);
	overdue_watch_init(&watch, &checks, &events);
	for (struct mono now = t0; mono_before(now, at(600 * SEC));) {
		struct mono started = watch.started;

		/* Not after results either, with a time limit shorter than the interval. */
		assert_true(
		        mono_before(checks_next(&checks), overdue_watch_next(&watch)));
		now = checks_next(&checks);
		checks_run(&checks, now);
		overdue_watch_run(&watch, now);
		if (path(0)->outstanding)
			answer(0, PATHCHECK_OK, 0, false, mono_add(now, 1000));
		overdue_watch_run(&watch, mono_add(now, 1000));
		walks += watch.started.us != started.us;
		assert_int_equal(watch.last.total, 0);
	}
	assert_in_range(walks, 1, 600 / 5);
}

/* After a pause of the whole machine all paths are overdue until their next checks complete. */
static void a_pause_is_not_reported(void **state)
{
	(void)state;
	(void)add(0);
	overdue_watch_init(&watch, &checks, &events);
	run_until(at(SEC));
	answer(0, PATHCHECK_OK, 0, false, at(SEC));
	n_events = 0;
	overdue_watch_run(&watch, at(100 * SEC));
	assert_int_equal(watch.last.total, 1);
	checks_run(&checks, at(100 * SEC));
	answer(0, PATHCHECK_OK, 0, false, at(100 * SEC));
	let_pass(at(100 * SEC), at(102 * SEC));
	assert_int_equal(watch.last.total, 0);
	assert_int_equal(n_events, 0);
}

/* A path that hangs was heard of: its checks time out. */
static void a_hung_path_is_not_overdue(void **state)
{
	struct path *p = path(add(0));

	(void)state;
	overdue_watch_init(&watch, &checks, &events);
	run_until(at(SEC));
	answer(0, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(2 * SEC));
	let_pass(at(2 * SEC), at(100 * SEC));
	assert_int_equal(p->status.state, PATH_DOWN);
	assert_false(path_is_overdue(p, at(100 * SEC)));
	/* Without a prober it is not heard of. */
	engine.tend = -ENOENT;
	let_pass(at(100 * SEC), at(120 * SEC));
	assert_true(path_is_overdue(p, at(120 * SEC)));
	assert_int_equal(watch.last.total, 1);
}

/* A read by a prober that is gone is not about the device. */
static void without_a_prober_timeouts_are_not_counted(void **state)
{
	struct path *p = path(add(0));
	int streak;

	(void)state;
	run_until(at(SEC));
	answer(0, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(2 * SEC));
	streak = p->status.streak;
	engine.tend = -ENOENT;
	checks_maintain(&checks, at(2 * SEC));
	run_until(at(60 * SEC));
	assert_int_equal(p->status.state, PATH_TIMEOUT); /* fail_checks is 2 */
	assert_int_equal(p->status.streak, streak);
}

static void causes_are_distinguished(void **state)
{
	const struct overdue_engine well = { 0 };
	struct path *p = path(add(0));

	(void)state;
	run_until(at(SEC));
	assert_int_equal(overdue_watch_why(p, &well).cause, OVERDUE_NO_RESULT);
	answer(0, PATHCHECK_DEFERRED, 0, false, at(SEC));
	assert_int_equal(overdue_watch_why(p, &well).cause, OVERDUE_DEFERRED);
	answer(0, PATHCHECK_DEFERRED, EMFILE, false, at(SEC));
	assert_int_equal(overdue_watch_why(p, &well).cause, OVERDUE_NOT_JUDGED);
	assert_int_equal(overdue_watch_why(p, &well).error, EMFILE);
	/* A check that is deferred or not judged is not about the path. */
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	answer(0, PATHCHECK_NOT_JUDGED, EACCES, false, at(2 * SEC));
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	run_until(at(7 * SEC));
	answer(0, PATHCHECK_FAILED, EIO, false, at(7 * SEC));
	assert_false(path_is_overdue(p, at(OVERDUE_US)));
	assert_int_equal(overdue_watch_why(p, &well).cause, OVERDUE_NO_RESULT);
}

/* A path that is not checked is not overdue. Its grace starts when it is checked again. */
static void grace_starts_again(void **state)
{
	struct path_settings other = usual;
	struct path *p = path(add(0));

	(void)state;
	assert_false(path_is_overdue(p, at(OVERDUE_US - 1)));
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	checks_disable(&checks, 0, &(struct checks_outage){ .until = MONO_NEVER }, at(0));
	assert_false(path_is_overdue(p, at(1000 * SEC)));
	checks_enable(&checks, 0, false, at(1000 * SEC));
	assert_false(path_is_overdue(p, at(1000 * SEC + OVERDUE_US - 1)));
	assert_true(path_is_overdue(p, at(1000 * SEC + OVERDUE_US)));
	other.interval_us = 6 * SEC;
	/* After a reload an overdue path stays overdue. Before, another timeout moves the time. */
	assert_int_equal(membership_change(&checks, 0, p->device, &other, at(1009 * SEC)),
	                 0);
	assert_true(path_is_overdue(p, at(1009 * SEC)));
	answer(0, PATHCHECK_OK, 0, false, at(1010 * SEC));
	other.timeout_us = 3 * SEC;
	assert_int_equal(membership_change(&checks, 0, p->device, &other, at(1011 * SEC)),
	                 0);
	assert_int_equal(p->overdue_at.us, at(1011 * SEC).us + p->interval_us + 4 * SEC);
	other.checker = CHECKER_NONE;
	assert_int_equal(membership_change(&checks, 0, p->device, &other, at(1012 * SEC)),
	                 0);
	assert_true(mono_is_never(p->overdue_at));
	other.checker = CHECKER_DIRECTIO;
	assert_int_equal(membership_change(&checks, 0, p->device, &other, at(2000 * SEC)),
	                 0);
	assert_false(path_is_overdue(p, at(2001 * SEC)));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(overdue_paths_are_reported),
		TEST(a_healthy_host_is_not_woken),
		TEST(a_batch_is_looked_at_with_its_results),
		TEST(a_pause_is_not_reported),
		TEST(a_hung_path_is_not_overdue),
		TEST(without_a_prober_timeouts_are_not_counted),
		TEST(causes_are_distinguished),
		TEST(grace_starts_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
