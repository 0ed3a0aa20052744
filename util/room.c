/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives memory to tables: room.h. Owns nothing. */
#include "util/room.h"

#include "util/pages.h"

void room_add(struct room *r, void *rows, size_t each, uint32_t n)
{
	assert(r->n < ROOM_TABLES);
	r->tables[r->n].rows = rows;
	r->tables[r->n].each = each;
	r->tables[r->n].n = n;
	r->n++;
}

int room_make(struct room *r, uint32_t rows)
{
	uint32_t had = room_ready(r), ready;

	if (rows <= had && had - rows >= ROOM_MARGIN)
		return 0;
	ready = (rows + ROOM_MARGIN + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	for (unsigned i = 0; i < r->n; i++) {
		uint32_t from = MIN(had, r->tables[i].n), to = MIN(ready, r->tables[i].n);
		int e = pages_prepare(r->tables[i].rows + from * r->tables[i].each,
		                      (to - from) * r->tables[i].each);

		if (e < 0)
			return e;
	}
	atomic_store_explicit(&r->ready, ready, memory_order_relaxed);
	return 0;
}
