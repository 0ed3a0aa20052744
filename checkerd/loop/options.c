/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. Runs at start, on the only thread. */
#include "checkerd/loop/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <syslog.h>

#include "util/syslog_level.h"

#define DEFAULT_SOCKET RUNSTATEDIR "/checkerd/control"

enum option_id {
	OPTION_CONFIG = 'c',
	OPTION_MULTIPATH_CONF = 'm',
	OPTION_SOCKET = 's',
	OPTION_TEST = 't',
	OPTION_DUMP = 'T',
	OPTION_VERBOSE = 'v',
	OPTION_LOG_LEVEL = 256,
	OPTION_LOG_TARGET,
	OPTION_STATE,
	OPTION_PRINT_BOUND,
	OPTION_IMPORT,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct {
	enum option_id id;    /* below 256: the letter */
	const char *name;     /* long name, NULL: none */
	const char *argument; /* NULL: it takes none */
	const char *help;
} table[] = {
	{ OPTION_CONFIG, NULL, "FILE",
	  "read FILE and FILE.d/*.conf instead of " SYSCONFDIR "/checkerd.conf" },
	{ OPTION_MULTIPATH_CONF, NULL, "FILE",
	  "with -t or -T: read multipathd's FILE and its drop-ins, nothing else" },
	{ OPTION_SOCKET, NULL, "SOCKET", "listen on SOCKET instead of " DEFAULT_SOCKET },
	{ OPTION_TEST, NULL, NULL, "check the configuration and exit" },
	{ OPTION_DUMP, NULL, NULL, "print the effective configuration and exit" },
	{ OPTION_VERBOSE, NULL, NULL, "log everything, like --log-level=debug" },
	{ OPTION_LOG_LEVEL, "log-level", "LEVEL",
	  "log messages up to LEVEL: emerg, alert, crit, err, warning, "
	  "notice, info or debug" },
	{ OPTION_LOG_TARGET, "log-target", "TARGET",
	  "log to TARGET: auto, stderr or journal" },
	{ OPTION_STATE, "state", "FILE",
	  "keep states for the next start in FILE instead of beside SOCKET, or none" },
	{ OPTION_PRINT_BOUND, "print-bound", NULL,
	  "print the limits of memory, threads and descriptors, and exit" },
	{ OPTION_IMPORT, "import", "FILE",
	  "print multipathd's FILE as a configuration of checkerd, and exit" },
	{ OPTION_HELP, "help", NULL, "print this help and exit" },
	{ OPTION_VERSION, "version", NULL, "print the version and exit" },
};

#define N_OPTIONS ARRAY_LEN(table)

void options_help(FILE *out)
{
	char form[40];

	fputs("usage: checkerd [OPTION]...\n"
	      "Check the paths to block devices, in the foreground.\n\n",
	      out);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const char *argument = table[i].argument == NULL ? "" : table[i].argument;

		if (table[i].name == NULL)
			(void)snprintf(form, sizeof(form), "-%c %s", (int)table[i].id,
			               argument);
		else
			(void)snprintf(form, sizeof(form), "--%s%s%s", table[i].name,
			               table[i].argument == NULL ? "" : "=", argument);
		(void)fprintf(out, "  %-20s  %s\n", form, table[i].help);
	}
	fputs("\nSIGHUP reloads the configuration, SIGTERM and SIGINT stop checkerd.\n"
	      "See checkerd(8), checkerd.conf(5) and checkerctl(8).\n",
	      out);
}

/* Makes the arguments of getopt_long() from the table. */
static void make_getopt(char *letters, struct option *longs)
{
	*letters++ = ':';
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (table[i].id < OPTION_LOG_LEVEL) {
			*letters++ = (char)table[i].id;
			if (table[i].argument != NULL)
				*letters++ = ':';
		}
		if (table[i].name != NULL) {
			*longs++ = (struct option){
				.name = table[i].name,
				.has_arg = table[i].argument == NULL ? no_argument
				                                     : required_argument,
				.val = table[i].id,
			};
		}
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

static int refuse_option(FILE *err, const char *what, const char *which)
{
	(void)fprintf(err, "checkerd: %s%s%s\nTry 'checkerd --help'.\n", what,
	              which == NULL ? "" : ": ", which == NULL ? "" : which);
	return -EINVAL;
}

static int set_option(struct options *o, int id, const char *argument, FILE *err)
{
	enum options_mode mode = MODE_RUN;

	switch (id) {
	case OPTION_CONFIG:
		o->config = argument;
		return 0;
	case OPTION_MULTIPATH_CONF:
		o->multipath_conf = argument;
		return 0;
	case OPTION_SOCKET:
		o->socket = argument;
		return 0;
	case OPTION_VERBOSE:
		o->log_level = LOG_DEBUG;
		return 0;
	case OPTION_LOG_LEVEL:
		if (syslog_level_parse(argument, &o->log_level) < 0)
			return refuse_option(err, "no such log level", argument);
		return 0;
	case OPTION_LOG_TARGET:
		if (log_target_parse(argument, &o->log_target) < 0)
			return refuse_option(err, "no such log target", argument);
		return 0;
	case OPTION_STATE:
		o->state = argument;
		return 0;
	case OPTION_TEST:
		mode = MODE_TEST;
		break;
	case OPTION_DUMP:
		mode = MODE_DUMP;
		break;
	case OPTION_PRINT_BOUND:
		mode = MODE_BOUND;
		break;
	case OPTION_IMPORT:
		o->multipath_conf = argument;
		mode = MODE_IMPORT;
		break;
	case OPTION_HELP:
		mode = MODE_HELP;
		break;
	case OPTION_VERSION:
		mode = MODE_VERSION;
		break;
	default:
		assert(false);
	}
	if (o->mode != MODE_RUN && o->mode != mode)
		return refuse_option(
		        err,
		        "only one of -t, -T, --print-bound, --import, --help, --version",
		        NULL);
	o->mode = mode;
	return 0;
}

int options_parse(struct options *ret, int argc, char **argv, FILE *err)
{
	struct options o = {
		.mode = MODE_RUN,
		.socket = DEFAULT_SOCKET,
		.log_target = LOG_TARGET_AUTO,
		.log_level = LOG_LEVEL_UNSET,
	};
	struct option longs[N_OPTIONS + 1];
	char letters[2 * N_OPTIONS + 2];
	int id, r;

	make_getopt(letters, longs);
	opterr = 0;
	optind = 0; /* glibc: getopt_long() starts again, also after an earlier call */
	for (;;) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): the only thread */
		id = getopt_long(argc, argv, letters, longs, NULL);
		if (id == -1)
			break;
		if (id == '?')
			return refuse_option(err, "no such option", argv[optind - 1]);
		if (id == ':')
			return refuse_option(err, "an argument is missing",
			                     argv[optind - 1]);
		r = set_option(&o, id, optarg, err);
		if (r < 0)
			return r;
	}
	if (o.multipath_conf != NULL && o.mode != MODE_TEST && o.mode != MODE_DUMP &&
	    o.mode != MODE_IMPORT)
		return refuse_option(err, "-m needs -t or -T", NULL);
	if (optind < argc)
		return refuse_option(err, "no arguments are expected", argv[optind]);
	*ret = o;
	return 0;
}
