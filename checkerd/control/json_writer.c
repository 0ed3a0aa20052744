/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of JSON, RFC 8259, with dates of RFC 3339 in UTF-8 of RFC 3629. It owns nothing. Any
 * thread.
 */
#include "checkerd/control/json_writer.h"

#include <stdio.h>
#include <string.h>

#include "util/clean.h"
#include "util/macro.h"
#include "util/mono.h"
#include "util/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define DIGITS_MAX  20             /* of a number of 64 bits */

void jw_init(struct jw *j, char *buf, size_t size)
{
	*j = (struct jw){ .buf = buf, .size = size };
}

void jw_drained(struct jw *j)
{
	assert(!j->full);
	j->used = 0;
}

static void append(struct jw *j, const char *s, size_t n)
{
	if (j->full || n > j->size - j->used) {
		j->full = true;
		return;
	}
	if (n > 0)
		memcpy(j->buf + j->used, s, n);
	j->used += n;
}

/* Goes before every value. */
static void separate(struct jw *j)
{
	if (j->comma)
		append(j, ",", 1);
	j->comma = true;
}

static void open_with(struct jw *j, const char *bracket)
{
	separate(j);
	append(j, bracket, 1);
	j->depth++;
	j->comma = false;
}

static void close_with(struct jw *j, const char *bracket)
{
	assert(j->depth > 0);
	append(j, bracket, 1);
	j->depth--;
	j->comma = true;
}

void jw_message_end(struct jw *j)
{
	assert(j->depth == 0);
	append(j, "", 1);
	j->comma = false;
}

void jw_object(struct jw *j)
{
	open_with(j, "{");
}

void jw_object_end(struct jw *j)
{
	close_with(j, "}");
}

void jw_array(struct jw *j)
{
	open_with(j, "[");
}

void jw_array_end(struct jw *j)
{
	close_with(j, "]");
}

void jw_key(struct jw *j, const char *key)
{
	assert(j->depth > 0);
	separate(j);
	append(j, "\"", 1);
	append(j, key, strlen(key));
	append(j, "\":", 2);
	j->comma = false;
}

static void put_escape(struct jw *j, unsigned c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[JW_ESCAPE_MAX + 1];

	for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
		if ((unsigned char)letters[i] == c) {
			append(j, (char[]){ '\\', letters[i + 1] }, 2);
			return;
		}
	(void)snprintf(text, sizeof(text), "\\u%04x", c & 0xffff);
	append(j, text, JW_ESCAPE_MAX);
}

/* Writes the character at s, or its replacement; returns how many bytes of s it took. */
static size_t put_character(struct jw *j, const char *s, size_t n)
{
	size_t length = utf8_length(s, n);

	if (length == 0) {
		append(j, REPLACEMENT, strlen(REPLACEMENT));
		return 1;
	}
	/* Escaped are C0, DEL, C1, and what turns text round: all are below U+10000. */
	if (*s == '"' || *s == '\\' || (length < 4 && clean_length(s) == 0))
		put_escape(j, utf8_decode(s, length));
	else
		append(j, s, length);
	return length;
}

void jw_text_begin(struct jw *j)
{
	separate(j);
	append(j, "\"", 1);
}

/* Most strings are such characters alone, and are appended at once. */
static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void jw_text_part(struct jw *j, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !j->full) {
		size_t begin = i;

		while (i < n && is_plain(s[i]))
			i++;
		append(j, s + begin, i - begin);
		if (i < n)
			i += put_character(j, s + i, n - i);
	}
}

void jw_text_end(struct jw *j)
{
	append(j, "\"", 1);
}

size_t jw_text_cut(const char *s, size_t n, size_t max)
{
	size_t cut = max;

	if (n <= max)
		return n;
	/* A character has at most three bytes after its first. Where more stand in a row, no
	 * character is cut. */
	while (cut > 0 && max - cut < 4 && utf8_continues(s[cut]))
		cut--;
	return cut == 0 || max - cut == 4 ? max : cut;
}

void jw_string(struct jw *j, const char *s)
{
	size_t n;

	if (s == NULL) {
		jw_null(j);
		return;
	}
	n = strnlen(s, JW_STRING_MAX + 1);
	jw_text_begin(j);
	jw_text_part(j, s, jw_text_cut(s, n, JW_STRING_MAX));
	jw_text_end(j);
}

/*
 * With zeros before it, if it has fewer digits than `least`. Not snprintf(): numbers are the most of
 * a list of paths, and took half of its time.
 */
static void append_digits(struct jw *j, uint64_t v, unsigned least)
{
	char text[DIGITS_MAX];
	unsigned at = DIGITS_MAX;

	assert(least <= DIGITS_MAX);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || DIGITS_MAX - at < least);
	append(j, text + at, DIGITS_MAX - at);
}

static uint64_t append_sign(struct jw *j, int64_t v)
{
	if (v < 0)
		append(j, "-", 1);
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

void jw_int(struct jw *j, int64_t v)
{
	separate(j);
	append_digits(j, append_sign(j, v), 1);
}

void jw_uint(struct jw *j, uint64_t v)
{
	separate(j);
	append_digits(j, v, 1);
}

void jw_bool(struct jw *j, bool v)
{
	separate(j);
	append(j, v ? "true" : "false", v ? 4 : 5);
}

void jw_null(struct jw *j)
{
	separate(j);
	append(j, "null", 4);
}

void jw_seconds(struct jw *j, int64_t us)
{
	unsigned decimals = 6;
	uint64_t abs, part;

	separate(j);
	abs = append_sign(j, us);
	part = abs % USEC_PER_SEC;
	append_digits(j, abs / USEC_PER_SEC, 1);
	if (part == 0)
		return;
	for (; part % 10 == 0; part /= 10)
		decimals--;
	append(j, ".", 1);
	append_digits(j, part, decimals);
}

/*
 * The date of a day that is counted from 1970-01-01. gmtime_r() is not used because it reads the
 * file of the time zone. Years begin in March here, so a leap day is the last day of its year, of
 * its four years and of its four centuries. Only on that day a division may be one too high.
 */
static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	static const int before[] = {
		0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337
	};                           /* March, April, … */
	int64_t day = days + 719468; /* since 0000-03-01 */
	int64_t eras, centuries, fours, ones;
	int month = ARRAY_LEN(before) - 1;

	eras = day / 146097;
	day %= 146097;
	centuries = MIN(day / 36524, INT64_C(3));
	day -= centuries * 36524;
	fours = day / 1461;
	day %= 1461;
	ones = MIN(day / 365, INT64_C(3));
	day -= ones * 365;
	while (before[month] > day)
		month--;

	*ret_day = (int)day - before[month] + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year =
	        (int)(eras * 400 + centuries * 100 + fours * 4 + ones) + (month >= 10);
}

/* A part of a time, after the character that separates it. */
static void append_part(struct jw *j, const char *before, unsigned v, unsigned digits)
{
	append(j, before, 1);
	append_digits(j, v, digits);
}

void jw_time(struct jw *j, int64_t realtime_us)
{
	const int64_t last = INT64_C(253402300799) * USEC_PER_SEC; /* of the year 9999 */
	int64_t us = MIN(MAX(realtime_us, INT64_C(0)), last);
	int64_t seconds = us / USEC_PER_SEC;
	unsigned in_day = (unsigned)(seconds % 86400);
	int year, month, day;

	date_of(seconds / 86400, &year, &month, &day);
	separate(j);
	append_part(j, "\"", (unsigned)year, 4);
	append_part(j, "-", (unsigned)month, 2);
	append_part(j, "-", (unsigned)day, 2);
	append_part(j, "T", in_day / 3600, 2);
	append_part(j, ":", in_day / 60 % 60, 2);
	append_part(j, ":", in_day % 60, 2);
	append_part(j, ".", (unsigned)(us % USEC_PER_SEC), 6);
	append(j, "Z\"", 2);
}

void jw_raw_begin(struct jw *j)
{
	separate(j);
}

void jw_raw_part(struct jw *j, const char *s, size_t n)
{
	append(j, s, n);
}
