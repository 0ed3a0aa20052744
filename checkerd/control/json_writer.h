/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_JSON_WRITER_H
#define CHECKERD_CONTROL_JSON_WRITER_H

/*
 * Writes JSON into a buffer of fixed size. A document larger than the buffer is written piece
 * by piece: take a mark, write a piece, and when it did not fit go back to the mark, empty the
 * buffer with jw_drained(), and write it again.
 *
 * Strings come from devices and can hold anything: what is not UTF-8 becomes U+FFFD, and
 * control characters are escaped, the 8-bit ones and DEL too, for they end up on terminals.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JW_STRING_MAX 512 /* bytes; a longer string of jw_string() is cut there */
#define JW_ESCAPE_MAX 6   /* bytes that one byte of a string takes at most */

struct jw {
	char *buf;
	size_t size, used;
	uint32_t depth; /* objects and arrays that are open */
	bool comma;     /* one is due before what comes next */
	bool full; /* something did not fit; it and what followed is not to be used */
};

void jw_init(struct jw *j, char *buf, size_t size);
/* The buffer's bytes were taken away; the document goes on. */
void jw_drained(struct jw *j);

/* The NUL after a message; what follows is another document. */
void jw_message_end(struct jw *j);

void jw_object(struct jw *j);
void jw_object_end(struct jw *j);
void jw_array(struct jw *j);
void jw_array_end(struct jw *j);
void jw_key(struct jw *j, const char *key);  /* a word of ours: written as it is */
void jw_string(struct jw *j, const char *s); /* NULL: null */
void jw_int(struct jw *j, int64_t v);
void jw_uint(struct jw *j, uint64_t v);
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
/* Microseconds, as seconds with as many decimals as it takes. */
void jw_seconds(struct jw *j, int64_t us);
/* Microseconds since 1970, as RFC 3339 in UTC. */
void jw_time(struct jw *j, int64_t realtime_us);

/* A string of any length in parts; the parts are not to cut a character: jw_text_cut(). */
void jw_text_begin(struct jw *j);
void jw_text_part(struct jw *j, const char *s, size_t n);
void jw_text_end(struct jw *j);
/* How many of the n bytes make a part of at most max bytes. */
size_t jw_text_cut(const char *s, size_t n, size_t max);

/* Bytes that are JSON already, in parts: the first one counts as the value's beginning. */
void jw_raw_begin(struct jw *j);
void jw_raw_part(struct jw *j, const char *s, size_t n);

#endif
