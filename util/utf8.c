/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder of UTF-8. Owns nothing; any thread. */
#include "util/utf8.h"

/* Bytes of a character by its first byte; 0: no character begins with this byte. */
static size_t length_by_lead(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* May this byte follow that first byte? The first byte decides it alone but in four cases. */
static bool second_fits(unsigned char lead, unsigned char second)
{
	unsigned char least = 0x80, most = 0xbf;

	if (lead == 0xe0)
		least = 0xa0; /* a shorter form has what is below */
	else if (lead == 0xed)
		most = 0x9f; /* surrogates */
	else if (lead == 0xf0)
		least = 0x90; /* a shorter form has what is below */
	else if (lead == 0xf4)
		most = 0x8f; /* beyond U+10FFFF */
	return second >= least && second <= most;
}

size_t utf8_length(const char *s, size_t left)
{
	size_t n = length_by_lead((unsigned char)s[0]);

	if (n < 2)
		return n;
	if (n > left || !second_fits((unsigned char)s[0], (unsigned char)s[1]))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!utf8_continues(s[i]))
			return 0;
	return n;
}

uint32_t utf8_decode(const char *s, size_t n)
{
	uint32_t c = (unsigned char)s[0];

	if (n > 1)
		c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3fu);
	return c;
}
