/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_CALENDAR_H
#define UTIL_CALENDAR_H

/*
 * Times of the week, such as "Sat,Sun from 02:00 to 04:00", by the local clock. Any thread. The time
 * zone is the one of the first call in the process; the first call reads it from a file, so it
 * should not be made where nothing may block.
 *
 * A time that the clock skips (daylight saving time begins) counts as the moment after the skip, and
 * an hour later for each hour after it. Of a time that comes twice (daylight saving time ends) a
 * begin is the first one, and an end is the second one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define CALENDAR_DAY_MINUTES 1440
#define CALENDAR_EVERY_DAY   0x7f
#define CALENDAR_TEXT_SIZE   40
#define CALENDAR_NEVER       INT64_MAX

struct calendar {
	uint8_t days; /* on which it begins; bit 0: Sunday */
	/* Of the day. to <= from: it ends on the next day. */
	uint16_t from, to;
	/* Begins on this day only. year 0: on each of `days`. */
	uint16_t year;
	uint8_t month, day;
};

/* Each of them: -EINVAL: not of that form. */
/* "Mon", "Mon-Fri,Sun", "daily"; whole names too, in any case. */
_must_check_ int calendar_parse_days(const char *text, uint8_t *ret);
/* "02:30", "24:00" */
_must_check_ int calendar_parse_minute(const char *text, uint16_t *ret);
/* "2026-12-24" */
_must_check_ int calendar_parse_date(const char *text, struct calendar *ret);

const char *calendar_format_days(uint8_t days, char buf[static CALENDAR_TEXT_SIZE]);
const char *calendar_format_minute(uint16_t minute, char buf[static CALENDAR_TEXT_SIZE]);
/* "2026-12-24 04:00", by the local clock. realtime_s: seconds since 1970. */
const char *calendar_format_time(int64_t realtime_s, char buf[static CALENDAR_TEXT_SIZE]);

/* Is it open at that time? *ret_change: when it closes, or opens next; CALENDAR_NEVER: it does not
 * open any more. Seconds since 1970. */
bool calendar_is_open(const struct calendar *c, int64_t now_s, int64_t *ret_change);

#endif
