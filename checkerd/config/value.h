/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_VALUE_H
#define CHECKERD_CONFIG_VALUE_H

/* Values of keywords: from text, to text, in and out of the structs they live in. */
#include <stdio.h>

#include "checkerd/config/keywords.h"

#define VALUE_TEXT_SIZE  32 /* of any number or word */
#define VALUE_ERROR_SIZE 512

struct value {
	int64_t number;   /* TIME in microseconds, COUNT, SWITCH, WORD */
	const char *text; /* the others; borrowed */
};

/*
 * Reads text as k's type says and checks its range. -EINVAL: `error` says in one line
 * what is wrong and what would be right. Expressions are not compiled here.
 */
_must_check_ int value_parse(const struct keyword *k, const char *text, struct value *ret,
                             char error[VALUE_ERROR_SIZE]);

/*
 * What may be written, for people: "between 0.1 s and 1 h", "yes or no", "udev or
 * static".
 */
const char *value_range(const struct keyword *k, char *buf, size_t size);

/* To and from the field at `field`, whose type is that of k's. Not for strings. */
void value_store(const struct keyword *k, const struct value *v, void *field);
void value_print(const struct keyword *k, const void *field, FILE *out);
/* A string in quotes where it needs them. */
void value_print_text(const char *text, FILE *out);

#endif
