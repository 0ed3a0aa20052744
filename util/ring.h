/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_RING_H
#define UTIL_RING_H

/*
 * A ring of fixed-size elements from one producer to one consumer, in memory that may be
 * shared between processes: it holds offsets only, no pointers. Neither side ever blocks.
 *
 * Each side works through its own end, struct ring_producer or struct ring_consumer. An end
 * keeps in private memory what its side must know, and never reads it back from the ring.
 * An end therefore stays within the ring even when the other side writes anything there; it
 * then counts RING_WRONG elements, and neither puts nor takes one.
 *
 * The producer owns tail, the consumer owns head. Each reads the other's counter with acquire
 * and publishes its own with release. ring_put() and ring_take() do not publish: one
 * ring_publish() or ring_give_back() for many spares the other processor a look at each.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

#define RING_CAPACITY_MAX (UINT32_C(1) << 30)
#define RING_WRONG        UINT32_MAX

struct ring {
	uint32_t capacity;     /* [init] elements */
	uint32_t element_size; /* [init] bytes */
	/* Both run from 0 to twice the capacity and then from 0 again, so full is not empty. */
	_Alignas(64) _Atomic uint32_t tail; /* [atomic producer→consumer] next to write */
	_Alignas(64) _Atomic uint32_t head; /* [atomic consumer→producer] next to read */
	_Alignas(64) unsigned char data[];
};

struct ring_end {
	struct ring *ring;
	uint32_t capacity, element_size; /* as they were when this end was made */
	uint32_t at;                     /* the tail, or the head, of this side */
};

struct ring_producer {
	struct ring_end end;
	uint32_t published; /* what the consumer sees of end.at */
};

struct ring_consumer {
	struct ring_end end;
};

/* Bytes of the memory that a ring takes, a multiple of its alignment. */
static inline size_t ring_bytes(uint32_t capacity, uint32_t element_size)
{
	size_t bytes = sizeof(struct ring) + (size_t)capacity * element_size;

	return (bytes + _Alignof(struct ring) - 1) & ~(_Alignof(struct ring) - 1);
}

/* Makes an empty ring of zeroed or other memory. */
static inline void ring_init(struct ring *r, uint32_t capacity, uint32_t element_size)
{
	assert(capacity > 0 && capacity <= RING_CAPACITY_MAX);
	r->capacity = capacity;
	r->element_size = element_size;
	atomic_init(&r->tail, 0);
	atomic_init(&r->head, 0);
}

/*
 * An end begins where its side of the ring stands. One that must distrust the other side is
 * made after ring_init() and before the other side sees the ring.
 */
static inline void ring_producer_init(struct ring_producer *p, struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	p->end = (struct ring_end){ r, r->capacity, r->element_size, tail };
	p->published = tail;
}

static inline void ring_consumer_init(struct ring_consumer *c, struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	c->end = (struct ring_end){ r, r->capacity, r->element_size, head };
}

/* Both ends of a ring within this process. -ENOMEM. */
_must_check_ int ring_new(struct ring_producer *ret_producer,
                          struct ring_consumer *ret_consumer, uint32_t capacity,
                          uint32_t element_size);
/* Frees the ring of ring_new(), and with it both ends. An end that is all zero is allowed. */
void ring_free(struct ring_producer *p);

/* Was the end made? One that is all zero was not. */
static inline bool ring_is_made(const struct ring_consumer *c)
{
	return c->end.ring != NULL;
}

/* --- what both ends are made of --- */

static inline uint32_t ring_between(const struct ring_end *e, uint32_t head,
                                    uint32_t tail)
{
	return tail >= head ? tail - head : 2 * e->capacity - head + tail;
}

/* n elements, counted with what the other side wrote: RING_WRONG if that cannot be. */
static inline uint32_t ring_checked(const struct ring_end *e, uint32_t n,
                                    uint32_t written)
{
	return written < 2 * e->capacity && n <= e->capacity ? n : RING_WRONG;
}

static inline unsigned char *ring_place(const struct ring_end *e, uint32_t at)
{
	uint32_t place = at < e->capacity ? at : at - e->capacity;

	return e->ring->data + (size_t)place * e->element_size;
}

static inline uint32_t ring_after(const struct ring_end *e, uint32_t at)
{
	return at + 1 == 2 * e->capacity ? 0 : at + 1;
}

/* --- the producer --- */

/* Elements between the two ends, those included that are not published; or RING_WRONG. */
static inline uint32_t ring_producer_used(const struct ring_producer *p)
{
	/* memory.pml: USED */
	uint32_t head = atomic_load_explicit(&p->end.ring->head, memory_order_acquire);

	return ring_checked(&p->end, ring_between(&p->end, head, p->end.at), head);
}

/* Elements that were put and not published. */
static inline uint32_t ring_unpublished(const struct ring_producer *p)
{
	return ring_between(&p->end, p->published, p->end.at);
}

/* The consumer sees what was put. */
static inline void ring_publish(struct ring_producer *p)
{
	/* memory.pml: PUBLISH */
	p->published = p->end.at;
	atomic_store_explicit(&p->end.ring->tail, p->end.at, memory_order_release);
}

/* To be published. False when the ring is full or wrong: nothing was put. */
_must_check_ static inline bool ring_put(struct ring_producer *p, const void *element)
{
	if (ring_producer_used(p) >= p->end.capacity)
		return false;
	memcpy(ring_place(&p->end, p->end.at), element, p->end.element_size);
	p->end.at = ring_after(&p->end, p->end.at);
	return true;
}

/* Puts and publishes one element. */
_must_check_ static inline bool ring_push(struct ring_producer *p, const void *element)
{
	if (!ring_put(p, element))
		return false;
	ring_publish(p);
	return true;
}

/*
 * Puts and publishes n elements, at least 1, together: the consumer sees all or none. For records
 * of different lengths, whose first element says how many there are. False when there is no
 * room for all of them: nothing was put.
 */
_must_check_ static inline bool ring_push_run(struct ring_producer *p,
                                              const void *elements, uint32_t n)
{
	const unsigned char *from = elements;
	uint32_t used = ring_producer_used(p), at = p->end.at;

	if (used > p->end.capacity || n > p->end.capacity - used)
		return false;
	for (uint32_t i = 0; i < n; i++, from += p->end.element_size) {
		memcpy(ring_place(&p->end, at), from, p->end.element_size);
		at = ring_after(&p->end, at);
	}
	p->end.at = at;
	ring_publish(p);
	return true;
}

/* A number that changes when the consumer gives places back. */
static inline uint32_t ring_progress(const struct ring_producer *p)
{
	return atomic_load_explicit(&p->end.ring->head, memory_order_acquire);
}

/* --- the consumer --- */

/* Elements that can be taken; or RING_WRONG. */
static inline uint32_t ring_consumer_used(const struct ring_consumer *c)
{
	/* memory.pml: TAKE */
	uint32_t tail = atomic_load_explicit(&c->end.ring->tail, memory_order_acquire);

	return ring_checked(&c->end, ring_between(&c->end, c->end.at, tail), tail);
}

/* The producer may use the places of what was taken. */
static inline void ring_give_back(struct ring_consumer *c)
{
	/* memory.pml: BACK */
	atomic_store_explicit(&c->end.ring->head, c->end.at, memory_order_release);
}

/* The element that comes next, which stays there. False when the ring is empty or wrong. */
_must_check_ static inline bool ring_peek(const struct ring_consumer *c,
                                          void *ret_element)
{
	uint32_t used = ring_consumer_used(c);

	if (used == 0 || used > c->end.capacity)
		return false;
	memcpy(ret_element, ring_place(&c->end, c->end.at), c->end.element_size);
	return true;
}

/* Takes one element, whose place is to be given back. False: as ring_peek(). */
_must_check_ static inline bool ring_take(struct ring_consumer *c, void *ret_element)
{
	if (!ring_peek(c, ret_element))
		return false;
	c->end.at = ring_after(&c->end, c->end.at);
	return true;
}

/* Takes one element and gives its place back. False: as ring_peek(). */
_must_check_ static inline bool ring_pop(struct ring_consumer *c, void *ret_element)
{
	if (!ring_take(c, ret_element))
		return false;
	ring_give_back(c);
	return true;
}

/* As many as there are, max at most, their places given back; returns how many. */
static inline uint32_t ring_pop_some(struct ring_consumer *c, void *ret_elements,
                                     uint32_t max)
{
	unsigned char *to = ret_elements;
	uint32_t used = ring_consumer_used(c), at = c->end.at;
	uint32_t n = used == RING_WRONG ? 0 : MIN(used, max);

	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++, to += c->end.element_size) {
		memcpy(to, ring_place(&c->end, at), c->end.element_size);
		at = ring_after(&c->end, at);
	}
	c->end.at = at;
	ring_give_back(c);
	return n;
}

/* A run that was pushed together, of n elements, whose first one was seen by ring_peek(). */
static inline void ring_pop_run(struct ring_consumer *c, void *ret_elements, uint32_t n)
{
	uint32_t got = ring_pop_some(c, ret_elements, n);

	assert(got == n);
}

#endif
