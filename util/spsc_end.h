/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SPSC_END_H
#define UTIL_SPSC_END_H

/*
 * One's own end of a ring that it shares with somebody who may write anything there: what this
 * end has to know it keeps here, and never reads it back. UINT32_MAX elements are used when the
 * other end says what cannot be; nothing is put or taken then.
 *
 * What was put or taken is shown to the other side by a call of its own, once for many: each time
 * costs the other processor a look.
 */
#include "util/spsc.h"

struct spsc_end {
	struct spsc *ring;
	uint32_t capacity, element_size; /* as they were when the ring was made */
	uint32_t at;                     /* the producer's tail, or the consumer's head */
	uint32_t shown;                  /* as the other side knows it */
};

/* When the ring has been made, and before the other side has seen it. */
static inline void spsc_end_init(struct spsc_end *e, struct spsc *r)
{
	*e = (struct spsc_end){ r, r->capacity, r->element_size, 0, 0 };
}

static inline uint32_t spsc_end_between(const struct spsc_end *e, uint32_t head,
                                        uint32_t tail)
{
	uint32_t n = tail >= head ? tail - head : 2 * e->capacity - head + tail;

	return head < 2 * e->capacity && tail < 2 * e->capacity && n <= e->capacity
	               ? n
	               : UINT32_MAX;
}

static inline uint32_t spsc_end_used_by_producer(const struct spsc_end *e)
{
	return spsc_end_between(
	        e, atomic_load_explicit(&e->ring->head, memory_order_acquire), e->at);
}

static inline uint32_t spsc_end_used_by_consumer(const struct spsc_end *e)
{
	return spsc_end_between(
	        e, e->at, atomic_load_explicit(&e->ring->tail, memory_order_acquire));
}

static inline unsigned char *spsc_end_place(const struct spsc_end *e)
{
	return e->ring->data +
	       (size_t)(e->at < e->capacity ? e->at : e->at - e->capacity) *
	               e->element_size;
}

static inline void spsc_end_step(struct spsc_end *e)
{
	e->at = e->at + 1 == 2 * e->capacity ? 0 : e->at + 1;
}

/* Elements that the other side has not been shown. */
static inline uint32_t spsc_end_unshown(const struct spsc_end *e)
{
	return spsc_end_between(e, e->shown, e->at);
}

/* What has been put, or taken, since the last time is seen by the other side from now on. */
static inline void spsc_end_show_put(struct spsc_end *e)
{
	e->shown = e->at;
	atomic_store_explicit(&e->ring->tail, e->at, memory_order_release);
}

static inline void spsc_end_show_taken(struct spsc_end *e)
{
	e->shown = e->at;
	atomic_store_explicit(&e->ring->head, e->at, memory_order_release);
}

/* As spsc_push(), to be shown. */
_must_check_ static inline bool spsc_end_push(struct spsc_end *e, const void *element)
{
	if (spsc_end_used_by_producer(e) >= e->capacity)
		return false;
	memcpy(spsc_end_place(e), element, e->element_size);
	spsc_end_step(e);
	return true;
}

/* As spsc_pop(), to be shown. */
_must_check_ static inline bool spsc_end_pop(struct spsc_end *e, void *ret_element)
{
	uint32_t used = spsc_end_used_by_consumer(e);

	if (used == 0 || used > e->capacity)
		return false;
	memcpy(ret_element, spsc_end_place(e), e->element_size);
	spsc_end_step(e);
	return true;
}

#endif
