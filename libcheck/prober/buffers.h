/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_BUFFERS_H
#define LIBCHECK_PROBER_BUFFERS_H

/*
 * The buffers of a group's asynchronous reads. The kernel verifies and decrypts in the reader's
 * pages (T10 protection information, dm-integrity, dm-verity, authenticated dm-crypt, btrfs):
 * two reads that share bytes fail each other. So each slot has bytes of its own, which no other
 * read uses before the slot is free again.
 *
 * An area holds one buffer for each slot. A rescuer makes an area, all its pages present,
 * before the first read that needs it: no read faults or allocates.
 */
#include <pthread.h>

#include "libcheck/region/limits.h"

enum buffer_area {
	BUFFERS_SMALL, /* reads of BUFFER_SMALL bytes */
	BUFFERS_LARGE, /* reads of up to BUFFER_LARGE bytes; only where a path has them */
	BUFFERS_COUNT_
};

struct buffers {
	/* [lock] of the group */
	void *areas[BUFFERS_COUNT_];     /* NULL: not made */
	bool being_made[BUFFERS_COUNT_]; /* a rescuer makes it */
};

/* Bytes of both areas. */
#define BUFFERS_BYTES ((uint64_t)PATHCHECK_GROUP_SLOTS * (BUFFER_SMALL + BUFFER_LARGE))

/*
 * With lock held. The slot's buffer for a read of so many bytes, aligned to `bytes`. NULL: the
 * area is not made, or the block is larger: a rescuer reads with its own buffer.
 */
static inline void *buffers_of(const struct buffers *b, uint32_t slot, uint32_t bytes)
{
	enum buffer_area area = bytes <= BUFFER_SMALL ? BUFFERS_SMALL : BUFFERS_LARGE;
	size_t at = (size_t)slot * (area == BUFFERS_SMALL ? BUFFER_SMALL : BUFFER_LARGE);

	assert(slot < PATHCHECK_GROUP_SLOTS);
	if (bytes > BUFFER_LARGE || b->areas[area] == NULL)
		return NULL;
	return (char *)b->areas[area] + at;
}

/*
 * Makes the area for reads of so many bytes. Does nothing if it is made, is being made, or if
 * no area is for so many. It may block in the kernel while memory is short: rescuers only, lock
 * not held. -ENOMEM.
 */
int buffers_make(struct buffers *b, pthread_mutex_t *lock, uint32_t bytes);
void buffers_free(struct buffers *b);

#endif
