/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_COMMANDS_H
#define CHECKERCTL_COMMANDS_H

/*
 * The one table of commands: command_find() and --help read it, and tests/ctl-words compares
 * the manual and the completion with it.
 */
#include <stdio.h>

#include "checkerctl/ctl.h"
#include "checkerctl/table.h"

struct command {
	/* "show paths" */
	const char *words;
	/* as --help prints them; "": none */
	const char *arguments;
	const char *help;
	/* OPT_BIT()s beyond those that every command takes */
	unsigned options;
	/* operands after the words */
	size_t min, max;
	int (*run)(struct ctl *ctl, const char *const *operands, size_t n);
	/* what it prints; NULL: no table */
	const struct table_def *table;
};

/* What every command takes. */
#define COMMAND_ALWAYS                                                    \
	(OPT_BIT(OPT_SOCKET) | OPT_BIT(OPT_TIMEOUT) | OPT_BIT(OPT_HELP) | \
	 OPT_BIT(OPT_VERSION) | OPT_BIT(OPT_COLOR) | OPT_BIT(OPT_UTC))

const struct command *commands_all(size_t *ret_n);

#define COMMAND_WORDS_BYTES 64
#define COMMAND_LIST_BYTES  256

/* What the first operands name. */
struct command_walk {
	/* the command with the most words, and how many these are; NULL: none */
	const struct command *found;
	size_t found_words;
	/* The operands that are words of commands, how many they are, and these words in full. */
	size_t known;
	char words[COMMAND_WORDS_BYTES];
	/* of the first operand that may be several words: these; "": none */
	char ambiguous[COMMAND_LIST_BYTES];
};

void command_walk(const char *const *operands, size_t n, struct command_walk *ret);

/*
 * Finds the command with the most words that the first operands name. A word may be shortened while
 * it is the beginning of one word only, except where an operand may stand instead. *ret_words: the
 * number of these words. 0, or EXIT_USAGE after a message: unknown, or ambiguous.
 */
_must_check_ int command_named(const char *const *operands, size_t n,
                               const struct command **ret, size_t *ret_words);

/* command_named(), and EXIT_USAGE after a message also for wrong operands or options. */
_must_check_ int command_find(const struct ctl_options *o, const struct command **ret,
                              size_t *ret_words);

void command_help(FILE *f);
/* The help of one command, with its options and columns. */
void command_help_one(FILE *f, const struct command *c);
/* Prints a short usage, for a command line without a command. */
void command_short_usage(FILE *f);

/* Prints one row for each element of the reply's list, or with --json the reply as it is. */
_must_check_ int show_list(struct ctl *ctl, const struct table_def *def,
                           json_object *reply, const char *key);

/* --- the commands; each returns an exit code and has printed its error message --- */
int show_paths(struct ctl *ctl, const char *const *operands, size_t n);
int show_paths_format(struct ctl *ctl, const char *const *operands, size_t n);
int show_paths_raw_format(struct ctl *ctl, const char *const *operands, size_t n);
int show_maps_format(struct ctl *ctl, const char *const *operands, size_t n);
int show_maps_raw_format(struct ctl *ctl, const char *const *operands, size_t n);
int show_devices(struct ctl *ctl, const char *const *operands, size_t n);
int show_blacklist(struct ctl *ctl, const char *const *operands, size_t n);
int show_hardware(struct ctl *ctl, const char *const *operands, size_t n);
int show_wildcards(struct ctl *ctl, const char *const *operands, size_t n);
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
int run_set_marginal(struct ctl *ctl, const char *const *operands, size_t n);
int run_unset_marginal(struct ctl *ctl, const char *const *operands, size_t n);
int run_accept(struct ctl *ctl, const char *const *operands, size_t n);
int run_release(struct ctl *ctl, const char *const *operands, size_t n);
int run_reload(struct ctl *ctl, const char *const *operands, size_t n);
int run_log_level(struct ctl *ctl, const char *const *operands, size_t n);
int run_ping(struct ctl *ctl, const char *const *operands, size_t n);
int run_metrics(struct ctl *ctl, const char *const *operands, size_t n);
int run_explain(struct ctl *ctl, const char *const *operands, size_t n);
int run_compare(struct ctl *ctl, const char *const *operands, size_t n);
int run_import(struct ctl *ctl, const char *const *operands, size_t n);
int run_doctor(struct ctl *ctl, const char *const *operands, size_t n);
int run_help(struct ctl *ctl, const char *const *operands, size_t n);
int run_complete(struct ctl *ctl, const char *const *operands, size_t n);
int run_version(struct ctl *ctl, const char *const *operands, size_t n);
int run_hook(struct ctl *ctl, const char *const *operands, size_t n);
int run_health(struct ctl *ctl, const char *const *operands, size_t n);
/* Prints that nothing is known, for monitoring systems, with the first message. */
void health_unknown(const struct ctl_options *o);

#endif
