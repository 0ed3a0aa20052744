/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the counters of NVMe paths add to the reasons of their states. */
#include "tests/unit/unit.h"

#include <syslog.h>

#include "checkerd/paths/observe.h"
#include "tests/unit/paths/checks-bed.h"
#include "tests/unit/sysfs_tree.h"

static struct sysfs_tree tree;
static int of_kernel;

static int begin(void **state)
{
	int r = setup(state);

	sysfs_tree_make(&tree);
	of_kernel = checks.sys_dev_block;
	checks.sys_dev_block = tree.sys_dev_block;
	return r;
}

static int end(void **state)
{
	checks.sys_dev_block = of_kernel;
	on_event = NULL;
	return sysfs_tree_end(&tree) + teardown(state);
}

/* A counter of the path n: "diag/…" or "../diag/…", which is its controller's. */
static void count(unsigned n, const char *name, unsigned value)
{
	char place[128], text[16];

	(void)snprintf(place, sizeof(place), "devices/nvme%u/nvme%un1/%s", n, n, name);
	if (strncmp(name, "../", 3) == 0)
		(void)snprintf(place, sizeof(place), "devices/nvme%u/%s", n, name + 3);
	(void)snprintf(text, sizeof(text), "%u\n", value);
	sysfs_tree_file(&tree, place, text);
}

static void controller(unsigned n, const char *word)
{
	char place[64], text[32];

	(void)snprintf(place, sizeof(place), "devices/nvme%u/state", n);
	(void)snprintf(text, sizeof(text), "%s\n", word);
	sysfs_tree_file(&tree, place, text);
}

/* On a kernel that has the counters, or on an older one. */
static void make(unsigned n, bool counts)
{
	char name[16], parent[16], number[16];

	(void)snprintf(name, sizeof(name), "nvme%un1", n);
	(void)snprintf(parent, sizeof(parent), "nvme%u", n);
	(void)snprintf(number, sizeof(number), "259:%u", n);
	sysfs_tree_namespace(&tree, parent, name, number);
	controller(n, "live");
	if (!counts)
		return;
	count(n, "diag/command_error_count", 100);
	count(n, "diag/command_retries_count", 200);
	count(n, "../diag/reset_count", 7);
	count(n, "../diag/reconnect_count", 0);
}

static uint32_t add_nvme(unsigned n, uint16_t recover_checks)
{
	char name[16], node[32], host[16];
	const struct device_spec spec = {
		.name = name,
		.node = node,
		.host = host,
		.target = "nqn",
		.devt_major = 259,
		.devt_minor = n,
		.protocol = "nvme:tcp",
		.sysfs_state = "live",
	};
	struct path_settings s = usual;
	struct device *d;
	uint32_t index;

	(void)snprintf(name, sizeof(name), "nvme%un1", n);
	(void)snprintf(node, sizeof(node), "/dev/nvme%un1", n);
	(void)snprintf(host, sizeof(host), "nvme%u", n);
	s.fail_checks = 1;
	s.recover_checks = recover_checks;
	s.checker = CHECKER_NVME;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &s, t0, &index), 0);
	device_unref(d);
	return index;
}

static void check_is(uint32_t p, enum pathcheck_verdict v, int error, int64_t s)
{
	checks_expedite(&checks, p, at(s * SEC));
	answer(p, v, error, false, at(s * SEC));
}

/* Path 0 with its counters, up. */
static uint32_t add_up(void)
{
	uint32_t p;

	make(0, true);
	p = add_nvme(0, 1);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	return p;
}

static void assert_reason(uint32_t p, const char *want)
{
	char text[REASON_TEXT_MAX];

	assert_string_equal(reason_format(&path(p)->status.reason, text, sizeof(text)),
	                    want);
}

static void a_failure_says_what_is_new(void **state)
{
	uint32_t p = add_up();

	(void)state;
	count(0, "diag/command_error_count", 112);
	count(0, "../diag/reset_count", 8);
	controller(0, "resetting");
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_reason(p, "read: Input/output error (EIO); controller resetting; new: 1 "
	                 "reset, 10+ errors");
	/* The event says it, too. */
	report(at(2 * SEC));
	assert_non_null(strstr(last_event.message, "; new: 1 reset, 10+ errors"));
	assert_non_null(strstr(last_event.reason, "; new: 1 reset, 10+ errors"));
}

static void nothing_new_is_not_said(void **state)
{
	uint32_t p = add_up();

	(void)state;
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	assert_reason(p, "read: Input/output error (EIO)");
}

/* Since the path came up: neither a failed check nor a good one begins the counts again. */
static void the_counts_go_on(void **state)
{
	uint32_t p = add_up();
	unsigned events_then;

	(void)state;
	count(0, "diag/command_retries_count", 201);
	check_is(p, PATHCHECK_OK, 0, 2); /* It reads no counter. */
	check_is(p, PATHCHECK_FAILED, EIO, 3);
	assert_reason(p, "read: Input/output error (EIO); new: 1 retry");
	report(at(3 * SEC));
	events_then = n_events;
	for (unsigned i = 4; i < 20; i++) {
		count(0, "diag/command_retries_count", 200 + i);
		check_is(p, PATHCHECK_FAILED, EIO, i);
		report(at(i * SEC));
	}
	assert_reason(p, "read: Input/output error (EIO); new: 10+ retries");
	/* Another number is no event. */
	assert_int_equal(n_events, events_then);
}

static void a_path_that_came_up_begins_again(void **state)
{
	uint32_t p;

	(void)state;
	make(0, true);
	p = add_nvme(0, 2);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	count(0, "../diag/reset_count", 9);
	check_is(p, PATHCHECK_FAILED, EIO, 3);
	assert_reason(p, "read: Input/output error (EIO); new: 2 resets");
	/* It answers, and is not up yet. */
	check_is(p, PATHCHECK_OK, 0, 4);
	assert_int_equal(path(p)->status.state, PATH_DELAYED);
	check_is(p, PATHCHECK_FAILED, EIO, 5);
	assert_reason(p, "read: Input/output error (EIO); new: 2 resets");
	check_is(p, PATHCHECK_OK, 0, 6);
	check_is(p, PATHCHECK_OK, 0, 7);
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_reason(p, "");
	check_is(p, PATHCHECK_FAILED, EIO, 8);
	assert_reason(p, "read: Input/output error (EIO)");
	count(0, "../diag/reset_count", 10);
	check_is(p, PATHCHECK_FAILED, EIO, 9);
	assert_reason(p, "read: Input/output error (EIO); new: 1 reset");
}

static void no_answer_says_it_too(void **state)
{
	uint32_t p = add_up();

	(void)state;
	controller(0, "connecting");
	count(0, "../diag/reconnect_count", 4);
	checks_expedite(&checks, p, at(2 * SEC));
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(4 * SEC));
	assert_reason(p, "no answer to a read in 2 s; controller connecting; new: 3+ "
	                 "reconnects");
	/* The read is still in the kernel when the next check is due. */
	count(0, "../diag/reconnect_count", 12);
	run_until(at(12 * SEC));
	assert_int_equal(path(p)->status.reason.kind, OUTCOME_SILENT);
	assert_reason(p, "no answer to a read in 2 s; controller connecting; new: 10+ "
	                 "reconnects");
}

/* Root may do this. What was counted before is said until there is more. */
static void a_counter_may_begin_at_zero(void **state)
{
	uint32_t p = add_up();

	(void)state;
	count(0, "diag/command_error_count", 0);
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	assert_reason(p, "read: Input/output error (EIO)");
	count(0, "diag/command_error_count", 2);
	check_is(p, PATHCHECK_FAILED, EIO, 3);
	assert_reason(p, "read: Input/output error (EIO); new: 2 errors");
	count(0, "diag/command_error_count", 0);
	check_is(p, PATHCHECK_FAILED, EIO, 4);
	assert_reason(p, "read: Input/output error (EIO); new: 2 errors");
}

static void a_counter_that_goes_is_not_known(void **state)
{
	uint32_t p = add_up();

	(void)state;
	sysfs_tree_file(&tree, "devices/nvme0/nvme0n1/diag/command_error_count", "?\n");
	sysfs_tree_remove(&tree, "devices/nvme0/diag/reset_count");
	count(0, "diag/command_retries_count", 201);
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	assert_reason(p, "read: Input/output error (EIO); new: 1 retry");
	/* And one that comes has no number of before. */
	count(0, "diag/multipath_failover_count", 50);
	check_is(p, PATHCHECK_FAILED, EIO, 3);
	assert_reason(p, "read: Input/output error (EIO); new: 1 retry");
}

static void an_older_kernel_has_none(void **state)
{
	uint32_t p;

	(void)state;
	make(0, false);
	p = add_nvme(0, 1);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	count(0, "diag/command_error_count", 50); /* It cannot come later. */
	checks.states_read = 0;
	check_is(p, PATHCHECK_FAILED, EIO, 2);
	assert_reason(p, "read: Input/output error (EIO)");
	assert_int_equal(checks.states_read, 1); /* the controller's state */
}

/* Another path with the index of the first one begins anew. */
static void a_place_belongs_to_one_path(void **state)
{
	uint32_t p = add_up();

	(void)state;
	assert_int_equal(membership_remove(&checks, p, false, at(2 * SEC)), 0);
	make(1, false);
	assert_int_equal(add_nvme(1, 1), p);
	count(1, "diag/command_error_count", 5000);
	run_until(at(3 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(3 * SEC));
	check_is(p, PATHCHECK_FAILED, EIO, 4);
	assert_reason(p, "read: Input/output error (EIO)");
}

/* The path that came up last has the place of two. */
static void two_paths_may_share_a_place(void **state)
{
	struct diag_watch *w = &checks.diag;
	uint32_t p = add_up();
	unsigned opened = 0;

	(void)state;
	count(0, "diag/command_error_count", 101);
	assert_int_not_equal(
	        diag_watch_counts(w, tree.sys_dev_block, p, path(p), &opened), 0);
	assert_int_equal(opened, NVME_DIAG_ATTRIBUTES);
	(void)diag_watch_begin(w, tree.sys_dev_block, p + DIAG_WATCH_PLACES, path(p));
	assert_int_equal(diag_watch_counts(w, tree.sys_dev_block, p, path(p), &opened),
	                 0);
	assert_int_equal(opened, NVME_DIAG_ATTRIBUTES);
}

/* The counts of one path are not those of the others, and do not divide them. */
static void an_event_of_many_has_no_counts(void **state)
{
	enum { MANY = 8 };

	(void)state;
	for (unsigned n = 0; n < MANY; n++) {
		make(n, true);
		(void)add_nvme(n, 1);
	}
	run_until(at(SEC));
	for (uint32_t p = 0; p < MANY; p++)
		answer(p, PATHCHECK_OK, 0, false, at(SEC));
	report(at(SEC));
	for (uint32_t p = 0; p < MANY; p++) {
		count(p, "diag/command_error_count", 100 + (p + 1) * (p + 1));
		checks_expedite(&checks, p, at(10 * SEC));
		engine.results[engine.n_results++] = (struct pathcheck_result){
			.cookie = engine.cookie[path(p)->engine_id],
			.id = path(p)->engine_id,
			.verdict = PATHCHECK_FAILED,
			.stage = PATHCHECK_STAGE_READ,
			.error = EIO,
		};
	}
	while (results_collect(&checks, at(10 * SEC)) || engine.n_results > 0)
		;
	assert_reason(0, "read: Input/output error (EIO); new: 1 error");
	assert_reason(MANY - 1, "read: Input/output error (EIO); new: 10+ errors");
	report(at(10 * SEC));
	assert_int_equal(last_event.type, EVENT_CAUSE);
	assert_string_equal(last_event.reason, "read: Input/output error (EIO)");
	assert_null(strstr(last_event.message, "mostly"));
	assert_null(strstr(last_event.message, "new"));
}

/* --- native multipathing --- */

static uint32_t add_observed(void)
{
	const struct device_spec spec = { .name = "nvme0n1",
		                          .node = "/sys/class/block/nvme0n1",
		                          .map = "nvme9n1",
		                          .kind = DEVICE_OBSERVED };
	struct path_settings s = usual;
	struct device *d;
	uint32_t index;

	s.fail_checks = 1;
	s.checker = CHECKER_NONE;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(membership_add(&checks, d, &s, t0, &index), 0);
	device_unref(d);
	return index;
}

static void see(struct observe *o, uint32_t p, const char *word, const char *ana,
                int64_t s)
{
	const struct found f = {
		.op = FOUND_STATE,
		.state = { .device = sysfs_word(SYSFS_CONTROLLER, word),
		           .access = sysfs_word(SYSFS_ANA, ana) },
		.last = true,
	};

	observe_take(o, p, &f, at(s * SEC));
}

static void an_observed_path_says_it_too(void **state)
{
	struct observe o;
	uint32_t p;

	(void)state;
	make(0, true);
	count(0, "diag/multipath_failover_count", 20);
	observe_init(&o, &checks);
	p = add_observed();
	see(&o, p, "live", "optimized", 1);
	count(0, "diag/multipath_failover_count", 22);
	see(&o, p, "live", "optimized", 2);
	see(&o, p, "connecting", "optimized", 3);
	assert_reason(p, "controller connecting; new: 2 failovers");
	see(&o, p, "live", "optimized", 4);
	assert_reason(p, "");
	count(0, "diag/multipath_failover_count", 23);
	see(&o, p, "live", "inaccessible", 5);
	assert_reason(p, "ANA state inaccessible; new: 1 failover");
	/* A passive controller stays passive: nothing is read for it. */
	checks.states_read = 0;
	count(0, "diag/multipath_failover_count", 43);
	see(&o, p, "live", "inaccessible", 6);
	assert_int_equal(checks.states_read, 0);
	assert_reason(p, "ANA state inaccessible; new: 1 failover");
	see(&o, p, "dead", "inaccessible", 7);
	assert_reason(p, "controller dead, ANA state inaccessible; new: 10+ failovers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_failure_says_what_is_new, begin, end),
		cmocka_unit_test_setup_teardown(nothing_new_is_not_said, begin, end),
		cmocka_unit_test_setup_teardown(the_counts_go_on, begin, end),
		cmocka_unit_test_setup_teardown(a_path_that_came_up_begins_again, begin,
		                                end),
		cmocka_unit_test_setup_teardown(no_answer_says_it_too, begin, end),
		cmocka_unit_test_setup_teardown(a_counter_may_begin_at_zero, begin, end),
		cmocka_unit_test_setup_teardown(a_counter_that_goes_is_not_known, begin,
		                                end),
		cmocka_unit_test_setup_teardown(an_older_kernel_has_none, begin, end),
		cmocka_unit_test_setup_teardown(a_place_belongs_to_one_path, begin, end),
		cmocka_unit_test_setup_teardown(two_paths_may_share_a_place, begin, end),
		cmocka_unit_test_setup_teardown(an_event_of_many_has_no_counts, begin,
		                                end),
		cmocka_unit_test_setup_teardown(an_observed_path_says_it_too, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
