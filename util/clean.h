/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_CLEAN_H
#define UTIL_CLEAN_H

/*
 * Escapes text of devices, files and other programs. Control characters, marks that change the
 * direction of text, and bytes that are not UTF-8 become "\x1b", one escape a byte. Pure.
 */
#include <stddef.h>

#define CLEAN_ESCAPE_BYTES 4 /* of "\x1b", the longest form of a byte */

/*
 * Bytes of the well-formed UTF-8 character at s, a text that ends with NUL. 0: there is none, or it
 * must not be shown: C0, DEL, C1, line and paragraph separators, and the marks of direction
 * (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
 */
size_t clean_length(const char *s);
/* Copies s to buf, escaped and ended by NUL. Text that does not fit is cut between two characters.
 * size: at least 1. Returns the bytes copied. */
size_t clean_copy(char *buf, size_t size, const char *s);

#endif
