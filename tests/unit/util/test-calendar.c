/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of the week by the local clock, over both changes of daylight saving time. The zone has no
 * file: TZ says all of it.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/calendar.h"

/* Berlin: in 2026 the clock goes from 02:00 to 03:00 on March 29, and from 03:00 back to 02:00 on
 * October 25. */
#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3"
#define HOUR 3600

/* "2026-03-28 23:30" in UTC. */
static int64_t utc(const char *text)
{
	struct tm tm = { 0 };

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &tm.tm_year, &tm.tm_mon,
	                        &tm.tm_mday, &tm.tm_hour, &tm.tm_min),
	                 5);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm);
}

static struct calendar window(const char *days, const char *from, const char *to)
{
	struct calendar c = { 0 };

	assert_int_equal(calendar_parse_days(days, &c.days), 0);
	assert_int_equal(calendar_parse_minute(from, &c.from), 0);
	assert_int_equal(calendar_parse_minute(to, &c.to), 0);
	return c;
}

/* Around the time when it opens, and the time when it closes: both in UTC. */
static void expect_window(const struct calendar *c, const char *opens, const char *closes)
{
	int64_t begin = utc(opens), end = utc(closes), change;

	assert_false(calendar_is_open(c, begin - 1, &change));
	assert_int_equal(change, begin);
	assert_true(calendar_is_open(c, begin, &change));
	assert_int_equal(change, end);
	assert_true(calendar_is_open(c, begin + (end - begin) / 2, &change));
	assert_int_equal(change, end);
	assert_true(calendar_is_open(c, end - 1, &change));
	assert_int_equal(change, end);
	assert_false(calendar_is_open(c, end, &change));
	assert_true(change > end);
}

static void test_usual_days(void **state)
{
	const struct calendar weekend = window("Sat,Sun", "02:00", "04:00"),
	                      night = window("Mon-Fri", "22:00", "06:00"),
	                      whole = window("Wed", "00:00", "24:00"),
	                      daily = window("daily", "12:30", "12:31");
	int64_t change;

	(void)state;
	expect_window(&weekend, "2026-01-10 01:00", "2026-01-10 03:00"); /* Saturday */
	expect_window(&weekend, "2026-07-05 00:00", "2026-07-05 02:00"); /* in summer */
	expect_window(&night, "2026-01-09 21:00", "2026-01-10 05:00"); /* Friday night */
	expect_window(&whole, "2026-01-06 23:00", "2026-01-07 23:00");
	expect_window(&daily, "2026-01-07 11:30", "2026-01-07 11:31");
	/* Saturday evening is no begin of a night from Monday to Friday. */
	assert_false(calendar_is_open(&night, utc("2026-01-10 22:00"), &change));
	assert_int_equal(change, utc("2026-01-12 21:00"));
	/* From Monday to the next weekend, and over the end of a year. */
	assert_false(calendar_is_open(&weekend, utc("2026-12-28 12:00"), &change));
	assert_int_equal(change, utc("2027-01-02 01:00"));
}

/* March 29: 02:30 does not exist. */
static void test_clock_goes_forward(void **state)
{
	const struct calendar over = window("Sun", "01:00", "04:00"),
	                      inside = window("Sun", "02:15", "02:45"),
	                      begins = window("Sun", "02:30", "05:00"),
	                      ends = window("Sun", "01:30", "02:30"),
	                      night = window("Sat", "23:00", "05:00");

	(void)state;
	expect_window(&over, "2026-03-29 00:00", "2026-03-29 02:00"); /* 2 h */
	expect_window(&inside, "2026-03-29 01:15", "2026-03-29 01:45");
	expect_window(&begins, "2026-03-29 01:30", "2026-03-29 03:00");
	expect_window(&ends, "2026-03-29 00:30", "2026-03-29 01:30"); /* 1 h */
	expect_window(&night, "2026-03-28 22:00", "2026-03-29 03:00");
}

/* October 25: 02:30 comes twice, and the window is open once, from the first to the second. */
static void test_clock_goes_back(void **state)
{
	const struct calendar over = window("Sun", "01:00", "04:00"),
	                      inside = window("Sun", "02:15", "02:45"),
	                      begins = window("Sun", "02:30", "05:00"),
	                      ends = window("Sun", "01:30", "02:30");

	(void)state;
	expect_window(&over, "2026-10-24 23:00", "2026-10-25 03:00"); /* 4 h */
	expect_window(&inside, "2026-10-25 00:15", "2026-10-25 01:45");
	expect_window(&begins, "2026-10-25 00:30", "2026-10-25 04:00");
	expect_window(&ends, "2026-10-24 23:30", "2026-10-25 01:30");
}

static void test_date(void **state)
{
	struct calendar c = window("daily", "20:00", "02:00");
	int64_t change;

	(void)state;
	assert_int_equal(calendar_parse_date("2026-12-31", &c), 0);
	expect_window(&c, "2026-12-31 19:00", "2027-01-01 01:00");
	assert_false(calendar_is_open(&c, utc("2026-03-01 00:00"), &change));
	assert_int_equal(change, utc("2026-12-31 19:00"));
	assert_false(calendar_is_open(&c, utc("2027-01-01 01:00"), &change));
	assert_true(change == CALENDAR_NEVER);
	assert_int_equal(calendar_parse_date("2028-02-29", &c), 0);
	expect_window(&c, "2028-02-29 19:00", "2028-03-01 01:00");
}

/* Each minute of three years agrees with the clock that the C library shows, but for the days of a
 * change. */
static void test_each_half_hour(void **state)
{
	const struct calendar c = window("Tue,Fri", "22:30", "01:00");

	(void)state;
	for (int64_t t = utc("2026-01-01 00:00"); t < utc("2029-01-01 00:00");
	     t += HOUR / 2) {
		time_t at = (time_t)t;
		struct tm tm;
		int64_t change;
		int minute;
		bool open;

		assert_non_null(localtime_r(&at, &tm));
		minute = 60 * tm.tm_hour + tm.tm_min;
		open = ((tm.tm_wday == 2 || tm.tm_wday == 5) && minute >= 22 * 60 + 30) ||
		       ((tm.tm_wday == 3 || tm.tm_wday == 6) && minute < 60);
		assert_int_equal(calendar_is_open(&c, t, &change), open);
		assert_true(change > t && change <= t + INT64_C(8) * 24 * HOUR);
	}
}

static void test_days(void **state)
{
	static const struct {
		const char *text, *same;
	} good[] = {
		{ "mon", "Mon" },
		{ "SUNDAY", "Sun" },
		{ "Fri-Mon", "Mon,Fri,Sat,Sun" },
		{ "Mon-Fri", "Mon,Tue,Wed,Thu,Fri" },
		{ "Mon-Sun", "daily" },
		{ "Daily", "daily" },
		{ "Wednes,Thursday-Sat,Wed", "Wed,Thu,Fri,Sat" },
		{ "Tue-Tue", "Tue" },
	};
	static const char *const bad[] = { "",         "Mo",     "Mon,",       ",Mon",
		                           "Mon-",     "-Mon",   "Mondays",    "Mon Tue",
		                           "Mon--Tue", "weekly", "Mon-Tue-Wed" };
	char buf[CALENDAR_TEXT_SIZE];
	uint8_t days, again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(calendar_parse_days(good[i].text, &days), 0);
		assert_string_equal(calendar_format_days(days, buf), good[i].same);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(calendar_parse_days(bad[i], &days), -EINVAL);
	for (unsigned i = 1; i <= CALENDAR_EVERY_DAY; i++) {
		(void)calendar_format_days((uint8_t)i, buf);
		assert_int_equal(calendar_parse_days(buf, &again), 0);
		assert_int_equal(again, i);
	}
}

static void test_minutes_and_dates(void **state)
{
	static const char *const bad_minutes[] = { "",      "2:00",  "02:0", "02:60",
		                                   "24:01", "25:00", "0200", "02:00:00",
		                                   "-1:00", "02:00 " };
	static const char *const bad_dates[] = {
		"",           "2026-2-01",  "2026-02-29", "2026-13-01",  "2026-00-01",
		"2026-01-00", "2026-04-31", "26-01-01",   "2026-01-01 ", "1969-01-01"
	};
	struct calendar c = { 0 };
	char buf[CALENDAR_TEXT_SIZE];
	uint16_t minute;

	(void)state;
	for (unsigned i = 0; i <= CALENDAR_DAY_MINUTES; i++) {
		(void)calendar_format_minute((uint16_t)i, buf);
		assert_int_equal(calendar_parse_minute(buf, &minute), 0);
		assert_int_equal(minute, i);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_minutes); i++)
		assert_int_equal(calendar_parse_minute(bad_minutes[i], &minute), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(bad_dates); i++)
		assert_int_equal(calendar_parse_date(bad_dates[i], &c), -EINVAL);
	assert_string_equal(calendar_format_time(utc("2026-07-01 02:05"), buf),
	                    "2026-07-01 04:05");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_days),
		cmocka_unit_test(test_clock_goes_forward),
		cmocka_unit_test(test_clock_goes_back),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_each_half_hour),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_minutes_and_dates),
	};

	setenv("TZ", ZONE, 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
