/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and frees the memory of a ring within this process. Any thread. */
#include "util/ring.h"

#include <errno.h>
#include <stdlib.h>

int ring_new(struct ring_producer *ret_producer, struct ring_consumer *ret_consumer,
             uint32_t capacity, uint32_t element_size)
{
	/* The head and the tail have cache lines of their own. */
	struct ring *r =
	        aligned_alloc(_Alignof(struct ring), ring_bytes(capacity, element_size));

	if (r == NULL)
		return -ENOMEM;
	ring_init(r, capacity, element_size);
	ring_producer_init(ret_producer, r);
	ring_consumer_init(ret_consumer, r);
	return 0;
}

void ring_free(struct ring_producer *p)
{
	free(p->end.ring);
	p->end.ring = NULL;
}
