/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds of paths whose checks run: when a path is checked, what is reported, and what is counted. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/core/policy_rules.h"
#include "tests/unit/paths/checks-bed.h"

static struct path_settings quick(void)
{
	struct path_settings s = usual;

	s.fail_checks = s.recover_checks = 1;
	return s;
}

static uint32_t add_quick(unsigned n)
{
	const struct path_settings s = quick();
	uint32_t p;

	assert_int_equal(try_add(n, &s, &p), 0);
	return p;
}

/* The path's next check has this answer. */
static void checked(uint32_t p, bool good, int64_t us)
{
	if (!path(p)->outstanding)
		checks_expedite(&checks, p, at(us));
	answer(p, good ? PATHCHECK_OK : PATHCHECK_FAILED, good ? 0 : EIO, false, at(us));
}

/* A path that has failed right after it was given back. */
static uint32_t flapping(void)
{
	uint32_t p = add_quick(0);

	checked(p, true, SEC);
	checked(p, false, 2 * SEC);
	checked(p, true, 3 * SEC);
	assert_false(policy_is_held(&path(p)->hold));
	checked(p, false, 4 * SEC);
	return p;
}

static void begin_and_end_are_reported(void **state)
{
	uint32_t p = flapping();

	(void)state;
	assert_int_equal(last_hold.type, EVENT_HOLD);
	assert_int_equal(last_hold.priority, LOG_WARNING);
	assert_string_equal(last_hold.from, "");
	assert_string_equal(last_hold.to, "flapping");
	assert_string_equal(last_hold.message,
	                    "p0: held: flapping: for 60 s at least; it ends when no "
	                    "check has failed for its time");
	assert_int_equal(checks.holds.held[HOLD_FLAPPING], 1);
	assert_int_equal(checks.holds.begun[HOLD_FLAPPING], 1);
	checked(p, true, 5 * SEC);
	assert_true(policy_is_held(&path(p)->hold));
	checked(p, true, 65 * SEC);
	assert_int_equal(last_hold.type, EVENT_HOLD);
	assert_int_equal(last_hold.priority, LOG_NOTICE);
	assert_string_equal(last_hold.message, "p0: held no longer: flapping, for 61 s");
	assert_int_equal(checks.holds.held[HOLD_FLAPPING], 0);
	assert_int_equal(checks.holds.held[HOLD_NONE], 0);
}

/* A held path is checked in its shortest interval, so that the hold ends in time. */
static void a_held_path_is_checked_often(void **state)
{
	uint32_t p = flapping();

	(void)state;
	for (unsigned i = 5; i < 60; i += 5)
		checked(p, true, i * SEC);
	assert_int_equal(path(p)->interval_us, usual.interval_us);
	checked(p, true, 70 * SEC);
	checked(p, true, 75 * SEC);
	assert_true(path(p)->interval_us > usual.interval_us);
}

static void a_sample_is_ten_checks_a_second(void **state)
{
	const struct policy_words w = {
		.marginal_path_double_failed_time_us = 60 * SEC,
		.marginal_path_err_sample_time_us = 120 * SEC,
		.marginal_path_err_rate_threshold = 10,
		.marginal_path_err_recheck_gap_time_us = 300 * SEC,
	};
	const struct policy_rule r = policy_rule_of(&w, SEC);
	struct path_settings s = quick();
	uint32_t p;

	(void)state;
	s.rule = policy_rules_add(&r);
	assert_int_equal(try_add(0, &s, &p), 0);
	checked(p, true, SEC);
	checked(p, false, 2 * SEC);
	checked(p, true, 3 * SEC);
	checked(p, false, 4 * SEC);
	assert_int_equal(policy_why(&path(p)->hold), HOLD_MARGINAL_PATH);
	assert_int_equal(path(p)->interval_us, 5 * SEC);
	checked(p, true, 5 * SEC);
	assert_int_equal(checks.holds.sampled, 1);
	assert_int_equal(path(p)->interval_us, POLICY_SAMPLE_US);
	assert_true(path(p)->due.us <=
	            at(5 * SEC + POLICY_SAMPLE_US).us + SCHEDULE_GRID_US);
	for (unsigned i = 1; i <= 1200; i++)
		checked(p, i % 200 != 0, 5 * SEC + i * POLICY_SAMPLE_US);
	assert_false(policy_is_held(&path(p)->hold));
	assert_int_equal(checks.holds.sampled, 0);
	assert_true(path(p)->interval_us >= 5 * SEC);
	policy_rules_reset();
}

static void a_path_that_goes_is_not_counted(void **state)
{
	uint32_t p = flapping();

	(void)state;
	assert_int_equal(membership_remove(&checks, p, true, at(5 * SEC)), 0);
	assert_int_equal(checks.holds.held[HOLD_FLAPPING], 0);
	assert_int_equal(checks.holds.held[HOLD_NONE], 0);
	/* Another one in its place is not held. */
	p = add_quick(1);
	checked(p, true, 6 * SEC);
	assert_false(policy_is_held(&path(p)->hold));
}

static void another_rule_ends_the_hold(void **state)
{
	const struct policy_words off = { 0 };
	const struct policy_rule r = policy_rule_of(&off, SEC);
	uint32_t p = flapping();
	struct path_settings s = quick();

	(void)state;
	s.rule = policy_rules_add(&r);
	assert_int_equal(membership_change(&checks, p, path(p)->device, &s, at(5 * SEC)),
	                 0);
	assert_false(policy_is_held(&path(p)->hold));
	report(at(5 * SEC));
	assert_string_equal(last_hold.message, "p0: held no longer: flapping, for 1 s");
	policy_rules_reset();
}

static void a_mark_is_reported_with_its_end(void **state)
{
	uint32_t p = add_quick(0);

	(void)state;
	checked(p, true, SEC);
	holds_mark(&checks.holds, p, path(p), MARK_BY_HAND, true, at(2 * SEC));
	report(at(2 * SEC));
	assert_string_equal(last_hold.message,
	                    "p0: held: by_hand: it ends with checkerctl unsetmarginal");
	holds_mark(&checks.holds, p, path(p), MARK_SLOW, true, at(3 * SEC));
	assert_int_equal(checks.holds.held[HOLD_BY_HAND], 1);
	holds_pardon(&checks.holds, p, path(p), at(4 * SEC));
	assert_int_equal(checks.holds.held[HOLD_BY_HAND], 0);
	assert_int_equal(checks.holds.held[HOLD_SLOW], 1);
	assert_string_equal(last_hold.from, "by_hand");
	assert_string_equal(last_hold.to, "slow");
}

/* A folder in place of /sys/dev/block, and the state of one remote port. */
static char sys_root[] = "/tmp/test-holds-XXXXXX";

static void write_port_state(const char *text)
{
	char name[128];
	FILE *f;

	(void)snprintf(name, sizeof(name),
	               "%s/class/fc_remote_ports/rport-3:0-1/port_state", sys_root);
	f = fopen(name, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) > 0);
	assert_int_equal(fclose(f), 0);
}

static int with_port(void **state)
{
	char command[256];

	if (mkdtemp(sys_root) == NULL)
		return -1;
	(void)snprintf(command, sizeof(command),
	               "mkdir -p %s/dev/block %s/class/fc_remote_ports/rport-3:0-1",
	               sys_root, sys_root);
	return system(command) != 0 || setup(state) != 0;
}

static int without_port(void **state)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "rm -rf %s", sys_root);
	return (system(command) != 0) | teardown(state);
}

static uint32_t add_over_port(unsigned n)
{
	const struct path_settings s = quick();
	char node[32];
	const struct device_spec spec = { .name = node + strlen("/dev/"),
		                          .node = node,
		                          .devt_major = 8,
		                          .devt_minor = n,
		                          .protocol = "scsi:fcp",
		                          .sysfs_state = "running",
		                          .transport = "rport-3:0-1" };
	struct device *d;
	uint32_t p;

	(void)snprintf(node, sizeof(node), "/dev/sd%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &s, t0, &p), 0);
	device_unref(d);
	return p;
}

static void a_marginal_port_holds_its_paths(void **state)
{
	char name[128];
	struct policy_rule rule;
	uint32_t a = add_over_port(1), b = add_over_port(2);

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/dev/block", sys_root);
	if (checks.sys_dev_block >= 0)
		close(checks.sys_dev_block);
	checks.sys_dev_block = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	write_port_state("Online\n");
	checked(a, true, SEC);
	checked(b, true, SEC);
	assert_false(policy_is_held(&path(a)->hold));
	write_port_state("Marginal\n");
	checked(a, true, 2 * SEC); /* What was read a second ago counts. */
	assert_false(policy_is_held(&path(a)->hold));
	checked(a, true, 4 * SEC);
	checked(b, true, 4 * SEC);
	assert_int_equal(policy_why(&path(a)->hold), HOLD_PORT_STATE);
	assert_int_equal(policy_why(&path(b)->hold), HOLD_PORT_STATE);
	write_port_state("Online\n");
	checked(a, true, 9 * SEC);
	checked(b, true, 9 * SEC);
	assert_false(policy_is_held(&path(a)->hold));
	assert_false(policy_is_held(&path(b)->hold));
	/* marginal_port no: the state is shown, and nothing follows. A hold that there is ends. */
	checked(a, true, 14 * SEC); /* It is given back. */
	write_port_state("Marginal\n");
	checked(a, true, 1000 * SEC);
	assert_int_equal(policy_why(&path(a)->hold), HOLD_PORT_STATE);
	rule = *policy_rules_get((uint8_t)path(a)->settings.rule);
	rule.marginal_port = false;
	path(a)->settings.rule = policy_rules_add(&rule);
	path(b)->settings.rule = path(a)->settings.rule;
	checked(a, true, 1005 * SEC);
	checked(b, true, 1005 * SEC);
	assert_false(policy_is_held(&path(a)->hold));
	assert_false(policy_is_held(&path(b)->hold));
	assert_string_equal(sysfs_word_text(path(a)->sysfs.transport), "Marginal");
	policy_rules_reset();
}

static void every_check_counts_in_the_share(void **state)
{
	uint32_t p = add_quick(0);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		checked(p, i % 5 != 0, (i + 1) * SEC);
	assert_int_equal(error_share_checks(&path(p)->share), 10);
	assert_int_equal(error_share_permille(&path(p)->share), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(begin_and_end_are_reported),
		TEST(a_held_path_is_checked_often),
		TEST(a_sample_is_ten_checks_a_second),
		TEST(a_path_that_goes_is_not_counted),
		TEST(another_rule_ends_the_hold),
		TEST(a_mark_is_reported_with_its_end),
		TEST(every_check_counts_in_the_share),
		cmocka_unit_test_setup_teardown(a_marginal_port_holds_its_paths,
		                                with_port, without_port),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
