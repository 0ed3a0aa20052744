/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_JSON_WRITER_H
#define CHECKERD_CONTROL_JSON_WRITER_H

/*
 * Writes JSON into a buffer of fixed size. A document that is larger is written piece by piece:
 * when the buffer has been emptied, jw_drained() makes room for the next piece.
 *
 * Strings come from devices and can contain anything. What is not UTF-8 becomes U+FFFD. Control
 * characters, the 8-bit ones and DEL too, are escaped, because terminals would obey them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JW_STRING_MAX 512 /* bytes; jw_string() cuts a longer string */
#define JW_ESCAPE_MAX 6   /* bytes that one byte of a string may become */

struct jw {
	char *buf;
	size_t size, used;
	uint32_t depth; /* objects and arrays that are open */
	bool comma;     /* the next value needs one before it */
	bool full;      /* something did not fit: the buffer is not to be used */
};

void jw_init(struct jw *j, char *buf, size_t size);
/* The bytes in the buffer were used; the document goes on at its beginning. */
void jw_drained(struct jw *j);

/* Writes the NUL that ends a message. Another document may follow. */
void jw_message_end(struct jw *j);

void jw_object(struct jw *j);
void jw_object_end(struct jw *j);
void jw_array(struct jw *j);
void jw_array_end(struct jw *j);
void jw_key(struct jw *j, const char *key);  /* written as it is */
void jw_string(struct jw *j, const char *s); /* NULL: null */
void jw_int(struct jw *j, int64_t v);
void jw_uint(struct jw *j, uint64_t v);
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
/* Microseconds, as seconds with as few decimals as possible. */
void jw_seconds(struct jw *j, int64_t us);
/* Microseconds since 1970, as RFC 3339 in UTC. */
void jw_time(struct jw *j, int64_t realtime_us);

/* A string of any length, in parts. No part may cut a character: see jw_text_cut(). */
void jw_text_begin(struct jw *j);
void jw_text_part(struct jw *j, const char *s, size_t n);
void jw_text_end(struct jw *j);
/* How many of the n bytes are the next part, of at most max bytes. */
size_t jw_text_cut(const char *s, size_t n, size_t max);

/* A value that is JSON already, in parts. */
void jw_raw_begin(struct jw *j);
void jw_raw_part(struct jw *j, const char *s, size_t n);

#endif
