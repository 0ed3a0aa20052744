/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the table of commands, and prints help from it. One thread. */
#include "checkerctl/commands.h"

#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/exit.h"
#include "checkerctl/select.h"
#include "config.h"

#define NAME_WIDTH 34
#define ANY        ((size_t)-1)

#define JSON  OPT_BIT(OPT_JSON)
#define LINES (OPT_BIT(OPT_RAW) | OPT_BIT(OPT_NO_HEADINGS))
#define TABLE (LINES | OPT_BIT(OPT_COLUMNS) | JSON)
/* of tables of what is, not of what was */
#define VIEW (TABLE | OPT_BIT(OPT_SORT) | OPT_BIT(OPT_WATCH))

static const struct command commands[] = {
	{ "show paths", "[PATH...]", "list paths: state, since when, reason",
	  VIEW | SELECT_OPTIONS, 0, ANY, show_paths, &table_paths },
	{ "show paths format", "FORMAT [PATH...]",
	  "list paths with multipathd's wildcards", LINES | SELECT_OPTIONS, 1, ANY,
	  show_paths_format, NULL },
	{ "show paths raw format", "FORMAT [PATH...]",
	  "the same without padding and headings", LINES | SELECT_OPTIONS, 1, ANY,
	  show_paths_raw_format, NULL },
	{ "show maps", "[MAP...]", "list maps and how many paths are up", VIEW, 0, ANY,
	  show_maps, &table_maps },
	{ "show maps format", "FORMAT [MAP...]", "list maps with multipathd's wildcards",
	  LINES, 1, ANY, show_maps_format, NULL },
	{ "show maps raw format", "FORMAT [MAP...]",
	  "the same without padding and headings", LINES, 1, ANY, show_maps_raw_format,
	  NULL },
	{ "show devices", "[DEVICE...]", "list block devices: watched or why not", TABLE,
	  0, ANY, show_devices, &table_devices },
	{ "show blacklist", "", "list rules for devices, with their places", TABLE, 0, 0,
	  show_blacklist, &table_blacklist },
	{ "show hardware", "", "list the built-in table of arrays", TABLE, 0, 0,
	  show_hardware, &table_hardware },
	{ "show wildcards", "", "list the wildcards of these formats", 0, 0, 0,
	  show_wildcards, NULL },
	{ "show topology", "[MAP...]", "print maps and their paths as a tree",
	  TABLE | OPT_BIT(OPT_WATCH), 0, ANY, show_topology, &table_topology },
	{ "show latency", "[PATH...]", "list how long checks take", VIEW | SELECT_OPTIONS,
	  0, ANY, show_latency, &table_latency },
	{ "show groups", "", "list AIO groups and their slots",
	  TABLE | OPT_BIT(OPT_WATCH), 0, 0, show_groups, &table_groups },
	{ "show status", "", "print the daemon's status", JSON | OPT_BIT(OPT_WATCH), 0, 0,
	  show_status, NULL },
	{ "show config", "", "print the configuration, with defaults", JSON, 0, 0,
	  show_config, NULL },
	{ "show memory", "", "print the memory bound and its terms", JSON, 0, 0,
	  show_memory, NULL },
	{ "show events", "[--since SEQ]", "list what changed, when and why",
	  TABLE | OPT_BIT(OPT_SINCE) | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_TYPE), 0, 0,
	  show_events, &table_events },
	{ "show history", "PATH", "list a path's last changes of state", TABLE, 1, 1,
	  show_history, &table_history },
	{ "monitor", "[--since SEQ]", "print events as they happen",
	  JSON | OPT_BIT(OPT_SINCE) | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_TYPE), 0, 0,
	  run_monitor, NULL },
	{ "hook", "--on KIND,... -- COMMAND...", "start COMMAND for each such event",
	  OPT_BIT(OPT_ON) | OPT_BIT(OPT_LIMIT) | OPT_BIT(OPT_AT_MOST) |
	          OPT_BIT(OPT_SINCE),
	  1, ANY, run_hook, NULL },
	{ "top", "[--by WHAT]", "show a live view of the paths",
	  OPT_BIT(OPT_COLUMNS) | OPT_BIT(OPT_BY), 0, 0, run_top, &table_top },
	{ "check", "[PATH...] [--wait]", "check these paths now",
	  TABLE | SELECT_OPTIONS | OPT_BIT(OPT_WAIT), 0, ANY, run_check, &table_checked },
	{ "disable", "[PATH...] [--for TIME]", "stop checking these paths",
	  JSON | SELECT_OPTIONS | OPT_BIT(OPT_FOR) | OPT_BIT(OPT_FAIL) |
	          OPT_BIT(OPT_FORCE),
	  0, ANY, run_disable, NULL },
	{ "enable", "[PATH...]", "check these paths again", JSON | SELECT_OPTIONS, 0, ANY,
	  run_enable, NULL },
	{ "fail", "[PATH...]", "keep these paths failed in device-mapper",
	  JSON | SELECT_OPTIONS | OPT_BIT(OPT_FORCE), 0, ANY, run_fail, NULL },
	{ "reinstate", "[PATH...]", "end fail: the checks decide again",
	  JSON | SELECT_OPTIONS, 0, ANY, run_reinstate, NULL },
	{ "setmarginal", "[PATH...]", "hold paths: keep them out of use",
	  JSON | SELECT_OPTIONS, 0, ANY, run_set_marginal, NULL },
	{ "unsetmarginal", "[PATH...]", "end setmarginal, and holds by rules",
	  JSON | SELECT_OPTIONS, 0, ANY, run_unset_marginal, NULL },
	{ "accept", "[PATH...]", "these are all paths of their maps",
	  JSON | SELECT_OPTIONS, 0, ANY, run_accept, NULL },
	{ "release", "[PATH...]", "reinstate what checkerd failed", JSON | SELECT_OPTIONS,
	  0, ANY, run_release, NULL },
	{ "reload", "", "read the configuration again", JSON, 0, 0, run_reload, NULL },
	{ "log-level", "LEVEL", "set err, warning, notice, info or debug", JSON, 1, 1,
	  run_log_level, NULL },
	{ "ping", "[--wait]", "test whether checkerd answers", JSON | OPT_BIT(OPT_WAIT),
	  0, 0, run_ping, NULL },
	{ "metrics", "", "print counters as OpenMetrics text", JSON, 0, 0, run_metrics,
	  NULL },
	{ "health", "[--map MAP] [-w RANGE]", "print one line for monitoring systems",
	  JSON | OPT_BIT(OPT_MAP) | OPT_BIT(OPT_WARNING) | OPT_BIT(OPT_CRITICAL) |
	          OPT_BIT(OPT_EXPECT),
	  0, 0, run_health, NULL },
	{ "explain", "DEVICE", "print why a device is watched or not", JSON, 1, 1,
	  run_explain, NULL },
	{ "compare", "", "print where multipathd's opinions differ", TABLE, 0, 0,
	  run_compare, &table_compare },
	{ "import", "[FILE]", "print multipathd's FILE for checkerd.conf", 0, 0, 1,
	  run_import, NULL },
	{ "help", "[COMMAND]", "print this help, or that of a command", 0, 0, ANY,
	  run_help, NULL },
	{ "complete", "WORD...", "print what may follow, for shells", 0, 1, ANY,
	  run_complete, NULL },
	{ "version", "", "print the version", 0, 0, 0, run_version, NULL },
	{ "doctor", "", "print what keeps paths from being checked", JSON, 0, 0,
	  run_doctor, NULL },
};

void command_short_usage(FILE *f)
{
	fputs("usage: checkerctl [OPTION...] COMMAND, such as\n"
	      "       checkerctl show paths\n"
	      "       checkerctl show status\n"
	      "       checkerctl monitor\n"
	      "       'checkerctl --help' lists all commands\n",
	      f);
}

static void put_commands(FILE *f)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s%s", commands[i].words,
		         *commands[i].arguments ? " " : "", commands[i].arguments);
		fprintf(f, "  %-*s  %s\n", NAME_WIDTH, name, commands[i].help);
	}
}

void command_help(FILE *f)
{
	fputs("Usage: checkerctl [OPTION...] COMMAND\n"
	      "Show the paths that checkerd checks, and control checkerd.\n\n"
	      "Commands:\n",
	      f);
	put_commands(f);
	fputs("\nOptions, before or after the command:\n", f);
	ctl_options_help(f, OPT_BIT(OPT_COUNT_) - 1, NAME_WIDTH);
	fputs("\nThe words of a command may be shortened while they are unique: 'sh "
	      "pa'.\n"
	      "A PATH is sda, /dev/sda, 8:0, an alias, or any link below /dev.\n"
	      "checkerd's socket is " CTL_OPTIONS_DEFAULT_SOCKET ".\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no answer from checkerd,\n"
	      "4 not permitted, 5 no such path, map or group.  Exit status of health:\n"
	      "0 redundant, 1 a map degraded, 2 a map without a path, 3 unknown.\n"
	      "Exit status of doctor: 0 fine, 1 warnings, 2 errors.\n"
	      "Exit status of compare: 0 no difference, 1 differences, 3 unknown.\n",
	      f);
}

void command_help_one(FILE *f, const struct command *c)
{
	fprintf(f, "Usage: checkerctl [OPTION...] %s%s%s\n", c->words,
	        *c->arguments ? " " : "", c->arguments);
	fprintf(f, "\n%s\n\nOptions:\n", c->help);
	ctl_options_help(f, c->options | COMMAND_ALWAYS, NAME_WIDTH);
	if (c->table == NULL)
		return;
	fputs("\nColumns of -o; with a * those that are shown without -o:\n", f);
	table_print_columns(f, c->table);
}

int run_help(struct ctl *ctl _unused_, const char *const *operands, size_t n)
{
	const struct command *c;
	size_t words;
	int r;

	if (n == 0) {
		command_help(stdout);
		return EXIT_DONE;
	}
	r = command_named(operands, n, &c, &words);
	if (r == 0)
		command_help_one(stdout, c);
	return r;
}

int run_version(struct ctl *ctl _unused_, const char *const *operands _unused_,
                size_t n _unused_)
{
	puts("checkerctl " PACKAGE_VERSION);
	return EXIT_DONE;
}

const struct command *commands_all(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(commands);
	return commands;
}
