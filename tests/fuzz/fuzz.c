/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one(data, size);
	return 0;
}

/*
 * A second implementation of RFC 3629, which does not share mistakes with the product's.
 * Returns the bytes of the character at s; 0: none.
 */
static size_t character(const unsigned char *s, size_t left, uint32_t *ret)
{
	size_t n = s[0] < 0x80   ? 1
	           : s[0] < 0xc0 ? 0
	           : s[0] < 0xe0 ? 2
	           : s[0] < 0xf0 ? 3
	           : s[0] < 0xf8 ? 4
	                         : 0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;

	if (n == 0 || n > left)
		return 0;
	c = n == 1 ? s[0] : s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

bool fuzz_is_plain(const char *s, size_t size, const char *also)
{
	const unsigned char *at = (const unsigned char *)s;

	while (size > 0) {
		uint32_t c = 0;
		size_t n = character(at, size, &c);

		if (n == 0)
			return false;
		if ((c < 0x20 || (c >= 0x7f && c < 0xa0)) &&
		    (c == 0 || c > 0x7f || !strchr(also, (int)c)))
			return false;
		at += n;
		size -= n;
	}
	return true;
}

bool fuzz_is_plain_text(const char *s)
{
	return !s || fuzz_is_plain(s, strlen(s), "");
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

uint64_t fuzz_number(struct fuzz_input *in, size_t size)
{
	uint64_t n = 0;

	for (size_t i = 0; i < size; i++)
		n |= (uint64_t)fuzz_byte(in) << (8 * i);
	return n;
}

char *fuzz_string(struct fuzz_input *in, uint8_t end)
{
	const uint8_t *stop = in->size > 0 ? memchr(in->data, end, in->size) : NULL;
	size_t size = stop ? (size_t)(stop - in->data) : in->size;
	char *s = malloc(size + 1);

	REQUIRE(s, "no memory");
	if (size > 0)
		memcpy(s, in->data, size);
	s[size] = '\0';
	size += stop ? 1 : 0;
	in->size -= size;
	if (size > 0)
		in->data += size;
	return s;
}
