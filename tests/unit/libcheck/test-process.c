/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A prober that is killed, stalls, cannot be started, or ends again and again. The test
 * controls the clock. The test starts this program also as a prober, by its first argument;
 * TEST_PROBER selects what it does then.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcheck/caller.h"
#include "tests/unit/libcheck/faulty-prober.h"
#include "tests/unit/libcheck/pathcheck-bed.h"

#define PATHS 40

/* --- the clock --- */

static int64_t ahead_us;

#if __SIZEOF_LONG__ == 4
#define CLOCK_CALL SYS_clock_gettime64
#else
#define CLOCK_CALL SYS_clock_gettime
#endif

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = (int)syscall(CLOCK_CALL, clock, ret);

	if (clock == CLOCK_MONOTONIC)
		ret->tv_sec += ahead_us / USEC_PER_SEC;
	return r;
}

/* The longest that poll() was asked to wait; and that it waits for longer where it was asked to
 * wait at all: a machine that is busy takes its time to end a process. */
static int longest_poll_ms;
static bool patient;
/* Calls that waited for nothing. */
static unsigned questions;

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec ts = { .tv_sec = timeout_ms / 1000,
		               .tv_nsec = timeout_ms % 1000 * 1000000L };

	questions += timeout_ms == 0;
	longest_poll_ms = timeout_ms > longest_poll_ms ? timeout_ms : longest_poll_ms;
	if (patient && timeout_ms > 0)
		ts = (struct timespec){ .tv_sec = BED_LIMIT_MS / 1000 };
	return ppoll(fds, n, timeout_ms < 0 ? NULL : &ts, NULL);
}

/* --- what the tests have in common --- */

static int teardown(void **state)
{
	ahead_us = 0;
	unsetenv("TEST_PROBER");
	unsetenv("PATHCHECK_PROBER");
	return bed_teardown(state);
}

static const char *self(void)
{
	static char name[1024];
	ssize_t n = readlink("/proc/self/exe", name, sizeof(name) - 1);

	assert_true(n > 0);
	return name;
}

static void start(struct bed *b, const char *program)
{
	struct pathcheck_options o = bed_options(b, PATHS + 1);

	o.prober = program;
	assert_int_equal(pathcheck_new(&b->pc, &o), 0);
}

static void add_files(struct bed *b, uint32_t ids[PATHS])
{
	for (unsigned i = 0; i < PATHS; i++) {
		bed_file(b, i, BED_FILE_BYTES);
		ids[i] = bed_add(b, i, i);
	}
}

static void ask_all(struct bed *b, const uint32_t ids[PATHS])
{
	for (unsigned i = 0; i < PATHS; i++)
		assert_int_equal(pathcheck_check(b->pc, ids[i], BED_TIMEOUT_US), 0);
	pathcheck_flush(b->pc);
}

/* Each of them has one good final result, replacing the prober as needed. */
static void all_are_answered(struct bed *b, const uint32_t ids[PATHS])
{
	bool seen[PATHS] = { false };
	unsigned left = PATHS;

	while (left > 0) {
		struct pathcheck_result r = bed_next(b, true);

		assert_int_equal(r.verdict, PATHCHECK_OK);
		assert_true(r.cookie < PATHS && !seen[r.cookie]);
		assert_int_equal(r.id, ids[r.cookie]);
		seen[r.cookie] = true;
		left--;
	}
}

static void all_are_checked(struct bed *b, const uint32_t ids[PATHS])
{
	ask_all(b, ids);
	all_are_answered(b, ids);
}

/* It was collected, not only killed. */
static void is_collected(struct bed *b, int pid, int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, BED_LIMIT_MS), 1);
	close(pidfd);
	assert_int_equal(pathcheck_tend(b->pc), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int watch(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	assert_true(pidfd >= 0);
	return pidfd;
}

/* Stops it, and is sure of that. */
static void halt(int pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
}

/* The prober ends by itself, or did; what pathcheck_tend() says then. */
static int tend_at_its_end(struct bed *b)
{
	struct pathcheck_result result;
	int r;

	do {
		bed_wait(b);
		assert_int_equal(pathcheck_results(b->pc, &result, 1), 0);
		r = pathcheck_tend(b->pc);
	} while (r == 0); /* a result that was taken before woke it */
	return r;
}

/* --- the tests --- */

static void killed_with_all_outstanding(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	struct pathcheck_stats s;
	int pid, pidfd;

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	pid = bed_stats(b).prober_pid;
	pidfd = watch(pid);
	halt(pid);
	ask_all(b, ids);
	assert_int_equal(pathcheck_remove(b->pc, bed_add(b, 0, 99)), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	all_are_answered(b, ids);
	s = bed_stats(b);
	assert_int_equal(s.prober_restarts, 1);
	assert_int_not_equal(s.prober_pid, pid);
	assert_int_equal(s.checks, 2 * PATHS);
	is_collected(b, pid, pidfd);
	all_are_checked(b, ids);
	for (unsigned i = 0; i < PATHS; i++)
		assert_int_equal(pathcheck_remove(b->pc, ids[i]), 0);
	add_files(b, ids);
	all_are_checked(b, ids);
}

/*
 * The next prober opens paths for each check as the last one did, and has to read the WWID
 * again. It reports no identity for a path that it has not opened.
 */
static void a_successor_knows_what_was_wanted(void **state)
{
	struct bed *b = *state;
	struct pathcheck_path p = { .size = sizeof(p), .flags = PATHCHECK_PATH_CLOSE };
	struct pathcheck_opened o = { .size = sizeof(o) };
	uint32_t id, kept;
	int pid;

	start(b, BUILT_PROBER);
	bed_file(b, 0, BED_FILE_BYTES);
	bed_file(b, 1, BED_FILE_BYTES);
	p.device = bed_name(b, 0);
	assert_int_equal(pathcheck_add(b->pc, &p, &id), 0);
	kept = bed_add(b, 1, 1);
	assert_int_equal(bed_check(b, id).opened, 1);
	assert_int_equal(bed_check(b, kept).opened, 1);
	assert_int_equal(pathcheck_opened(b->pc, kept, &o), 0);
	pid = bed_stats(b).prober_pid;
	halt(pid);
	assert_int_equal(pathcheck_identify(b->pc, id, BED_TIMEOUT_US), 0);
	pathcheck_flush(b->pc);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
	assert_int_equal(bed_stats(b).prober_restarts, 1);
	assert_int_equal(pathcheck_opened(b->pc, id, &o), 0);
	assert_int_equal(o.wwid_state, PATHCHECK_WWID_NONE);
	assert_int_equal(pathcheck_opened(b->pc, kept, &o), -ENODATA);
	bed_remove(b, 0);
	assert_int_equal(bed_check(b, id).error, ENOENT);
}

static void killed_at_any_moment(void **state)
{
	struct bed *b = *state;
	struct pathcheck_options o = bed_options(b, PATHS);
	uint32_t ids[PATHS];

	o.stall_timeout_us = 1000000 * BED_TIMEOUT_US; /* not what this is about */
	assert_int_equal(pathcheck_new(&b->pc, &o), 0);
	add_files(b, ids);
	for (unsigned round = 0; round < 12; round++) {
		unsigned taken = round * 3;
		struct pathcheck_result r;

		ask_all(b, ids);
		for (unsigned i = 0; i < taken; i++)
			assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
		assert_int_equal(kill(bed_stats(b).prober_pid, SIGKILL), 0);
		ahead_us += RESTARTS_WINDOW_US; /* so that this is not too often */
		for (unsigned i = taken; i < PATHS; i++)
			assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
		while (bed_stats(b).prober_restarts <= round) {
			bed_wait(b);
			assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
			(void)pathcheck_tend(b->pc); /* the result is in the counter */
		}
		assert_int_equal(bed_stats(b).prober_restarts, round + 1);
		assert_int_equal(bed_stats(b).checks, (round + 1) * PATHS);
	}
}

static void one_that_stalls(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	int pid, pidfd;

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	pid = bed_stats(b).prober_pid;
	pidfd = watch(pid);
	halt(pid);
	ask_all(b, ids);
	for (unsigned i = 0; i < 9; i++) {
		ahead_us += (int64_t)BED_TIMEOUT_US / 10;
		assert_int_equal(pathcheck_tend(b->pc), 0);
	}
	ahead_us += (int64_t)BED_TIMEOUT_US / 5;
	assert_true(bed_stats(b).heartbeat_age_us > (int64_t)BED_TIMEOUT_US);
	assert_int_equal(pathcheck_tend(b->pc), 1);
	ahead_us = 0;
	all_are_answered(b, ids);
	assert_int_equal(bed_stats(b).prober_restarts, 1);
	is_collected(b, pid, pidfd);
	all_are_checked(b, ids);
}

/* The caller has not looked for longer than that: the machine was paused. */
/* Its reaper sleeps for half a time limit first, and then without end. */
static void wait_for_sleep(struct bed *b)
{
	while (bed_stats(b).heartbeat_age_us > 0)
		(void)usleep(10000); /* woken early: looks early */
}

static void one_that_was_paused(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	int pid;

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	pid = bed_stats(b).prober_pid;
	for (unsigned round = 0; round < 2; round++) {
		halt(pid);
		ask_all(b, ids);
		ahead_us += 100 * (int64_t)BED_TIMEOUT_US;
		assert_int_equal(pathcheck_tend(b->pc), 0);
		ahead_us += (int64_t)BED_TIMEOUT_US / 10;
		assert_int_equal(pathcheck_tend(b->pc), 0);
		assert_int_equal(kill(pid, SIGCONT), 0);
		all_are_answered(b, ids);
		assert_int_equal(bed_stats(b).prober_restarts, 0);
		wait_for_sleep(b);
		assert_int_equal(pathcheck_tend(b->pc), 0);
	}
	/* It is not let off twice, by a caller that asks as seldom as that. */
	halt(pid);
	ask_all(b, ids);
	ahead_us += 2 * (int64_t)BED_TIMEOUT_US;
	assert_int_equal(pathcheck_tend(b->pc), 0);
	ahead_us += 2 * (int64_t)BED_TIMEOUT_US;
	assert_int_equal(pathcheck_tend(b->pc), 1);
	ahead_us = 0;
	all_are_answered(b, ids);
}

static void one_that_has_nothing_to_do(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	ahead_us += 1000 * (int64_t)BED_TIMEOUT_US;
	wait_for_sleep(b);
	assert_int_equal(pathcheck_tend(b->pc), 0);
	assert_int_equal(bed_stats(b).prober_restarts, 0);
}

static void a_program_that_cannot_be_run(void **state)
{
	struct bed *b = *state;
	struct pathcheck_options o = bed_options(b, 1);
	unsigned before = bed_descriptors();

	o.prober = bed_name(b, 0);
	assert_int_equal(pathcheck_new(&b->pc, &o), -ENOENT);
	bed_file(b, 0, 1);
	assert_int_equal(pathcheck_new(&b->pc, &o), -EACCES);
	assert_null(b->pc);
	assert_int_equal(bed_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_program_that_is_replaced(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	char link[PATHCHECK_DEVICE_MAX];

	(void)snprintf(link, sizeof(link), "%s/prober", b->dir);
	assert_int_equal(symlink(BUILT_PROBER, link), 0);
	start(b, link);
	add_files(b, ids);
	all_are_checked(b, ids);
	halt(bed_stats(b).prober_pid);
	ask_all(b, ids);
	assert_int_equal(unlink(link), 0);
	/* As after an upgrade: the engine executes the file that was opened at the start. */
	assert_int_equal(symlink("/bin/false", link), 0);
	assert_int_equal(kill(bed_stats(b).prober_pid, SIGKILL), 0);
	assert_int_equal(tend_at_its_end(b), 1);
	all_are_answered(b, ids);
	assert_int_equal(bed_stats(b).prober_restarts, 1);
}

static void copy_program(const char *to)
{
	static char bytes[65536];
	int in = open(BUILT_PROBER, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

static void a_program_that_may_not_be_run_any_more(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	char name[PATHCHECK_DEVICE_MAX];

	(void)snprintf(name, sizeof(name), "%s/prober", b->dir);
	copy_program(name);
	start(b, name);
	add_files(b, ids);
	all_are_checked(b, ids);
	halt(bed_stats(b).prober_pid);
	ask_all(b, ids);
	assert_int_equal(chmod(name, 0600), 0);
	assert_int_equal(kill(bed_stats(b).prober_pid, SIGKILL), 0);
	assert_int_equal(tend_at_its_end(b), -EACCES);
	assert_int_equal(pathcheck_tend(b->pc), -EACCES);
	assert_int_equal(bed_stats(b).prober_restarts, 0);
	assert_int_equal(bed_stats(b).prober_end, PATHCHECK_END_NO_START);
	assert_int_equal(bed_stats(b).prober_end_code, EACCES);
	assert_int_equal(chmod(name, 0700), 0);
	assert_int_equal(pathcheck_tend(b->pc), 1);
	all_are_answered(b, ids);
	assert_int_equal(bed_stats(b).prober_restarts, 1);
}

static void named_by_the_environment(void **state)
{
	struct bed *b = *state;

	assert_int_equal(setenv("PATHCHECK_PROBER", bed_name(b, 0), 1), 0);
	{
		struct pathcheck_options o = bed_options(b, 1);

		o.prober = NULL;
		assert_string_equal(pathcheck_program(&o), bed_name(b, 0));
		assert_int_equal(pathcheck_new(&b->pc, &o), -ENOENT);
	}
	assert_int_equal(setenv("PATHCHECK_PROBER", BUILT_PROBER, 1), 0);
	start(b, NULL);
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, bed_add(b, 0, 0)).verdict, PATHCHECK_OK);
}

static void one_that_dies_again_and_again(void **state)
{
	struct bed *b = *state;
	uint32_t id, gone;

	setenv("TEST_PROBER", "dies", 1);
	start(b, self());
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), 0);
	for (unsigned i = 1; i < RESTARTS_MAX; i++)
		assert_int_equal(tend_at_its_end(b), 1);
	assert_int_equal(tend_at_its_end(b), -EINPROGRESS);
	ahead_us += RESTARTS_WINDOW_US - USEC_PER_SEC * 2;
	assert_int_equal(pathcheck_tend(b->pc), -EINPROGRESS);
	assert_int_equal(bed_stats(b).prober_restarts, RESTARTS_MAX - 1);
	assert_int_equal(bed_stats(b).prober_pid, 0);

	/* Without a prober the engine still accepts requests. */
	gone = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_check(b->pc, gone, BED_TIMEOUT_US), 0);
	assert_int_equal(pathcheck_remove(b->pc, gone), 0);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), -EBUSY);

	setenv("TEST_PROBER", "works", 1);
	ahead_us += 3 * USEC_PER_SEC;
	assert_int_equal(pathcheck_tend(b->pc), 1);
	ahead_us = 0;
	assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
	assert_int_equal(bed_stats(b).prober_restarts, RESTARTS_MAX);
	assert_int_equal(bed_check(b, id).verdict, PATHCHECK_OK);
	assert_int_equal(pathcheck_check(b->pc, gone, 1), -ENOENT);
}

static void how_it_ended_is_known(void **state)
{
	static const struct {
		const char *prober;
		enum pathcheck_end end;
		int32_t code;
	} cases[] = {
		{ "dies", PATHCHECK_END_EXITED, EXIT_SUCCESS },
		{ "signal", PATHCHECK_END_SIGNAL, SIGKILL },
		{ "version", PATHCHECK_END_VERSION, PROBER_EXIT_VERSION },
	};
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		setenv("TEST_PROBER", cases[i].prober, 1);
		start(b, self());
		assert_int_equal(bed_stats(b).prober_end, PATHCHECK_END_NONE);
		setenv("TEST_PROBER", "works", 1);
		ahead_us += VERSION_RETRY_US;
		assert_int_equal(tend_at_its_end(b), 1);
		assert_int_equal(bed_stats(b).prober_end, cases[i].end);
		assert_int_equal(bed_stats(b).prober_end_code, cases[i].code);
		bed_end(b);
	}
}

/* Another version is tried again seldom: it stays another one until somebody does something. */
static void another_version_is_tried_seldom(void **state)
{
	struct bed *b = *state;

	setenv("TEST_PROBER", "version", 1);
	start(b, self());
	assert_int_equal(tend_at_its_end(b), -EINPROGRESS);
	ahead_us += VERSION_RETRY_US - 2 * USEC_PER_SEC;
	assert_int_equal(pathcheck_tend(b->pc), -EINPROGRESS);
	ahead_us += 2 * USEC_PER_SEC;
	assert_int_equal(pathcheck_tend(b->pc), 1);
	assert_int_equal(tend_at_its_end(b), -EINPROGRESS);
	assert_int_equal(bed_stats(b).prober_restarts, 1);
	assert_int_equal(bed_stats(b).prober_end, PATHCHECK_END_VERSION);
}

/* A result that no sound prober writes ends the prober, and no check: checks start again. */
static void one_that_lies(void **state)
{
	struct pathcheck_result r;
	struct bed *b = *state;
	uint32_t id;

	setenv("TEST_PROBER", "lies", 1);
	start(b, self());
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_check(b->pc, id, BED_TIMEOUT_US), 0);
	pathcheck_flush(b->pc);
	bed_wait(b);
	assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
	assert_int_equal(bed_stats(b).stale, 1);
	setenv("TEST_PROBER", "works", 1);
	assert_int_equal(pathcheck_tend(b->pc), 1);
	assert_int_equal(bed_stats(b).prober_end, PATHCHECK_END_WILD);
	assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
}

static void one_that_loses_checks(void **state)
{
	struct bed *b = *state;
	int64_t stall_us;
	uint32_t id;

	setenv("TEST_PROBER", "loses", 1);
	start(b, self());
	stall_us = (int64_t)b->pc->options.stall_timeout_us;
	bed_file(b, 0, BED_FILE_BYTES);
	id = bed_add(b, 0, 0);
	assert_int_equal(pathcheck_check(b->pc, id, USEC_PER_SEC), 0);
	pathcheck_flush(b->pc);
	while (atomic_load(&b->pc->shared.commands->head) == 0)
		(void)poll(NULL, 0, 1);
	/* Nobody ran, maybe: the check has all its time again. */
	ahead_us += 2 * CHECK_STAGES * (USEC_PER_SEC + stall_us);
	assert_int_equal(pathcheck_tend(b->pc), 0);
	for (int i = 0; i < CHECK_STAGES; i++) {
		ahead_us += USEC_PER_SEC;
		assert_int_equal(pathcheck_tend(b->pc), 0);
	}
	for (int i = 0; i < 2 * CHECK_STAGES - 1; i++) {
		ahead_us += stall_us / 2;
		assert_int_equal(pathcheck_tend(b->pc), 0);
	}
	setenv("TEST_PROBER", "works", 1);
	ahead_us += stall_us / 2 + USEC_PER_SEC / 2;
	assert_int_equal(pathcheck_tend(b->pc), 1);
	assert_int_equal(bed_stats(b).prober_end, PATHCHECK_END_WILD);
	assert_int_equal(bed_next(b, true).verdict, PATHCHECK_OK);
}

static int make_fifo(const struct bed *b, unsigned number, const char *variable)
{
	int fd;

	assert_int_equal(mkfifo(bed_name(b, number), 0600), 0);
	assert_int_equal(setenv(variable, bed_name(b, number), 1), 0);
	fd = open(bed_name(b, number), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* One that lingers still has the old eventfd, and may still write to it. */
static void one_that_lingers_wakes_no_caller(void **state)
{
	struct bed *b = *state;
	int orders = make_fifo(b, 1, "TEST_ORDERS");
	int reports = make_fifo(b, 2, "TEST_REPORTS");
	struct pollfd pfd = { .events = POLLIN };
	struct pathcheck_result r;
	char c = 'w';

	setenv("TEST_PROBER", "leaves", 1);
	start(b, self());
	setenv("TEST_PROBER", "works", 1);
	assert_int_equal(tend_at_its_end(b), 1);
	assert_int_equal(write(orders, &c, 1), 1);
	assert_int_equal(read(reports, &c, 1), 1);
	assert_int_equal(c, 'w');

	assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
	pfd.fd = pathcheck_fd(b->pc);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(bed_check(b, bed_add(b, 0, 0)).verdict, PATHCHECK_OK);
	close(orders); /* its end */
	close(reports);
}

static bool is_readable(struct bed *b)
{
	return poll(&(struct pollfd){ .fd = pathcheck_fd(b->pc), .events = POLLIN }, 1,
	            0) > 0;
}

/* Who was woken by results need not know whether the prober lives; else it is asked, and then nothing is
 * left to be woken by. */
static void an_end_is_noted_where_nothing_else_woke(void **state)
{
	static const uint64_t one = 1;
	struct bed *b = *state;
	struct pathcheck_result r;
	int pid, pidfd;

	start(b, BUILT_PROBER);
	bed_file(b, 0, BED_FILE_BYTES);
	assert_int_equal(pathcheck_check(b->pc, bed_add(b, 0, 0), BED_TIMEOUT_US), 0);
	pathcheck_flush(b->pc);
	bed_wait(b);
	questions = 0;
	assert_int_equal(pathcheck_results(b->pc, &r, 1), 1);
	assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
	assert_int_equal(questions, 0);

	pid = bed_stats(b).prober_pid;
	pidfd = watch(pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(write(b->pc->shared.caller_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(
	        poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, BED_LIMIT_MS),
	        1);
	close(pidfd);
	while (pathcheck_results(b->pc, &r, 1) > 0)
		continue; /* of a check that was deferred */
	assert_true(is_readable(b));
	assert_int_equal(pathcheck_results(b->pc, &r, 1), 0);
	assert_false(is_readable(b));
	assert_int_equal(pathcheck_tend(b->pc), 1);
}

/* How long pathcheck_free() was ready to wait for the prober. */
static int wait_at_the_end(struct bed *b)
{
	longest_poll_ms = 0;
	patient = true;
	b->pc = pathcheck_free(b->pc);
	patient = false;
	return longest_poll_ms;
}

static void the_end_waits_for_nothing_that_hangs(void **state)
{
	struct bed *b = *state;
	uint32_t ids[PATHS];
	int pid, pidfd;

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	pid = bed_stats(b).prober_pid;
	while (bed_stats(b).rescuers_busy > 0)
		continue; /* one has given its answer, and has yet to come back */
	assert_true(wait_at_the_end(b) > 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* it was collected */

	start(b, BUILT_PROBER);
	add_files(b, ids);
	all_are_checked(b, ids);
	pid = bed_stats(b).prober_pid;
	pidfd = watch(pid);
	halt(pid);
	ask_all(b, ids);
	ahead_us += USEC_PER_SEC; /* the oldest request has no answer for a second */
	assert_int_equal(wait_at_the_end(b), 0);
	assert_int_equal(
	        poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, BED_LIMIT_MS),
	        1); /* the prober must have been killed before */
	close(pidfd);
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bed_setup_process, teardown)
	const struct CMUnitTest tests[] = {
		T(killed_with_all_outstanding),
		T(a_successor_knows_what_was_wanted),
		T(killed_at_any_moment),
		T(one_that_stalls),
		T(one_that_was_paused),
		T(one_that_has_nothing_to_do),
		T(a_program_that_cannot_be_run),
		T(a_program_that_is_replaced),
		T(a_program_that_may_not_be_run_any_more),
		T(named_by_the_environment),
		T(one_that_dies_again_and_again),
		T(how_it_ended_is_known),
		T(another_version_is_tried_seldom),
		T(one_that_lies),
		T(one_that_loses_checks),
		T(one_that_lingers_wakes_no_caller),
		T(an_end_is_noted_where_nothing_else_woke),
		T(the_end_waits_for_nothing_that_hangs),
	};

	if (argc == 1 && strcmp(argv[0], "pathcheck-prober") == 0)
		faulty_prober_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
