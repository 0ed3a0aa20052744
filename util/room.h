/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_ROOM_H
#define UTIL_ROOM_H

/*
 * Tables with a row for each thing that there may be, of which most are never there. A table is
 * allocated whole with block_new_sparse(), and gets memory for its first rows before they are used:
 * by a thread that may wait for memory, so that the thread that uses the rows never does.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

#define ROOM_TABLES 8
/* Rows are made in steps of so many. There are always a few more than were asked for. */
#define ROOM_STEP   1024
#define ROOM_MARGIN 256

struct room {
	struct {
		char *rows;
		size_t each;
		uint32_t n;
	} tables[ROOM_TABLES];  /* [init] */
	unsigned n;             /* [init] */
	_Atomic uint32_t ready; /* [atomic maker→any] rows that have memory */
};

/* Before any other thread uses it. each: bytes of a row; n: rows. What is always used is one row. */
void room_add(struct room *r, void *rows, size_t each, uint32_t n);

/*
 * Gives memory to the first `rows` rows of each table, and to some more. One thread at a time; it may
 * wait for memory. 0; or -errno, -ENOMEM in most cases, and rows keep what they have.
 */
_must_check_ int room_make(struct room *r, uint32_t rows);

/* Rows of each table that have memory. Any thread. */
static inline uint32_t room_ready(const struct room *r)
{
	return atomic_load_explicit(&r->ready, memory_order_relaxed);
}

#endif
