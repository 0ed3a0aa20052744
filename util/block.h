/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_BLOCK_H
#define UTIL_BLOCK_H

/*
 * Blocks that may be large and that come and go while the program runs. A small block is one of
 * malloc(). A large block is pages of its own (util/pages.h), which go back to the kernel when the
 * block is freed and leave no hole in the heap. free() must not get a block. Any thread.
 */
#include <stddef.h>

/* n items of this size, zeroed and aligned for any type; at least one byte. NULL: no memory. */
void *block_new(size_t n, size_t size);

/* As block_new(). Pages of a large block are not present before they are touched: see util/room.h. */
void *block_new_sparse(size_t n, size_t size);

/* Resizes the block. Items that fit stay; new items are not zeroed. NULL: no memory, and the block
 * is unchanged. block: NULL allowed. */
void *block_resize(void *block, size_t n, size_t size);

void block_free(void *block); /* NULL allowed */

#endif
