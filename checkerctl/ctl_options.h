/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CTL_OPTIONS_H
#define CHECKERCTL_CTL_OPTIONS_H

/*
 * Parses the command line: options may stand anywhere, "--" ends them, the rest are
 * operands. --help prints the table of options.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

enum option_id {
	OPT_SOCKET,
	OPT_JSON,
	OPT_NO_HEADINGS,
	OPT_COLUMNS,
	OPT_RAW,
	OPT_TIMEOUT,
	OPT_HELP,
	OPT_VERSION,
	OPT_COLOR,
	OPT_UTC,
	OPT_GLOBAL_COUNT_, /* the next ones belong to some commands only */
	OPT_SINCE = OPT_GLOBAL_COUNT_,
	OPT_WAIT,
	OPT_FOR,
	OPT_MAP,
	OPT_TYPE,
	OPT_HOST,
	OPT_TARGET,
	OPT_STATE,
	OPT_FAIL,
	OPT_FORCE,
	OPT_SORT,
	OPT_WATCH,
	OPT_WARNING,
	OPT_CRITICAL,
	OPT_EXPECT,
	OPT_ON,
	OPT_LIMIT,
	OPT_AT_MOST,
	OPT_BY,
	OPT_COUNT_
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What one row of the live view is. */
enum top_by { TOP_PATHS, TOP_MAPS, TOP_HOSTS };

#define CTL_OPTIONS_DEFAULT_SOCKET RUNSTATEDIR "/checkerd/control"

#define OPT_BIT(id) (1u << (id))

static_assert(OPT_COUNT_ < 32, "a bit for each option");

struct ctl_options {
	/* OPT_BIT()s */
	unsigned given;
	/* All strings point into argv. socket and timeout_us have their default. */
	const char *socket;
	/* NULL: the default columns */
	const char *columns;
	/* NULL: all maps */
	const char *map;
	/* "A,B"; NULL: all types */
	const char *types;
	/* NULL: any. states: "A,B" */
	const char *host, *target, *states;
	/* The column to sort by; with a '-' before it, the largest first. NULL: by name */
	const char *sort;
	/* Limits of health, as they were typed. NULL: not given */
	const char *warning, *critical;
	enum color_when color;
	enum top_by by;
	int64_t timeout_us;
	/* 0: not given */
	int64_t for_us;
	/* Between two pictures of --watch. */
	int64_t watch_us;
	uint64_t since;
	/* Of hook: the kinds "A,B", NULL: not given; the limits have their default. */
	const char *on;
	int64_t limit_us;
	uint64_t at_most;
	/* NULL-terminated */
	const char **operands;
	size_t n_operands;
	/* The values of each --expect. */
	const char **expected;
	size_t n_expected;
};

#define CTL_OPTIONS_NULL ((struct ctl_options){ 0 })

static inline bool ctl_options_has(const struct ctl_options *o, enum option_id id)
{
	return o->given & OPT_BIT(id);
}

/* 0, or an exit code after an error message. */
_must_check_ int ctl_options_parse(struct ctl_options *o, int argc, char **argv);
void ctl_options_deinit(struct ctl_options *o);

/* The name of an option in messages: "--since"; its short form, "-s" or ""; and its help. */
const char *ctl_options_name(enum option_id id);
const char *ctl_options_letter(enum option_id id);
const char *ctl_options_help_of(enum option_id id);
/* Is a value part of the option, or the next word? */
bool ctl_options_needs_value(enum option_id id);

/*
 * The option that a word is: "-o", "-oNAME", "--columns", "--columns=NAME". OPT_COUNT_: none.
 * *ret_value: the value in the word; NULL: none.
 */
enum option_id ctl_options_find(const char *word, const char **ret_value);

/* Prints the lines of --help for the options of `mask`, each name in `width` columns. */
void ctl_options_help(FILE *f, unsigned mask, int width);

#endif
