/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_JSON_READER_H
#define CHECKERD_CONTROL_JSON_READER_H

/*
 * Reads JSON (RFC 8259) in place. It allocates nothing and does not recurse, so it cannot fail
 * half-way, and a request cannot make it use much memory. First jr_check() looks at the text as a
 * whole; all other functions take values of a text that it has accepted, by their first byte.
 *
 * Bytes of strings that are not UTF-8 are kept: the strings are compared with names, and the
 * writer makes them harmless. Half a surrogate pair is read as U+FFFD.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define JR_DEPTH_MAX 32 /* of nested objects and arrays */

enum jr_type { JR_NULL, JR_BOOL, JR_NUMBER, JR_STRING, JR_ARRAY, JR_OBJECT };

/* An iterator over the members of an object or the elements of an array. */
struct jr {
	char *at;    /* after the last value */
	bool object; /* not an array */
	char *key;   /* a string; NULL in an array */
	char *value;
};

/*
 * Whether the text is an object, with nothing but white space around it. Objects and arrays may
 * be nested `depth` times, the outermost counts; depth <= JR_DEPTH_MAX. No key may contain a NUL:
 * a C string ends there, so the key would be taken for another one.
 */
_must_check_ bool jr_check(const char *text, size_t size, unsigned depth);

enum jr_type jr_type(const char *value);

/* container: an object or an array; white space may stand before it. */
void jr_begin(struct jr *j, char *container);
/* False: there is no other value. The iterator is past the value when this returns, so the value
 * may be written over. */
_must_check_ bool jr_next(struct jr *j);

bool jr_bool(const char *value);
/* Both need a NUL somewhere after the number. */
double jr_double(const char *number);
/* False: the number has a fraction or an exponent, or does not fit. */
_must_check_ bool jr_int(const char *number, int64_t *ret);

/* Whether the content of a string is `word`. */
bool jr_is(const char *string, const char *word);
/*
 * Copies the content of a string and a NUL to `to`; returns how many bytes the content has. `to`
 * may be where the string stands, or anywhere before it: the content takes less than the string
 * with its quotes.
 */
size_t jr_string(const char *string, char *to);

#endif
