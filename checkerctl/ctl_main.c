/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* checkerctl: reads the command line, runs one command, and checks that its output was written.
 * One thread. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/memory.h"
#include "checkerctl/human.h"
#include "checkerctl/repeat.h"
#include "config.h"

/* A script must be able to see from the status that the output is incomplete. */
static int close_stdout(int code)
{
	bool failed = ferror(stdout);
	int error = 0;

	/* Nobody has kept the errno of the write that failed: the output is incomplete anyway. */
	if (failed && write(STDOUT_FILENO, "\n", 1) < 0)
		error = errno;
	if (fclose(stdout) != 0) {
		failed = true;
		error = errno;
	}
	if (!failed)
		return code;
	if (error && error != EPIPE)
		return human_complain(code ? code : EXIT_FAILED,
		                      "cannot write the output: %s", strerror(error));
	return code ? code : EXIT_FAILED;
}

static int run_once(const struct ctl_options *o, const struct command *command,
                    size_t words)
{
	struct ctl ctl = { .options = o, .connection = CONNECTION_NULL };
	int r = command->run(&ctl, o->operands + words, o->n_operands - words);

	connection_deinit(&ctl.connection);
	return r;
}

static int print_help(const struct ctl_options *o)
{
	const struct command *command;
	size_t words;
	int r;

	if (o->n_operands == 0) {
		command_help(stdout);
		return EXIT_DONE;
	}
	r = command_named(o->operands, o->n_operands, &command, &words);
	if (r == 0)
		command_help_one(stdout, command);
	return r;
}

static bool wants_columns(const struct ctl_options *o, const struct command *command)
{
	return o->columns != NULL && command->table != NULL &&
	       strcmp(o->columns, "help") == 0;
}

/* For a monitoring system wrong usage is no failed map: its exit status 2 is another one. */
static int fail_usage(const struct ctl_options *o, int code)
{
	if (code != EXIT_USAGE || o->n_operands == 0 ||
	    strcmp(o->operands[0], "health") != 0)
		return code;
	health_unknown(o);
	return HEALTH_UNKNOWN;
}

static int run_command(const struct ctl_options *o)
{
	const struct command *command;
	size_t words;
	int r;

	if (ctl_options_has(o, OPT_HELP))
		return print_help(o);
	if (ctl_options_has(o, OPT_VERSION)) {
		puts("checkerctl " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (o->n_operands == 0) {
		command_short_usage(stderr);
		return EXIT_USAGE;
	}
	r = command_find(o, &command, &words);
	if (r)
		return fail_usage(o, r);
	if (wants_columns(o, command)) {
		table_print_columns(stdout, command->table);
		return EXIT_DONE;
	}
	if (command->table != NULL)
		r = table_check_sort(command->table, o->sort);
	if (r)
		return r;
	if (command->run == run_health)
		memory_exit_code(HEALTH_UNKNOWN);
	if (command->run == run_compare)
		memory_exit_code(EXIT_UNREACHABLE);
	return ctl_options_has(o, OPT_WATCH) ? repeat_command(o, command, words, run_once)
	                                     : run_once(o, command, words);
}

int main(int argc, char **argv)
{
	struct ctl_options options = CTL_OPTIONS_NULL;
	int r;

	/* LC_CTYPE decides which characters are printable; numbers stay in the C locale. */
	setlocale(LC_CTYPE, "");
	r = ctl_options_parse(&options, argc, argv);
	r = r == 0 ? run_command(&options) : fail_usage(&options, r);
	ctl_options_deinit(&options);
	return close_stdout(r);
}
