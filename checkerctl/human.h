/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HUMAN_H
#define CHECKERCTL_HUMAN_H

/*
 * Text for people: durations, times, and strings that are safe on a terminal. Functions with
 * a FILE write to it; all others are pure.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/macro.h"

#define HUMAN_SHORT_BYTES 32 /* enough for any duration */

/*
 * duration_parse(), from 1 us to ten years. -EINVAL: not a duration; -ERANGE: too fine, too short
 * or too long.
 */
_must_check_ int human_parse_duration(const char *s, int64_t *ret_us);

/* Parses a number from 0 to INT64_MAX, with nothing after it. -EINVAL, -ERANGE. */
_must_check_ int human_parse_number(const char *s, uint64_t *ret);

/* RFC 3339 in UTC, "2026-01-02T03:04:05.678Z": seconds since 1970. -EINVAL. */
_must_check_ int human_parse_time(const char *s, double *ret_s);

#define HUMAN_TIME_BYTES 32

/* A time that human_parse_time() takes, as this host's: "2026-01-02 04:04:05.678". -EINVAL. */
_must_check_ int human_local_time(const char *s, char buf[static HUMAN_TIME_BYTES]);

/* One unit: "850us", "2.5s", "3m", "2h", "12d". Returns buf. */
const char *human_duration(double seconds, char buf[static HUMAN_SHORT_BYTES]);
/* "512 B", "21.4 MiB". Returns buf. */
const char *human_bytes(double bytes, char buf[static HUMAN_SHORT_BYTES]);

/*
 * Writes s. Bytes that a terminal could obey, and bytes that are no character of the locale,
 * become \xNN. With `lines`, newline and tab stay.
 */
void human_put(FILE *f, const char *s, bool lines);
/* Writes JSON text: such characters become \u00NN, which parses to the same character. Bytes
 * that are not UTF-8 become U+FFFD. */
void human_put_json(FILE *f, const char *json);

/* Writes lines that are UTF-8 in every locale, for a program: such characters become '?'. */
void human_put_utf8(FILE *f, const char *s);

/* Prints "checkerctl: ", the message made safe, and a newline to stderr. Returns code. */
_printf_(2, 3) int human_complain(int code, const char *format, ...);
/* The first of these messages, without "checkerctl: ". "": there was none. */
const char *human_first_complaint(void);
/* human_complain() for wrong usage: adds a hint at --help. Returns EXIT_USAGE. */
_printf_(1, 2) int human_usage(const char *format, ...);

#endif
