/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ring and its two ends: full, empty, counters that wrap, a wild other side, two threads. */
#include "tests/unit/unit.h"

#include <sched.h>
#include <stdlib.h>

#include "util/ring.h"
#include "util/thread.h"

struct element {
	uint64_t number;
	uint32_t check;
};

struct both {
	struct ring_producer in;
	struct ring_consumer out;
};

static struct both make(uint32_t capacity)
{
	struct both b;

	assert_int_equal(ring_new(&b.in, &b.out, capacity, sizeof(struct element)), 0);
	assert_true(ring_is_made(&b.out));
	return b;
}

static struct element element(uint64_t n)
{
	return (struct element){ n, (uint32_t)~n };
}

static bool push(struct both *b, uint64_t n)
{
	struct element e = element(n);

	return ring_push(&b->in, &e);
}

/* The number, which has arrived whole; UINT64_MAX: empty. */
static uint64_t pop(struct both *b)
{
	struct element e;

	if (!ring_pop(&b->out, &e))
		return UINT64_MAX;
	if (e.check != (uint32_t)~e.number)
		return UINT64_MAX - 1;
	return e.number;
}

static void fills_and_empties(void **state)
{
	struct both b = make(8);

	(void)state; /* no fixture */
	assert_int_equal(pop(&b), UINT64_MAX);
	for (int round = 0; round < 5; round++) {
		for (uint64_t n = 0; n < 8; n++) {
			assert_int_equal(ring_producer_used(&b.in), n);
			assert_int_equal(ring_consumer_used(&b.out), n);
			assert_true(push(&b, n));
		}
		assert_false(push(&b, 99));
		assert_int_equal(ring_producer_used(&b.in), 8);
		for (uint64_t n = 0; n < 8; n++)
			assert_int_equal(pop(&b), n);
		assert_int_equal(pop(&b), UINT64_MAX);
	}
	ring_free(&b.in);
}

static void one_place_is_enough(void **state)
{
	struct both b = make(1);

	(void)state; /* no fixture */
	for (uint64_t n = 0; n < 10; n++) {
		assert_true(push(&b, n));
		assert_false(push(&b, n));
		assert_int_equal(pop(&b), n);
	}
	ring_free(&b.in);
}

/* Wherever the counters are in their round, no element is lost or doubled; any capacity works. */
static void counters_wrap(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t places = 1; places <= 9; places++) {
		struct both b = make(places);

		for (uint32_t at = 0; at < 2 * places; at++) {
			assert_int_equal(atomic_load(&b.in.end.ring->tail), at);
			for (uint64_t n = 0; n < places; n++)
				assert_true(push(&b, n));
			assert_false(push(&b, places));
			assert_int_equal(ring_producer_used(&b.in), places);
			for (uint64_t n = 0; n < places; n++)
				assert_int_equal(pop(&b), n);
			assert_int_equal(pop(&b), UINT64_MAX);
			assert_int_equal(ring_consumer_used(&b.out), 0);
			/* One more, so that the next round begins one place further. */
			for (uint32_t n = 0; n <= places; n++) {
				assert_true(push(&b, 77));
				assert_int_equal(pop(&b), 77);
			}
		}
		ring_free(&b.in);
	}
}

enum { PASSED = 200000 };

static void *produce(void *arg)
{
	struct both *b = arg;

	for (uint64_t n = 0; n < PASSED; n++)
		while (!push(b, n))
			sched_yield();
	return NULL;
}

/* Every element arrives whole and in order; under ThreadSanitizer also without a race. */
static void two_threads(void **state)
{
	struct both b = make(60);
	uint64_t wrong = 0;
	pthread_t producer;

	(void)state; /* no fixture */
	assert_int_equal(thread_start(&producer, "producer", 0, produce, &b), 0);
	for (uint64_t n = 0; n < PASSED; n++) {
		uint64_t got;

		while ((got = pop(&b)) == UINT64_MAX)
			sched_yield();
		wrong += got != n;
	}
	assert_int_equal(pthread_join(producer, NULL), 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(ring_consumer_used(&b.out), 0);
	ring_free(&b.in);
}

/* What is put is seen when it is published; what is taken makes room when it is given back. */
static void publishes_many_at_once(void **state)
{
	struct both b = make(3);
	struct element e;

	(void)state; /* no fixture */
	for (uint64_t n = 0; n < 20; n++) {
		uint32_t progress = ring_progress(&b.in);

		assert_false(ring_take(&b.out, &e));
		for (uint64_t i = 0; i < 3; i++) {
			e = element(n + i);
			assert_true(ring_put(&b.in, &e));
			assert_int_equal(ring_producer_used(&b.in), i + 1);
			assert_int_equal(ring_unpublished(&b.in), i + 1);
			assert_int_equal(ring_consumer_used(&b.out), 0);
		}
		assert_false(ring_put(&b.in, &e));
		ring_publish(&b.in);
		assert_int_equal(ring_unpublished(&b.in), 0);
		assert_int_equal(ring_consumer_used(&b.out), 3);
		for (uint64_t i = 0; i < 3; i++) {
			assert_true(ring_take(&b.out, &e));
			assert_int_equal(e.number, n + i);
		}
		assert_int_equal(ring_consumer_used(&b.out), 0);
		assert_int_equal(ring_producer_used(&b.in), 3);
		assert_int_equal(ring_progress(&b.in), progress);
		ring_give_back(&b.out);
		assert_int_equal(ring_producer_used(&b.in), 0);
		assert_int_not_equal(ring_progress(&b.in), progress);
	}
	ring_free(&b.in);
}

/* Whatever is written to the ring, an end stays within it and says that something is wrong. */
static void ends_believe_nothing(void **state)
{
	static const uint32_t strange[] = { 4, 6, 7, 1000, INT32_MAX, UINT32_MAX };
	struct both b = make(3);
	struct ring *r = b.in.end.ring;
	struct element e = element(0), run[3] = { e, e, e };

	(void)state; /* no fixture */
	r->capacity = r->element_size = UINT32_MAX;
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		atomic_store(&r->head, strange[i]);
		atomic_store(&r->tail, strange[i]);
		/* 4 of 6 is a head that took two elements which were never there. */
		if (strange[i] != 4) {
			assert_int_equal(ring_producer_used(&b.in), RING_WRONG);
			assert_false(ring_put(&b.in, &e));
			assert_false(ring_push(&b.in, &e));
			assert_false(ring_push_run(&b.in, run, 3));
		}
		assert_int_equal(ring_consumer_used(&b.out), RING_WRONG);
		assert_false(ring_peek(&b.out, &e));
		assert_false(ring_take(&b.out, &e));
		assert_false(ring_pop(&b.out, &e));
		assert_int_equal(ring_pop_some(&b.out, run, 3), 0);
	}
	/* Its own counter is its own. */
	atomic_store(&r->head, 0);
	assert_true(ring_push(&b.in, &e));
	assert_int_equal(atomic_load(&r->tail), 1);
	assert_true(ring_pop(&b.out, &e));
	assert_int_equal(atomic_load(&r->head), 1);
	ring_free(&b.in);
}

/* As many as there are and no more than are wanted, from any place in the round. */
static void takes_some(void **state)
{
	struct both b = make(5);
	struct element e[5];
	uint64_t put = 0, got = 0;

	(void)state; /* no fixture */
	assert_int_equal(ring_pop_some(&b.out, e, 5), 0);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t there = round % 6, wanted = 1 + round % 5, n = 0;

		for (uint32_t i = 0; i < there; i++)
			assert_true(push(&b, put++));
		while (got < put) {
			n = ring_pop_some(&b.out, e, wanted);
			assert_int_equal(n, MIN(put - got, wanted));
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(e[i].number, got++);
		}
		assert_int_equal(ring_pop_some(&b.out, e, wanted), 0);
	}
	ring_free(&b.in);
}

/* A run goes in whole or not at all, and comes out whole. */
static void runs_stay_whole(void **state)
{
	struct both b = make(7);
	struct element e[4], first;
	uint64_t in = 0, out = 0;

	(void)state; /* no fixture */
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t n = 1 + round % 4;

		for (uint32_t i = 0; i < n; i++)
			e[i] = element(in + i);
		while (ring_push_run(&b.in, e, n)) {
			in += n;
			for (uint32_t i = 0; i < n; i++)
				e[i] = element(in + i);
		}
		assert_true(ring_producer_used(&b.in) > 7 - n);
		while (ring_peek(&b.out, &first)) {
			assert_int_equal(first.number, out);
			ring_pop_run(&b.out, e, n);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(e[i].number, out++);
		}
		assert_int_equal(in, out);
	}
	ring_free(&b.in);
}

/* An end that is made later begins where its side of the ring stands. */
static void ends_begin_where_the_ring_stands(void **state)
{
	struct both b = make(3), later;

	(void)state; /* no fixture */
	for (uint64_t n = 0; n < 2; n++)
		assert_true(push(&b, n));
	assert_int_equal(pop(&b), 0);
	ring_producer_init(&later.in, b.in.end.ring);
	ring_consumer_init(&later.out, b.in.end.ring);
	assert_int_equal(ring_unpublished(&later.in), 0);
	assert_true(push(&later, 2));
	assert_int_equal(pop(&later), 1);
	assert_int_equal(pop(&later), 2);
	assert_int_equal(pop(&later), UINT64_MAX);
	ring_free(&b.in);
}

/* Counted as it is allocated: whole cache lines, so that head and tail have their own. */
static void bytes(void **state)
{
	/* with 32 bits as many as fit */
	const uint32_t many =
	        sizeof(size_t) > 4 ? RING_CAPACITY_MAX : RING_CAPACITY_MAX >> 8;
	struct both b = { 0 };

	(void)state; /* no fixture */
	assert_int_equal(ring_bytes(1, 1) % 64, 0);
	assert_true(ring_bytes(10, 64) == sizeof(struct ring) + 640);
	assert_true(ring_bytes(many, 64) >= (size_t)many * 64);
	assert_false(ring_is_made(&b.out));
	ring_free(&b.in); /* nothing to free */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_empties),
		cmocka_unit_test(one_place_is_enough),
		cmocka_unit_test(counters_wrap),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(publishes_many_at_once),
		cmocka_unit_test(ends_believe_nothing),
		cmocka_unit_test(takes_some),
		cmocka_unit_test(runs_stay_whole),
		cmocka_unit_test(ends_begin_where_the_ring_stands),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
