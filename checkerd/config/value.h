/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONFIG_VALUE_H
#define CHECKERD_CONFIG_VALUE_H

/* Values of keywords: parses and prints them, and stores them in structs. */
#include <stdio.h>

#include "checkerd/config/keywords.h"

#define VALUE_TEXT_SIZE  32 /* of any number or word */
#define VALUE_ERROR_SIZE 512

struct value {
	int64_t number;   /* TIME in microseconds, COUNT, SWITCH, WORD */
	const char *text; /* the other types; borrowed */
};

/*
 * Parses text by the type of k and checks its range. -EINVAL: `error` says in one line what is
 * wrong and what is allowed. Expressions are not compiled.
 */
_must_check_ int value_parse(const struct keyword *k, const char *text, struct value *ret,
                             char error[VALUE_ERROR_SIZE]);

/* The allowed values, for messages: "between 0.1 s and 1 h", "yes or no", "udev or static". */
const char *value_range(const struct keyword *k, char *buf, size_t size);

/* Stores a value in a field of k's type, and prints such a field. Not for strings. */
void value_store(const struct keyword *k, const struct value *v, void *field);
void value_print(const struct keyword *k, const void *field, FILE *out);
/* The text that value_print() prints: in buf, or static. */
const char *value_format(const struct keyword *k, const void *field,
                         char buf[static VALUE_TEXT_SIZE]);
/* The size of such a field. */
size_t value_size(const struct keyword *k);
/* Prints a string, in quotes if it needs them. */
void value_print_text(const char *text, FILE *out);

#endif
