/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ring: full, empty, its counters going round, and two threads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>

#include "util/spsc.h"
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

/* The counters run on for ever: past 2^32 nothing is lost and nothing is new. */
static void counters_go_round(void **state)
{
	struct spsc *r = make(4);

	(void)state; /* no fixture */
	atomic_store(&r->tail, UINT32_MAX - 1);
	atomic_store(&r->head, UINT32_MAX - 1);
	for (uint64_t n = 0; n < 4; n++)
		assert_true(push(r, n));
	assert_false(push(r, 4));
	assert_int_equal(spsc_used(r), 4);
	for (uint64_t n = 0; n < 4; n++)
		assert_int_equal(pop(r), n);
	assert_int_equal(pop(r), UINT64_MAX);
	assert_int_equal(spsc_used(r), 0);
	free(r);
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
	struct spsc *r = make(64);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_empties),
		cmocka_unit_test(one_place_is_enough),
		cmocka_unit_test(counters_go_round),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
