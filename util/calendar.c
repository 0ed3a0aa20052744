/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing. The C library knows the time zone. Any thread. */
#include "util/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAYS        7
#define DAY_LETTERS 3

static const char *const day_names[DAYS] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                                     "Thursday", "Friday", "Saturday" };

/* --- words --- */

/* The day whose name begins with these n letters, three at least. -EINVAL. */
static int find_day(const char *text, size_t n)
{
	for (int day = 0; day < DAYS; day++)
		if (n >= DAY_LETTERS && n <= strlen(day_names[day]) &&
		    strncasecmp(text, day_names[day], n) == 0)
			return day;
	return -EINVAL;
}

/* "Mon" or "Fri-Mon". 0: it is neither. */
static uint8_t days_of(const char *text, size_t n)
{
	const char *dash = memchr(text, '-', n);
	size_t first_size = dash == NULL ? n : (size_t)(dash - text);
	int first = find_day(text, first_size), last = first;
	uint8_t days;

	if (dash != NULL)
		last = find_day(dash + 1, n - first_size - 1);
	if (first < 0 || last < 0)
		return 0;
	days = (uint8_t)(1U << last);
	for (int day = first; day != last; day = (day + 1) % DAYS)
		days |= (uint8_t)(1U << day);
	return days;
}

int calendar_parse_days(const char *text, uint8_t *ret)
{
	uint8_t days = 0, more;

	if (strcasecmp(text, "daily") == 0) {
		*ret = CALENDAR_EVERY_DAY;
		return 0;
	}
	for (;;) {
		size_t n = strcspn(text, ",");

		more = days_of(text, n);
		if (more == 0)
			return -EINVAL;
		days |= more;
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	*ret = days;
	return 0;
}

/* Exactly `digits` digits. -1: there are fewer. */
static int take_number(const char **text, unsigned digits)
{
	int n = 0;

	for (unsigned i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		n = 10 * n + (**text - '0');
	}
	return n;
}

int calendar_parse_minute(const char *text, uint16_t *ret)
{
	int hour = take_number(&text, 2), minute;

	if (hour < 0 || *text != ':')
		return -EINVAL;
	text++;
	minute = take_number(&text, 2);
	if (minute < 0 || minute > 59 || *text != '\0' ||
	    60 * hour + minute > CALENDAR_DAY_MINUTES)
		return -EINVAL;
	*ret = (uint16_t)(60 * hour + minute);
	return 0;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int calendar_parse_date(const char *text, struct calendar *ret)
{
	int year = take_number(&text, 4), month, day;

	if (year < 1970 || *text++ != '-')
		return -EINVAL;
	month = take_number(&text, 2);
	if (month < 1 || month > 12 || *text++ != '-')
		return -EINVAL;
	day = take_number(&text, 2);
	if (day < 1 || day > days_in(year, month) || *text != '\0')
		return -EINVAL;
	ret->year = (uint16_t)year;
	ret->month = (uint8_t)month;
	ret->day = (uint8_t)day;
	return 0;
}

const char *calendar_format_days(uint8_t days, char buf[static CALENDAR_TEXT_SIZE])
{
	size_t used = 0;

	if (days == CALENDAR_EVERY_DAY) {
		(void)snprintf(buf, CALENDAR_TEXT_SIZE, "daily");
		return buf;
	}
	buf[0] = '\0';
	for (int i = 1; i <= DAYS; i++) /* from Monday on */
		if ((days >> i % DAYS & 1) != 0)
			used += (size_t)snprintf(buf + used, CALENDAR_TEXT_SIZE - used,
			                         "%s%.3s", used > 0 ? "," : "",
			                         day_names[i % DAYS]);
	return buf;
}

const char *calendar_format_minute(uint16_t minute, char buf[static CALENDAR_TEXT_SIZE])
{
	(void)snprintf(buf, CALENDAR_TEXT_SIZE, "%02u:%02u", minute / 60U, minute % 60U);
	return buf;
}

static struct tm local_time(int64_t realtime_s)
{
	time_t t = (time_t)realtime_s;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
	return tm;
}

const char *calendar_format_time(int64_t realtime_s, char buf[static CALENDAR_TEXT_SIZE])
{
	const struct tm tm = local_time(realtime_s);

	if (strftime(buf, CALENDAR_TEXT_SIZE, "%Y-%m-%d %H:%M", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

/* --- moments --- */

/* The day that is so many days after the one of `tm`: at noon, which no zone skips. */
static struct tm day_after(const struct tm *tm, int days)
{
	struct tm noon = {
		.tm_year = tm->tm_year,
		.tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday + days,
		.tm_hour = 12,
		.tm_isdst = -1,
	};

	(void)mktime(&noon); /* completes the fields, also the day of the week */
	return noon;
}

/* The moment when the clock shows this time, if it is read with or without daylight saving time.
 * False: the clock does not show it then. */
static bool moment_as(const struct tm *day, uint16_t minute, int dst, int64_t *ret)
{
	struct tm tm = {
		.tm_year = day->tm_year,
		.tm_mon = day->tm_mon,
		.tm_mday = day->tm_mday,
		.tm_hour = minute / 60,
		.tm_min = minute % 60,
		.tm_isdst = dst,
	};
	struct tm shown;

	*ret = (int64_t)mktime(&tm);
	shown = local_time(*ret);
	return shown.tm_hour == minute / 60 && shown.tm_min == minute % 60 &&
	       shown.tm_mday == day->tm_mday;
}

/* last: of two moments the second one. */
static int64_t moment(const struct tm *day, uint16_t minute, bool last)
{
	struct tm next = day_after(day, 1);
	int64_t standard, saving;
	bool is_standard, is_saving;

	if (minute == CALENDAR_DAY_MINUTES)
		return moment(&next, 0, last);
	is_standard = moment_as(day, minute, 0, &standard);
	is_saving = moment_as(day, minute, 1, &saving);
	if (is_standard && is_saving)
		return last ? MAX(standard, saving) : MIN(standard, saving);
	return is_saving ? saving : standard;
}

static bool begins_on(const struct calendar *c, const struct tm *day)
{
	if (c->year != 0)
		return day->tm_year + 1900 == c->year && day->tm_mon + 1 == c->month &&
		       day->tm_mday == c->day;
	return (c->days >> day->tm_wday & 1) != 0;
}

/* The next time it opens on the day of its date. */
static int64_t opens_on_date(const struct calendar *c, int64_t now_s)
{
	const struct tm tm = {
		.tm_year = c->year - 1900,
		.tm_mon = c->month - 1,
		.tm_mday = c->day,
	};
	const struct tm day = day_after(&tm, 0);
	int64_t begin = moment(&day, c->from, false);

	return begin > now_s ? begin : CALENDAR_NEVER;
}

bool calendar_is_open(const struct calendar *c, int64_t now_s, int64_t *ret_change)
{
	const struct tm today = local_time(now_s);

	/* It may have begun yesterday. */
	for (int i = -1; i <= DAYS; i++) {
		const struct tm day = day_after(&today, i);
		const struct tm last = day_after(&today, i + (c->to <= c->from));
		int64_t begin, end;

		if (!begins_on(c, &day))
			continue;
		begin = moment(&day, c->from, false);
		end = moment(&last, c->to, true);
		if (now_s < begin || now_s < end) {
			*ret_change = now_s < begin ? begin : end;
			return now_s >= begin;
		}
	}
	*ret_change = c->year != 0 ? opens_on_date(c, now_s) : CALENDAR_NEVER;
	return false;
}
