/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SPSC_H
#define UTIL_SPSC_H

/*
 * A ring of fixed-size elements from one producer to one consumer, in memory that may be
 * shared between processes: it holds offsets only, no pointers. The producer owns tail,
 * the consumer owns head; each reads the other's with acquire and publishes its own with
 * release. Neither ever blocks, neither allocates.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/macro.h"

#define SPSC_CAPACITY_MAX (UINT32_C(1) << 30)

struct spsc {
	uint32_t capacity;     /* [init] elements */
	uint32_t element_size; /* [init] bytes */
	/* Each runs from 0 to twice the capacity, and from 0 again: so full is not empty. */
	_Alignas(64) _Atomic uint32_t tail; /* [atomic producer→consumer] next to write */
	_Alignas(64) _Atomic uint32_t head; /* [atomic consumer→producer] next to read */
	_Alignas(64) unsigned char data[];
};

static inline size_t spsc_size(uint32_t capacity, uint32_t element_size)
{
	return sizeof(struct spsc) + (size_t)capacity * element_size;
}

static inline void spsc_init(struct spsc *r, uint32_t capacity, uint32_t element_size)
{
	assert(capacity > 0 && capacity <= SPSC_CAPACITY_MAX);
	r->capacity = capacity;
	r->element_size = element_size;
	atomic_init(&r->tail, 0);
	atomic_init(&r->head, 0);
}

static inline unsigned char *spsc_place(struct spsc *r, uint32_t count)
{
	uint32_t at = count < r->capacity ? count : count - r->capacity;

	return r->data + (size_t)at * r->element_size;
}

static inline uint32_t spsc_after(const struct spsc *r, uint32_t count)
{
	return count + 1 == 2 * r->capacity ? 0 : count + 1;
}

static inline uint32_t spsc_between(const struct spsc *r, uint32_t head, uint32_t tail)
{
	return tail >= head ? tail - head : 2 * r->capacity - head + tail;
}

/* Producer. False when the ring is full: nothing was written. */
_must_check_ static inline bool spsc_push(struct spsc *r, const void *element)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (spsc_between(r, head, tail) == r->capacity)
		return false;
	memcpy(spsc_place(r, tail), element, r->element_size);
	atomic_store_explicit(&r->tail, spsc_after(r, tail), memory_order_release);
	return true;
}

/* Consumer. False when the ring is empty. */
_must_check_ static inline bool spsc_pop(struct spsc *r, void *ret_element)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(ret_element, spsc_place(r, head), r->element_size);
	atomic_store_explicit(&r->head, spsc_after(r, head), memory_order_release);
	return true;
}

/*
 * A run of elements, in one piece: for records of different lengths, whose first element says
 * how many there are. Nothing of it is seen before all of it is there.
 */

/* Producer. n: at least 1. False when there is no room for all of them: nothing was written. */
_must_check_ static inline bool spsc_push_run(struct spsc *r, const void *elements,
                                              uint32_t n)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (n > r->capacity - spsc_between(r, head, tail))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		memcpy(spsc_place(r, tail),
		       (const unsigned char *)elements + (size_t)i * r->element_size,
		       r->element_size);
		tail = spsc_after(r, tail);
	}
	atomic_store_explicit(&r->tail, tail, memory_order_release);
	return true;
}

/* Consumer. The element that comes next, which stays there. False when the ring is empty. */
_must_check_ static inline bool spsc_peek(struct spsc *r, void *ret_element)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(ret_element, spsc_place(r, head), r->element_size);
	return true;
}

/* Consumer. A run that was pushed in one piece, whose first element was seen. */
static inline void spsc_pop_run(struct spsc *r, void *ret_elements, uint32_t n)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	assert(n <= spsc_between(r, head, tail));
	for (uint32_t i = 0; i < n; i++) {
		memcpy((unsigned char *)ret_elements + (size_t)i * r->element_size,
		       spsc_place(r, head), r->element_size);
		head = spsc_after(r, head);
	}
	atomic_store_explicit(&r->head, head, memory_order_release);
}

/* Consumer. As many as there are, max at most; returns how many. */
static inline uint32_t spsc_pop_some(struct spsc *r, void *ret_elements, uint32_t max)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint32_t n = MIN(spsc_between(r, head, tail), max);

	if (n > 0)
		spsc_pop_run(r, ret_elements, n);
	return n;
}

/*
 * A moment's view. Head first: the tail is then never behind it for the consumer, nor further
 * ahead than there is room for the producer; a third party may see what never was.
 */
static inline uint32_t spsc_used(struct spsc *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return spsc_between(r, head, tail);
}

#endif
