/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The skeleton of worker threads: wake-ups, notifications, a full ring, and the stop. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>

#include "util/mono.h"
#include "util/worker.h"

#define LONG_US   (60 * USEC_PER_SEC)
#define LONG_MS   60000
#define PLACES    4
#define MORE_THAN 100 /* elements: more than the ring has room for */

struct bed {
	struct worker worker;
	struct ring_producer in;
	struct ring_consumer out;
	uint32_t kept;
	_Atomic uint32_t meanwhile; /* calls so far */
	uint32_t give_up_after;
	int result; /* of the last worker_emit() */
	_Atomic bool held;
};

static int setup(void **state)
{
	static struct bed b;

	b = (struct bed){ .give_up_after = UINT32_MAX };
	if (worker_init(&b.worker, true) < 0 ||
	    ring_new(&b.in, &b.out, PLACES, sizeof(uint32_t)) < 0)
		return -1;
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	worker_deinit(&b->worker);
	ring_free(&b->in);
	return 0;
}

static void start(struct bed *b, void *(*fn)(void *))
{
	assert_int_equal(worker_start(&b->worker, "worker", 0, fn, b), 0);
}

static bool notified(struct bed *b)
{
	struct pollfd pfd = { .fd = b->worker.out_fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, LONG_MS), 1);
	return worker_clear(&b->worker);
}

static int meanwhile(void *arg)
{
	struct bed *b = arg;

	return atomic_fetch_add(&b->meanwhile, 1) >= b->give_up_after ? -1 : 0;
}

static void *emit_many(void *arg)
{
	struct bed *b = arg;

	for (uint32_t i = 0; i < MORE_THAN && b->result == 0; i++)
		b->result = worker_emit(&b->worker, &b->in, &i, b->kept, meanwhile, b);
	return NULL;
}

/* Every element arrives in order, each with a notification; a full ring is waited for. */
static void emits_in_order(void **state)
{
	struct bed *b = *state;
	uint32_t got = 0, element;

	start(b, emit_many);
	while (got < MORE_THAN) {
		assert_true(notified(b));
		while (ring_pop(&b->out, &element))
			assert_int_equal(element, got++);
	}
	assert_true(worker_stop(&b->worker, LONG_US));
	assert_int_equal(b->result, 0);
}

static void until_it_waits(struct bed *b)
{
	while (atomic_load(&b->meanwhile) < 3)
		(void)poll(NULL, 0, 1);
}

/* A worker that waits for room stops at once; its earlier entries stay. */
static void stops_while_the_ring_is_full(void **state)
{
	struct bed *b = *state;

	start(b, emit_many);
	until_it_waits(b);
	assert_int_equal(ring_consumer_used(&b->out), PLACES);
	assert_true(worker_stop(&b->worker, LONG_US));
	assert_int_equal(b->result, -ECANCELED);
	assert_int_equal(ring_consumer_used(&b->out), PLACES);
}

/* So many places stay free for what the worker pushes itself. */
static void keeps_places(void **state)
{
	struct bed *b = *state;

	b->kept = 3;
	start(b, emit_many);
	until_it_waits(b);
	assert_int_equal(ring_consumer_used(&b->out), PLACES - 3);
	assert_true(worker_stop(&b->worker, LONG_US));
}

static void meanwhile_may_end_it(void **state)
{
	struct bed *b = *state;

	b->give_up_after = 2;
	start(b, emit_many);
	assert_int_equal(pthread_join(b->worker.thread, NULL), 0);
	assert_int_equal(b->result, -ECANCELED);
	assert_int_equal(b->meanwhile, 3);
	assert_false(worker_stopping(&b->worker));
}

/* The owner's wake-up and a descriptor's are distinguished; a wake-up is taken once. */
static void waits(void **state)
{
	struct bed *b = *state;
	struct worker other;

	assert_int_equal(worker_init(&other, true), 0);
	assert_int_equal(worker_wait(&b->worker, -1, 0), 0);
	assert_int_equal(worker_wait(&b->worker, other.out_fd, 0), 0);
	worker_wake(&b->worker);
	worker_wake(&b->worker);
	worker_notify(&other);
	assert_int_equal(worker_wait(&b->worker, other.out_fd, -1),
	                 WORKER_WOKEN | WORKER_READABLE);
	assert_int_equal(worker_wait(&b->worker, other.out_fd, -1), WORKER_READABLE);
	assert_int_equal(worker_wait(&b->worker, -1, 0), 0);
	assert_true(worker_clear(&other));
	assert_false(worker_clear(&other));
	worker_deinit(&other);
}

static void *wait_for_stop(void *arg)
{
	struct bed *b = arg;

	while (!worker_stopping(&b->worker))
		(void)worker_wait(&b->worker, -1, -1);
	return NULL;
}

/* A worker that sleeps is woken by the stop. */
static void stops_while_it_sleeps(void **state)
{
	struct bed *b = *state;

	start(b, wait_for_stop);
	assert_true(worker_stop(&b->worker, LONG_US));
}

static void *hang(void *arg)
{
	struct bed *b = arg;

	while (atomic_load(&b->held))
		(void)poll(NULL, 0, 1);
	return NULL;
}

/* A worker that hangs costs the owner the limit, and can be joined later. */
static void stop_has_a_limit(void **state)
{
	struct bed *b = *state;

	b->held = true;
	start(b, hang);
	assert_false(worker_stop(&b->worker, 1000));
	atomic_store(&b->held, false);
	assert_true(worker_stop(&b->worker, LONG_US));
}

static void one_that_notifies_nobody(void **state)
{
	struct worker w;

	(void)state; /* not this one */
	assert_int_equal(worker_init(&w, false), 0);
	assert_int_equal(w.out_fd, -1);
	assert_true(w.wake_fd >= 0);
	worker_deinit(&w);
	assert_int_equal(w.wake_fd, -1);
	worker_deinit(&w); /* nothing to close */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(emits_in_order),
		TEST(stops_while_the_ring_is_full),
		TEST(keeps_places),
		TEST(meanwhile_may_end_it),
		TEST(waits),
		TEST(stops_while_it_sleeps),
		TEST(stop_has_a_limit),
		TEST(one_that_notifies_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
