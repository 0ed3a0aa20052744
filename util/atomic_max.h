/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_ATOMIC_MAX_H
#define UTIL_ATOMIC_MAX_H

#include <stdatomic.h>
#include <stdint.h>

/* Raises *max to value if *max is less. Any number of threads may do so at once. */
static inline void atomic_max(_Atomic uint32_t *max, uint32_t value)
{
	uint32_t seen = atomic_load(max);

	while (value > seen && !atomic_compare_exchange_weak(max, &seen, value))
		continue;
}

#endif
