/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_READER_H
#define CHECKERD_CONFIG_READER_H

/*
 * A configuration being built from one text after the other: parser.c reads the syntax,
 * section.c gives the values their places, reader.c looks at the whole in the end.
 */
#include "checkerd/config/lexer.h"
#include "checkerd/config/rules.h"

#define KEYWORDS_MAX 64 /* rows of keyword_table: one bit each in an overlay */

/* Where a path of the configuration comes from: line 0 for what it has not. */
struct path_origin {
	struct position device, alias;
};

struct reader {
	struct config *config; /* owned */
	struct problems problems;
	struct path_origin *path_origins; /* config->n_paths of them */
	struct position *map_origins;     /* config->rules->n_maps: of the alias */
	char **names;                     /* of the texts, for positions */
	size_t n_names;
	struct position max_interval_at; /* line 0: not given */
	bool *ignored_told;              /* ignored_count of them */
	unsigned checkers_told;          /* bits 1 << enum checker_kind */
	bool protocol_told;
	size_t compiled; /* patterns that are not literal */
};

/* One section being read, from its name to its closing brace. */
struct draft {
	struct position at; /* of the section's name */
	struct position
	        seen[KEYWORDS_MAX]; /* where a keyword was given last; line 0: not */
	char *text[SLOT_COUNT_];    /* owned */
	struct pattern *pattern[SLOT_COUNT_]; /* owned */
	struct position slot_at[SLOT_COUNT_]; /* of value or keyword; line 0: not given */
	struct overlay overlay;
};

/* With the defaults in place. -ENOMEM. */
_must_check_ int reader_init(struct reader *r);
void reader_deinit(struct reader *r);
/* A problem with a file as a whole. */
void reader_refuse(struct reader *r, const char *name, const char *why);
/* Reads one text; what is wrong is recorded. */
void reader_text(struct reader *r, const char *name, const char *text, size_t size);
/* Looks at the whole and hands the configuration over, as config_load() describes. */
_must_check_ int reader_finish(struct reader *r, struct config **ret);

/* name, kept as long as the reader; NULL: no memory. */
const char *reader_keep_name(struct reader *r, const char *name);

void section_value(struct reader *r, enum section in, const struct keyword *k,
                   const struct position *keyword_at, const struct token *value,
                   struct draft *d);
/* At the closing brace. */
void section_commit(struct reader *r, enum section in, struct draft *d);
void draft_deinit(struct draft *d);

#endif
