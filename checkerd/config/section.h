/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_SECTION_H
#define CHECKERD_CONFIG_SECTION_H

/* One section while it is read: its values wait in a draft until the section is complete. */
#include "checkerd/config/reader.h"

/* One section, from its name to its closing brace. */
struct draft {
	struct position at; /* of the section's name */
	/* Where each keyword was given last. Line 0: not given. */
	struct position seen[KEYWORDS_MAX];
	char *text[SLOT_COUNT_];              /* owned */
	struct pattern *pattern[SLOT_COUNT_]; /* owned */
	/* Of the value, or of the keyword. Line 0: not given. */
	struct position slot_at[SLOT_COUNT_];
	struct overlay overlay;
};

void draft_deinit(struct draft *d);
/* Checks one value and stores it: in the configuration, or in the draft. */
void section_value(struct reader *r, enum section in, const struct keyword *k,
                   const struct position *keyword_at, const struct token *value,
                   struct draft *d);
/* At the closing brace: moves the draft's values into the configuration. */
void section_commit(struct reader *r, enum section in, struct draft *d);

#endif
