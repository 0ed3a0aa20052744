/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of commands, and finds a command in it. One thread. */
#include "checkerctl/commands.h"

#include <string.h>

#include "checkerctl/exit.h"
#include "checkerctl/human.h"
#include "checkerctl/select.h"
#include "util/edit_distance.h"

#define NAME_WIDTH     34
#define ANY            ((size_t)-1)
#define SUGGEST_WITHIN 4
#define WORDS_BYTES    64

#define ALWAYS                                                            \
	(OPT_BIT(OPT_SOCKET) | OPT_BIT(OPT_TIMEOUT) | OPT_BIT(OPT_HELP) | \
	 OPT_BIT(OPT_VERSION))
#define JSON  OPT_BIT(OPT_JSON)
#define LINES (OPT_BIT(OPT_RAW) | OPT_BIT(OPT_NO_HEADINGS))
#define TABLE (LINES | OPT_BIT(OPT_COLUMNS) | JSON)

static const struct command commands[] = {
	{ "show paths", "[PATH...]", "list paths: state, since when, reason",
	  TABLE | SELECT_OPTIONS, 0, ANY, show_paths },
	{ "show paths format", "FORMAT [PATH...]",
	  "list paths with multipathd's wildcards", LINES | SELECT_OPTIONS, 1, ANY,
	  show_paths_format },
	{ "show maps", "[MAP...]", "list maps and how many paths are up", TABLE, 0, ANY,
	  show_maps },
	{ "show topology", "[MAP...]", "print maps and their paths as a tree", TABLE, 0,
	  ANY, show_topology },
	{ "show latency", "[PATH...]", "list how long checks take",
	  TABLE | SELECT_OPTIONS, 0, ANY, show_latency },
	{ "show groups", "", "list AIO groups and their slots", TABLE, 0, 0,
	  show_groups },
	{ "show status", "", "print the daemon's status", JSON, 0, 0, show_status },
	{ "show config", "", "print the configuration, with defaults", JSON, 0, 0,
	  show_config },
	{ "show memory", "", "print the memory bound and its terms", JSON, 0, 0,
	  show_memory },
	{ "show events", "[--since SEQ]", "list what changed, when and why",
	  TABLE | OPT_BIT(OPT_SINCE) | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_TYPE), 0, 0,
	  show_events },
	{ "show history", "PATH", "list a path's last changes of state", TABLE, 1, 1,
	  show_history },
	{ "monitor", "[--since SEQ]", "print events as they happen",
	  JSON | OPT_BIT(OPT_SINCE) | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_TYPE), 0, 0,
	  run_monitor },
	{ "top", "", "show a live view of the paths", OPT_BIT(OPT_COLUMNS), 0, 0,
	  run_top },
	{ "check", "[PATH...] [--wait]", "check these paths now",
	  TABLE | SELECT_OPTIONS | OPT_BIT(OPT_WAIT), 0, ANY, run_check },
	{ "disable", "[PATH...] [--for TIME]", "stop checking these paths",
	  JSON | SELECT_OPTIONS | OPT_BIT(OPT_FOR) | OPT_BIT(OPT_FAIL) |
	          OPT_BIT(OPT_FORCE),
	  0, ANY, run_disable },
	{ "enable", "[PATH...]", "check these paths again", JSON | SELECT_OPTIONS, 0, ANY,
	  run_enable },
	{ "fail", "[PATH...]", "keep these paths failed in device-mapper",
	  JSON | SELECT_OPTIONS | OPT_BIT(OPT_FORCE), 0, ANY, run_fail },
	{ "reinstate", "[PATH...]", "end fail: the checks decide again",
	  JSON | SELECT_OPTIONS, 0, ANY, run_reinstate },
	{ "setmarginal", "[PATH...]", "hold paths: keep them out of use",
	  JSON | SELECT_OPTIONS, 0, ANY, run_set_marginal },
	{ "unsetmarginal", "[PATH...]", "end setmarginal, and holds by rules",
	  JSON | SELECT_OPTIONS, 0, ANY, run_unset_marginal },
	{ "accept", "[PATH...]", "these are all paths of their maps",
	  JSON | SELECT_OPTIONS, 0, ANY, run_accept },
	{ "release", "[PATH...]", "reinstate what checkerd failed", JSON | SELECT_OPTIONS,
	  0, ANY, run_release },
	{ "reload", "", "read the configuration again", JSON, 0, 0, run_reload },
	{ "log-level", "LEVEL", "set err, warning, notice, info or debug", JSON, 1, 1,
	  run_log_level },
	{ "ping", "", "test whether checkerd answers", JSON, 0, 0, run_ping },
	{ "metrics", "", "print counters as OpenMetrics text", JSON, 0, 0, run_metrics },
	{ "health", "[--map MAP]", "print one line for monitoring systems",
	  JSON | OPT_BIT(OPT_MAP), 0, 0, run_health },
	{ "explain", "DEVICE", "print why a device is watched or not", JSON, 1, 1,
	  run_explain },
	{ "compare", "", "print where multipathd's opinions differ", TABLE, 0, 0,
	  run_compare },
	{ "doctor", "", "print what keeps paths from being checked", JSON, 0, 0,
	  run_doctor },
};

static size_t count_words(const char *words)
{
	size_t n = 1;

	for (; *words; words++)
		n += *words == ' ';
	return n;
}

/* Joins the first n operands. A string longer than WORDS_BYTES, which is no command, is cut. */
static const char *joined(const struct ctl_options *o, size_t n,
                          char buf[static WORDS_BYTES])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && i < o->n_operands && used < WORDS_BYTES; i++)
		used += (size_t)snprintf(buf + used, WORDS_BYTES - used, "%s%s",
		                         i ? " " : "", o->operands[i]);
	return buf;
}

static bool begins_with(const struct ctl_options *o, const char *words)
{
	char given[WORDS_BYTES];
	size_t n = count_words(words);

	return o->n_operands >= n && strcmp(joined(o, n, given), words) == 0;
}

static const struct command *nearest(const struct ctl_options *o)
{
	const struct command *close = NULL;
	size_t best = SUGGEST_WITHIN;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char given[WORDS_BYTES];
		size_t distance =
		        edit_distance(joined(o, count_words(commands[i].words), given),
		                      commands[i].words, best);

		if (distance < best) {
			best = distance;
			close = &commands[i];
		}
	}
	return close;
}

static int complain_unknown(const struct ctl_options *o)
{
	const struct command *close;
	char given[WORDS_BYTES];
	bool show = strcmp(o->operands[0], "show") == 0;

	if (show && o->n_operands == 1)
		return human_usage("'show' needs one more word, such as 'paths'");
	close = nearest(o);
	if (close != NULL)
		return human_usage("there is no command '%s' (do you mean '%s'?)",
		                   joined(o, count_words(close->words), given),
		                   close->words);
	return human_usage("there is no command '%s'", joined(o, show ? 2 : 1, given));
}

static int check_use(const struct command *c, const struct ctl_options *o, size_t n)
{
	for (int i = 0; i < OPT_COUNT_; i++)
		if (ctl_options_has(o, (enum option_id)i) &&
		    !((ALWAYS | c->options) & OPT_BIT(i)))
			return human_usage("'%s' does not take %s", c->words,
			                   ctl_options_name((enum option_id)i));
	if (ctl_options_has(o, OPT_JSON) &&
	    (o->given & (OPT_BIT(OPT_RAW) | OPT_BIT(OPT_COLUMNS))))
		return human_usage("--json prints everything and excludes %s",
		                   ctl_options_name(ctl_options_has(o, OPT_RAW)
		                                            ? OPT_RAW
		                                            : OPT_COLUMNS));
	if (n < c->min)
		return human_usage("'%s' needs %s", c->words, c->arguments);
	if (n > c->max && c->max == 0)
		return human_usage("'%s' takes no operands: '%s'", c->words,
		                   o->operands[o->n_operands - n]);
	if (n > c->max)
		return human_usage("too many operands: '%s' takes %s", c->words,
		                   c->arguments);
	return 0;
}

int command_find(const struct ctl_options *o, const struct command **ret,
                 size_t *ret_words)
{
	const struct command *found = NULL;
	size_t words = 0;
	int r;

	assert(o->n_operands > 0);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		size_t n = count_words(commands[i].words);

		if (n > words && begins_with(o, commands[i].words)) {
			found = &commands[i];
			words = n;
		}
	}
	if (found == NULL)
		return complain_unknown(o);
	r = check_use(found, o, o->n_operands - words);
	if (r)
		return r;
	*ret = found;
	*ret_words = words;
	return 0;
}

void command_short_usage(FILE *f)
{
	fputs("usage: checkerctl [OPTION...] COMMAND, such as\n"
	      "       checkerctl show paths\n"
	      "       checkerctl show status\n"
	      "       checkerctl monitor\n"
	      "       'checkerctl --help' lists all commands\n",
	      f);
}

void command_help(FILE *f)
{
	fputs("Usage: checkerctl [OPTION...] COMMAND\n"
	      "Show the paths that checkerd checks, and control checkerd.\n\n"
	      "Commands:\n",
	      f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s%s", commands[i].words,
		         *commands[i].arguments ? " " : "", commands[i].arguments);
		fprintf(f, "  %-*s  %s\n", NAME_WIDTH, name, commands[i].help);
	}
	fputs("\nOptions, before or after the command:\n", f);
	ctl_options_help(f, OPT_BIT(OPT_COUNT_) - 1, NAME_WIDTH);
	fputs("\nA PATH is sda, /dev/sda, 8:0, an alias, or any link below /dev.\n"
	      "checkerd's socket is " CTL_OPTIONS_DEFAULT_SOCKET ".\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no answer from checkerd,\n"
	      "4 not permitted, 5 no such path, map or group.  Exit status of health:\n"
	      "0 redundant, 1 a map degraded, 2 a map without a path, 3 unknown.\n"
	      "Exit status of doctor: 0 fine, 1 warnings, 2 errors.\n"
	      "Exit status of compare: 0 no difference, 1 differences, 3 unknown.\n",
	      f);
}
