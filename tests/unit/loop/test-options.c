/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, and what stays as it is over a reload. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/config/restart_only.h"
#include "checkerd/loop/options.h"

/* Parses up to four words; `err` gets what is said. */
static int parse(struct options *o, char *err, size_t size, const char *a, const char *b,
                 const char *c, const char *d)
{
	char *argv[6] = { strdup("checkerd") };
	const char *const words[] = { a, b, c, d };
	FILE *out = fmemopen(err, size, "w");
	static char kept[4][64];
	int argc = 1, r;

	for (int i = 0; i < 4 && words[i] != NULL; i++) {
		(void)snprintf(kept[i], sizeof(kept[i]), "%s", words[i]);
		argv[argc++] = kept[i];
	}
	r = options_parse(o, argc, argv, out);
	fclose(out);
	free(argv[0]);
	return r;
}

static void without_words_it_runs(void **state)
{
	struct options o;
	char err[200];

	(void)state;
	assert_int_equal(parse(&o, err, sizeof(err), NULL, NULL, NULL, NULL), 0);
	assert_int_equal(o.mode, MODE_RUN);
	assert_null(o.config);
	assert_non_null(strstr(o.socket, "/checkerd/control"));
	assert_int_equal(o.log_target, LOG_TARGET_AUTO);
	assert_int_equal(o.log_level, LOG_LEVEL_UNSET);
}

static void words_are_taken(void **state)
{
	struct options o;
	char err[200];

	(void)state;
	assert_int_equal(parse(&o, err, sizeof(err), "-c", "f", "-s", "sock"), 0);
	assert_string_equal(o.config, "f");
	assert_string_equal(o.socket, "sock");
	assert_int_equal(parse(&o, err, sizeof(err), "--log-target=stderr", "--log-level",
	                       "err", NULL),
	                 0);
	assert_int_equal(o.log_target, LOG_TARGET_STDERR);
	assert_int_equal(o.log_level, LOG_ERR);
	assert_int_equal(parse(&o, err, sizeof(err), "-v", "-T", NULL, NULL), 0);
	assert_int_equal(o.log_level, LOG_DEBUG);
	assert_int_equal(o.mode, MODE_DUMP);
	assert_int_equal(parse(&o, err, sizeof(err), "--print-bound", "-cf", NULL, NULL),
	                 0);
	assert_int_equal(o.mode, MODE_BOUND);
}

static void mistakes_are_named(void **state)
{
	static const char *const cases[][3] = {
		{ "-x", NULL, "-x" },
		{ "--frobnicate", NULL, "--frobnicate" },
		{ "-c", NULL, "-c" },
		{ "--log-level=loud", NULL, "loud" },
		{ "--log-target=paper", NULL, "paper" },
		{ "file", NULL, "file" },
		{ "-t", "-T", "only one of" },
	};
	struct options o;
	char err[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		        parse(&o, err, sizeof(err), cases[i][0], cases[i][1], NULL, NULL),
		        -EINVAL);
		assert_non_null(strstr(err, cases[i][2]));
		assert_non_null(strstr(err, "--help"));
	}
}

static void help_names_every_option(void **state)
{
	static const char *const names[] = { "-c FILE",
		                             "-s SOCKET",
		                             "-t",
		                             "-T",
		                             "-v",
		                             "--log-level=",
		                             "--log-target=",
		                             "--print-bound",
		                             "--help",
		                             "--version" };
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	options_help(out);
	fclose(out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(strstr(text, names[i]));
}

static void what_is_fixed_stays_and_is_named(void **state)
{
	struct config present = { .max_paths = 10,
		                  .rescuer_threads = 4,
		                  .max_clients = 8 };
	struct config next = { .max_paths = 20,
		               .rescuer_threads = 4,
		               .max_clients = 8,
		               .aio_setup_timeout_us = 5000000,
		               .fail_checks = 7 };
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	present.aio_setup_timeout_us = 2000000;
	present.socket_group = strdup("disk");
	assert_int_equal(restart_only_keep(&present, &next, out), 0);
	fclose(out);
	assert_int_equal(next.max_paths, 10);
	assert_int_equal(next.aio_setup_timeout_us, 2000000);
	assert_string_equal(next.socket_group, "disk");
	assert_int_equal(next.fail_checks, 7);
	assert_non_null(strstr(text, "max_paths: still 10: "));
	assert_non_null(strstr(text, "aio_setup_timeout: still 2 s: "));
	assert_non_null(strstr(text, "socket_group: still disk: "));
	assert_non_null(strstr(text, "systemctl restart checkerd"));
	assert_null(strstr(text, "rescuer_threads"));
	free(present.socket_group);
	free(next.socket_group);
}

static void equal_configurations_say_nothing(void **state)
{
	struct config present = { .max_paths = 10 }, next = present;
	char text[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_int_equal(restart_only_keep(&present, &next, out), 0);
	fclose(out);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_words_it_runs),
		cmocka_unit_test(words_are_taken),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(what_is_fixed_stays_and_is_named),
		cmocka_unit_test(equal_configurations_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
