/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reply to a command waits until the records of its paths are written, and a second at most. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/answers/records_wait.h"

#define PATHS 4

static struct port *port;
static struct persist persist;
static struct records_wait waiting;

/* Stands in for the store: its ring and its thread. */
static struct {
	bool closed;
	uint64_t put, written;
	unsigned awaited;
	/* The thread writes all of it while the loop says that it waits. */
	bool writes_meanwhile;
} ring;

bool store_is_open(const struct store *s)
{
	assert_null(s);
	return !ring.closed;
}

uint64_t store_put_count(const struct store *s)
{
	assert_null(s);
	return ring.put;
}

uint64_t store_written_count(const struct store *s)
{
	assert_null(s);
	return ring.written;
}

void store_await(struct store *s)
{
	assert_null(s);
	ring.awaited++;
	if (ring.writes_meanwhile)
		ring.written = ring.put;
}

static struct mono ms(int64_t n)
{
	return (struct mono){ USEC_PER_SEC + n * USEC_PER_MSEC };
}

static int setup(void **state _unused_)
{
	memset(&ring, 0, sizeof(ring));
	memset(&persist, 0, sizeof(persist));
	ring.put = ring.written = 100;
	assert_int_equal(port_new(&port, PATHS), 0);
	assert_int_equal(records_wait_init(&waiting, port, &persist), 0);
	return 0;
}

static int teardown(void **state _unused_)
{
	records_wait_deinit(&waiting);
	port = port_free(port);
	return 0;
}

static void add(uint64_t token, struct mono now)
{
	records_wait_add(&waiting, &(struct port_reply){ .token = token }, now);
}

static void assert_replied(uint64_t token)
{
	struct port_reply got;

	assert_true(port_control_reply(port, &got));
	assert_int_equal(got.token, token);
	assert_int_equal(got.error, 0);
}

static void assert_no_reply(void)
{
	struct port_reply got;

	assert_false(port_control_reply(port, &got));
}

static void without_a_file_nobody_waits(void **state _unused_)
{
	ring.closed = true;
	add(1, ms(0));
	assert_replied(1);
	records_wait_progress(&waiting, ms(0));
	assert_no_reply();
	assert_true(mono_is_never(records_wait_next(&waiting)));
	assert_int_equal(ring.awaited, 0);
}

static void a_record_is_written_first(void **state _unused_)
{
	add(1, ms(0));
	assert_no_reply();
	ring.put++;
	records_wait_progress(&waiting, ms(0));
	assert_no_reply();
	assert_int_equal(ring.awaited, 1);
	assert_int_equal(records_wait_next(&waiting).us, ms(1000).us);
	ring.written++;
	records_wait_progress(&waiting, ms(1));
	assert_replied(1);
	assert_true(mono_is_never(records_wait_next(&waiting)));
	/* Then nobody is woken. */
	records_wait_progress(&waiting, ms(2));
	assert_int_equal(ring.awaited, 1);
}

/* What is put after the command delays its reply no longer. */
static void later_records_do_not_count(void **state _unused_)
{
	add(1, ms(0));
	ring.put++;
	records_wait_progress(&waiting, ms(0));
	add(2, ms(1));
	ring.put++;
	records_wait_progress(&waiting, ms(1));
	ring.put++;
	ring.written++;
	records_wait_progress(&waiting, ms(2));
	assert_replied(1);
	assert_no_reply();
	ring.written++;
	records_wait_progress(&waiting, ms(3));
	assert_replied(2);
}

/* More records than the ring has room for. */
static void all_records_are_put_first(void **state _unused_)
{
	persist.n_paths = 40;
	add(1, ms(0));
	ring.put += 32;
	persist.n_paths = 8;
	records_wait_progress(&waiting, ms(0));
	ring.written += 31;
	records_wait_progress(&waiting, ms(0));
	assert_int_equal(records_wait_next(&waiting).us, ms(1000).us);
	/* The ring is empty: the rest can be put at once. */
	ring.written++;
	records_wait_progress(&waiting, ms(1));
	assert_no_reply();
	assert_int_equal(records_wait_next(&waiting).us, ms(1).us);
	ring.put += 8;
	persist.n_paths = 0;
	persist.n_maps = 1;
	records_wait_progress(&waiting, ms(1));
	ring.written += 8;
	records_wait_progress(&waiting, ms(2));
	assert_no_reply();
	persist.n_maps = 0;
	ring.put++;
	records_wait_progress(&waiting, ms(2));
	assert_no_reply();
	ring.written++;
	records_wait_progress(&waiting, ms(3));
	assert_replied(1);
}

/* The thread did not see that the loop waits, so the loop looks again. */
static void what_is_written_meanwhile_is_seen(void **state _unused_)
{
	add(1, ms(0));
	ring.put++;
	ring.writes_meanwhile = true;
	records_wait_progress(&waiting, ms(0));
	assert_replied(1);
	assert_true(mono_is_never(records_wait_next(&waiting)));
	/* And so it does when the rest is to be put. */
	persist.n_paths = 8;
	add(2, ms(1));
	ring.put += 32;
	records_wait_progress(&waiting, ms(1));
	assert_no_reply();
	assert_int_equal(records_wait_next(&waiting).us, ms(1).us);
}

static void a_write_that_hangs_keeps_no_reply(void **state _unused_)
{
	add(1, ms(0));
	ring.put++;
	records_wait_progress(&waiting, ms(0));
	persist.n_paths = 1;
	add(2, ms(500));
	records_wait_progress(&waiting, ms(999));
	assert_no_reply();
	records_wait_progress(&waiting, ms(1000));
	assert_replied(1);
	assert_no_reply();
	assert_int_equal(records_wait_next(&waiting).us, ms(1500).us);
	records_wait_progress(&waiting, ms(1500));
	assert_replied(2);
	/* The next one counts from its own record. */
	persist.n_paths = 0;
	add(3, ms(1600));
	ring.put++;
	ring.written++;
	records_wait_progress(&waiting, ms(1600));
	assert_no_reply();
	ring.written++;
	records_wait_progress(&waiting, ms(1601));
	assert_replied(3);
}

/* As many as there may be requests without a reply, again and again. */
static void there_is_a_place_for_each(void **state _unused_)
{
	uint32_t n = port_replies_max(PATHS);

	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < n - round; i++)
			add(i, ms(0));
		ring.put += n;
		records_wait_progress(&waiting, ms(0));
		assert_no_reply();
		ring.written += n;
		records_wait_progress(&waiting, ms(0));
		for (uint32_t i = 0; i < n - round; i++)
			assert_replied(i);
		assert_no_reply();
	}
}

static void the_end_sends_the_rest(void **state _unused_)
{
	add(1, ms(0));
	add(2, ms(0));
	records_wait_deinit(&waiting);
	assert_replied(1);
	assert_replied(2);
	assert_no_reply();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_nobody_waits),
		TEST(a_record_is_written_first),
		TEST(later_records_do_not_count),
		TEST(all_records_are_put_first),
		TEST(what_is_written_meanwhile_is_seen),
		TEST(a_write_that_hangs_keeps_no_reply),
		TEST(there_is_a_place_for_each),
		TEST(the_end_sends_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
