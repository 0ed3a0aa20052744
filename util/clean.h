/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_CLEAN_H
#define UTIL_CLEAN_H

/*
 * Makes text of devices, files and other programs harmless: what a terminal obeys, what turns
 * the order of what it shows, and what is no UTF-8 becomes "\x1b", each byte of it. Pure.
 */
#include <stddef.h>

#define CLEAN_ESCAPE_BYTES 4 /* of "\x1b": the most that a byte becomes */

/*
 * Bytes of the well-formed UTF-8 character at s (Unicode, table 3-7), NUL-terminated; 0: what is
 * there is none, or not to be shown: C0, DEL and C1, line and paragraph separators, and the
 * marks that turn text round (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069).
 */
size_t clean_length(const char *s);
/* Copies s to buf, made harmless and ended by NUL; what does not fit is cut between two
 * characters. size: at least 1. Returns the bytes copied. */
size_t clean_copy(char *buf, size_t size, const char *s);

#endif
