/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_READER_H
#define CHECKERD_CONFIG_READER_H

/*
 * A configuration that is built from one text after the other. parser.c reads the syntax,
 * section.c stores the values, and reader.c checks the whole configuration at the end.
 */
#include "checkerd/config/lexer.h"
#include "checkerd/config/rules.h"

/* Where a path of the configuration comes from. Line 0: the path has no such keyword. */
struct path_origin {
	struct position device, alias;
};

struct reader {
	struct config *config; /* owned */
	struct problems problems;
	struct path_origin *path_origins; /* config->n_paths of them */
	struct position *map_origins;     /* config->rules->n_maps: of the alias */
	struct position max_interval_at, detect_at; /* line 0: not given */
	bool *ignored_reported;                     /* keywords_ignored_count of them */
	size_t compiled;                            /* patterns that are not literal */
	char *multipath_conf;                       /* owned; NULL: not given */
	/* Borrowed, one for each row of mpconf_table: multipath.conf has the keyword, and checkerd
	 * has no use for it. NULL: nobody asks. */
	bool *unused_keywords;
};

/* With the defaults in place. -ENOMEM. */
_must_check_ int reader_init(struct reader *r);
void reader_deinit(struct reader *r);
/* Records an error of a file as a whole. */
void reader_refuse(struct reader *r, const char *name, const char *why);
/* Checks the whole configuration and hands it over, as load_file() describes. */
_must_check_ int reader_finish(struct reader *r, struct config **ret);

/* Copies the name of a text; the copy lives as long as the configuration. NULL: no memory. */
const char *reader_keep_name(struct reader *r, const char *name);
/* A position as the configuration keeps it. */
struct config_origin reader_origin(const struct reader *r, const struct position *at);

#endif
