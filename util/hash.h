/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

#include <stdint.h>

/* FNV-1a, 64 bits: a checksum, not a secret; who can choose texts can make two of them collide. */
static inline uint64_t hash_text(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++) {
		h ^= (unsigned char)*s;
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

/* Of a WWID: 0 stands for "not known" wherever such a number is kept. */
static inline uint64_t hash_wwid(const char *wwid)
{
	uint64_t h = hash_text(wwid);

	return h == 0 ? 1 : h;
}

#endif
