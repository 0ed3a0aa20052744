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

struct spsc {
	uint32_t capacity;                  /* [init] elements, a power of two */
	uint32_t element_size;              /* [init] bytes */
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
	assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
	r->capacity = capacity;
	r->element_size = element_size;
	atomic_init(&r->tail, 0);
	atomic_init(&r->head, 0);
}

/* Producer. False when the ring is full: nothing was written. */
_must_check_ static inline bool spsc_push(struct spsc *r, const void *element)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (tail - head == r->capacity)
		return false;
	memcpy(r->data + (size_t)(tail & (r->capacity - 1)) * r->element_size, element,
	       r->element_size);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

/* Consumer. False when the ring is empty. */
_must_check_ static inline bool spsc_pop(struct spsc *r, void *ret_element)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(ret_element,
	       r->data + (size_t)(head & (r->capacity - 1)) * r->element_size,
	       r->element_size);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

/* Either side: a moment's view. */
static inline uint32_t spsc_used(struct spsc *r)
{
	return atomic_load_explicit(&r->tail, memory_order_acquire) -
	       atomic_load_explicit(&r->head, memory_order_acquire);
}

#endif
