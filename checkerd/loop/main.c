/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd: options, configuration, then the daemon until a signal ends it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/loop/bound.h"
#include "checkerd/loop/daemon.h"
#include "checkerd/loop/sources.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What was printed counts only when it arrived. */
static int flushed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	(void)fprintf(stderr, "checkerd: standard output: %s\n", strerrordesc_np(errno));
	return EXIT_FAILED;
}

static int print_bound(const struct config *c)
{
	struct bound b;
	int r;

	r = bound_compute(c, &b);
	if (r < 0) {
		(void)fprintf(stderr, "checkerd: the bound: %s\n", strerrordesc_np(-r));
		return EXIT_FAILED;
	}
	bound_print(&b, stdout);
	return flushed();
}

static int run(const struct options *o, struct loaded *first)
{
	static struct daemon d; /* too large for a stack that is locked */
	int r;
	bool all;

	sources_block_signals();
	r = daemon_init(&d, o, first);
	if (r == 0) {
		r = sources_run(&d);
		if (r < 0)
			(void)fprintf(stderr, "checkerd: the loop: %s\n",
			              strerrordesc_np(-r));
	}
	all = daemon_deinit(&d);
	loaded_deinit(first);
	if (!all)
		_exit(r < 0 ? EXIT_FAILED : EXIT_DONE);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int with_config(const struct options *o)
{
	struct loaded first;
	int r, code = EXIT_DONE;

	r = loader_read(o->config, NULL, &first);
	/* Warnings of a daemon go to its log. */
	if (first.messages != NULL && (r < 0 || o->mode != MODE_RUN))
		fputs(first.messages->data, stderr);
	if (r < 0) {
		if (r != -EINVAL)
			(void)fprintf(stderr, "checkerd: %s\n", strerrordesc_np(-r));
		loaded_deinit(&first);
		return EXIT_FAILED;
	}
	if (o->mode == MODE_RUN)
		return run(o, &first);
	if (o->mode == MODE_BOUND) {
		code = print_bound(first.config);
	} else if (o->mode == MODE_DUMP) {
		fputs(first.dump->data, stdout);
		code = flushed();
	}
	loaded_deinit(&first);
	return code;
}

int main(int argc, char **argv)
{
	struct options o;

	privileges_prepare();
	if (options_parse(&o, argc, argv, stderr) < 0)
		return EXIT_USAGE;
	switch (o.mode) {
	case MODE_HELP:
		options_help(stdout);
		return flushed();
	case MODE_VERSION:
		(void)printf("checkerd %s\n", pathcheck_version());
		return flushed();
	case MODE_RUN:
	case MODE_TEST:
	case MODE_DUMP:
	case MODE_BOUND:
		break;
	}
	return with_config(&o);
}
