/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, its messages and --help. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "checkerd/loop/options.h"

/* Parses up to four words; err: the messages. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_words_it_runs),
		cmocka_unit_test(words_are_taken),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
