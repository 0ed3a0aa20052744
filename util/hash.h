/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_HASH_H
#define UTIL_HASH_H

/*
 * FNV-1a of texts and bytes, and the size of a table that is indexed by a hash. A hash is a checksum
 * and no secret: who chooses the texts can make two of them collide.
 */
#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_text(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++) {
		h ^= (unsigned char)*s;
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

/* Each step is reversible, so two blocks that differ in one byte never have the same hash. */
static inline uint64_t hash_bytes(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; n > 0; n--, p++) {
		h ^= *p;
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

static inline uint32_t hash_text32(const char *s)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT32_C(16777619);
	return h;
}

/* Of a WWID, never 0: a number that is 0 stands for "not known". */
static inline uint64_t hash_wwid(const char *wwid)
{
	uint64_t h = hash_text(wwid);

	return h == 0 ? 1 : h;
}

/* The least power of two that is not below n. n: at most 2^31. */
static inline uint32_t hash_table_size(uint32_t n)
{
	uint32_t size = 1;

	while (size < n)
		size *= 2;
	return size;
}

#endif
