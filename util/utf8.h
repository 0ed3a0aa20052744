/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

/* UTF-8 as RFC 3629 and Unicode's table 3-7 have it: no longer form of a character, no surrogate,
 * nothing beyond U+10FFFF. Pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is it a second or later byte of a character? */
static inline bool utf8_continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed character at s, which has `left` bytes, at least 1; 0: there is none.
 * A text that ends with NUL may say SIZE_MAX: no byte behind the NUL is read. */
size_t utf8_length(const char *s, size_t left);

/* The character at s, whose utf8_length() is n, not 0. */
uint32_t utf8_decode(const char *s, size_t n);

#endif
