/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns: the set of keys, how each state was reached, and the two layers of states. One thread.
 *
 * Only the last two layers of states are kept whole. The way to a state is a chain of moves.
 */
#include "tests/whole/explore.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct reached {
	struct key key;
	uint32_t from; /* its index; NONE: the start */
	uint32_t next; /* chain of the set */
	uint8_t move;
};

struct layer {
	unsigned char *states;
	uint32_t *index;
	size_t n, room;
};

static struct {
	const struct world *world;
	struct reached *reached;
	uint32_t n, room, *set, buckets;
	struct layer now, next;
	uint32_t at; /* the state that is being left */
	int move;    /* the move that is being made; -1: none */
} x;

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

struct key key_of(const void *data, size_t n)
{
	struct key k = { UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344) };
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t v = 0;

		memcpy(&v, p + i, n - i < sizeof(v) ? n - i : sizeof(v));
		k.a = mix(k.a, v);
		k.b = mix(k.b + k.a, v * UINT64_C(0xff51afd7ed558ccd) + 1);
	}
	return k;
}

struct key key_add(struct key a, struct key b)
{
	return (struct key){ a.a + mix(b.b, b.a), a.b + mix(b.a, b.b ^ 1) };
}

static void *must(void *p)
{
	if (p == NULL) {
		(void)fputs("no memory\n", stderr);
		exit(2);
	}
	return p;
}

static void grow_set(void)
{
	x.buckets = x.buckets == 0 ? 1U << 16 : 2 * x.buckets;
	free(x.set);
	x.set = must(malloc(x.buckets * sizeof(*x.set)));
	memset(x.set, 0xff, x.buckets * sizeof(*x.set));
	for (uint32_t i = 0; i < x.n; i++) {
		uint32_t *head = &x.set[x.reached[i].key.a & (x.buckets - 1)];

		x.reached[i].next = *head;
		*head = i;
	}
}

/* False: the state is known. */
static bool add(const void *state, struct key key, uint32_t from, unsigned move)
{
	struct layer *l = &x.next;
	uint32_t i;

	for (i = x.set[key.a & (x.buckets - 1)]; i != NONE; i = x.reached[i].next)
		if (x.reached[i].key.a == key.a && x.reached[i].key.b == key.b)
			return false;
	if (x.n == x.room) {
		x.room = x.room == 0 ? 4096 : 2 * x.room;
		x.reached = must(realloc(x.reached, x.room * sizeof(*x.reached)));
	}
	if (l->n == l->room) {
		l->room = l->room == 0 ? 4096 : 2 * l->room;
		l->states = must(realloc(l->states, l->room * x.world->size));
		l->index = must(realloc(l->index, l->room * sizeof(*l->index)));
	}
	x.reached[x.n] =
	        (struct reached){ .key = key, .from = from, .move = (uint8_t)move };
	memcpy(l->states + l->n * x.world->size, state, x.world->size);
	l->index[l->n++] = x.n++;
	if (x.n > x.buckets) {
		grow_set();
		return true;
	}
	x.reached[x.n - 1].next = x.set[key.a & (x.buckets - 1)];
	x.set[key.a & (x.buckets - 1)] = x.n - 1;
	return true;
}

static void print_way(uint32_t index)
{
	char text[128];

	if (index == NONE || x.reached[index].from == NONE)
		return;
	print_way(x.reached[index].from);
	x.world->describe(x.reached[index].move, text, sizeof(text));
	(void)printf("  %s\n", text);
}

void explore_fail(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	(void)printf("%s: ", x.world->name);
	(void)vprintf(format, args);
	(void)printf(", after\n");
	va_end(args);
	print_way(x.at);
	if (x.move >= 0) {
		x.world->describe((unsigned)x.move, text, sizeof(text));
		(void)printf("  %s\n", text);
	}
	(void)fflush(stdout);
	_Exit(1);
}

/* Makes all moves of one state. Returns how many there are. */
static uint64_t leave(const unsigned char *state)
{
	_Alignas(16) unsigned char copy[EXPLORE_STATE_MAX];
	uint64_t moves = 0;

	for (unsigned m = 0; m < x.world->n_moves; m++) {
		memcpy(copy, state, x.world->size);
		x.move = (int)m;
		if (!x.world->move(copy, m))
			continue;
		moves++;
		if (add(copy, x.world->key(copy), x.at, m))
			x.world->judge(copy);
	}
	x.move = -1;
	return moves;
}

/* The next world's states have another size. */
static void drop(struct layer *l)
{
	free(l->states);
	free(l->index);
	*l = (struct layer){ .n = 0 };
}

void explore(const struct world *w, struct explored *ret)
{
	_Alignas(16) unsigned char state[EXPLORE_STATE_MAX] = { 0 };

	assert(w->size <= sizeof(state) && w->n_moves <= UINT8_MAX);
	x.world = w;
	x.at = NONE;
	x.move = -1;
	x.n = x.buckets = 0;
	grow_set();
	*ret = (struct explored){ 0 };
	w->start(state);
	(void)add(state, w->key(state), NONE, 0); /* It is the first one. */
	w->judge(state);
	while (x.next.n > 0 && (w->depth == 0 || ret->depth < w->depth)) {
		struct layer l = x.now;

		x.now = x.next;
		x.next = l;
		x.next.n = 0;
		for (size_t i = 0; i < x.now.n; i++) {
			x.at = x.now.index[i];
			ret->moves += leave(x.now.states + i * w->size);
		}
		ret->depth += x.next.n > 0;
	}
	ret->states = x.n;
	drop(&x.now);
	drop(&x.next);
}
