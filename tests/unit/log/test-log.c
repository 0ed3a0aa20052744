/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "checkerd/log/log.h"
#include "checkerd/log/rate.h"

static const struct rate_policy policy = { .burst = 3, .window = 1000 };

static struct mono at(int64_t units)
{
	return (struct mono){ units * RATE_UNIT_US };
}

static void rate_lets_a_burst_through(void **state)
{
	struct rate r = { .suppressed = 0 };
	uint32_t suppressed = 99;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(rate_allow(&r, &policy, at(5 + i), &suppressed));
		assert_int_equal(suppressed, 0);
	}
	assert_false(rate_allow(&r, &policy, at(8), &suppressed));
	assert_false(rate_allow(&r, &policy, at(1004), &suppressed));
}

static void rate_counts_suppressed_lines(void **state)
{
	struct rate r = { .suppressed = 0 };
	uint32_t suppressed = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		(void)rate_allow(&r, &policy, at(5), &suppressed);
	assert_true(rate_allow(&r, &policy, at(1005), &suppressed));
	assert_int_equal(suppressed, 7);
	assert_true(rate_allow(&r, &policy, at(1006), &suppressed));
	assert_int_equal(suppressed, 0);
}

static void targets_have_names(void **state)
{
	enum log_target t;

	(void)state;
	assert_int_equal(log_target_parse("journal", &t), 0);
	assert_int_equal(t, LOG_TARGET_JOURNAL);
	assert_int_equal(log_target_parse("syslog", &t), -EINVAL);
}

/* Runs fn with stderr on a file, and gives back what was written. */
static void capture(void (*fn)(void), char *buf, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	n = fread(buf, 1, size - 1, file);
	buf[n] = '\0';
	fclose(file);
}

static void log_two_lines(void)
{
	struct event e = { .type = EVENT_DAEMON, .priority = LOG_INFO, .message = "one" };
	struct log *l;

	assert_int_equal(log_new(&l, LOG_TARGET_STDERR), 0);
	log_push(l, &e);
	strcpy(e.message, "two");
	log_push(l, &e);
	assert_true(log_free(l, 10 * USEC_PER_SEC));
}

static void nothing_is_lost_at_the_end(void **state)
{
	char text[256];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture(log_two_lines, text, sizeof(text));
	assert_string_equal(text, "checkerd: one\ncheckerd: two\n");
}

static void log_what_is_harmful(void)
{
	struct event e = { .type = EVENT_DAEMON, .priority = LOG_INFO };
	struct log *l;

	assert_int_equal(log_new(&l, LOG_TARGET_STDERR), 0);
	strcpy(e.message, "a\x1b[2J%s%n\ncheckerd: forged");
	log_push(l, &e);
	memset(e.message, 0x07, sizeof(e.message) - 1); /* four times as long, then */
	log_push(l, &e);
	assert_true(log_free(l, 10 * USEC_PER_SEC));
}

/* A message becomes one line without escape sequences, whatever its text is. */
static void a_line_is_a_line(void **state)
{
	static const char first[] = "checkerd: a\\x1b[2J%s%n\\x0acheckerd: forged\n";
	char text[2048];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture(log_what_is_harmful, text, sizeof(text));
	assert_memory_equal(text, first, strlen(first));
	for (const char *c = text + strlen(first); *c != '\0'; c++)
		assert_true(*c == '\n' ? c[1] == '\0' : *c >= ' ');
	assert_true(strstr(text, "\\x07\\x07") != NULL);
}

static void log_too_much(void)
{
	struct event e = { .type = EVENT_DAEMON, .priority = LOG_INFO, .message = "x" };
	struct log *l;

	assert_int_equal(log_new(&l, LOG_TARGET_STDERR), 0);
	for (int i = 0; i < 20000; i++)
		log_push(l, &e);
	assert_true(log_free(l, 10 * USEC_PER_SEC));
}

/* However many fit: each line is there, or in a count. */
static void what_does_not_fit_is_counted(void **state)
{
	static char text[512 * 1024];
	unsigned long lines = 0, suppressed = 0;

	(void)state;
	capture(log_too_much, text, sizeof(text));
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long n;

		if (strcmp(line, "checkerd: x") == 0)
			lines++;
		else if (sscanf(line, "checkerd: %lu messages dropped", &n) == 1)
			suppressed += n;
		else
			fail_msg("what is this: %s", line);
	}
	assert_int_equal(lines + suppressed, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_lets_a_burst_through),
		cmocka_unit_test(rate_counts_suppressed_lines),
		cmocka_unit_test(targets_have_names),
		cmocka_unit_test(nothing_is_lost_at_the_end),
		cmocka_unit_test(a_line_is_a_line),
		cmocka_unit_test(what_does_not_fit_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
