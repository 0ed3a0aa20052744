/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_BLOCK_H
#define UTIL_BLOCK_H

/*
 * For what may be large, and comes and goes while the program runs: small blocks are malloc()'s,
 * large ones are pages that go back to the kernel when they are freed (util/pages.h), and
 * leave no hole between what stays. Not for free(). Any thread.
 */
#include <stddef.h>

/* n items of that size, zeroed, aligned for anything; at least one byte. NULL: no memory. */
void *block_new(size_t n, size_t size);

/* As many of them as there fit stay, what is new is not zeroed. NULL: no memory, and the block is
 * as it was. block: NULL allowed. */
void *block_resize(void *block, size_t n, size_t size);

void block_free(void *block); /* NULL allowed */

#endif
