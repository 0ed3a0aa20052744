/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from outside that is shown must not contain a command to a terminal or a log. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "util/clean.h"
#include "util/macro.h"

static const struct {
	const char *from, *to;
} texts[] = {
	{ "", "" },
	{ "sda", "sda" },
	{ "100%s %n", "100%s %n" },
	{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe",
	  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe" },
	{ "\x1b[2J", "\\x1b[2J" },
	{ "a\tb\r\nc\x7f", "a\\x09b\\x0d\\x0ac\\x7f" },
	{ "\xc2\x9b"
	  "2J",
	  "\\xc2\\x9b2J" },                          /* CSI in 8 bits */
	{ "\xc2\xa0", "\xc2\xa0" },                  /* the first one after C1 */
	{ "\xe2\x80\xaetxt", "\\xe2\\x80\\xaetxt" }, /* right to left */
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9" }, /* isolates */
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
	{ "\xd8\x9c", "\\xd8\\x9c" },          /* Arabic letter mark */
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "\x80", "\\x80" },
	{ "\xc3", "\\xc3" },                            /* cut */
	{ "\xe2\x82", "\\xe2\\x82" },                   /* cut */
	{ "\xc0\x9b", "\\xc0\\x9b" },                   /* ESC, too long */
	{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" },          /* and longer */
	{ "\xe0\x81\x81", "\\xe0\\x81\\x81" },          /* A, too long */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* half of a pair */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* after the end of Unicode */
	{ "\xf0\x9f\x92", "\\xf0\\x9f\\x92" },
};

static void what_is_harmful_is_spelt_out(void **state)
{
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t n = clean_copy(buf, sizeof(buf), texts[i].from);

		assert_string_equal(buf, texts[i].to);
		assert_int_equal(n, strlen(buf));
		/* Once more changes nothing: it may be done wherever text goes out. */
		(void)clean_copy(buf, sizeof(buf), texts[i].to);
		assert_string_equal(buf, texts[i].to);
	}
}

/* Every character is either shown, or replaced by printable ASCII. */
static void every_character(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x110000; c++) {
		char s[5] = { 0 }, buf[32];
		size_t n;

		if (c < 0x80) {
			s[0] = (char)c;
		} else if (c < 0x800) {
			s[0] = (char)(0xc0 | c >> 6);
			s[1] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			s[0] = (char)(0xe0 | c >> 12);
			s[1] = (char)(0x80 | (c >> 6 & 0x3f));
			s[2] = (char)(0x80 | (c & 0x3f));
		} else {
			s[0] = (char)(0xf0 | c >> 18);
			s[1] = (char)(0x80 | (c >> 12 & 0x3f));
			s[2] = (char)(0x80 | (c >> 6 & 0x3f));
			s[3] = (char)(0x80 | (c & 0x3f));
		}
		n = clean_copy(buf, sizeof(buf), s);
		if (clean_length(s) > 0) {
			assert_string_equal(buf, s);
			continue;
		}
		assert_int_equal(n, CLEAN_ESCAPE_BYTES * strlen(s));
		for (size_t i = 0; i < n; i++)
			assert_in_range(buf[i], ' ', '~');
	}
}

static void cut_between_characters(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(clean_copy(buf, 1, "abc"), 0);
	assert_string_equal(buf, "");
	assert_int_equal(clean_copy(buf, 4, "abcdef"), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(clean_copy(buf, 4, "abc"), 3);
	assert_int_equal(clean_copy(buf, 4, "ab\xc3\xa9"), 2);
	assert_int_equal(clean_copy(buf, 5, "ab\x1b"), 2);
	assert_int_equal(clean_copy(buf, 7, "ab\x1b"), 6);
	assert_string_equal(buf, "ab\\x1b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_harmful_is_spelt_out),
		cmocka_unit_test(every_character),
		cmocka_unit_test(cut_between_characters),
	};

	return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
