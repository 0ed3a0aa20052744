/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The purger thread with programs of the test: what it starts, what it reports, and that a program
 * that hangs delays no end. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkerd/purger/purger.h"

#define LIMIT_MS 20000 /* for what takes milliseconds on a machine that is not busy */

static char folder[64], program[128], output[128];
static struct purger *purger;
static const struct purger_order usual = {
	.disk = { .devt_major = 8, .devt_minor = 16, .diskseq = 42, .hcil = "3:0:0:1" },
	.until = { INT64_MAX },
};

/* The program is this shell script; $O is the file with its output. */
static void script(const char *text)
{
	FILE *f = fopen(program, "we");

	assert_non_null(f);
	(void)fprintf(f, "#!/bin/sh\nO=%s\n%s\n", output, text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(program, 0700), 0);
}

static int make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test-purger-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(program, sizeof(program), "%s/program", folder);
	(void)snprintf(output, sizeof(output), "%s/output", folder);
	purger = NULL;
	return 0;
}

static int clean(void **state)
{
	char command[128];
	bool ended = purger_free(purger, 20 * USEC_PER_SEC);

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || !ended;
}

static const char *read_output(void)
{
	static char text[256];
	int fd = open(output, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[MAX(n, 0)] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static struct purger_result result(void)
{
	struct pollfd pfd = { .fd = purger_fd(purger), .events = POLLIN };
	struct purger_result r;

	assert_int_equal(poll(&pfd, 1, LIMIT_MS), 1);
	assert_true(purger_take(purger, &r));
	assert_false(purger_take(purger, &r));
	return r;
}

static void the_program_gets_the_disk(void **state)
{
	struct purger_result r;

	(void)state;
	script("echo \"$*\" >$O");
	assert_int_equal(purger_new(&purger, program), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(purger_delete(purger, &usual));
		r = result();
		assert_int_equal(r.error, 0);
		assert_false(r.no_program);
		assert_true(r.took_us > 0);
		assert_string_equal(read_output(), "8:16 42 3:0:0:1\n");
	}
}

static void the_program_reports_an_errno(void **state)
{
	struct purger_result r;
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof(text), "exit %d", EROFS);
	script(text);
	assert_int_equal(purger_new(&purger, program), 0);
	assert_true(purger_delete(purger, &usual));
	r = result();
	assert_int_equal(r.error, -EROFS);
	assert_false(r.no_program);
}

static void the_program_is_killed(void **state)
{
	struct purger_result r;

	(void)state;
	script("kill -9 $$");
	assert_int_equal(purger_new(&purger, program), 0);
	assert_true(purger_delete(purger, &usual));
	r = result();
	assert_int_equal(r.error, -EIO);
	assert_true(r.no_program);
}

static void the_program_is_missing(void **state)
{
	struct purger_result r;

	(void)state;
	assert_int_equal(purger_new(&purger, program), 0);
	assert_true(purger_delete(purger, &usual));
	r = result();
	assert_int_equal(r.error, -ENOENT);
	assert_true(r.no_program);
}

static void an_order_that_is_late(void **state)
{
	struct purger_order late = usual;

	(void)state;
	script("echo late >$O");
	late.until = (struct mono){ mono_now().us - 1 };
	assert_int_equal(purger_new(&purger, program), 0);
	assert_true(purger_delete(purger, &late));
	assert_int_equal(result().error, -ETIME);
	assert_string_equal(read_output(), "");
}

/* The process is killed at the end of the test. */
static void a_program_that_hangs(void **state)
{
	struct mono begin;
	pid_t pid = 0;

	(void)state;
	script("echo $$ >$O.new; mv $O.new $O; exec sleep 1000");
	assert_int_equal(purger_new(&purger, program), 0);
	assert_true(purger_delete(purger, &usual));
	assert_false(purger_delete(purger, &usual));
	for (int i = 0; i < LIMIT_MS / 10 && pid == 0; i++) {
		(void)poll(NULL, 0, 10);
		pid = (pid_t)strtol(read_output(), NULL, 10);
	}
	assert_true(pid > 0);
	begin = mono_now();
	assert_true(purger_free(purger, LIMIT_MS * USEC_PER_MSEC));
	purger = NULL;
	assert_true(mono_diff(mono_now(), begin) < LIMIT_MS * USEC_PER_MSEC / 2);
	assert_int_equal(kill(pid, 0), 0); /* it was left behind */
	assert_int_equal(kill(pid, SIGKILL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
	static const struct CMUnitTest tests[] = {
		TEST(the_program_gets_the_disk), TEST(the_program_reports_an_errno),
		TEST(the_program_is_killed),     TEST(the_program_is_missing),
		TEST(an_order_that_is_late),     TEST(a_program_that_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
