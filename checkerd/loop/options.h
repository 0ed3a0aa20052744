/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_OPTIONS_H
#define CHECKERD_LOOP_OPTIONS_H

/*
 * The command line. One table says what there is; --help is printed from it, and the manual
 * is compared with that.
 */
#include <stdio.h>

#include "checkerd/log/log.h"

enum options_mode {
	MODE_RUN,
	MODE_TEST,  /* -t */
	MODE_DUMP,  /* -T */
	MODE_BOUND, /* --print-bound */
	MODE_HELP,
	MODE_VERSION,
};

#define LOG_LEVEL_UNSET (-1)

struct options {
	enum options_mode mode;
	const char *config; /* NULL: the default file */
	const char *socket;
	enum log_target log_target;
	int log_level; /* LOG_LEVEL_UNSET: the configuration's */
};

/* 0, or -EINVAL when it has said on `err` what is wrong. Strings are argv's. */
_must_check_ int options_parse(struct options *ret, int argc, char **argv, FILE *err);

void options_help(FILE *out);

#endif
