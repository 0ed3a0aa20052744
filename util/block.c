/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing but the size in front of each block. Any thread. */
#include "util/block.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/pages.h"
#include "util/seal.h"

#define LARGE (32 * (size_t)1024) /* bytes, from which on it is pages */

struct block {
	alignas(max_align_t) size_t bytes; /* with this */
	alignas(max_align_t) char data[];
};

static struct block *block_of(void *data)
{
	return container_of(data, struct block, data);
}

/* 0: more than there can be. */
static size_t bytes_for(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
		return 0;
	return sizeof(struct block) + MAX(bytes, (size_t)1);
}

/* b: NULL allowed. */
static void *made(struct block *b, size_t bytes)
{
	if (b == NULL)
		return NULL;
	b->bytes = bytes;
	return b->data;
}

static void *new_block(size_t n, size_t size, void *(*pages)(size_t bytes))
{
	size_t bytes = bytes_for(n, size);
	struct block *b = NULL;

	if (bytes >= LARGE) {
		seal_note();
		b = pages(bytes);
	} else if (bytes > 0) {
		b = calloc(1, bytes);
	}
	return made(b, bytes);
}

void *block_new(size_t n, size_t size)
{
	return new_block(n, size, pages_new);
}

void *block_new_sparse(size_t n, size_t size)
{
	return new_block(n, size, pages_new_sparse);
}

void *block_resize(void *block, size_t n, size_t size)
{
	size_t bytes = bytes_for(n, size);
	struct block *b;
	void *data;

	if (block == NULL)
		return block_new(n, size);
	b = block_of(block);
	if (bytes > 0 && bytes < LARGE && b->bytes < LARGE)
		return made(realloc(b, bytes), bytes);
	data = block_new(n, size);
	if (data == NULL)
		return NULL;
	memcpy(data, block, MIN(bytes, b->bytes) - sizeof(*b));
	block_free(block);
	return data;
}

void block_free(void *block)
{
	struct block *b;

	if (block == NULL)
		return;
	b = block_of(block);
	if (b->bytes >= LARGE)
		pages_free(b, b->bytes);
	else
		free(b);
}
