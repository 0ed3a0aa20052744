/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who waits for the kernel's timers gets a reply when they were read after the request. */
#include "tests/unit/unit.h"

#include "checkerd/answers/timers_wait.h"

static struct port *port;
static struct inventory inventory;
static struct timers_wait waiting;
static uint32_t asked;

/* Stands in for discovery. */
uint32_t discovery_read_timers(struct discovery *d)
{
	assert_null(d);
	return ++asked;
}

static int setup(void **state _unused_)
{
	asked = UINT32_MAX - 1; /* the numbers wrap around in the test */
	inventory = (struct inventory){ .timers_asked = asked };
	assert_int_equal(port_new(&port, 4), 0);
	waiting = (struct timers_wait){ .inventory = &inventory, .port = port };
	return 0;
}

static int teardown(void **state _unused_)
{
	port = port_free(port);
	return 0;
}

static void a_report_before_the_request_is_no_answer(void **state _unused_)
{
	struct port_reply got;

	assert_true(timers_wait_add(&waiting, 1));
	assert_true(timers_wait_add(&waiting, 2));
	timers_wait_progress(&waiting);
	assert_false(port_control_reply(port, &got));
	inventory.timers_asked++; /* UINT32_MAX: the first request's */
	timers_wait_progress(&waiting);
	assert_true(port_control_reply(port, &got));
	assert_int_equal(got.token, 1);
	assert_int_equal(got.error, 0);
	assert_false(port_control_reply(port, &got));
	inventory.timers_asked++; /* 0 */
	timers_wait_progress(&waiting);
	assert_true(port_control_reply(port, &got));
	assert_int_equal(got.token, 2);
	timers_wait_progress(&waiting);
	assert_false(port_control_reply(port, &got));
}

static void the_places_are_limited(void **state _unused_)
{
	struct port_reply got;

	for (unsigned i = 0; i < TIMERS_WAITERS_MAX; i++)
		assert_true(timers_wait_add(&waiting, i));
	assert_false(timers_wait_add(&waiting, 99));
	inventory.timers_asked = asked;
	timers_wait_progress(&waiting);
	for (unsigned i = 0; i < TIMERS_WAITERS_MAX; i++)
		assert_true(port_control_reply(port, &got));
	assert_true(timers_wait_add(&waiting, 1));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_report_before_the_request_is_no_answer),
		TEST(the_places_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
