/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_COMMANDS_H
#define CHECKERCTL_COMMANDS_H

/*
 * The one table of commands: it decides what is understood, prints --help, and the tests
 * hold the manual and the completion against it.
 */
#include <stdio.h>

#include "checkerctl/ctl.h"
#include "checkerctl/table.h"

struct command {
	const char *words;     /* "show paths" */
	const char *arguments; /* as --help prints them; "" */
	const char *help;
	unsigned options; /* OPT_BIT()s beyond those that every command takes */
	size_t min, max;  /* operands after the words */
	int (*run)(struct ctl *ctl, const char *const *operands, size_t n);
};

/*
 * The command that the first operands name, the longest that fits; *ret_words: how many of
 * them it took. 0, or EXIT_USAGE after a message: unknown, or wrong operands or options.
 */
_must_check_ int command_find(const struct ctl_options *o, const struct command **ret,
                              size_t *ret_words);

void command_help(FILE *f);
/* What is printed when no command is given. */
void command_short_usage(FILE *f);

/* The rows of a reply's list below each other, or with --json the reply as it is. */
_must_check_ int show_list(struct ctl *ctl, const struct table_def *def,
                           json_object *reply, const char *key);

/* --- what they run; each returns an exit code and has said what is wrong --- */
int show_paths(struct ctl *ctl, const char *const *operands, size_t n);
int show_paths_format(struct ctl *ctl, const char *const *operands, size_t n);
int show_maps(struct ctl *ctl, const char *const *operands, size_t n);
int show_topology(struct ctl *ctl, const char *const *operands, size_t n);
int show_latency(struct ctl *ctl, const char *const *operands, size_t n);
int show_groups(struct ctl *ctl, const char *const *operands, size_t n);
int show_events(struct ctl *ctl, const char *const *operands, size_t n);
int show_history(struct ctl *ctl, const char *const *operands, size_t n);
int show_status(struct ctl *ctl, const char *const *operands, size_t n);
int show_config(struct ctl *ctl, const char *const *operands, size_t n);
int show_memory(struct ctl *ctl, const char *const *operands, size_t n);
int run_monitor(struct ctl *ctl, const char *const *operands, size_t n);
int run_top(struct ctl *ctl, const char *const *operands, size_t n);
int run_check(struct ctl *ctl, const char *const *operands, size_t n);
int run_disable(struct ctl *ctl, const char *const *operands, size_t n);
int run_enable(struct ctl *ctl, const char *const *operands, size_t n);
int run_fail(struct ctl *ctl, const char *const *operands, size_t n);
int run_reinstate(struct ctl *ctl, const char *const *operands, size_t n);
int run_release(struct ctl *ctl, const char *const *operands, size_t n);
int run_reload(struct ctl *ctl, const char *const *operands, size_t n);
int run_log_level(struct ctl *ctl, const char *const *operands, size_t n);
int run_ping(struct ctl *ctl, const char *const *operands, size_t n);
int run_metrics(struct ctl *ctl, const char *const *operands, size_t n);
int run_health(struct ctl *ctl, const char *const *operands, size_t n);

#endif
