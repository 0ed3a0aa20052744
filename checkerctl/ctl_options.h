/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_CTL_OPTIONS_H
#define CHECKERCTL_CTL_OPTIONS_H

/*
 * The command line, taken apart: options may stand anywhere, "--" ends them, the rest are
 * operands. One table says which options there are; --help is printed from it.
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
	OPT_GLOBAL_COUNT_, /* what follows belongs to some commands only */
	OPT_SINCE = OPT_GLOBAL_COUNT_,
	OPT_WAIT,
	OPT_FOR,
	OPT_MAP,
	OPT_TYPE,
	OPT_COUNT_
};

#define CTL_OPTIONS_DEFAULT_SOCKET RUNSTATEDIR "/checkerd/control"

#define OPT_BIT(id) (1u << (id))

struct ctl_options {
	unsigned given;      /* OPT_BIT()s */
	const char *socket;  /* with its default; strings point into argv */
	const char *columns; /* NULL: the default ones */
	const char *map;     /* NULL: all */
	const char *types;   /* "A,B"; NULL: all */
	int64_t timeout_us;  /* with its default */
	int64_t for_us;      /* 0: not given */
	uint64_t since;
	const char **operands; /* NULL-terminated, pointing into argv */
	size_t n_operands;
};

#define CTL_OPTIONS_NULL ((struct ctl_options){ 0 })

static inline bool ctl_options_has(const struct ctl_options *o, enum option_id id)
{
	return o->given & OPT_BIT(id);
}

/* 0, or an exit code after having said what is wrong. */
_must_check_ int ctl_options_parse(struct ctl_options *o, int argc, char **argv);
void ctl_options_deinit(struct ctl_options *o);

/* "--since": as a message names it. */
const char *ctl_options_name(enum option_id id);

/* The lines of --help for the options of `mask`, each name in a column of `width`. */
void ctl_options_help(FILE *f, unsigned mask, int width);

#endif
