/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOOP_OPTIONS_H
#define CHECKERD_LOOP_OPTIONS_H

/*
 * The command line. --help is printed from one table, and a test compares the manual with --help.
 */
#include <stdio.h>

#include "checkerd/log/log.h"

enum options_mode {
	MODE_RUN,
	MODE_TEST,   /* -t */
	MODE_DUMP,   /* -T */
	MODE_BOUND,  /* --print-bound */
	MODE_IMPORT, /* --import */
	MODE_HELP,
	MODE_VERSION,
};

#define LOG_LEVEL_UNSET (-1)

struct options {
	enum options_mode mode;
	const char *config; /* NULL: the default file */
	const char *
	        multipath_conf; /* read it instead, alone, or print what it means; NULL: no */
	const char *socket;
	const char *state; /* NULL: beside the socket; "none": no file */
	enum log_target log_target;
	int log_level; /* LOG_LEVEL_UNSET: as of the configuration */
};

/* 0, or -EINVAL with a message on `err`. The strings of *ret are those of argv. */
_must_check_ int options_parse(struct options *ret, int argc, char **argv, FILE *err);

void options_help(FILE *out);

#endif
