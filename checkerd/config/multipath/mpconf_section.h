/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_MULTIPATH_MPCONF_SECTION_H
#define CHECKERD_CONFIG_MULTIPATH_MPCONF_SECTION_H

/* What a section of multipath.conf gives to the configuration. */
#include "checkerd/config/multipath/mpconf_keywords.h"
#include "checkerd/config/multipath/mpconf_line.h"
#include "checkerd/config/section.h"

/* A number of the file, with its place. */
struct mpconf_number {
	int64_t number;
	struct position keyword_at, at; /* line 0: not given */
};

/* What holds for all files of a multipath.conf. */
struct mpconf {
	struct reader *reader;
	struct mpconf_number interval, max_interval;
	char *config_dir; /* owned; NULL: not given */
	/* The text that is read now. */
	bool is_dropin;
	const char *name, *next, *end;
	unsigned line_number, column; /* of *next */
	struct mpconf_line line;
	unsigned at_line;   /* of `line` */
	struct token value; /* too large for the stack of each section */
};

/* A section while it is read. */
struct mpconf_draft {
	struct draft draft;
	bool matches_nothing; /* an expression of it does not compile */
};

/* One line KEYWORD VALUE of a section. */
void mpconf_section_value(struct mpconf *m, enum section in,
                          const struct mpconf_keyword *row, const struct token *value,
                          const struct position *keyword_at, struct mpconf_draft *d);
/* At the closing brace. */
void mpconf_section_commit(struct mpconf *m, enum section in, struct mpconf_draft *d);
/* Stores a number as the value of k; -1: value->text is a word. */
void mpconf_section_number(struct mpconf *m, enum section in, const struct keyword *k,
                           const struct token *value, int64_t number,
                           const struct position *keyword_at, struct draft *d);

#endif
