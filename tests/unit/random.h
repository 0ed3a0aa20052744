/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

/*
 * Numbers that look random and are the same in every run: a test that fails, fails again.
 * The generator is splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
 */
#include <stdint.h>

struct random {
	uint64_t state; /* the seed, at first */
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* In [0, n). */
static inline uint64_t random_below(struct random *r, uint64_t n)
{
	return random_next(r) % n;
}

#endif
