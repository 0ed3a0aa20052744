/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which texts are JSON, and what the reader makes of them. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "checkerd/control/json_reader.h"
#include "util/macro.h"

#define DEPTH 4
#define BAD   "\xef\xbf\xbd"

static char *copy(const char *text, size_t size)
{
	char *c = malloc(MAX(size, 1));

	assert_non_null(c);
	memcpy(c, text, size);
	return c;
}

/* In memory that ends with the text, so that valgrind and ASan see a read past it. */
static bool is_json(const char *text, size_t size)
{
	char *c = copy(text, size);
	bool is = jr_check(c, size, DEPTH);

	free(c);
	return is;
}

/* The value of {"a":value}. The caller frees *ret_text. */
static char *value_of(const char *value, char **ret_text)
{
	char text[256];
	struct jr j;
	int n = snprintf(text, sizeof(text), " {\"a\" : %s}", value);

	*ret_text = copy(text, (size_t)n + 1);
	assert_true(jr_check(*ret_text, (size_t)n, DEPTH));
	jr_begin(&j, *ret_text);
	assert_true(jr_next(&j));
	return j.value;
}

static void test_what_is_json(void **state)
{
	static const char *const values[] = {
		"{}",
		"[]",
		" [ ] ",
		" { } ",
		"[[],[]]",
		"[[[]]]",
		"[{\"\":1}]",
		"{\"a\":{},\"a\":[1,2]}",
		"[{\"a\":1},[1,2],{}]",
		"true",
		"false",
		"null",
		"[true , null]",
		"0",
		"-0",
		"10",
		"-1.5",
		"0.5e1",
		"1E+05",
		"1e-0",
		"123456789012345678901234567890",
		"\"\"",
		"\"\\\"\"",
		"\"\\\\\"",
		"\"\\/\\b\\f\\n\\r\\t\"",
		"\"\\u00e9\"",
		"\"}\"",
		"\"\\u0000\"",
		"\"\\uD83d\\ude00\"",
		"\"\xff\x7f\"",
		"\t1\n\r ",
	};
	char text[256];

	(void)state;
	assert_true(is_json("{}", 2));
	assert_true(is_json(" {}\n", 4));
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		int n = snprintf(text, sizeof(text), "{\"k\":%s}", values[i]);

		if (!is_json(text, (size_t)n))
			fail_msg("refused: %s", text);
		for (int k = 0; k < n; k++) /* a shorter text is not JSON */
			assert_false(is_json(text, (size_t)k));
		assert_false(is_json(
		        text, (size_t)n + 1)); /* nor is the text with a NUL after it */
	}
}

static const char *const bad_texts[] = {
	"",
	" ",
	"[]",
	"1",
	"\"a\"",
	"null",
	"{}{}",
	"{} x",
	"{},",
	"\xef\xbb\xbf{}",
	"{a:1}",
	"{'a':1}",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\" 1}",
	"{1:1}",
	"{,}",
	"{\"a\":1,}",
	"{]",
	"{\"a\":1]",
	"/**/{}",
	"{}//",
	"{\"a\":1;}",
	"}",
	"{\"a\":1}}",
	"{\"a\":1,,\"b\":1}",
	"{\"a\"::1}",
	"{null:1}",
	"{\"a\\u0000\":1}",
	"{\"\\u0000\":1}",
};
static const char *const bad_values[] = {
	"[1,]",      "[,1]",        "[1 2]",     "[1}",         "{\"a\":[}", "tru",
	"True",      "truex",       "nulL",      "nullnull",    "NaN",       "-NaN",
	"Infinity",  "-Infinity",   "undefined", "-",           "+1",        "01",
	"-01",       "1.",          ".5",        "1e",          "1e+",       "0x1",
	"1.e1",      "1 .5",        "--1",       "\"a",         "\"\\\"",    "\"\\x\"",
	"\"\\u12\"", "\"\\u12g4\"", "\"\\ud8\"", "\"\\U0041\"", "\"a\"b",    "\"\n\"",
	"\"\t\"",    "\"\x1f\"",    "'a'",       "/**/1",       "1/**/",     "[[[[]]]]",
	"[[[{}]]]",  "[[[[1]]]]",
};

static void test_what_is_not(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++)
		if (is_json(bad_texts[i], strlen(bad_texts[i])))
			fail_msg("taken: %s", bad_texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad_values); i++) {
		int n = snprintf(text, sizeof(text), "{\"k\":%s}", bad_values[i]);

		if (is_json(text, (size_t)n))
			fail_msg("taken: %s", text);
	}
	assert_false(is_json("{\"a\":\"\0\"}", 9));
	assert_false(is_json("{\0}", 3));
}

/* The greatest depth, and one more; objects and arrays are nested in all orders. */
static void test_depth(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		char text[256] = "", end[16] = "";

		for (unsigned depth = 0; depth < 8; depth++) {
			bool object = depth == 0 || (bits >> depth & 1) != 0;
			size_t n = strlen(end);

			strcat(text, object ? "{\"k\":" : "[");
			memmove(end + 1, end, n);
			end[0] = object ? '}' : ']';
		}
		strcat(text, "1");
		strcat(text, end);
		assert_true(jr_check(text, strlen(text), 8));
		assert_false(jr_check(text, strlen(text), 7));
		/* One of them ends with the bracket of the other kind. */
		text[strlen(text) - 1 - bits % 8] ^= ']' ^ '}';
		assert_false(jr_check(text, strlen(text), 8));
	}
}

static void test_members(void **state)
{
	char text[] =
	        " { \"a\" : [ 1 ,\"],[\\\"\" , {\"x\":[]} ] , \"\\u0062\":null,\"c\":{},"
	        "\"d\":\"}\",\"e\":-1.5e1 ,\"f\":true}";
	static const enum jr_type types[] = { JR_ARRAY,  JR_NULL,   JR_OBJECT,
		                              JR_STRING, JR_NUMBER, JR_BOOL };
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f" };
	struct jr j, inner;
	size_t n = 0;

	(void)state;
	assert_true(jr_check(text, strlen(text), DEPTH));
	jr_begin(&j, text);
	for (; jr_next(&j); n++) {
		assert_true(n < ARRAY_LEN(keys));
		assert_true(jr_is(j.key, keys[n]));
		assert_int_equal(jr_type(j.value), types[n]);
		if (n != 0)
			continue;
		jr_begin(&inner, j.value);
		assert_true(jr_next(&inner));
		assert_null(inner.key);
		assert_int_equal(jr_type(inner.value), JR_NUMBER);
		assert_true(jr_next(&inner));
		assert_true(jr_is(inner.value, "],[\""));
		assert_true(jr_next(&inner));
		assert_int_equal(jr_type(inner.value), JR_OBJECT);
		assert_false(jr_next(&inner));
		assert_false(jr_next(&inner));
	}
	assert_int_equal(n, ARRAY_LEN(keys));
	assert_false(jr_next(&j));
}

static void test_strings(void **state)
{
	static const struct {
		const char *json, *says;
		size_t length;
	} table[] = {
		{ "\"\"", "", 0 },
		{ "\"/dev/sda\"", "/dev/sda", 8 },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8 },
		{ "\"\\u0041\\u007f\\u0080\"", "A\x7f\xc2\x80", 4 },
		{ "\"\\u07ff\\u0800\\uFFff\"", "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 8 },
		{ "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80", 4 },
		{ "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf", 4 },
		{ "\"\\ud800\"", BAD, 3 },
		{ "\"\\udc00x\"", BAD "x", 4 },
		{ "\"\\ud800\\u0041\"", BAD "A", 4 },
		{ "\"\\ud800\\ud800\\udc00\"", BAD "\xf0\x90\x80\x80", 7 },
		{ "\"\\ud800\\ue000\"", BAD "\xee\x80\x80", 6 },
		{ "\"\\ud800\\n\"", BAD "\n", 4 },
		{ "\"\xff\xc3\"", "\xff\xc3", 2 },
		{ "\"a\\u0000b\"", "a\0b", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char *text, *value = value_of(table[i].json, &text), to[64];

		assert_int_equal(jr_string(value, to), table[i].length);
		assert_memory_equal(to, table[i].says, table[i].length + 1);
		if (strlen(table[i].says) == table[i].length)
			assert_true(jr_is(value, table[i].says));
		else
			assert_false(jr_is(value, table[i].says));
		/* also in place */
		assert_int_equal(jr_string(value, value), table[i].length);
		assert_memory_equal(value, table[i].says, table[i].length + 1);
		free(text);
	}
}

static void test_words(void **state)
{
	char *text, *value = value_of("\"pa\\u0074hs\"", &text);

	(void)state;
	assert_true(jr_is(value, "paths"));
	assert_false(jr_is(value, "path"));
	assert_false(jr_is(value, "pathss"));
	assert_false(jr_is(value, ""));
	assert_false(jr_is(value, "maths"));
	free(text);
	value = value_of("\"\\u00e9\"", &text); /* the word is its beginning only */
	assert_false(jr_is(value, "\xc3"));
	assert_true(jr_is(value, "\xc3\xa9"));
	free(text);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *json;
		bool fits;
		int64_t says;
	} table[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "-17", true, -17 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "1.0", false, 0 },
		{ "1e2", false, 0 },
		{ "1E2", false, 0 },
	};
	char *text, *value;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t v = 0;

		value = value_of(table[i].json, &text);
		assert_int_equal(jr_int(value, &v), table[i].fits);
		assert_true(v == table[i].says);
		free(text);
	}
	value = value_of("-12.5e-1", &text);
	assert_true(jr_double(value) == -1.25);
	free(text);
	value = value_of("1e999", &text);
	assert_true(jr_double(value) > 1e300);
	free(text);
	value = value_of("true", &text);
	assert_true(jr_bool(value));
	free(text);
	value = value_of("false", &text);
	assert_false(jr_bool(value));
	free(text);
}

/* Random texts of JSON's parts: json-c accepts what the reader accepts. */
static void test_against_another(void **state)
{
	static const char *const parts[] = {
		"{",  "}", "[",    "]",   ",",  ":",  "\"k\"", "1", "-",
		".5", "e", "true", "nul", "\"", "\\", "u0041", " ", "\"\\ud800\"",
	};
	struct json_tokener *t = json_tokener_new();
	unsigned seed = 1, taken = 0;

	(void)state;
	assert_non_null(t);
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	for (unsigned i = 0; i < 200000; i++) {
		char text[128] = "{\"k\":";
		struct json_object *o;

		for (unsigned k = 0; k < 1 + i % 6; k++) {
			seed = seed * 1103515245 + 12345;
			strcat(text, parts[(seed >> 16) % ARRAY_LEN(parts)]);
		}
		strcat(text, "}");
		if (!is_json(text, strlen(text)))
			continue;
		taken++;
		json_tokener_reset(t);
		o = json_tokener_parse_ex(t, text, (int)strlen(text));
		if (json_tokener_get_error(t) != json_tokener_success)
			fail_msg("no JSON: %s", text);
		json_object_put(o);
	}
	assert_true(taken > 1000);
	json_tokener_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json),
		cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_against_another),
	};

	return cmocka_run_group_tests_name("json-reader", tests, NULL, NULL);
}
