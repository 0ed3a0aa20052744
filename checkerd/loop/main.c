/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * checkerd reads its options and its configuration, then runs the daemon until a signal ends it.
 * Runs on the main thread, which becomes the loop's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/config/multipath/mpconf_import.h"
#include "checkerd/loop/bound.h"
#include "checkerd/loop/daemon.h"
#include "checkerd/loop/sources.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* The exit code of a command that printed: failed when the output did not arrive. */
static int flush_output(void)
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
		(void)fprintf(stderr, "checkerd: cannot compute the limits: %s\n",
		              strerrordesc_np(-r));
		return EXIT_FAILED;
	}
	bound_print(&b, stdout);
	return flush_output();
}

static int run_daemon(const struct options *o, struct loaded *first)
{
	static struct daemon d; /* too large for the stack, which is locked */
	int r;
	bool ended;

	sources_block_signals();
	r = daemon_init(&d, o, first);
	if (r == 0) {
		r = sources_run(&d);
		if (r < 0)
			(void)fprintf(stderr, "checkerd: cannot start the loop: %s\n",
			              strerrordesc_np(-r));
	}
	ended = daemon_deinit(&d);
	loaded_deinit(first);
	if (!ended)
		_exit(r < 0 ? EXIT_FAILED : EXIT_DONE);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int load_and_run(const struct options *o)
{
	struct loaded first;
	int r, code = EXIT_DONE;

	if (o->multipath_conf != NULL)
		r = loader_read_extent(o->multipath_conf, LOADER_MULTIPATH_CONF, &first);
	else if (o->mode == MODE_RUN)
		r = loader_read(o->config, NULL, &first);
	else
		r = loader_read_extent(o->config, LOADER_WITH_NOTES, &first);
	/* The daemon writes its warnings to the log. */
	if (first.messages != NULL && (r < 0 || o->mode != MODE_RUN))
		fputs(first.messages->data, stderr);
	if (r < 0) {
		if (r != -EINVAL)
			(void)fprintf(stderr, "checkerd: %s\n", strerrordesc_np(-r));
		loaded_deinit(&first);
		return EXIT_FAILED;
	}
	if (o->mode == MODE_RUN)
		return run_daemon(o, &first);
	if (o->mode == MODE_BOUND) {
		code = print_bound(first.config);
	} else if (o->mode == MODE_DUMP) {
		fputs(first.dump->data, stdout);
		code = flush_output();
	}
	loaded_deinit(&first);
	return code;
}

static int import(const char *file)
{
	int r = mpconf_import(file, stdout, stderr);

	if (r == 0)
		return flush_output();
	if (r != -EINVAL)
		(void)fprintf(stderr, "checkerd: %s\n", strerrordesc_np(-r));
	return EXIT_FAILED;
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
		return flush_output();
	case MODE_VERSION:
		(void)printf("checkerd %s\n", pathcheck_version());
		return flush_output();
	case MODE_IMPORT:
		return import(o.multipath_conf);
	case MODE_RUN:
	case MODE_TEST:
	case MODE_DUMP:
	case MODE_BOUND:
		break;
	}
	return load_and_run(&o);
}
