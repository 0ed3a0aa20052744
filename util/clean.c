/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides which characters may be shown. Owns nothing; any thread. */
#include "util/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

static bool may_be_shown(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} never[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
	};

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (c >= never[i].first && c <= never[i].last)
			return false;
	return true;
}

size_t clean_length(const char *s)
{
	size_t n = utf8_length(s, SIZE_MAX);

	return n == 0 || !may_be_shown(utf8_decode(s, n)) ? 0 : n;
}

size_t clean_copy(char *buf, size_t size, const char *s)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	assert(size > 0);
	while (*s != '\0') {
		unsigned char c = (unsigned char)*s;
		const char escape[CLEAN_ESCAPE_BYTES] = { '\\', 'x', digits[c >> 4],
			                                  digits[c & 15] };
		size_t n = clean_length(s), more = n > 0 ? n : sizeof(escape);

		if (more >= size - used)
			break;
		memcpy(buf + used, n > 0 ? s : escape, more);
		used += more;
		s += n > 0 ? n : 1;
	}
	buf[used] = '\0';
	return used;
}
