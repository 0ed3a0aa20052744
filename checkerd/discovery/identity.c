/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs on the discovery thread. */
#include "checkerd/discovery/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* libpathcheck has so many numbers for each of the two kinds of hosts. */
#define HOST_KEYS 511

void identity_init(struct identity *id)
{
	memset(&id->spec, 0, sizeof(id->spec));
	id->used = 0;
}

/* Bytes of the UTF-8 character at s, 0: it is none, or a control character. */
static size_t printable(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} kinds[] = {
		{ 0x80, 0x00, 0x20 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		uint32_t c;

		if ((s[0] & kinds[k].mask) != kinds[k].lead)
			continue;
		c = s[0] & (unsigned char)~kinds[k].mask;
		for (size_t i = 1; i <= k; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3fu);
		}
		if (c < kinds[k].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
		    (c >= 0x7f && c <= 0x9f))
			return 0;
		return k + 1;
	}
	return 0;
}

void identity_set(struct identity *id, const char **field, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;
	char *start = id->text + id->used, *out = start;
	char *end = id->text + sizeof(id->text) - 1;

	*field = NULL;
	if (value == NULL)
		return;
	while (isspace(*s))
		s++;
	while (*s != '\0') {
		size_t n = printable(s);

		if (out + MAX(n, (size_t)4) > end)
			return;
		if (n > 0) {
			memcpy(out, s, n);
			out += n;
			s += n;
		} else {
			(void)snprintf(out, 5, "\\x%02x", *s); /* four bytes fit */
			out += 4;
			s++;
		}
	}
	while (out > start && out[-1] == ' ')
		out--;
	if (out == start)
		return;
	*out++ = '\0';
	id->used = (size_t)(out - id->text);
	*field = start;
}

int identity_set_exact(struct identity *id, const char **field, const char *value)
{
	size_t n = strlen(value) + 1;

	if (id->used + n > sizeof(id->text))
		return -ENAMETOOLONG;
	*field = memcpy(id->text + id->used, value, n);
	id->used += n;
	return 0;
}

/* FNV-1a: a checksum, not a secret. A collision leaves a disk in another one's place until its
 * other signs, number and serial, are looked at. */
static uint64_t checksum(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++) {
		h ^= (unsigned char)*s;
		h *= UINT64_C(0x100000001b3);
	}
	return h == 0 ? 1 : h;
}

void identity_set_kernel_wwid(struct identity *id, const char *wwid)
{
	id->spec.kernel_id = checksum(wwid);
	if (id->spec.wwid == NULL)
		identity_set(id, &id->spec.wwid, wwid);
}

uint32_t identity_host_key(enum identity_hosts kind, unsigned number)
{
	return 1 + (kind == IDENTITY_NVME ? HOST_KEYS : 0) + number % HOST_KEYS;
}
