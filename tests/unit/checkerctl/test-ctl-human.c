/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations, times, text that is safe on a terminal, and the distance of words. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/human.h"

static void test_parse_duration(void **state)
{
	static const struct {
		const char *text;
		int error;
		int64_t us;
	} cases[] = {
		{ "5", 0, 5000000 },
		{ "0.5", 0, 500000 },
		{ ".5", 0, 500000 },
		{ "500ms", 0, 500000 },
		{ "1us", 0, 1 },
		{ "90s", 0, 90000000 },
		{ "10m", 0, INT64_C(600000000) },
		{ "1h30m", 0, INT64_C(5400000000) },
		{ "1h30", -EINVAL, 0 }, /* no unit */
		{ "1.5h", 0, INT64_C(5400000000) },
		{ "2d", 0, INT64_C(172800000000) },
		{ "3650d", 0, INT64_C(315360000000000) },
		{ "3651d", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "0", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1w", -EINVAL, 0 },
		{ "h", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 },
		{ "111111111111111111111111111111111111111111", -ERANGE, 0 },
		{ "5.", -EINVAL, 0 },
		{ "0.0000015", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t us = -7;

		assert_int_equal(human_parse_duration(cases[i].text, &us),
		                 cases[i].error);
		assert_int_equal(us, cases[i].error ? -7 : cases[i].us);
	}
}

static void test_parse_number(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(human_parse_number("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(human_parse_number("9223372036854775807", &n), 0);
	assert_true(n == INT64_MAX);
	assert_int_equal(human_parse_number("9223372036854775808", &n), -ERANGE);
	assert_int_equal(human_parse_number("99999999999999999999999", &n), -ERANGE);
	assert_int_equal(human_parse_number("", &n), -EINVAL);
	assert_int_equal(human_parse_number("-1", &n), -EINVAL);
	assert_int_equal(human_parse_number(" 1", &n), -EINVAL);
	assert_int_equal(human_parse_number("1x", &n), -EINVAL);
	assert_true(n == INT64_MAX); /* unchanged by the failed calls */
}

static void test_parse_time(void **state)
{
	double s;

	(void)state;
	assert_int_equal(human_parse_time("1970-01-01T00:00:00Z", &s), 0);
	assert_true(s == 0);
	assert_int_equal(human_parse_time("2026-11-21T03:38:24.250Z", &s), 0);
	assert_true(fabs(s - 1795232304.25) < 1e-6);
	assert_int_equal(human_parse_time("2026-11-21T03:38:24.250000+00:00", &s), 0);
	assert_int_equal(human_parse_time("2026-11-21T03:38:24", &s), -EINVAL);
	assert_int_equal(human_parse_time("2026-11-21T03:38:24.Z", &s), -EINVAL);
	assert_int_equal(human_parse_time("2026-11-21T03:38:24+01:00", &s), -EINVAL);
	assert_int_equal(human_parse_time("yesterday", &s), -EINVAL);
	assert_int_equal(human_parse_time("", &s), -EINVAL);
}

static void test_duration(void **state)
{
	static const struct {
		double s;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ -5, "0s" },
		{ NAN, "0s" },
		{ 0.00085, "850us" },
		{ 0.0012, "1.2ms" },
		{ 0.03, "30ms" },
		{ 0.9996, "999ms" },
		{ 1, "1s" },
		{ 2.5, "2.5s" },
		{ 2.59, "2.5s" },
		{ 12.7, "12s" },
		{ 59.99, "59s" },
		{ 60, "1m" },
		{ 119, "1m" },
		{ 3599, "59m" },
		{ 3600, "1h" },
		{ 47 * 3600 + 3599, "47h" },
		{ 48 * 3600, "2d" },
		{ 1e9, "11574d" },
		{ 1e300, "11574074d" },
	};
	char buf[HUMAN_SHORT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(human_duration(cases[i].s, buf), cases[i].text);
}

static void test_bytes(void **state)
{
	char buf[HUMAN_SHORT_BYTES];

	(void)state;
	assert_string_equal(human_bytes(0, buf), "0 B");
	assert_string_equal(human_bytes(1023, buf), "1023 B");
	assert_string_equal(human_bytes(1536, buf), "1.5 KiB");
	assert_string_equal(human_bytes(25165824, buf), "24.0 MiB");
	assert_string_equal(human_bytes(1e20, buf), "90949470.2 TiB");
}

static char *put(const char *s, bool lines, bool json)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	if (json)
		human_put_json(f, s);
	else
		human_put(f, s, lines);
	fclose(f);
	return out;
}

static void assert_put(const char *s, bool lines, bool json, const char *expected)
{
	char *out = put(s, lines, json);

	assert_string_equal(out, expected);
	free(out);
}

static void test_put(void **state)
{
	(void)state;
	assert_put("plain text", false, false, "plain text");
	assert_put("\x1b[31mred\a\x7f", false, false, "\\x1b[31mred\\x07\\x7f");
	assert_put("a\nb\tc\r", false, false, "a\\x0ab\\x09c\\x0d");
	assert_put("a\nb\tc\r", true, false, "a\nb\tc\\x0d");
	/* CSI in one byte, and as U+009B; neither may pass */
	assert_put("\x9b"
	           "31m",
	           false, false, "\\x9b31m");
	assert_put("\xc2\x9b"
	           "31m",
	           false, false, "\\xc2\\x9b31m");
	assert_put("cut \xc3", false, false, "cut \\xc3");
	assert_put("", false, false, "");
	if (MB_CUR_MAX > 1)
		assert_put("Gr\xc3\xbc\xc3\x9f"
		           "e",
		           false, false,
		           "Gr\xc3\xbc\xc3\x9f"
		           "e");
}

static void test_put_json(void **state)
{
	(void)state;
	assert_put("{\"a\":\"\\u001b\"}", false, true, "{\"a\":\"\\u001b\"}");
	assert_put("x\x7fy\xc2\x9bz", false, true, "x\\u007fy\\u009bz");
	assert_put("x\xe2\x80\xaey\xd8\x9cz\xc3\xa9", false, true,
	           "x\\u202ey\\u061cz\xc3\xa9");
	assert_put("Gr\xc3\xbc\xc3\x9f"
	           "e \xf0\x9f\x92\xbe",
	           false, true,
	           "Gr\xc3\xbc\xc3\x9f"
	           "e \xf0\x9f\x92\xbe");
	assert_put("\xc2\xa0", false, true, "\xc2\xa0");
	/* not UTF-8: alone, overlong, surrogate, too large, cut short */
	assert_put("\x9b", false, true, "\xef\xbf\xbd");
	assert_put("\xc0\xaf", false, true, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_put("\xe0\x80\xaf", false, true, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_put("\xed\xa0\x80", false, true, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_put("\xf4\x90\x80\x80", false, true,
	           "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_put("\xe2\x82", false, true, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_lines_for_programs(void **state)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	(void)state;
	assert_non_null(f);
	human_put_utf8(f, "x{path=\"\xc3\xa9\"} 1\n\x1by\x7f\xc2\x9bz\t\xff\xe2\x82 2\n");
	human_put_utf8(f, "\xe2\x80\xae");
	fclose(f);
	assert_string_equal(out, "x{path=\"\xc3\xa9\"} 1\n?y??z???? 2\n?");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_parse_number),
		cmocka_unit_test(test_parse_time),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_put_json),
		cmocka_unit_test(test_lines_for_programs),
	};

	(void)setlocale(LC_CTYPE,
	                "C.UTF-8"); /* without it the test takes the other branch */
	return cmocka_run_group_tests_name("ctl-human", tests, NULL, NULL);
}
