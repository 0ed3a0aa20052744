/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

/* Bytes of the character that begins with this one, by its lead alone; 0: none does. */
static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static bool may_be_shown(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} never[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
		{ 0xd800, 0xdfff }, /* halves of a UTF-16 pair */
	};

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (c >= never[i].first && c <= never[i].last)
			return false;
	return c <= 0x10ffff;
}

size_t clean_length(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t n = length_by_lead(s[0]);
	uint32_t c = n < 2 ? s[0] : s[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	return n == 0 || c < least[n] || !may_be_shown(c) ? 0 : n;
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
