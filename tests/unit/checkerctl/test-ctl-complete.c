/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What complete offers after the words of a command line. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"
#include "util/macro.h"

/* after: without "complete --"; after a blank at its end is an empty word. */
static char *offered(struct fake *f, const char *after)
{
	char line[256];
	struct outcome o;
	char *out;

	snprintf(line, sizeof(line), "complete -- %s", after);
	o = run_line(f, 0, line);
	assert_int_equal(o.code, 0);
	out = strdup(o.out);
	assert_non_null(out);
	outcome_free(&o);
	return out;
}

static const struct {
	const char *after, *offers;
} cases[] = {
	/* commands, each word once, with its help if it is a command */
	{ "rel", "release\treinstate what checkerd failed\n"
	         "reload\tread the configuration again\n" },
	{ "show pa", "paths\tlist paths: state, since when, reason\n" },
	{ "sh pa", "paths\tlist paths: state, since when, reason\n" },
	{ "show maps raw fo", "format\tthe same without padding and headings\n" },
	{ "help show ma", "maps\tlist maps and how many paths are up\n" },
	{ "show nothing p", "" },
	{ "r ", "" }, /* ambiguous */
	/* names: of what the command takes, not again, and by what they begin with */
	{ "check s", "sda\tup, map m1\nsdb\tdown, map -\n" },
	{ "check sda s", "sdb\tdown, map -\n" },
	{ "check /dev/sdb", "/dev/sdb\n" },
	{ "check 8:1", "8:16\n" },
	{ "show maps m", "m1\tlast, 1 of 2 paths up\nm2\tfull, 2 of 2 paths up\n" },
	{ "show maps format %n m2", "m2\tfull, 2 of 2 paths up\n" },
	{ "show maps format m", "" },
	{ "show history sda s", "" }, /* it takes one */
	{ "show status ", "" },
	{ "log-level d", "debug\n" },
	{ "import x", ":files\n" },
	{ "import x y", "" },
	{ "explain /dev/x", ":files\n" },
	/* values, also behind '=' and in lists */
	{ "health --map m1", "m1\tlast, 1 of 2 paths up\n" },
	{ "health --map=m1", "--map=m1\tlast, 1 of 2 paths up\n" },
	{ "health --expect m2", "m2=2\tfull, 2 of 2 paths up\n" },
	{ "show paths --state up,dow", "up,down\n" },
	{ "show paths -o checks", "CHECKS_TOTAL\n" },
	{ "show paths -o +NAME,p9", "+NAME,P99\n" },
	{ "show maps -o he", "help\tlist the columns\n" },
	{ "show latency --sort -P9", "-P99\n-P99_US\n" },
	{ "reload -o N", "" },
	{ "monitor --type=dm,sl", "--type=dm,slow\n" },
	{ "--color al", "always\n" },
	{ "--timeout 5", "" },
	{ "-s x", ":files\n" },
	{ "--timeout 9 -o NAME show hist",
	  "history\tlist a path's last changes of state\n" },
	/* options: those of the command; none after "--" */
	{ "ping --w", "--wait\tcheck, ping: wait for the results\n" },
	{ "reload --w", "" },
	{ "show paths --wat", "--watch\trepeat every SECONDS (default 2)\n" },
	{ "--js", "" }, /* not all commands take it */
	{ "reload --js", "--json\tprint the reply as one JSON object\n" },
	{ "health -w", "-w\tusable paths of a map: 2 is below 2, 50%\n" },
	{ "show paths -- --ra", "" },
	{ "show paths --nothing=x", "" },
};

static void test_offers(void **state)
{
	struct fake *f = fake_start(good);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *out = offered(f, cases[i].after);

		if (strcmp(out, cases[i].offers) != 0)
			print_error("after '%s':\n%s", cases[i].after, out);
		assert_string_equal(out, cases[i].offers);
		free(out);
	}
	fake_stop(f);
}

/* A name that a shell would take for two words, or that moves the cursor, is not offered. */
static void test_strange_names(void **state)
{
	static const struct fake_answer answers[] = {
		REPLY("ListPaths", "{\"parameters\":{\"paths\":[{\"name\":\"sd\\na\"},"
		                   "{\"name\":\"sd\\u001b[2J\"},{\"name\":\"sdc\"},5]}}"),
		{ 0 },
	};
	struct fake *f = fake_start(answers);
	char *out = offered(f, "check s");

	(void)state;
	assert_string_equal(out, "sdc\t-, map -\n");
	free(out);
	fake_stop(f);
}

/* Without a daemon there are no names. The socket is the typed one. */
static void test_without_daemon(void **state)
{
	struct outcome o;

	(void)state;
	o = run_ctl(0, (const char *const[]){ "complete", "--", "-s", "/nowhere/x",
	                                      "check", "", NULL });
	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, "");
	assert_has(o.err, "/nowhere/x");
	outcome_free(&o);
}

#define TEST(function) cmocka_unit_test_setup(function, ctl_arm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_offers),
		TEST(test_strange_names),
		TEST(test_without_daemon),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-complete", tests, NULL, NULL);
}
