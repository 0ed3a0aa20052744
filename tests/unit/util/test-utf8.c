/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8: every character there is, and what is none. */
#include "tests/unit/unit.h"

#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

static size_t encode(uint32_t c, char to[static 5])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(lead[n] | c);
	to[n] = '\0';
	return n;
}

static void every_character(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char s[5];
		size_t n = encode(c, s);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;

		if (utf8_length(s, n) != (surrogate ? 0 : n))
			fail_msg("U+%04x", c);
		if (!surrogate && utf8_decode(s, n) != c)
			fail_msg("U+%04x is taken for U+%04x", c, utf8_decode(s, n));
		if (n > 1 && utf8_length(s, n - 1) != 0)
			fail_msg("U+%04x, cut", c);
	}
}

static void what_is_none(void **state)
{
	static const char *const texts[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x41",
		"\xc2\xc2",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2\x82\x41",
		"\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x9f\x92",
		"\xf0\x9f\x92\x41",
		"\xf0\x9f\x41\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(utf8_length(texts[i], strlen(texts[i])), 0);
		assert_int_equal(utf8_length(texts[i], SIZE_MAX), 0); /* ends with NUL */
	}
}

static void later_bytes(void **state)
{
	(void)state; /* no fixture */
	for (unsigned byte = 0; byte < 256; byte++)
		assert_int_equal(utf8_continues((char)byte), byte >= 0x80 && byte < 0xc0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(later_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
