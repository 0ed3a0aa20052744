/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_WHOLE_EXPLORE_H
#define TESTS_WHOLE_EXPLORE_H

/*
 * Goes breadth first through all states that the moves of a world reach. A state is a plain block of
 * bytes. States with the same key count as one, so a key leaves out what decides nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_STATE_MAX 1024

struct key {
	uint64_t a, b;
};

struct world {
	const char *name;
	size_t size;      /* bytes of a state, at most EXPLORE_STATE_MAX */
	unsigned n_moves; /* at most 255 */
	unsigned depth;   /* no state that is further away; 0: no limit */
	void (*start)(void *state);
	/* Makes one move, and judges it. False: this move does not exist in this state. */
	bool (*move)(void *state, unsigned move);
	struct key (*key)(const void *state);
	/* Judges a new state. It may not change the state. */
	void (*judge)(const void *state);
	/* Writes the move in words. */
	void (*describe)(unsigned move, char *buf, size_t size);
};

struct explored {
	uint64_t states, moves;
	unsigned depth;
};

void explore(const struct world *w, struct explored *ret);
/* An invariant is broken: prints the way from the start to this state, and ends with status 1. */
__attribute__((__format__(__printf__, 1, 2), __noreturn__)) void
explore_fail(const char *format, ...);

struct key key_of(const void *data, size_t n);
/* Does not depend on the order of the keys that are added. */
struct key key_add(struct key a, struct key b);

#endif
