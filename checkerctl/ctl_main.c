/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* checkerctl: reads the command line, runs one command, and checks that its output was written.
 * One thread. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "checkerctl/commands.h"
#include "checkerctl/exit.h"
#include "checkerctl/memory.h"
#include "checkerctl/human.h"
#include "config.h"

/* A script must be able to see from the status that the output is incomplete. */
static int close_stdout(int code)
{
	bool failed = ferror(stdout);
	int error = 0;

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

static int run_command(const struct ctl_options *o)
{
	struct ctl ctl = { .options = o, .connection = CONNECTION_NULL };
	const struct command *command;
	size_t words;
	int r;

	if (ctl_options_has(o, OPT_HELP)) {
		command_help(stdout);
		return EXIT_DONE;
	}
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
		return r;
	if (command->run == run_health)
		memory_exit_code(HEALTH_UNKNOWN);
	if (command->run == run_compare)
		memory_exit_code(EXIT_UNREACHABLE);
	r = command->run(&ctl, o->operands + words, o->n_operands - words);
	connection_deinit(&ctl.connection);
	return r;
}

int main(int argc, char **argv)
{
	struct ctl_options options = CTL_OPTIONS_NULL;
	int r;

	/* LC_CTYPE decides which characters are printable; numbers stay in the C locale. */
	setlocale(LC_CTYPE, "");
	r = ctl_options_parse(&options, argc, argv);
	if (r == 0)
		r = run_command(&options);
	ctl_options_deinit(&options);
	return close_stdout(r);
}
