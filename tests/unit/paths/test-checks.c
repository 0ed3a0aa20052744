/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedule, states and counters of checks over a fake engine and a virtual clock. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/paths/checks-bed.h"
#include "tests/unit/disk.h"

/* Otherwise the engine would defer most of them each time. */
static void limited_paths_are_not_due_together(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HOST_CAP + 1; i++)
		(void)add(i);
	run_until(t0);
	assert_int_equal(engine.n_asked, HOST_CAP);
	run_until(at(CHECKS_FIRST_PASS_US + SCHEDULE_GRID_US));
	assert_int_equal(engine.n_asked, HOST_CAP + 1);
}

static void first_checks_come_soon_and_not_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PATHS; i++)
		(void)add(i);
	run_until(t0);
	assert_true(engine.n_asked <= SCHEDULE_SHARE && SCHEDULE_SHARE < PATHS / 2);
	run_until(at(CHECKS_FIRST_PASS_US + SCHEDULE_GRID_US));
	assert_int_equal(engine.n_asked, PATHS);
	assert_int_equal(checks.by_state[PATH_PENDING], PATHS);
	assert_false(checks_all_answered(&checks));
	for (unsigned i = 0; i < PATHS; i++)
		answer(i, PATHCHECK_OK, 0, false, at(SEC));
	assert_true(checks_all_answered(&checks));
	/* From now on each has its own due time in the interval. */
	run_until(at(SEC + 5 * SEC / 2));
	assert_in_range(engine.n_asked, PATHS + PATHS / 3, PATHS + PATHS * 2 / 3);
}

static void intervals_of_healthy_paths_double(void **state)
{
	uint32_t p = add(0);

	(void)state;
	for (int i = 0; i < 4; i++) {
		run_until(checks_next(&checks));
		answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	}
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->interval_us, 20 * SEC);
	assert_int_equal(path(p)->latency.samples, 4);
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_FAILED, EIO, false, mono_add(path(p)->started, 1000));
	assert_int_equal(path(p)->interval_us, 5 * SEC);
	/* The shorter interval is effective at once. */
	assert_true(mono_diff(path(p)->due, path(p)->started) <=
	            5 * SEC + SCHEDULE_GRID_US);
}

static void a_hung_path_is_down_and_a_late_answer_brings_it_up(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	run_until(at(7 * SEC));
	assert_int_equal(engine.n_asked, 2);
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(9 * SEC));
	assert_int_equal(path(p)->status.state, PATH_TIMEOUT);
	assert_int_equal(n_completed, 2);
	run_until(at(30 * SEC));
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_int_equal(engine.n_asked,
	                 2); /* no second request while the first one hangs */
	assert_int_equal(path(p)->counters.timeouts, 1);
	answer(p, PATHCHECK_OK, 0, true, at(31 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(checks.outstanding, 0);
	run_until(at(37 * SEC));
	assert_int_equal(engine.n_asked, 3);
}

static void a_deferred_check_is_not_about_the_device(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_DEFERRED, 0, false, at(SEC));
	run_until(at(60 * SEC));
	assert_int_equal(path(p)->status.state, PATH_PENDING);
	assert_int_equal(path(p)->counters.deferred, 1);
	assert_int_equal(engine.n_asked, 1);
	assert_int_equal(n_events, 0);
	answer(p, PATHCHECK_OK, 0, false, at(61 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
}

static void a_device_error_fails_no_path(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_DEVICE_ERROR, ENODATA, false, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(n_events, 1);
	assert_string_equal(last_event.to, "up");
	assert_string_equal(last_event.message,
	                    "p0: read: the device answered: Medium error (ENODATA); the "
	                    "path stays up: examine the device");
	for (int i = 0; i < 3; i++) {
		run_until(checks_next(&checks));
		answer(p, PATHCHECK_DEVICE_ERROR, ENODATA, false, checks_next(&checks));
	}
	assert_int_equal(n_events, 1);
	assert_int_equal(path(p)->interval_us, 20 * SEC); /* healthy */
	assert_int_equal(path(p)->counters.device_errors, 4);
	assert_int_equal(path(p)->counters.failures, 0);
	assert_int_equal(path(p)->status.verdict, VERDICT_USABLE);
}

static void a_unit_that_is_not_there_is_disconnected(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_DISCONNECTED, EREMOTEIO, false, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_DISCONNECTED);
	assert_int_equal(path(p)->status.verdict, VERDICT_UNUSABLE);
	assert_int_equal(path(p)->counters.failures, 1);
	assert_string_equal(last_event.reason, "the target has no such unit");
}

static void a_check_that_is_not_judged_changes_no_state(void **state)
{
	uint32_t p = add(0);
	struct mono last;

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	last = path(p)->last;
	for (int i = 0; i < 3; i++) {
		run_until(checks_next(&checks));
		answer(p, PATHCHECK_NOT_JUDGED, EACCES, false, checks_next(&checks));
	}
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->counters.failures, 0);
	assert_int_equal(path(p)->counters.deferred, 3);
	assert_int_equal(path(p)->shortage, EACCES);
	assert_int_equal(path(p)->last.us, last.us);
	assert_false(path(p)->outstanding);
	assert_int_equal(n_completed, 4);
	/* Reported once, with the remedy. */
	assert_int_equal(n_events, 1);
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_non_null(strstr(last_event.message, "Permission denied (EACCES); let "
	                                           "checkerd open the device"));
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	assert_int_equal(path(p)->shortage, 0);
}

static void each_shortage_has_its_remedy(void **state)
{
	static const struct {
		int error;
		const char *remedy;
	} cases[] = {
		{ EACCES, "DeviceAllow=" },
		{ EPERM, "capabilities" },
		{ ELOOP, "symbolic links" },
		{ EMFILE, "LimitNOFILE=" },
		{ ENFILE, "fs.file-max" },
		{ ENOMEM, "MemoryMax=" },
		{ EOPNOTSUPP, "another path_checker" },
		{ EINVAL, "Invalid argument (EINVAL)" },
	};
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		answer(p, PATHCHECK_DEFERRED, cases[i].error, false, at(SEC));
		assert_int_equal(n_events, i + 1);
		assert_non_null(strstr(last_event.message, cases[i].remedy));
		assert_int_equal(path(p)->shortage, cases[i].error);
	}
	answer(p, PATHCHECK_DEFERRED, ENOMEM, false, at(2 * SEC));
	assert_int_equal(n_events, ARRAY_LEN(cases)); /* the same remedy */
	answer(p, PATHCHECK_DEFERRED, ENOMEM, false, at(700 * SEC));
	assert_non_null(strstr(last_event.message, "(1 more since"));
}

static void a_full_engine_is_retried(void **state)
{
	uint32_t p = add(0), index;

	(void)state;
	engine.room = 0;
	checks_run(&checks, at(SEC));
	assert_int_equal(engine.n_asked, 0);
	assert_int_equal(path(p)->status.state, PATH_UNCHECKED);
	assert_int_equal(checks_next(&checks).us, at(SEC + CHECKS_RETRY_US).us);
	assert_int_equal(try_add(1, &usual, &index), -EAGAIN);
	assert_int_equal(membership_remove(&checks, p, true, at(SEC)), -EAGAIN);
	assert_int_equal(registry_count(checks.registry), 1);
	checks_flush(&checks, at(SEC));
	assert_false(mono_is_never(checks.maintain_at)); /* the prober may have died */
	engine.room = 9;
	run_until(at(SEC + 2 * CHECKS_RETRY_US));
	assert_int_equal(engine.n_asked, 1);
}

/* --- states in a sysfs of the test --- */

static char sys_root[32];

/* Replaces /sys/dev/block with an empty directory. */
static void make_sysfs(void)
{
	(void)snprintf(sys_root, sizeof(sys_root), "/tmp/test-checks-XXXXXX");
	assert_non_null(mkdtemp(sys_root));
	if (checks.sys_dev_block >= 0)
		close(checks.sys_dev_block);
	checks.sys_dev_block = open(sys_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(checks.sys_dev_block >= 0);
}

/* Writes an attribute of disk 8:minor. */
static void set_attribute(uint32_t minor, const char *attribute, const char *word)
{
	char name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "8:%u", minor);
	(void)mkdirat(checks.sys_dev_block, name, 0755);
	(void)snprintf(name, sizeof(name), "8:%u/device", minor);
	(void)mkdirat(checks.sys_dev_block, name, 0755);
	(void)snprintf(name, sizeof(name), "8:%u/device/%s", minor, attribute);
	fd = openat(checks.sys_dev_block, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, word, strlen(word)), strlen(word));
	close(fd);
}

static void set_state(uint32_t minor, const char *word)
{
	set_attribute(minor, "state", word);
}

static void unmake_sysfs(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", sys_root);
	assert_int_equal(system(command), 0);
}

static uint32_t add_disk(uint32_t minor)
{
	struct device *d = disk_new(minor, "running");
	uint32_t index;

	set_state(minor, "running");
	assert_int_equal(membership_add(&checks, d, &usual, t0, &index), 0);
	device_unref(d);
	return index;
}

static void the_state_of_sysfs_is_part_of_the_reason(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	set_state(0, "offline\n");
	run_until(at(7 * SEC));
	/* The state was good when it was last read. */
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	answer(p, PATHCHECK_FAILED, EIO, false, at(7 * SEC));
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "offline");
	assert_string_equal(last_event.reason,
	                    "read: Input/output error (EIO); device offline");
	set_state(0, "running\n");
	run_until(at(13 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(13 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	assert_string_equal(last_event.reason, "");
	unmake_sysfs();
}

/* A controller may answer before its state is good. */
static void a_state_is_read_until_it_is_good(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	set_state(0, "blocked\n");
	run_until(at(SEC));
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(3 * SEC));
	answer(p, PATHCHECK_OK, 0, true, at(4 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "blocked");
	set_state(0, "running\n");
	run_until(at(10 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(10 * SEC));
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	unmake_sysfs();
}

/* The transport gives up long after the check timed out. */
static void the_state_of_a_timed_out_path_is_read_again(void **state)
{
	struct device *d;
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	run_until(at(SEC));
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(3 * SEC));
	assert_string_equal(last_event.reason, "no answer to a read in 2 s");
	set_state(0, "transport-offline\n");
	run_until(at(30 * SEC));
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_string_equal(last_event.reason,
	                    "no answer to a read in 2 s; device transport-offline");
	/* The state of a uevent is stored too. */
	d = device_ref(path(p)->device);
	assert_int_equal(membership_change(&checks, p, d, &usual, at(30 * SEC)), 0);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	device_unref(d);
	unmake_sysfs();
}

static void a_passive_port_makes_a_ghost(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	set_attribute(0, "access_state", "standby\n");
	run_until(at(SEC));
	for (int i = 0; i < 3; i++) {
		answer(p, PATHCHECK_FAILED, EIO, false, checks_next(&checks));
		assert_int_equal(path(p)->status.state, PATH_GHOST);
		run_until(checks_next(&checks));
	}
	assert_int_equal(path(p)->status.verdict, VERDICT_USABLE);
	assert_int_equal(path(p)->counters.failures,
	                 0); /* standby ports fail reads by design */
	set_attribute(0, "access_state", "transitioning\n");
	answer(p, PATHCHECK_FAILED, EIO, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_GHOST);
	assert_int_equal(path(p)->counters.deferred, 1);
	set_attribute(0, "access_state", "active/optimized\n");
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.access), "active/optimized");
	unmake_sysfs();
}

/* udev or a container removed the name, but the kernel has the device. */
static void a_missing_name_is_not_about_the_device(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_FAILED, ENOENT, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state,
	                 PATH_SHAKY); /* the error of a read is about the device */
	answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	n_events = 0;
	run_until(checks_next(&checks));
	answer_at(PATHCHECK_STAGE_OPEN, p, PATHCHECK_FAILED, ENOENT, false,
	          checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->shortage, ENOENT);
	assert_int_equal(n_events, 1);
	assert_non_null(strstr(last_event.message, "udevadm trigger"));
	unmake_sysfs(); /* now the kernel has no such device */
	run_until(checks_next(&checks));
	answer_at(PATHCHECK_STAGE_OPEN, p, PATHCHECK_FAILED, ENOENT, false,
	          checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_REMOVED);
}

/* Reading sysfs takes time. */
static void many_failures_are_applied_in_slices(void **state)
{
	unsigned slices = 0;
	bool more = true;

	(void)state;
	make_sysfs();
	for (uint32_t i = 0; i < PATHS; i++)
		(void)add_disk(i);
	run_until(at(SEC));
	for (uint32_t i = 0; i < PATHS; i++)
		engine.results[engine.n_results++] = (struct pathcheck_result){
			.cookie = engine.cookie[path(i)->engine_id],
			.verdict = PATHCHECK_FAILED,
			.error = EIO,
		};
	for (; more; slices++) {
		more = results_collect(&checks, at(SEC));
		assert_in_range(checks.states_read, 0,
		                CHECKS_STATES_SLICE + 2 * RESULTS_BATCH);
	}
	assert_int_equal(checks.by_state[PATH_SHAKY], PATHS);
	assert_true(slices > PATHS / (CHECKS_STATES_SLICE + RESULTS_BATCH));
	unmake_sysfs();
}

/* The loop needs no further round to learn that nothing is left. */
static void a_slice_of_results_is_one_round(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < CHECKS_SLICE; i++)
		(void)add(i);
	run_until(at(SEC));
	for (uint32_t i = 0; i < CHECKS_SLICE; i++)
		engine.results[engine.n_results++] = (struct pathcheck_result){
			.cookie = engine.cookie[path(i)->engine_id],
			.verdict = PATHCHECK_OK,
		};
	assert_false(results_collect(&checks, at(SEC)));
	assert_int_equal(checks.by_state[PATH_UP], CHECKS_SLICE);
}

static void results_for_a_removed_path_are_dropped(void **state)
{
	uint32_t p = add(0);
	uint64_t old = engine.cookie[0];

	(void)state;
	run_until(at(SEC));
	assert_int_equal(membership_remove(&checks, p, false, at(SEC)), 0);
	assert_int_equal(completed_error, ESTALE);
	assert_int_equal(checks.outstanding, 0);
	assert_int_equal(add(1), p); /* the same index */
	engine.results[0] = (struct pathcheck_result){ .cookie = old,
		                                       .verdict = PATHCHECK_FAILED,
		                                       .error = EIO };
	engine.n_results = 1;
	(void)results_collect(&checks, at(SEC));
	assert_int_equal(checks.stale, 1);
	assert_int_equal(path(p)->status.state, PATH_UNCHECKED);
}

static void a_removed_device_is_reported(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	assert_int_equal(membership_remove(&checks, p, true, at(SEC)), 0);
	report(at(SEC));
	assert_string_equal(last_event.to, "removed");
	assert_null(path(p));
	assert_int_equal(checks.by_state[PATH_REMOVED], 0);
	assert_true(mono_is_never(checks_next(&checks)));
}

static void disabled_paths_are_not_checked(void **state)
{
	uint32_t p = add(0);

	(void)state;
	checks_disable(&checks, p, &(struct checks_outage){ .until = at(60 * SEC) },
	               at(0));
	run_until(at(59 * SEC));
	assert_int_equal(engine.n_asked, 0);
	run_until(at(60 * SEC + SCHEDULE_GRID_US));
	assert_int_equal(engine.n_asked, 1);
	assert_true(path(p)->enabled);
	answer(p, PATHCHECK_OK, 0, false, at(61 * SEC));

	checks_disable(&checks, p, &(struct checks_outage){ .until = MONO_NEVER }, at(0));
	run_until(at(600 * SEC));
	assert_int_equal(engine.n_asked, 1);
	checks_enable(&checks, p, false, at(600 * SEC));
	assert_int_equal(engine.n_asked, 2);
}

static void a_disabled_path_is_counted_apart(void **state)
{
	uint32_t n[PATH_KINDS];

	(void)state;
	(void)add(0);
	(void)add(1);
	run_until(at(SEC));
	answer(0, PATHCHECK_OK, 0, false, at(SEC));
	assert_false(checks_all_answered(&checks));
	checks_disable(&checks, 1, &(struct checks_outage){ .until = MONO_NEVER }, at(0));
	assert_true(checks_all_answered(&checks));        /* no client waits */
	answer(1, PATHCHECK_FAILED, EIO, false, at(SEC)); /* it was outstanding */
	checks_disable(&checks, 1, &(struct checks_outage){ .until = MONO_NEVER }, at(0));
	checks_count(&checks, n);
	assert_int_equal(n[PATH_KIND_DISABLED], 1);
	assert_int_equal(n[PATH_UP], 1);
	assert_int_equal(n[PATH_SHAKY], 0);
	checks_enable(&checks, 1, false, at(2 * SEC));
	checks_count(&checks, n);
	assert_int_equal(n[PATH_KIND_DISABLED], 0);
	assert_int_equal(n[PATH_SHAKY], 1);
	checks_disable(&checks, 1, &(struct checks_outage){ .until = MONO_NEVER }, at(0));
	assert_int_equal(membership_remove(&checks, 1, false, at(3 * SEC)), 0);
	checks_count(&checks, n);
	assert_int_equal(n[PATH_KIND_DISABLED], 0);
	assert_int_equal(n[PATH_SHAKY], 0);
}

static void an_expedited_check_does_not_move_the_others(void **state)
{
	uint32_t p = add(0);
	struct mono due;

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	due = path(p)->due;
	checks_expedite(&checks, p, at(SEC + 1));
	checks_expedite(&checks, p, at(SEC + 2)); /* it is outstanding already */
	assert_int_equal(engine.n_asked, 2);
	assert_int_equal(path(p)->due.us, due.us);
}

static void a_path_without_checker_delays_nothing(void **state)
{
	struct path_settings none = usual;
	uint32_t p;

	(void)state;
	none.checker = CHECKER_NONE;
	assert_int_equal(try_add(0, &none, &p), 0);
	assert_true(checks_all_answered(&checks));
	assert_true(mono_is_never(checks_next(&checks)));
	/* A reload gives it a checker. */
	assert_int_equal(membership_change(&checks, p, path(p)->device, &usual, t0), 0);
	run_until(at(5 * SEC));
	assert_int_equal(engine.n_asked, 1);
}

static void new_settings_keep_the_state(void **state)
{
	struct path_settings faster = usual;
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	faster.interval_us = SEC;
	faster.max_interval_grid = path_max_interval_grid(SEC);
	assert_int_equal(membership_change(&checks, p, path(p)->device, &faster, at(SEC)),
	                 0);
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->counters.checks, 1);
	assert_int_equal(path(p)->interval_us, SEC);
	assert_true(mono_diff(path(p)->due, at(SEC)) <= SEC + SCHEDULE_GRID_US);
}

static void a_replaced_prober_is_reported_and_changes_no_state(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	assert_false(mono_is_never(checks.maintain_at));
	engine.tend = 1;
	checks_maintain(&checks, at(2 * SEC));
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_int_equal(path(p)->status.state, PATH_PENDING);
	assert_int_equal(checks.replaced.us, at(2 * SEC).us);
	/* A prober that cannot be started is reported once. */
	engine.tend = -ENOENT;
	n_events = 0;
	checks_maintain(&checks, at(3 * SEC));
	checks_maintain(&checks, at(4 * SEC));
	assert_int_equal(n_events, 1);
}

static void targets_are_distinguished(void **state)
{
	static const char *const names[] = { NULL, "0x5000", "0x5001", "0x5000" };
	struct device *d;
	uint32_t index;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		char name[16];
		const struct device_spec spec = { .name = name,
			                          .node = name,
			                          .target = names[i] };

		(void)snprintf(name, sizeof(name), "/p%u", i);
		assert_int_equal(device_new(&d, &spec), 0);
		assert_int_equal(membership_add(&checks, d, &usual, t0, &index), 0);
		device_unref(d);
		assert_in_range(engine.target[i], i > 0, PATHCHECK_HOSTS_MAX - 1);
	}
	assert_int_equal(engine.target[0], 0);
	assert_int_not_equal(engine.target[1], engine.target[2]);
	assert_int_equal(engine.target[1], engine.target[3]);
}

/* Through each session or controller is another port of it. */
static void targets_of_many_ports_are_distinguished(void **state)
{
	static const struct {
		const char *protocol;
		uint32_t host;
	} of[] = { { "nvme:tcp", 7 },   { "nvme:tcp", 8 },   { "nvme:tcp", 7 },
		   { "scsi:iscsi", 7 }, { "scsi:iscsi", 9 }, { "scsi:fcp", 7 },
		   { "scsi:fcp", 8 } };
	struct device *d;
	uint32_t index;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(of); i++) {
		char name[16];
		const struct device_spec spec = { .name = name,
			                          .node = name,
			                          .target = "the target",
			                          .protocol = of[i].protocol,
			                          .host_key = of[i].host };

		(void)snprintf(name, sizeof(name), "/p%u", i);
		assert_int_equal(device_new(&d, &spec), 0);
		assert_int_equal(membership_add(&checks, d, &usual, t0, &index), 0);
		device_unref(d);
		assert_in_range(engine.target[i], 1, PATHCHECK_HOSTS_MAX - 1);
	}
	assert_int_not_equal(engine.target[0], engine.target[1]);
	assert_int_equal(engine.target[0], engine.target[2]);
	assert_int_not_equal(engine.target[3], engine.target[4]);
	assert_int_equal(engine.target[5], engine.target[6]);
}

static void waking_without_a_result_starts_maintenance(void **state)
{
	(void)state;
	assert_true(mono_is_never(checks.maintain_at));
	(void)results_collect(&checks, at(5));
	assert_int_equal(checks.maintain_at.us, at(5).us);
}

static void without_outstanding_checks_nothing_wakes_the_loop(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	checks_flush(&checks, at(SEC));
	checks_maintain(&checks, at(0));
	checks.maintained = (struct mono){ 0 };
	assert_int_equal(checks.maintain_at.us, at(CHECKS_MAINTAIN_US).us);
	answer(p, PATHCHECK_OK, 0, false, at(1));
	checks_flush(&checks, at(1));
	/* Maintenance is due together with the result. */
	assert_int_equal(checks.maintain_at.us, at(1).us);
	checks_maintain(&checks, at(SEC + 1));
	assert_true(mono_is_never(checks.maintain_at));
	/* The next result follows shortly: no maintenance is due. */
	checks_expedite(&checks, p, at(SEC + 2));
	checks_flush(&checks, at(SEC + 2));
	answer(p, PATHCHECK_OK, 0, false, at(SEC + 3));
	checks_flush(&checks, at(SEC + 3));
	assert_true(mono_is_never(checks.maintain_at));
	/* While a check is outstanding, maintenance repeats. */
	checks_expedite(&checks, p, at(SEC + 4));
	checks_flush(&checks, at(SEC + 4));
	checks_maintain(&checks, at(2 * SEC));
	assert_int_equal(checks.maintain_at.us, at(2 * SEC + CHECKS_MAINTAIN_US).us);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limited_paths_are_not_due_together,
		                                setup_capped, teardown),
		TEST(first_checks_come_soon_and_not_at_once),
		TEST(intervals_of_healthy_paths_double),
		TEST(a_hung_path_is_down_and_a_late_answer_brings_it_up),
		TEST(a_deferred_check_is_not_about_the_device),
		TEST(a_device_error_fails_no_path),
		TEST(a_unit_that_is_not_there_is_disconnected),
		TEST(a_check_that_is_not_judged_changes_no_state),
		TEST(each_shortage_has_its_remedy),
		TEST(a_passive_port_makes_a_ghost),
		TEST(a_missing_name_is_not_about_the_device),
		TEST(a_full_engine_is_retried),
		TEST(the_state_of_sysfs_is_part_of_the_reason),
		TEST(the_state_of_a_timed_out_path_is_read_again),
		TEST(a_state_is_read_until_it_is_good),
		TEST(many_failures_are_applied_in_slices),
		TEST(a_slice_of_results_is_one_round),
		TEST(results_for_a_removed_path_are_dropped),
		TEST(a_removed_device_is_reported),
		TEST(disabled_paths_are_not_checked),
		TEST(a_disabled_path_is_counted_apart),
		TEST(an_expedited_check_does_not_move_the_others),
		TEST(a_path_without_checker_delays_nothing),
		TEST(new_settings_keep_the_state),
		TEST(a_replaced_prober_is_reported_and_changes_no_state),
		TEST(targets_are_distinguished),
		TEST(targets_of_many_ports_are_distinguished),
		TEST(waking_without_a_result_starts_maintenance),
		TEST(without_outstanding_checks_nothing_wakes_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
