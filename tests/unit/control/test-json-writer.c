/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the writer writes is compared with what is expected, and json-c reads it. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkerd/control/json_writer.h"
#include "tests/strict_json.h"
#include "util/macro.h"

#define BAD "\xef\xbf\xbd"

static char buf[4096];
static struct jw j;

static int setup(void **state)
{
	(void)state;
	jw_init(&j, buf, sizeof(buf));
	return 0;
}

static const char *written(void)
{
	assert_false(j.full);
	assert_true(j.used < sizeof(buf));
	buf[j.used] = '\0';
	return buf;
}

static void test_separators(void **state)
{
	(void)state;
	jw_object(&j);
	jw_key(&j, "a");
	jw_int(&j, INT64_MIN);
	jw_key(&j, "b");
	jw_array(&j);
	jw_uint(&j, UINT64_MAX);
	jw_null(&j);
	jw_array(&j);
	jw_array_end(&j);
	jw_object(&j);
	jw_object_end(&j);
	jw_bool(&j, true);
	jw_bool(&j, false);
	jw_array_end(&j);
	jw_key(&j, "c");
	jw_string(&j, NULL);
	jw_key(&j, "d");
	jw_raw_begin(&j);
	jw_raw_part(&j, "{\"x\":", 5);
	jw_raw_part(&j, "1}", 2);
	jw_object_end(&j);
	assert_string_equal(written(),
	                    "{\"a\":-9223372036854775808,"
	                    "\"b\":[18446744073709551615,null,[],{},true,false],"
	                    "\"c\":null,\"d\":{\"x\":1}}");
	assert_int_equal(j.depth, 0);
}

struct string_case {
	const char *in;
	size_t size;
	const char *out;
};

#define CASE(in, out)                             \
	{                                         \
		in, sizeof(in) - 1, "\"" out "\"" \
	}

static const struct string_case strings[] = {
	CASE("", ""),
	CASE("sda", "sda"),
	CASE("a\"b\\c/d", "a\\\"b\\\\c/d"),
	CASE("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
	CASE("\x01\x1b[2J\x1f\x7f", "\\u0001\\u001b[2J\\u001f\\u007f"),
	CASE("a\0b", "a\\u0000b"),
	CASE("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0"),
	CASE("\xe2\x80\xae\xd8\x9c\xe2\x80\xaf", "\\u202e\\u061c\xe2\x80\xaf"),
	/* The first and the last character of each length. */
	CASE("\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"),
	CASE("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"),
	CASE("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
	/* Not UTF-8: lone bytes, overlong forms, surrogates, beyond Unicode, cut characters. */
	CASE("\x80", BAD),
	CASE("\xff\xfe", BAD BAD),
	CASE("\xc0\xaf", BAD BAD),
	CASE("\xc1\xbf", BAD BAD),
	CASE("\xe0\x9f\xbf", BAD BAD BAD),
	CASE("\xed\xa0\x80", BAD BAD BAD),
	CASE("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD),
	CASE("\xf4\x90\x80\x80", BAD BAD BAD BAD),
	CASE("\xf5\x80\x80\x80", BAD BAD BAD BAD),
	CASE("x\xe2\x82", "x" BAD BAD),
	CASE("\xe2\x28\xa1", BAD "(" BAD),
	CASE("\xc3", BAD),
	CASE("\xf0\x9f\x98", BAD BAD BAD),
	CASE("\xc3\"", BAD "\\\""),
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		struct json_object *o;

		jw_init(&j, buf, sizeof(buf));
		jw_text_begin(&j);
		jw_text_part(&j, strings[i].in, strings[i].size);
		jw_text_end(&j);
		assert_string_equal(written(), strings[i].out);
		o = json_tokener_parse(buf);
		assert_non_null(o);
		assert_true(json_object_is_type(o, json_type_string));
		json_object_put(o);
	}
}

/* Any two bytes between others are written as a string that a reader accepts. */
static void test_every_two_bytes(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 65536; c++) {
		const char in[] = { 'a', (char)(c >> 8), (char)(c & 0xff), 'b' };
		struct json_object *o;
		const char *s;

		jw_init(&j, buf, sizeof(buf));
		jw_text_begin(&j);
		jw_text_part(&j, in, sizeof(in));
		jw_text_end(&j);
		o = strict_json(buf, j.used);
		assert_non_null(o);
		s = json_object_get_string(o);
		assert_int_equal(s[0], 'a');
		assert_int_equal(s[json_object_get_string_len(o) - 1], 'b');
		json_object_put(o);
	}
}

static void test_long_strings_are_cut(void **state)
{
	static char in[JW_STRING_MAX + 8];

	(void)state;
	memset(in, 'x', sizeof(in) - 1);
	jw_string(&j, in);
	assert_int_equal(j.used, JW_STRING_MAX + 2);

	/* No character is cut. */
	jw_init(&j, buf, sizeof(buf));
	memcpy(in + JW_STRING_MAX - 2, "\xf0\x9f\x98\x80", 4);
	jw_string(&j, in);
	assert_int_equal(j.used, JW_STRING_MAX - 2 + 2);

	/* The bytes with the longest escapes fit, as the limits prove. */
	jw_init(&j, buf, sizeof(buf));
	memset(in, 1, sizeof(in) - 1);
	jw_string(&j, in);
	assert_int_equal(j.used, JW_STRING_MAX * JW_ESCAPE_MAX + 2);
	assert_false(j.full);
}

static void test_text_in_parts(void **state)
{
	static const char text[] =
	        "\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9t\xc3\xa9\x80\x80\x80"
	        "\x80\x80\x80\x80 end";
	const size_t size = sizeof(text) - 1;
	static char whole[256];

	(void)state;
	jw_text_begin(&j);
	jw_text_part(&j, text, size);
	jw_text_end(&j);
	strcpy(whole, written());
	for (size_t max = 4; max <= size; max++) {
		jw_init(&j, buf, sizeof(buf));
		jw_text_begin(&j);
		for (size_t at = 0; at < size;) {
			size_t n = jw_text_cut(text + at, size - at, max);

			assert_in_range(n, 1, max);
			jw_text_part(&j, text + at, n);
			at += n;
		}
		jw_text_end(&j);
		assert_string_equal(written(), whole);
	}
}

static void test_full(void **state)
{
	(void)state;
	jw_init(&j, buf, 16);
	jw_array(&j);
	jw_string(&j, "0123456");
	jw_array(&j);
	jw_string(&j, "0123456"); /* does not fit */
	assert_true(j.full);
	jw_int(&j, 1); /* would fit, but follows something that did not */
	jw_array_end(&j);
	assert_true(j.full);
	assert_true(j.used <= 16);
	assert_memory_equal(buf, "[\"0123456\",[", 12);
}

static void test_drained(void **state)
{
	(void)state;
	jw_init(&j, buf, 16);
	jw_array(&j);
	jw_string(&j, "0123456");
	assert_false(j.full);
	jw_drained(&j); /* the document goes on */
	jw_array(&j);
	jw_string(&j, "0123456");
	jw_array_end(&j);
	jw_array_end(&j);
	assert_string_equal(written(), ",[\"0123456\"]]");
	jw_message_end(&j);
	assert_false(j.full);
	assert_int_equal(j.used, 14);
	jw_drained(&j);
	jw_object(&j); /* another document */
	jw_object_end(&j);
	assert_string_equal(written(), "{}");
}

static void test_full_in_a_string(void **state)
{
	static const char in[] = "a\nb\x01"
	                         "c\xff";
	size_t whole;

	(void)state;
	jw_string(&j, in);
	whole = j.used;
	for (size_t size = 0; size < whole; size++) {
		jw_init(&j, buf, size);
		buf[size] = '!';
		jw_string(&j, in);
		assert_true(j.full);
		assert_int_equal(buf[size], '!');
	}
	jw_init(&j, buf, whole);
	jw_string(&j, in);
	assert_false(j.full);
}

static void test_seconds(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "0.000001" },
		{ 5000000, "5" },
		{ 500000, "0.5" },
		{ 1020300, "1.0203" },
		{ 999999, "0.999999" },
		{ -1500000, "-1.5" },
		{ -1, "-0.000001" },
		{ INT64_MAX, "9223372036854.775807" },
		{ INT64_MIN, "-9223372036854.775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		jw_init(&j, buf, sizeof(buf));
		jw_seconds(&j, cases[i].us);
		assert_string_equal(written(), cases[i].text);
	}
}

static void test_times(void **state)
{
	static const struct {
		int64_t s;
		const char *date;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00" },
		{ 951782399, "2000-02-28T23:59:59" },
		{ 951782400, "2000-02-29T00:00:00" },
		{ 951868800, "2000-03-01T00:00:00" },
		{ 1709164800, "2024-02-29T00:00:00" },
		{ 1735689599, "2024-12-31T23:59:59" },
		{ 1735689600, "2025-01-01T00:00:00" },
		{ 4107542400, "2100-03-01T00:00:00" },
		{ 1795232299, "2026-11-21T03:38:19" },
		{ -1, "1970-01-01T00:00:00" },
		{ 253402300799, "9999-12-31T23:59:59" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[64];

		jw_init(&j, buf, sizeof(buf));
		jw_time(&j, cases[i].s * 1000000);
		(void)snprintf(text, sizeof(text), "\"%s.000000Z\"", cases[i].date);
		assert_string_equal(written(), text);
	}
	jw_init(&j, buf, sizeof(buf));
	jw_time(&j, INT64_MAX);
	assert_string_equal(written(), "\"9999-12-31T23:59:59.000000Z\"");
	jw_init(&j, buf, sizeof(buf));
	jw_time(&j, 1000123);
	assert_string_equal(written(), "\"1970-01-01T00:00:01.000123Z\"");
}

/* Every day of two eras, against the C library. */
static void test_every_day(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 2 * 146097; day++) {
		time_t t = (time_t)(day * 86400 + 43200);
		char text[64];
		struct tm tm;

		jw_init(&j, buf, sizeof(buf));
		jw_time(&j, (int64_t)t * 1000000);
		assert_non_null(gmtime_r(&t, &tm));
		strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%S.000000Z\"", &tm);
		if (strcmp(text, written()) != 0)
			assert_string_equal(text, written());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_separators, setup),
		cmocka_unit_test_setup(test_strings, setup),
		cmocka_unit_test_setup(test_every_two_bytes, setup),
		cmocka_unit_test_setup(test_long_strings_are_cut, setup),
		cmocka_unit_test_setup(test_text_in_parts, setup),
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_drained, setup),
		cmocka_unit_test_setup(test_full_in_a_string, setup),
		cmocka_unit_test_setup(test_seconds, setup),
		cmocka_unit_test_setup(test_times, setup),
		cmocka_unit_test_setup(test_every_day, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
