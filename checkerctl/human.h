/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HUMAN_H
#define CHECKERCTL_HUMAN_H

/*
 * Words for people: durations, times, and strings that are safe on a terminal. Pure, but for
 * what writes to the FILE it is given.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

#define HUMAN_SHORT_BYTES 32 /* enough for any duration */

/*
 * "5", "0.5", "500ms", "2s", "10m", "1h30m", "2d": at least 1 us, at most ten years.
 * -EINVAL: none of these; -ERANGE: outside of that.
 */
_must_check_ int human_parse_duration(const char *s, int64_t *ret_us);

/* A number from 0 up, nothing after it. -EINVAL, -ERANGE. */
_must_check_ int human_parse_number(const char *s, uint64_t *ret);

/* RFC 3339 in UTC, "2026-01-02T03:04:05.678Z": seconds since 1970. -EINVAL. */
_must_check_ int human_parse_time(const char *s, double *ret_s);

/* One unit: "850us", "2.5s", "3m", "2h", "12d". Returns buf. */
const char *human_duration(double seconds, char buf[static HUMAN_SHORT_BYTES]);
/* "512 B", "21.4 MiB". Returns buf. */
const char *human_bytes(double bytes, char buf[static HUMAN_SHORT_BYTES]);

/*
 * Writes s with what a terminal could take for a command, and what is not a character of
 * the locale, as \xNN. With `lines`, newline and tab stay.
 */
void human_put(FILE *f, const char *s, bool lines);
/* The same for the text of a JSON value: \u00NN, which reads back as what it was; what is not
 * UTF-8 becomes U+FFFD. */
void human_put_json(FILE *f, const char *json);

/* The same for lines that are UTF-8 in every locale, for a program to read: '?'. */
void human_put_utf8(FILE *f, const char *s);

/* How many letters to insert, delete, change or swap to make b of a; at most `limit`. */
unsigned human_distance(const char *a, const char *b, unsigned limit);

/* stderr, "checkerctl: " first and a newline last, made safe. Returns code. */
_printf_(2, 3) int human_complain(int code, const char *format, ...);
/* The same for wrong usage: one line that ends in a hint at --help; returns EXIT_USAGE. */
_printf_(1, 2) int human_usage(const char *format, ...);

#endif
