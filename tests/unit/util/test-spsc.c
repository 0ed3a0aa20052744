/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ring: full, empty, its counters going round, and two threads. */
#include "tests/unit/unit.h"

#include <sched.h>
#include <stdlib.h>

#include "util/spsc_end.h"
#include "util/thread.h"

struct element {
	uint64_t number;
	uint32_t check;
};

static struct spsc *make(uint32_t capacity)
{
	/* aligned_alloc() wants a multiple of the alignment. */
	size_t size = (spsc_size(capacity, sizeof(struct element)) + 63) / 64 * 64;
	struct spsc *r = aligned_alloc(64, size);

	assert_non_null(r);
	spsc_init(r, capacity, sizeof(struct element));
	return r;
}

static bool push(struct spsc *r, uint64_t n)
{
	struct element e = { n, (uint32_t)~n };

	return spsc_push(r, &e);
}

/* The number, which has come through whole; UINT64_MAX: empty. */
static uint64_t pop(struct spsc *r)
{
	struct element e;

	if (!spsc_pop(r, &e))
		return UINT64_MAX;
	if (e.check != (uint32_t)~e.number)
		return UINT64_MAX - 1;
	return e.number;
}

static void fills_and_empties(void **state)
{
	struct spsc *r = make(8);

	(void)state; /* no fixture */
	assert_int_equal(pop(r), UINT64_MAX);
	for (int round = 0; round < 5; round++) {
		for (uint64_t n = 0; n < 8; n++) {
			assert_int_equal(spsc_used(r), n);
			assert_true(push(r, n));
		}
		assert_false(push(r, 99));
		assert_int_equal(spsc_used(r), 8);
		for (uint64_t n = 0; n < 8; n++)
			assert_int_equal(pop(r), n);
		assert_int_equal(pop(r), UINT64_MAX);
	}
	free(r);
}

static void one_place_is_enough(void **state)
{
	struct spsc *r = make(1);

	(void)state; /* no fixture */
	for (uint64_t n = 0; n < 10; n++) {
		assert_true(push(r, n));
		assert_false(push(r, n));
		assert_int_equal(pop(r), n);
	}
	free(r);
}

/* Wherever in their round the counters are, nothing is lost and nothing is new; any number of
 * places will do. */
static void counters_go_round(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t places = 1; places <= 9; places++) {
		struct spsc *r = make(places);

		for (uint32_t at = 0; at < 2 * places; at++) {
			assert_int_equal(atomic_load(&r->tail), at);
			for (uint64_t n = 0; n < places; n++)
				assert_true(push(r, n));
			assert_false(push(r, places));
			assert_int_equal(spsc_used(r), places);
			for (uint64_t n = 0; n < places; n++)
				assert_int_equal(pop(r), n);
			assert_int_equal(pop(r), UINT64_MAX);
			assert_int_equal(spsc_used(r), 0);
			/* One more, so that the next turn begins one place further. */
			for (uint32_t n = 0; n <= places; n++) {
				assert_true(push(r, 77));
				assert_int_equal(pop(r), 77);
			}
		}
		free(r);
	}
}

enum { PASSED = 200000 };

static void *produce(void *arg)
{
	struct spsc *r = arg;

	for (uint64_t n = 0; n < PASSED; n++)
		while (!push(r, n))
			sched_yield();
	return NULL;
}

/* Everything comes out, whole and in order; under ThreadSanitizer also without a race. */
static void two_threads(void **state)
{
	struct spsc *r = make(60);
	uint64_t wrong = 0;
	pthread_t producer;

	(void)state; /* no fixture */
	assert_int_equal(thread_start(&producer, "producer", 0, produce, r), 0);
	for (uint64_t n = 0; n < PASSED; n++) {
		uint64_t got;

		while ((got = pop(r)) == UINT64_MAX)
			sched_yield();
		wrong += got != n;
	}
	assert_int_equal(pthread_join(producer, NULL), 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(spsc_used(r), 0);
	free(r);
}

/* Each end does as a ring does, round and round. */
static void ends_work_as_the_ring(void **state)
{
	struct spsc *r = make(3);
	struct spsc_end p, c;
	struct element e;

	(void)state; /* no fixture */
	spsc_end_init(&p, r);
	spsc_end_init(&c, r);
	for (uint64_t n = 0; n < 20; n++) {
		assert_false(spsc_end_pop(&c, &e));
		for (uint64_t i = 0; i < 3; i++) {
			e = (struct element){ n + i, (uint32_t) ~(n + i) };
			assert_true(spsc_end_push(&p, &e));
			assert_int_equal(spsc_end_used_by_producer(&p), i + 1);
			assert_int_equal(spsc_end_unshown(&p), i + 1);
			assert_int_equal(spsc_end_used_by_consumer(&c), 0);
		}
		assert_false(spsc_end_push(&p, &e));
		spsc_end_show_put(&p);
		assert_int_equal(spsc_end_unshown(&p), 0);
		assert_int_equal(spsc_end_used_by_consumer(&c), 3);
		assert_int_equal(pop(r), n); /* the other kind of end */
		spsc_end_step(&c);
		assert_true(spsc_end_pop(&c, &e));
		assert_int_equal(e.number, n + 1);
		assert_true(spsc_end_pop(&c, &e));
		assert_int_equal(e.number, n + 2);
		assert_int_equal(spsc_end_used_by_producer(&p), 2);
		spsc_end_show_taken(&c);
		assert_int_equal(spsc_end_used_by_producer(&p), 0);
	}
	free(r);
}

/* Whatever is written to the ring, an end stays in it, and says that something is wrong. */
static void ends_believe_nothing(void **state)
{
	static const uint32_t strange[] = { 4, 6, 7, 1000, INT32_MAX, UINT32_MAX };
	struct spsc *r = make(3);
	struct element e = { 0, UINT32_MAX };
	struct spsc_end p, c;

	(void)state; /* no fixture */
	spsc_end_init(&p, r);
	spsc_end_init(&c, r);
	r->capacity = r->element_size = UINT32_MAX;
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		atomic_store(&r->head, strange[i]);
		atomic_store(&r->tail, strange[i]);
		/* 4 of 6: the other end would have taken two that were never there. */
		if (strange[i] != 4)
			assert_int_equal(spsc_end_used_by_producer(&p), UINT32_MAX);
		assert_int_equal(spsc_end_used_by_consumer(&c), UINT32_MAX);
		if (strange[i] != 4)
			assert_false(spsc_end_push(&p, &e));
		assert_false(spsc_end_pop(&c, &e));
	}
	/* Its own counter is its own. */
	atomic_store(&r->head, 0);
	assert_true(spsc_end_push(&p, &e));
	spsc_end_show_put(&p);
	assert_int_equal(atomic_load(&r->tail), 1);
	assert_true(spsc_end_pop(&c, &e));
	spsc_end_show_taken(&c);
	assert_int_equal(atomic_load(&r->head), 1);
	free(r);
}

/* As many as there are, and no more than are wanted, round and round. */
static void some_are_taken(void **state)
{
	struct spsc *r = make(5);
	struct element e[5];
	uint64_t put = 0, got = 0;

	(void)state; /* no fixture */
	assert_int_equal(spsc_pop_some(r, e, 5), 0);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t there = round % 6, wanted = 1 + round % 5, n = 0;

		for (uint32_t i = 0; i < there; i++) {
			e[0] = (struct element){ put, (uint32_t)~put };
			assert_true(spsc_push(r, &e[0]));
			put++;
		}
		while (got < put) {
			n = spsc_pop_some(r, e, wanted);
			assert_int_equal(n, MIN(put - got, wanted));
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(e[i].number, got++);
		}
		assert_int_equal(spsc_pop_some(r, e, wanted), 0);
	}
	free(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_empties),
		cmocka_unit_test(one_place_is_enough),
		cmocka_unit_test(counters_go_round),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(ends_work_as_the_ring),
		cmocka_unit_test(ends_believe_nothing),
		cmocka_unit_test(some_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
