/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which texts are one JSON object; json-c, told to be strict, takes each of them. */
#include "tests/unit/unit.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/json_text.h"
#include "tests/strict_json.h"
#include "util/macro.h"

static void one_object(void **state)
{
	static const char *const good[] = {
		"{}",
		"{ }",
		"{\"a\":1}",
		"{\"a\" : [ ] , \"b\":{\"c\":[[],{},[1,\"x\"]]}}",
		"{\"a\":[true,false,null,-0,0.5,10e3,1E-7,2e+1]}",
		"{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00Af}]\"}",
		"{\"a\":\"\xc3\xa9\"}",
		"{\"a\":[{},{}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(json_text_is_object(good[i], strlen(good[i])));
}

static void anything_else(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"1",
		" {}",
		"{} ",
		"{}{}",
		"{}}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{,\"a\":1}",
		"{a:1}",
		"{\"a\":1 \"b\":2}",
		"{\"a\"faulty\"b\":1}",
		"{\"a\":[1,]}",
		"{\"a\":[1}",
		"{\"a\":[1 2]}",
		"{\"a\":[\"b\":1]}",
		"{\"a\":{\"b\"]}",
		"{\"a\":01}",
		"{\"a\":.5}",
		"{\"a\":1.}",
		"{\"a\":1e}",
		"{\"a\":+1}",
		"{\"a\":-}",
		"{\"a\":NaN}",
		"{\"a\":tru}",
		"{\"a\":True}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\n1}",
		"{\"a\"\r:1}",
		"{\"a\":\"}",
		"{\"a\":'b'}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (json_text_is_object(bad[i], strlen(bad[i])))
			fail_msg("%s is taken for an object", bad[i]);
	/* A NUL ends nothing. */
	assert_false(json_text_is_object("{\0}", 3));
	assert_false(json_text_is_object("{}\0", 3));
}

static void only_so_deep(void **state)
{
	char text[2 * (JSON_TEXT_DEPTH_MAX + 2) + 8];

	(void)state;
	for (size_t n = 1; n <= JSON_TEXT_DEPTH_MAX + 1; n++) {
		size_t at = 0;

		memcpy(text, "{\"a\":", 5);
		at = 5;
		memset(text + at, '[', n - 1);
		at += n - 1;
		text[at++] = '0';
		memset(text + at, ']', n - 1);
		at += n - 1;
		text[at++] = '}';
		assert_int_equal(json_text_is_object(text, at), n <= JSON_TEXT_DEPTH_MAX);
	}
}

/* Texts of a small alphabet. json-c takes more: numbers such as 00. */
static void json_c_takes_each(void **state)
{
	static const char letters[] = "{}[],:\"\\1-0.e";
	unsigned objects = 0;

	(void)state;
	for (unsigned long n = 0; n < 2000000; n++) {
		char text[16] = "{\"a\":";
		size_t length = 5;
		unsigned long rest = n;
		json_object *parsed;

		for (; rest > 0; rest /= sizeof(letters) - 1)
			text[length++] = letters[rest % (sizeof(letters) - 1)];
		text[length++] = '}';
		if (!json_text_is_object(text, length))
			continue;
		parsed = strict_json(text, length);
		assert_non_null(parsed);
		objects++;
		json_object_put(parsed);
	}
	assert_true(objects > 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_object),
		cmocka_unit_test(anything_else),
		cmocka_unit_test(only_so_deep),
		cmocka_unit_test(json_c_takes_each),
	};

	return cmocka_run_group_tests_name("json-text", tests, NULL, NULL);
}
