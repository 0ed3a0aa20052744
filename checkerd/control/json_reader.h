/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_JSON_READER_H
#define CHECKERD_CONTROL_JSON_READER_H

/*
 * Reads JSON (RFC 8259) where it lies: allocates nothing and does not recurse, so that there is
 * nothing that could fail half-way, and that a request could make large. A text is checked as a
 * whole first; all the other functions take values of a text that was found right, by their
 * first byte.
 *
 * Bytes of strings that are not UTF-8 are taken as they are: they are compared with names, and
 * what writes them makes them harmless. Half a surrogate pair is U+FFFD.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define JR_DEPTH_MAX 32 /* of objects and arrays in each other */

enum jr_type { JR_NULL, JR_BOOL, JR_NUMBER, JR_STRING, JR_ARRAY, JR_OBJECT };

/* Goes through the members of an object or the elements of an array. */
struct jr {
	char *at;    /* after the last one */
	bool object; /* that is what it goes through */
	char *key;   /* a string; NULL in an array */
	char *value;
};

/*
 * True: text is an object and nothing but white space is around it; objects and arrays are in
 * each other `depth` times at most, the outermost one counts. depth <= JR_DEPTH_MAX. No key has a
 * NUL inside: it would be taken for another one.
 */
_must_check_ bool jr_check(const char *text, size_t size, unsigned depth);

enum jr_type jr_type(const char *value);

/* container: an object or an array, white space before it is skipped. */
void jr_begin(struct jr *j, char *container);
/*
 * False: there is none left. It has passed the value already, which may be written over when
 * this returns.
 */
_must_check_ bool jr_next(struct jr *j);

bool jr_bool(const char *value);
/* Both of a text with a NUL behind it, wherever that is. */
double jr_double(const char *number);
/* False: it has a fraction or an exponent, or does not fit. */
_must_check_ bool jr_int(const char *number, int64_t *ret);

/* Whether a string says this; word: without a NUL inside, of course. */
bool jr_is(const char *string, const char *word);
/*
 * What a string says, with a NUL behind it, goes to `to`; returns how many bytes that is, the NUL
 * not counted. It has room where the string itself was, quotes and all, and in all that is before
 * it: `to` may be there.
 */
size_t jr_string(const char *string, char *to);

#endif
