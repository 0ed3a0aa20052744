/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_PATTERN_H
#define CHECKERD_CONFIG_PATTERN_H

/* A regular expression of the configuration. Immutable; any thread. */
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "checkerd/config/config.h"

#define PATTERN_ELEMENTS_MAX 8192 /* of an expression with its repetitions written out */
#define PATTERN_NESTING_MAX  16   /* parentheses */

struct pattern {
	char *text; /* as written, '!' included; owned */
	struct config_origin at;
	bool negated;
	/* In text: an expression without special characters, which is compared. NULL: compiled. */
	const char *literal;
	size_t literal_size;
	bool from_begin, to_end;
	regex_t regex; /* only without a literal */
};

/* -ENOMEM; -EINVAL, or -E2BIG for an expression that regcomp() would compile: `error` says why, in
 * one line that does not repeat the text. */
_must_check_ int pattern_new(struct pattern **ret, const char *text, bool may_negate,
                             char *error, size_t error_size);
struct pattern *pattern_free(struct pattern *p); /* NULL allowed; returns NULL */
/* Does the pattern match? An unknown subject (NULL) matches no pattern, negated or not. */
bool pattern_match(const struct pattern *p, const char *subject);
/* The same for a subject with two names; a negated pattern matches if it matches neither name.
 * other: NULL: there is none. */
bool pattern_match_either(const struct pattern *p, const char *subject,
                          const char *other);
/* Does the pattern match the whole subject? Not for a negated pattern. */
bool pattern_match_whole(const struct pattern *p, const char *subject);

#endif
