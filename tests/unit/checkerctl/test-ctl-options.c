/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: options in any place, and the options of each command. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"

#define ARGS_MAX 16

/* The words of `line` as an argv; a lone ~ is an empty word. */
static int parse(const char *line, struct ctl_options *o)
{
	static char copy[256];
	char *argv[ARGS_MAX + 1] = { (char[]){ "checkerctl" } }, *rest = copy, *word;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")))
		if (*word && argc < ARGS_MAX)
			argv[argc++] = strcmp(word, "~") == 0 ? word + 1 : word;
	return ctl_options_parse(o, argc, argv);
}

static void test_anywhere(void **state)
{
	static const char *const lines[] = {
		"-s /sock --timeout 0.5 --raw show paths sda sdb",
		"show --raw paths -s /sock sda --timeout=500ms sdb",
		"show paths sda sdb --socket=/sock --raw --timeout 0.5s",
		"--raw -s/sock show paths --timeout 0.5 -- sda sdb",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct ctl_options o;

		assert_int_equal(parse(lines[i], &o), 0);
		assert_string_equal(o.socket, "/sock");
		assert_int_equal(o.timeout_us, 500000);
		assert_true(ctl_options_has(&o, OPT_RAW));
		assert_false(ctl_options_has(&o, OPT_JSON));
		assert_int_equal(o.n_operands, 4);
		assert_string_equal(o.operands[0], "show");
		assert_string_equal(o.operands[3], "sdb");
		assert_null(o.operands[4]);
		ctl_options_deinit(&o);
	}
}

static void test_defaults(void **state)
{
	struct ctl_options o;

	(void)state;
	assert_int_equal(parse("ping", &o), 0);
	assert_int_equal(o.given, 0);
	assert_string_equal(o.socket, CTL_OPTIONS_DEFAULT_SOCKET);
	assert_int_equal(o.timeout_us, 5000000);
	assert_null(o.columns);
	ctl_options_deinit(&o);
	/* what follows -- is never an option */
	assert_int_equal(parse("check -- --wait", &o), 0);
	assert_int_equal(o.given, 0);
	assert_int_equal(o.n_operands, 2);
	assert_string_equal(o.operands[1], "--wait");
	ctl_options_deinit(&o);
}

static void test_wrong_options(void **state)
{
	static const char *const lines[] = {
		"--nonsense ping",
		"-x ping",
		"ping --timeout",
		"ping -s",
		"ping -s ~",
		"--json=yes ping",
		"--timeout 0 ping",
		"--timeout -1 ping",
		"--timeout x ping",
		"--timeout ~ ping",
		"show events --since -1",
		"show events --since 1x",
		"disable sda --for forever",
		"--no ping --ver=1",
		"show paths --watch=x",
		"show paths --watch=0",
		"show paths --color",
		"show paths --color sometimes",
		"show paths --utc=1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct ctl_options o;

		assert_int_equal(parse(lines[i], &o), EXIT_USAGE);
		ctl_options_deinit(&o);
	}
}

static int find(const char *line, const char *expected, size_t expected_words)
{
	const struct command *command = NULL;
	struct ctl_options o;
	size_t words = 0;
	int r;

	assert_int_equal(parse(line, &o), 0);
	r = command_find(&o, &command, &words);
	if (r == 0) {
		assert_string_equal(command->words, expected);
		assert_int_equal(words, expected_words);
	}
	ctl_options_deinit(&o);
	return r;
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(find("show paths", "show paths", 2), 0);
	assert_int_equal(find("show paths sda sdb", "show paths", 2), 0);
	assert_int_equal(find("show paths format %d", "show paths format", 3), 0);
	assert_int_equal(find("show paths format %d --raw", "show paths format", 3), 0);
	assert_int_equal(find("show paths sda format", "show paths", 2), 0);
	assert_int_equal(find("show events --since 3 --json", "show events", 2), 0);
	assert_int_equal(find("check sda --wait", "check", 1), 0);
	assert_int_equal(find("check --map m --host host3", "check", 1), 0);
	assert_int_equal(find("disable sda --for 1h", "disable", 1), 0);
	assert_int_equal(find("health --map m", "health", 1), 0);
	assert_int_equal(find("ping --json --no-headings", "ping", 1), EXIT_USAGE);
}

/* A word may be shortened while it is the beginning of one word only. */
static void test_shortened(void **state)
{
	(void)state;
	assert_int_equal(find("sh pa", "show paths", 2), 0);
	assert_int_equal(find("show p", "show paths", 2), 0);
	assert_int_equal(find("show path sda", "show paths", 2), 0);
	assert_int_equal(find("show m", "none", 0), EXIT_USAGE); /* maps, memory */
	assert_int_equal(find("show map", "show maps", 2), 0);
	assert_int_equal(find("mo", "monitor", 1), 0);
	assert_int_equal(find("che sda", "check", 1), 0);
	assert_int_equal(find("hel", "help", 1), 0);
	assert_int_equal(find("reloa", "reload", 1), 0);
	/* After a complete command a word is an operand, if it is no other word in full. */
	assert_int_equal(find("sh pa format %d", "show paths format", 3), 0);
	assert_int_equal(find("show paths f", "show paths", 2), 0);
}

/* The message for a wrong command. The caller frees it. */
static char *complaint(const char *line)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size), *old = stderr;

	assert_non_null(f);
	stderr = f;
	assert_int_equal(find(line, "none", 0), EXIT_USAGE);
	stderr = old;
	fclose(f);
	assert_non_null(text);
	return text;
}

static void test_suggestions(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "shwo paths", "'shwo paths' (do you mean 'show paths'?)" },
		{ "show pahts sda", "'show pahts' (do you mean 'show paths'?)" },
		{ "paths", "'paths' (do you mean 'show paths'?)" },
		{ "list paths", "'list paths' (do you mean 'show paths'?)" },
		{ "hlep", "'hlep' (do you mean 'help'?)" },
		{ "r", "'r' is ambiguous: reinstate, release, reload;" },
		{ "show m", "'m' is ambiguous: maps, memory;" },
		{ "sho", "'show' needs one more word" },
		/* Too little is right to say what was meant. */
		{ "x", "there is no command 'x';" },
		{ "show zz", "there is no command 'show zz';" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = complaint(cases[i].line);

		if (strstr(text, cases[i].text) == NULL)
			fail_msg("'%s' is not in: %s", cases[i].text, text);
		free(text);
	}
}

static void test_wrong_commands(void **state)
{
	static const char *const lines[] = {
		"show",
		"shwo paths",
		"list paths",
		"r",
		"m",
		"rel",
		"showpaths",
		"version now",
		"paths",
		"nonsense",
		"show nonsense",
		"~",
		"show ~",
		"log-level",
		"log-level a b",
		"ping sda",
		"reload now",
		"show status x",
		"show paths format",
		"show config --watch",
		"show groups --sort ID",
		"show paths --since 1",
		"enable sda --for 1h",
		"show maps --map m",
		"enable sda --force",
		"show paths --type dm",
		"show status --raw",
		"show config -o NAME",
		"monitor --raw",
		"show paths --json --raw",
		"show maps --json -o NAME",
		"show paths format %d --json",
		"top sda",
		"top --json",
		"metrics now",
		"show history",
		"show history sda sdb",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(find(lines[i], "none", 0), EXIT_USAGE);
}

static void assert_fits(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (strstr(line, CTL_OPTIONS_DEFAULT_SOCKET) ==
		    NULL) /* the build chooses its length */
			assert_true(strlen(line) <= 80);
}

/* Every line fits 80 columns, also in the help of one command. */
static void test_help_of_one(void **state)
{
	size_t n;
	const struct command *all = commands_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char *help = NULL;
		size_t size;
		FILE *f = open_memstream(&help, &size);

		assert_non_null(f);
		command_help_one(f, &all[i]);
		fclose(f);
		assert_non_null(strstr(help, all[i].words));
		assert_int_equal(strstr(help, "--wait") != NULL,
		                 (all[i].options & OPT_BIT(OPT_WAIT)) != 0);
		assert_int_equal(strstr(help, "NAME *\n") != NULL,
		                 all[i].table != NULL &&
		                         strcmp(all[i].table->columns[0].name, "NAME") ==
		                                 0);
		assert_fits(help);
		free(help);
	}
}

/* Every line fits 80 columns. */
static void test_help(void **state)
{
	char *help = NULL;
	size_t size;
	FILE *f = open_memstream(&help, &size);

	(void)state;
	assert_non_null(f);
	command_help(f);
	fclose(f);
	assert_non_null(strstr(help, "  show paths [PATH...] "));
	assert_non_null(strstr(help, "  -s, --socket SOCKET "));
	assert_fits(help);
	free(help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anywhere),       cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_wrong_options),  cmocka_unit_test(test_find),
		cmocka_unit_test(test_shortened),      cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_wrong_commands), cmocka_unit_test(test_help),
		cmocka_unit_test(test_help_of_one),
	};

	return cmocka_run_group_tests_name("ctl-options", tests, NULL, NULL);
}
