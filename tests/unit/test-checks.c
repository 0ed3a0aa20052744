/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The round of checks over an engine that does what the test says, at the test's time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "checkerd/daemon/checks.h"
#include "checkerd/daemon/hint.h"
#include "checkerd/daemon/overdue_watch.h"
#include "tests/unit/disk.h"

#define PATHS 600
#define SEC   USEC_PER_SEC

/* --- the engine --- */

struct pathcheck {
	uint32_t next_id, n_asked, n_identified, flushes, removed;
	uint64_t cookie[PATHS];
	uint32_t target[PATHS], flags[PATHS];
	uint32_t room; /* commands it takes before -EAGAIN */
	int tend;
	struct pathcheck_result results[PATHS];
	size_t n_results;
	struct pathcheck_stats stats;
	struct pathcheck_group group;
	struct pathcheck_opened opened; /* of each path */
};

static struct pathcheck engine;

static int take_room(void)
{
	return engine.room > 0 ? (int)(engine.room--, 0) : -EAGAIN;
}

void pathcheck_options_init(struct pathcheck_options *o)
{
	*o = (struct pathcheck_options){ .size = sizeof(*o) };
}

int pathcheck_new(struct pathcheck **ret, const struct pathcheck_options *o)
{
	assert_int_equal(o->mode, PATHCHECK_PROCESS);
	engine = (struct pathcheck){ .room = UINT32_MAX };
	*ret = &engine;
	return 0;
}

const char *pathcheck_program(const struct pathcheck_options *o)
{
	(void)o;
	return "the engine";
}

struct pathcheck *pathcheck_free(struct pathcheck *pc)
{
	(void)pc;
	return NULL;
}

int pathcheck_add(struct pathcheck *pc, const struct pathcheck_path *p, uint32_t *ret_id)
{
	int r = take_room();

	if (r < 0)
		return r;
	pc->cookie[pc->next_id] = p->cookie;
	pc->target[pc->next_id] = p->target;
	pc->flags[pc->next_id] = p->flags;
	*ret_id = pc->next_id++;
	return 0;
}

int pathcheck_remove(struct pathcheck *pc, uint32_t id)
{
	int r = take_room();

	(void)id;
	pc->removed += r == 0;
	return r;
}

int pathcheck_check(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = take_room();

	assert_true(timeout_us > 0);
	assert_true(id < pc->next_id);
	pc->n_asked += r == 0;
	return r;
}

int pathcheck_identify(struct pathcheck *pc, uint32_t id, uint64_t timeout_us)
{
	int r = pathcheck_check(pc, id, timeout_us);

	pc->n_identified += r == 0;
	return r;
}

void pathcheck_flush(struct pathcheck *pc)
{
	pc->flushes++;
}

int pathcheck_results(struct pathcheck *pc, struct pathcheck_result *results, size_t n)
{
	n = MIN(n, pc->n_results);
	memcpy(results, pc->results, n * sizeof(results[0]));
	memmove(pc->results, pc->results + n, (pc->n_results - n) * sizeof(results[0]));
	pc->n_results -= n;
	return (int)n;
}

int pathcheck_tend(struct pathcheck *pc)
{
	return pc->tend;
}

int pathcheck_opened(struct pathcheck *pc, uint32_t id, struct pathcheck_opened *ret)
{
	assert_int_equal(ret->size, sizeof(*ret));
	assert_true(id < pc->next_id);
	*ret = pc->opened;
	return 0;
}

int pathcheck_stats(struct pathcheck *pc, struct pathcheck_stats *ret)
{
	*ret = pc->stats;
	return 0;
}

int pathcheck_group(struct pathcheck *pc, uint32_t id, struct pathcheck_group *ret)
{
	if (id != pc->group.id)
		return -ENOENT;
	*ret = pc->group;
	return 0;
}

/* --- what hears of it --- */

static struct event last_event;
static unsigned n_events, n_settled;
static int settled_error;

void port_loop_event(struct port *p, const struct event *e)
{
	(void)p;
	last_event = *e;
	n_events++;
}

void port_loop_settle(struct port *p, uint32_t path, int error, enum path_state state)
{
	(void)p;
	(void)path;
	(void)state;
	n_settled++;
	settled_error = error;
}

void log_push(struct log *l, const struct event *e)
{
	(void)l;
	(void)e;
}

/* --- the tests --- */

#define HOST_CAP 4

static struct checks checks;
static struct events events;
static const struct mono t0 = { 1000 * SEC };
static const struct path_settings usual = {
	.interval_us = 5 * SEC,
	.max_interval_us = 20 * SEC,
	.timeout_us = 2 * SEC,
	.policy = { 2, 1 },
};

static struct mono at(int64_t us)
{
	return mono_add(t0, us);
}

static int begin(const struct config *c)
{
	const char *what;

	n_events = n_settled = 0;
	settled_error = 0;
	return events_init(&events, NULL, NULL, 6, PATHS) < 0 ||
	       checks_init(&checks, c, &events, NULL, &what) < 0;
}

static int setup(void **state)
{
	const struct config c = { .max_paths = PATHS };

	(void)state;
	return begin(&c);
}

static int setup_capped(void **state)
{
	const struct config c = { .max_paths = PATHS, .max_in_flight_host = HOST_CAP };

	(void)state;
	return begin(&c);
}

static int teardown(void **state)
{
	(void)state;
	checks_deinit(&checks);
	events_deinit(&events);
	return 0;
}

static int try_add(unsigned n, const struct path_settings *s, uint32_t *ret)
{
	char name[16], node[32];
	const struct device_spec spec = { .name = name, .node = node };
	struct device *d;
	int r;

	(void)snprintf(name, sizeof(name), "p%u", n);
	(void)snprintf(node, sizeof(node), "/p%u", n);
	assert_int_equal(device_new(&d, &spec), 0);
	r = checks_add(&checks, d, s, t0, ret);
	device_unref(d);
	return r;
}

static uint32_t add(unsigned n)
{
	uint32_t index;

	assert_int_equal(try_add(n, &usual, &index), 0);
	return index;
}

static struct path *path(uint32_t index)
{
	return registry_get(checks.registry, index);
}

/* Runs the clock forward, doing all that is due. */
static void run_until(struct mono end)
{
	while (!mono_before(end, checks_next(&checks))) {
		struct mono now = checks_next(&checks);

		checks_run(&checks, now);
		checks_flush(&checks, now);
	}
}

static void answer_at(enum pathcheck_stage stage, uint32_t index,
                      enum pathcheck_verdict v, int error, bool late, struct mono now)
{
	struct path *p = path(index);

	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[p->engine_id],
		.id = p->engine_id,
		.verdict = v,
		.stage = stage,
		.engine = PATHCHECK_ENGINE_AIO,
		.error = error,
		.late = late,
		.started_us = now.us - 100,
		.finished_us = now.us,
	};
	assert_false(checks_collect(&checks, now));
}

static void answer(uint32_t index, enum pathcheck_verdict v, int error, bool late,
                   struct mono now)
{
	answer_at(PATHCHECK_STAGE_READ, index, v, error, late, now);
}

/* Or most of them would be deferred each time. */
static void what_may_not_be_in_flight_together_is_not_due_together(void **state)
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
	/* From now on each has its own turn in the interval. */
	run_until(at(SEC + 5 * SEC / 2));
	assert_in_range(engine.n_asked, PATHS + PATHS / 3, PATHS + PATHS * 2 / 3);
}

static void healthy_paths_are_checked_less_and_less(void **state)
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
	/* And not only from the next check on. */
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
	assert_int_equal(n_settled, 2);
	run_until(at(30 * SEC));
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_int_equal(engine.n_asked,
	                 2); /* no second request beside the one that hangs */
	assert_int_equal(path(p)->counters.timeouts, 1);
	answer(p, PATHCHECK_OK, 0, true, at(31 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(checks.outstanding, 0);
	run_until(at(37 * SEC));
	assert_int_equal(engine.n_asked, 3);
}

static void deferred_says_nothing_of_the_device(void **state)
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

static void what_is_not_judged_changes_nothing(void **state)
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
	assert_int_equal(n_settled, 4);
	/* Said once, with the remedy. */
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
		{ EACCES, "DeviceAllow=" },  { EPERM, "capabilities" },
		{ ELOOP, "symbolic links" }, { EMFILE, "LimitNOFILE=" },
		{ ENFILE, "fs.file-max" },   { ENOMEM, "MemoryMax=" },
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
	assert_int_equal(n_events, ARRAY_LEN(cases));
	answer(p, PATHCHECK_DEFERRED, ENOMEM, false, at(700 * SEC));
	assert_non_null(strstr(last_event.message, "(1 more since"));
}

static void a_full_engine_is_asked_again(void **state)
{
	uint32_t p = add(0), index;

	(void)state;
	engine.room = 0;
	checks_run(&checks, at(SEC));
	assert_int_equal(engine.n_asked, 0);
	assert_int_equal(path(p)->status.state, PATH_UNCHECKED);
	assert_int_equal(checks_next(&checks).us, at(SEC + CHECKS_RETRY_US).us);
	assert_int_equal(try_add(1, &usual, &index), -EAGAIN);
	assert_int_equal(checks_remove(&checks, p, true, at(SEC)), -EAGAIN);
	assert_int_equal(registry_count(checks.registry), 1);
	checks_flush(&checks, at(SEC));
	assert_false(mono_is_never(checks.tend_at)); /* it may be dead */
	engine.room = 9;
	run_until(at(SEC + 2 * CHECKS_RETRY_US));
	assert_int_equal(engine.n_asked, 1);
}

/* --- the kernel's opinion, from a sysfs made for the test --- */

static char sys_root[32];

/* Disks 8:0, 8:1, … that say `word` of themselves. */
static void make_sysfs(void)
{
	(void)snprintf(sys_root, sizeof(sys_root), "/tmp/test-checks-XXXXXX");
	assert_non_null(mkdtemp(sys_root));
	if (checks.sys_dev_block >= 0)
		close(checks.sys_dev_block);
	checks.sys_dev_block = open(sys_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(checks.sys_dev_block >= 0);
}

static void say_in(uint32_t minor, const char *attribute, const char *word)
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

static void say(uint32_t minor, const char *word)
{
	say_in(minor, "state", word);
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

	say(minor, "running");
	assert_int_equal(checks_add(&checks, d, &usual, t0, &index), 0);
	device_unref(d);
	return index;
}

static void the_kernels_opinion_is_part_of_the_reason(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	say(0, "offline\n");
	run_until(at(7 * SEC));
	/* Nothing was wrong when it was last looked at. */
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	answer(p, PATHCHECK_FAILED, EIO, false, at(7 * SEC));
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "offline");
	assert_string_equal(last_event.reason,
	                    "read: Input/output error (EIO); device offline");
	say(0, "running\n");
	run_until(at(13 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(13 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	assert_string_equal(last_event.reason, "");
	unmake_sysfs();
}

/* A controller that answers is not always live yet. */
static void a_state_is_read_until_it_is_well(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	say(0, "blocked\n");
	run_until(at(SEC));
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(3 * SEC));
	answer(p, PATHCHECK_OK, 0, true, at(4 * SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "blocked");
	say(0, "running\n");
	run_until(at(10 * SEC));
	answer(p, PATHCHECK_OK, 0, false, at(10 * SEC));
	assert_string_equal(sysfs_word_text(path(p)->sysfs.device), "running");
	unmake_sysfs();
}

/* The transport gives up long after the check has: that is seen while it is silent. */
static void a_silent_path_is_looked_at_again(void **state)
{
	struct device *d;
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	run_until(at(SEC));
	answer(p, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(3 * SEC));
	assert_string_equal(last_event.reason, "no answer to a read in 2 s");
	say(0, "transport-offline\n");
	run_until(at(30 * SEC));
	assert_int_equal(path(p)->status.state, PATH_DOWN);
	assert_string_equal(last_event.reason,
	                    "no answer to a read in 2 s; device transport-offline");
	/* What a uevent brought counts, too. */
	d = device_ref(path(p)->device);
	assert_int_equal(checks_change(&checks, p, d, &usual, at(30 * SEC)), 0);
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
	say_in(0, "access_state", "standby\n");
	run_until(at(SEC));
	for (int i = 0; i < 3; i++) {
		answer(p, PATHCHECK_FAILED, EIO, false, checks_next(&checks));
		assert_int_equal(path(p)->status.state, PATH_GHOST);
		run_until(checks_next(&checks));
	}
	assert_int_equal(path(p)->status.verdict, VERDICT_USABLE);
	assert_int_equal(path(p)->counters.failures, 0); /* it is so by design */
	say_in(0, "access_state", "transitioning\n");
	answer(p, PATHCHECK_FAILED, EIO, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_GHOST);
	assert_int_equal(path(p)->counters.deferred, 1);
	say_in(0, "access_state", "active/optimized\n");
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_string_equal(sysfs_word_text(path(p)->sysfs.access), "active/optimized");
	unmake_sysfs();
}

/* A name that udev or a container took away: the kernel has the device. */
static void a_missing_name_is_not_the_devices_fault(void **state)
{
	uint32_t p;

	(void)state;
	make_sysfs();
	p = add_disk(0);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_FAILED, ENOENT, false, checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_SHAKY); /* of a read it is one */
	answer(p, PATHCHECK_OK, 0, false, checks_next(&checks));
	n_events = 0;
	run_until(checks_next(&checks));
	answer_at(PATHCHECK_STAGE_OPEN, p, PATHCHECK_FAILED, ENOENT, false,
	          checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->shortage, ENOENT);
	assert_int_equal(n_events, 1);
	assert_non_null(strstr(last_event.message, "udevadm trigger"));
	unmake_sysfs(); /* and then it has not */
	run_until(checks_next(&checks));
	answer_at(PATHCHECK_STAGE_OPEN, p, PATHCHECK_FAILED, ENOENT, false,
	          checks_next(&checks));
	assert_int_equal(path(p)->status.state, PATH_REMOVED);
}

/* Reading sysfs takes time: what fails together is taken in slices. */
static void many_failures_are_taken_in_slices(void **state)
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
		more = checks_collect(&checks, at(SEC));
		assert_in_range(checks.states_read, 0,
		                CHECKS_STATES_SLICE + 2 * CHECKS_BATCH);
	}
	assert_int_equal(checks.by_state[PATH_SHAKY], PATHS);
	assert_true(slices > PATHS / (CHECKS_STATES_SLICE + CHECKS_BATCH));
	unmake_sysfs();
}

static void results_of_the_past_are_dropped(void **state)
{
	uint32_t p = add(0);
	uint64_t old = engine.cookie[0];

	(void)state;
	run_until(at(SEC));
	assert_int_equal(checks_remove(&checks, p, false, at(SEC)), 0);
	assert_int_equal(settled_error, ESTALE);
	assert_int_equal(checks.outstanding, 0);
	assert_int_equal(add(1), p); /* the same place */
	engine.results[0] = (struct pathcheck_result){ .cookie = old,
		                                       .verdict = PATHCHECK_FAILED,
		                                       .error = EIO };
	engine.n_results = 1;
	(void)checks_collect(&checks, at(SEC));
	assert_int_equal(checks.stale, 1);
	assert_int_equal(path(p)->status.state, PATH_UNCHECKED);
}

static void a_removed_device_is_told_before_it_goes(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	assert_int_equal(checks_remove(&checks, p, true, at(SEC)), 0);
	assert_string_equal(last_event.to, "removed");
	assert_null(path(p));
	assert_int_equal(checks.by_state[PATH_REMOVED], 0);
	assert_true(mono_is_never(checks_next(&checks)));
}

static void disabled_paths_rest(void **state)
{
	uint32_t p = add(0);

	(void)state;
	checks_disable(&checks, p, at(60 * SEC));
	run_until(at(59 * SEC));
	assert_int_equal(engine.n_asked, 0);
	run_until(at(60 * SEC + SCHEDULE_GRID_US));
	assert_int_equal(engine.n_asked, 1);
	assert_true(path(p)->enabled);
	answer(p, PATHCHECK_OK, 0, false, at(61 * SEC));

	checks_disable(&checks, p, MONO_NEVER);
	run_until(at(600 * SEC));
	assert_int_equal(engine.n_asked, 1);
	checks_enable(&checks, p, at(600 * SEC));
	assert_int_equal(engine.n_asked, 2);
}

/* --- who notices that nobody looks --- */

static struct overdue_watch watch;

/* As the loop does: whatever wakes it, it looks. Every tenth of a second, without results. */
static void let_pass(struct mono from, struct mono end)
{
	for (struct mono now = from; mono_before(now, end); now.us += SEC / 10) {
		checks_run(&checks, now);
		checks_flush(&checks, now);
		if (!mono_before(now, checks.tend_at))
			checks_tend(&checks, now);
		overdue_watch_run(&watch, now);
	}
}

/* The usual path: interval 5 s, timeout 2 s, and a second. */
#define OVERDUE_US (8 * SEC)

static void nobody_looked_is_noticed(void **state)
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
	assert_int_equal(n_events, 1); /* it cannot be started */
	assert_int_equal(watch.last.total, 0);
	let_pass(at(SEC + OVERDUE_US), at(4 * SEC + OVERDUE_US));
	assert_int_equal(watch.last.total, 1);
	assert_int_equal(n_events, 2);
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_string_equal(
	        last_event.message,
	        "1 path is overdue: no prober is running (the last one: signal "
	        "SIGKILL); states are old");
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
}

/* When each path is heard of in time, nothing is said, and there is nothing to wake for. */
static void a_quiet_host_is_left_alone(void **state)
{
	unsigned walks = 0, rounds = 0;
	struct mono begun;

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
		begun = watch.begun;
		checks_run(&checks, now);
		if (path(0)->outstanding)
			answer(0, PATHCHECK_OK, 0, false, now);
		overdue_watch_run(&watch, now);
		walks += watch.begun.us != begun.us;
		assert_int_equal(watch.last.total, 0);
	}
	assert_in_range(walks, 1, 600 / 10);
}

/* The whole machine stood still: all paths are overdue until their next checks are over. */
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

/* What hangs is known to hang: somebody looks at it. */
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
	/* Without a prober nobody does. */
	engine.tend = -ENOENT;
	let_pass(at(100 * SEC), at(120 * SEC));
	assert_true(path_is_overdue(p, at(120 * SEC)));
	assert_int_equal(watch.last.total, 1);
}

/* A read of a prober that is gone says nothing of the device. */
static void silence_of_a_dead_prober_counts_for_nothing(void **state)
{
	struct path *p = path(add(0));
	uint32_t fails;

	(void)state;
	run_until(at(SEC));
	answer(0, PATHCHECK_TIMED_OUT, ETIMEDOUT, false, at(2 * SEC));
	fails = p->status.fails;
	engine.tend = -ENOENT;
	checks_tend(&checks, at(2 * SEC));
	run_until(at(60 * SEC));
	assert_int_equal(p->status.state, PATH_TIMEOUT); /* fail_checks is 2 */
	assert_int_equal(p->status.fails, fails);
}

static void causes_are_told_apart(void **state)
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
	/* Deferred is not heard of; nor is what is not judged. */
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	answer(0, PATHCHECK_NOT_JUDGED, EACCES, false, at(2 * SEC));
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	run_until(at(7 * SEC));
	answer(0, PATHCHECK_FAILED, EIO, false, at(7 * SEC));
	assert_false(path_is_overdue(p, at(OVERDUE_US)));
	assert_int_equal(overdue_watch_why(p, &well).cause, OVERDUE_NO_RESULT);
}

/* Who is not to be checked is not overdue; its grace begins when it is to be. */
static void grace_begins_anew(void **state)
{
	struct path_settings other = usual;
	struct path *p = path(add(0));

	(void)state;
	assert_false(path_is_overdue(p, at(OVERDUE_US - 1)));
	assert_true(path_is_overdue(p, at(OVERDUE_US)));
	checks_disable(&checks, 0, MONO_NEVER);
	assert_false(path_is_overdue(p, at(1000 * SEC)));
	checks_enable(&checks, 0, at(1000 * SEC));
	assert_false(path_is_overdue(p, at(1000 * SEC + OVERDUE_US - 1)));
	assert_true(path_is_overdue(p, at(1000 * SEC + OVERDUE_US)));
	other.interval_us = 6 * SEC;
	/* A reload does not end it, another timeout before the time does move it. */
	assert_int_equal(checks_change(&checks, 0, p->device, &other, at(1009 * SEC)), 0);
	assert_true(path_is_overdue(p, at(1009 * SEC)));
	answer(0, PATHCHECK_OK, 0, false, at(1010 * SEC));
	other.timeout_us = 3 * SEC;
	assert_int_equal(checks_change(&checks, 0, p->device, &other, at(1011 * SEC)), 0);
	assert_int_equal(p->overdue_at.us, at(1011 * SEC).us + p->interval_us + 4 * SEC);
	other.checker = CHECKER_NONE;
	assert_int_equal(checks_change(&checks, 0, p->device, &other, at(1012 * SEC)), 0);
	assert_true(mono_is_never(p->overdue_at));
	other.checker = CHECKER_DIRECTIO;
	assert_int_equal(checks_change(&checks, 0, p->device, &other, at(2000 * SEC)), 0);
	assert_false(path_is_overdue(p, at(2001 * SEC)));
}

static void a_disabled_path_counts_for_nothing(void **state)
{
	uint32_t n[READY_KINDS];

	(void)state;
	(void)add(0);
	(void)add(1);
	run_until(at(SEC));
	answer(0, PATHCHECK_OK, 0, false, at(SEC));
	assert_false(checks_all_answered(&checks));
	checks_disable(&checks, 1, MONO_NEVER);
	assert_true(checks_all_answered(&checks));        /* nobody waits for it */
	answer(1, PATHCHECK_FAILED, EIO, false, at(SEC)); /* on its way all the same */
	checks_disable(&checks, 1, MONO_NEVER);
	checks_count(&checks, n);
	assert_int_equal(n[READY_DISABLED], 1);
	assert_int_equal(n[PATH_UP], 1);
	assert_int_equal(n[PATH_SHAKY], 0);
	checks_enable(&checks, 1, at(2 * SEC));
	checks_count(&checks, n);
	assert_int_equal(n[READY_DISABLED], 0);
	assert_int_equal(n[PATH_SHAKY], 1);
	checks_disable(&checks, 1, MONO_NEVER);
	assert_int_equal(checks_remove(&checks, 1, false, at(3 * SEC)), 0);
	checks_count(&checks, n);
	assert_int_equal(n[READY_DISABLED], 0);
	assert_int_equal(n[PATH_SHAKY], 0);
}

static void a_check_in_a_hurry_does_not_move_the_others(void **state)
{
	uint32_t p = add(0);
	struct mono due;

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	due = path(p)->due;
	checks_hurry(&checks, p, at(SEC + 1));
	checks_hurry(&checks, p, at(SEC + 2)); /* it is outstanding already */
	assert_int_equal(engine.n_asked, 2);
	assert_int_equal(path(p)->due.us, due.us);
}

static void unchecked_by_choice_delays_nothing(void **state)
{
	struct path_settings none = usual;
	uint32_t p;

	(void)state;
	none.checker = CHECKER_NONE;
	assert_int_equal(try_add(0, &none, &p), 0);
	assert_true(checks_all_answered(&checks));
	assert_true(mono_is_never(checks_next(&checks)));
	/* A reload can change one's mind. */
	assert_int_equal(checks_change(&checks, p, path(p)->device, &usual, t0), 0);
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
	faster.interval_us = faster.max_interval_us = SEC;
	assert_int_equal(checks_change(&checks, p, path(p)->device, &faster, at(SEC)), 0);
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->counters.checks, 1);
	assert_int_equal(path(p)->interval_us, SEC);
	assert_true(mono_diff(path(p)->due, at(SEC)) <= SEC + SCHEDULE_GRID_US);
}

/* The answer of a check that has opened the device of that number. */
static void answer_opened(uint32_t p, uint32_t devt_minor, enum pathcheck_verdict v,
                          int error, struct mono now)
{
	engine.opened = (struct pathcheck_opened){ .devt_major = devt_minor > 0 ? 8 : 0,
		                                   .devt_minor = devt_minor };
	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[path(p)->engine_id],
		.id = path(p)->engine_id,
		.verdict = v,
		.stage = PATHCHECK_STAGE_READ,
		.error = error,
		.opened = 1,
		.started_us = now.us - 100,
		.finished_us = now.us,
	};
	assert_false(checks_collect(&checks, now));
}

/* The path's name leads to another device than the path's: the verdict is not about the path. */
static void what_another_device_says_is_dropped(void **state)
{
	const struct device_spec spec = {
		.name = "link", .node = "/dev/link", .devt_major = 8, .devt_minor = 16
	};
	struct device *d;
	uint32_t p;

	(void)state;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(checks_add(&checks, d, &usual, t0, &p), 0);
	device_unref(d);
	run_until(at(SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_false(checks.list_anew);
	for (uint32_t other = 0; other <= 32; other += 32) { /* a file, another disk */
		checks_hurry(&checks, p, at(2 * SEC));
		answer_opened(p, other, PATHCHECK_FAILED, EIO, at(2 * SEC));
		assert_int_equal(path(p)->status.state, PATH_UP);
		assert_int_equal(path(p)->counters.failures, 0);
		assert_int_equal(checks.outstanding, 0);
		assert_true(checks.list_anew);
		checks.list_anew = false;
	}
	assert_int_equal(checks.other_device, 2);
	/* Who waits for the check hears that it was not of that path. */
	assert_int_equal(settled_error, ESTALE);
}

static void a_number_that_is_not_known_is_asked_for_once(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(SEC));
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_true(checks.list_anew);
	checks.list_anew = false;
	checks_hurry(&checks, p, at(2 * SEC));
	answer_opened(p, 16, PATHCHECK_OK, 0, at(2 * SEC));
	assert_false(checks.list_anew);
}

/* How a path of that protocol is opened with keep_open auto, yes and no. */
static void assert_opened(const char *name, const char *protocol, const char *expected)
{
	struct device_spec spec = { .name = name,
		                    .node = "/dev/x",
		                    .protocol = protocol };
	struct path_settings s = usual;
	struct device *d;
	uint32_t p;

	assert_int_equal(device_new(&d, &spec), 0);
	for (uint8_t keep = KEEP_OPEN_AUTO; keep <= KEEP_OPEN_NO; keep++) {
		s.keep_open = keep;
		assert_int_equal(checks_add(&checks, d, &s, t0, &p), 0);
		assert_int_equal(engine.flags[path(p)->engine_id],
		                 expected[keep] == 'c' ? PATHCHECK_PATH_CLOSE : 0);
		assert_int_equal(checks_remove(&checks, p, false, t0), 0);
	}
	device_unref(d);
}

/* o: the descriptor stays open, c: it is closed after each check. */
static void only_scsi_nvme_and_dasd_stay_open(void **state)
{
	(void)state;
	assert_opened("sda", "scsi:fcp", "ooc");
	assert_opened("nvme0n1", "nvme:tcp", "ooc");
	assert_opened("dasda", "ccw", "ooc");
	assert_opened("vda", "virtio", "coc");
	assert_opened("loop0", NULL, "coc");
	assert_opened("file", NULL, "coc");
}

static void another_keep_open_keeps_the_state(void **state)
{
	struct path_settings s = usual;
	uint32_t p = add(0), id = path(p)->engine_id;
	struct mono due;

	(void)state;
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	due = path(p)->due;
	checks_hurry(&checks, p, at(SEC));
	assert_int_equal(checks.outstanding, 1);
	s.keep_open = KEEP_OPEN_YES;
	/* The engine takes no commands now: nothing has changed, and it is tried again. */
	engine.room = 0;
	assert_int_equal(checks_change(&checks, p, path(p)->device, &s, at(SEC)),
	                 -EAGAIN);
	assert_int_equal(path(p)->engine_id, id);
	engine.room = 1;
	assert_int_equal(checks_change(&checks, p, path(p)->device, &s, at(SEC)),
	                 -EAGAIN);
	assert_int_equal(checks.outstanding, 0);
	engine.room = UINT32_MAX;
	assert_int_equal(checks_change(&checks, p, path(p)->device, &s, at(SEC)), 0);
	assert_int_not_equal(path(p)->engine_id, id);
	assert_int_equal(engine.flags[path(p)->engine_id], 0);
	assert_int_equal(engine.removed, 1);
	/* It is the same path, and its interrupted check was begun again. */
	assert_int_equal(path(p)->status.state, PATH_UP);
	assert_int_equal(path(p)->due.us, due.us);
	assert_int_equal(checks.outstanding, 1);
	assert_int_equal(path(p)->counters.checks, 3);
	/* What changes nothing of that leaves the engine alone. */
	assert_int_equal(checks_change(&checks, p, path(p)->device, &s, at(SEC)), 0);
	assert_int_equal(engine.removed, 1);
}

static void a_replaced_prober_is_told_and_changes_nothing(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	assert_false(mono_is_never(checks.tend_at));
	engine.tend = 1;
	checks_tend(&checks, at(2 * SEC));
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_int_equal(path(p)->status.state, PATH_PENDING);
	assert_int_equal(checks.replaced.us, at(2 * SEC).us);
	/* A prober that cannot be started is told once. */
	engine.tend = -ENOENT;
	n_events = 0;
	checks_tend(&checks, at(3 * SEC));
	checks_tend(&checks, at(4 * SEC));
	assert_int_equal(n_events, 1);
}

static void targets_are_told_apart(void **state)
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
		assert_int_equal(checks_add(&checks, d, &usual, t0, &index), 0);
		device_unref(d);
		assert_in_range(engine.target[i], i > 0, PATHCHECK_HOSTS_MAX - 1);
	}
	assert_int_equal(engine.target[0], 0);
	assert_int_not_equal(engine.target[1], engine.target[2]);
	assert_int_equal(engine.target[1], engine.target[3]);
}

static void a_call_for_nothing_has_the_prober_looked_after(void **state)
{
	(void)state;
	assert_true(mono_is_never(checks.tend_at));
	(void)checks_collect(&checks, at(5));
	assert_int_equal(checks.tend_at.us, at(5).us);
}

static void nothing_wakes_when_all_is_answered(void **state)
{
	uint32_t p = add(0);

	(void)state;
	run_until(at(SEC));
	checks_flush(&checks, at(SEC));
	checks_tend(&checks, at(0));
	checks.tended = (struct mono){ 0 };
	assert_int_equal(checks.tend_at.us, at(CHECKS_TEND_US).us);
	answer(p, PATHCHECK_OK, 0, false, at(1));
	checks_flush(&checks, at(1));
	/* Looked after along with the answer, not later. */
	assert_int_equal(checks.tend_at.us, at(1).us);
	checks_tend(&checks, at(SEC + 1));
	assert_true(mono_is_never(checks.tend_at));
	/* The next one follows closely: not even that. */
	checks_hurry(&checks, p, at(SEC + 2));
	checks_flush(&checks, at(SEC + 2));
	answer(p, PATHCHECK_OK, 0, false, at(SEC + 3));
	checks_flush(&checks, at(SEC + 3));
	assert_true(mono_is_never(checks.tend_at));
	/* One that is out is looked after again and again. */
	checks_hurry(&checks, p, at(SEC + 4));
	checks_flush(&checks, at(SEC + 4));
	checks_tend(&checks, at(2 * SEC));
	assert_int_equal(checks.tend_at.us, at(2 * SEC + CHECKS_TEND_US).us);
}

static void want_of_aio_is_told_once_and_its_end_too(void **state)
{
	struct hint h;

	(void)state;
	hint_init(&h);
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 0);
	engine.stats.groups = 1;
	engine.stats.io_setup_failures = 1;
	engine.group.state = PATHCHECK_GROUP_FALLBACK;
	engine.group.setup_error = EAGAIN;
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 1);
	assert_non_null(strstr(last_event.message, "fs.aio-max-nr"));
	assert_non_null(strstr(last_event.message, "would do"));
	engine.stats.io_setup_failures = 5;
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 1);
	engine.group.state = PATHCHECK_GROUP_READY;
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 2);
	assert_non_null(strstr(last_event.message, "again"));
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 2);
	hint_deinit(&h);
}

static void a_lane_that_was_replaced_is_told_once(void **state)
{
	struct hint h;

	(void)state;
	hint_init(&h);
	engine.stats.lane_replacements = 2;
	hint_update(&h, &engine, &events);
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 1);
	assert_int_equal(last_event.type, EVENT_ENGINE);
	assert_non_null(strstr(last_event.message, "2 times"));
	engine.stats.lane_replacements = 0; /* another prober's */
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 1);
	engine.stats.lane_replacements = 1;
	hint_update(&h, &engine, &events);
	assert_int_equal(n_events, 2);
	hint_deinit(&h);
}

/* The one path of the one map: 8:5. */
static struct maps_path *map_of_one(struct maps *maps)
{
	static const enum map_group_state group = MAP_GROUP_ACTIVE;
	static const struct map_path in = { 8, 5, 1, 0, false };
	const struct map_spec spec = {
		.devt_major = 254,
		.name = "m",
		.uuid = "",
		.n_groups = 1,
		.n_paths = 1,
		.groups = &group,
		.paths = &in,
	};
	struct map *m;
	uint32_t index;
	unsigned change;

	assert_int_equal(map_new(&m, &spec), 0);
	assert_int_equal(maps_told(maps, m, true, t0, &index, &change), 0);
	map_unref(m);
	return maps_path(maps, maps_get(maps, index)->first);
}

static struct device *numbered(uint32_t devt_minor)
{
	const struct device_spec spec = {
		.name = "p0",
		.node = "/p0",
		.devt_major = devt_minor > 0 ? 8 : 0,
		.devt_minor = devt_minor,
	};
	struct device *d;

	assert_int_equal(device_new(&d, &spec), 0);
	return d;
}

static void maps_hear_what_becomes_of_paths(void **state)
{
	struct device *without = numbered(0), *with = numbered(5);
	const struct maps_path *e;
	struct maps *maps;
	uint32_t p;

	(void)state;
	if (checks.sys_dev_block >= 0)
		close(checks.sys_dev_block); /* no such disk is in this machine */
	checks.sys_dev_block = -1;
	assert_int_equal(maps_new(&maps, PATHS), 0);
	checks.maps = maps;
	e = map_of_one(maps);
	/* Its device is not there yet when it is configured, and then it is. */
	assert_int_equal(checks_add(&checks, without, &usual, t0, &p), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(checks_change(&checks, p, with, &usual, t0), 0);
	assert_int_equal(e->path, p);
	assert_int_equal(e->verdict, VERDICT_NONE);
	run_until(at(SEC));
	answer(p, PATHCHECK_OK, 0, false, at(SEC));
	assert_int_equal(e->verdict, VERDICT_USABLE);
	/* That check was begun after the map was seen to have it failed: no doubt is left. */
	assert_int_equal(e->agreement.doubted.us, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e->verdict,
		                 VERDICT_USABLE); /* one failure decides nothing */
		run_until(checks_next(&checks));
		answer(p, PATHCHECK_FAILED, EIO, false, path(p)->started);
	}
	assert_int_equal(e->verdict, VERDICT_UNUSABLE);
	run_until(checks_next(&checks));
	answer(p, PATHCHECK_OK, 0, false, path(p)->started);
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_int_equal(checks_change(&checks, p, without, &usual, t0), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(e->verdict, VERDICT_NONE);
	assert_int_equal(checks_change(&checks, p, with, &usual, t0), 0);
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_int_equal(checks_remove(&checks, p, true, at(60 * SEC)), 0);
	assert_int_equal(e->path, MAPS_NONE);
	assert_int_equal(e->verdict, VERDICT_UNUSABLE);
	checks.maps = maps_free(maps);
	device_unref(with);
	device_unref(without);
}

/* An answer that says which device gave it. */
static void answer_of(uint32_t p, uint64_t wwid, enum pathcheck_wwid state,
                      struct mono now)
{
	engine.opened = (struct pathcheck_opened){
		.devt_major = 8,
		.devt_minor = 5,
		.wwid = wwid,
		.wwid_state = state,
	};
	engine.results[engine.n_results++] = (struct pathcheck_result){
		.cookie = engine.cookie[path(p)->engine_id],
		.id = path(p)->engine_id,
		.verdict = PATHCHECK_OK,
		.stage = PATHCHECK_STAGE_READ,
		.started_us = now.us - 100,
		.finished_us = now.us,
		.opened = 1,
	};
	assert_false(checks_collect(&checks, now));
}

/* What a path that is failed in its map has to be before it is given back. */
static void a_failed_path_is_identified(void **state)
{
	const struct device_spec spec = { .name = "p0",
		                          .node = "/p0",
		                          .devt_major = 8,
		                          .devt_minor = 5,
		                          .kernel_id = 0xa };
	struct device *d;
	const struct maps_path *e;
	struct maps *maps;
	uint32_t p;

	(void)state;
	assert_int_equal(device_new(&d, &spec), 0);
	assert_int_equal(maps_new(&maps, PATHS), 0);
	checks.maps = maps;
	e = map_of_one(maps); /* in which it is failed */
	assert_int_equal(checks_add(&checks, d, &usual, t0, &p), 0);
	run_until(at(SEC));
	assert_int_equal(engine.n_identified, 1);
	answer_of(p, 0, PATHCHECK_WWID_UNREADABLE, at(SEC));
	assert_int_equal(e->verdict, VERDICT_USABLE);
	assert_true(e->agreement.doubted.us > 0);
	run_until(checks_next(&checks));
	assert_int_equal(engine.n_identified, 2);
	answer_of(p, 0xa, PATHCHECK_WWID_READ, path(p)->started);
	assert_int_equal(e->agreement.doubted.us, 0);
	assert_int_equal(e->bar, BAR_NONE);
	run_until(checks_next(&checks));
	answer_of(p, 0xb, PATHCHECK_WWID_READ, path(p)->started);
	assert_int_equal(e->bar, BAR_READ);
	/* One that is barred is checked as any other. */
	run_until(checks_next(&checks));
	assert_int_equal(engine.n_identified, 3);
	checks.maps = maps_free(maps);
	device_unref(d);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        what_may_not_be_in_flight_together_is_not_due_together,
		        setup_capped, teardown),
		TEST(first_checks_come_soon_and_not_at_once),
		TEST(healthy_paths_are_checked_less_and_less),
		TEST(a_hung_path_is_down_and_a_late_answer_brings_it_up),
		TEST(deferred_says_nothing_of_the_device),
		TEST(a_device_error_fails_no_path),
		TEST(a_unit_that_is_not_there_is_disconnected),
		TEST(what_is_not_judged_changes_nothing),
		TEST(each_shortage_has_its_remedy),
		TEST(a_passive_port_makes_a_ghost),
		TEST(a_missing_name_is_not_the_devices_fault),
		TEST(a_full_engine_is_asked_again),
		TEST(the_kernels_opinion_is_part_of_the_reason),
		TEST(a_silent_path_is_looked_at_again),
		TEST(a_state_is_read_until_it_is_well),
		TEST(many_failures_are_taken_in_slices),
		TEST(results_of_the_past_are_dropped),
		TEST(a_removed_device_is_told_before_it_goes),
		TEST(disabled_paths_rest),
		TEST(nobody_looked_is_noticed),
		TEST(a_quiet_host_is_left_alone),
		TEST(a_pause_is_not_reported),
		TEST(a_hung_path_is_not_overdue),
		TEST(silence_of_a_dead_prober_counts_for_nothing),
		TEST(causes_are_told_apart),
		TEST(grace_begins_anew),
		TEST(a_disabled_path_counts_for_nothing),
		TEST(a_check_in_a_hurry_does_not_move_the_others),
		TEST(unchecked_by_choice_delays_nothing),
		TEST(new_settings_keep_the_state),
		TEST(what_another_device_says_is_dropped),
		TEST(a_number_that_is_not_known_is_asked_for_once),
		TEST(only_scsi_nvme_and_dasd_stay_open),
		TEST(another_keep_open_keeps_the_state),
		TEST(a_replaced_prober_is_told_and_changes_nothing),
		TEST(targets_are_told_apart),
		TEST(a_call_for_nothing_has_the_prober_looked_after),
		TEST(nothing_wakes_when_all_is_answered),
		TEST(want_of_aio_is_told_once_and_its_end_too),
		TEST(a_lane_that_was_replaced_is_told_once),
		TEST(maps_hear_what_becomes_of_paths),
		TEST(a_failed_path_is_identified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
