/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>

#include "checkerd/answers/waits.h"

#define PATHS 100

static struct port *port;
static struct waits waits;

static int setup(void **state)
{
	(void)state;
	return port_new(&port, PATHS) < 0 || waits_init(&waits, port) < 0;
}

static int teardown(void **state)
{
	(void)state;
	waits_deinit(&waits);
	port = port_free(port);
	return 0;
}

static void add(uint32_t path, uint64_t token)
{
	waits_add(&waits, &(struct port_request){ .path = path, .token = token });
}

static void test_all_who_wait_for_the_path_are_answered(void **state)
{
	struct port_reply got;
	unsigned seen = 0;

	(void)state;
	waits_complete(&waits, 3, 0, PATH_UP);
	assert_false(port_control_reply(port, &got));
	for (unsigned i = 0; i < 3; i++)
		add(3, i);
	add(4, 9);
	waits_complete(&waits, 3, 0, PATH_UP);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(port_control_reply(port, &got));
		assert_int_equal(got.state, PATH_UP);
		seen |= 1u << got.token;
	}
	assert_int_equal(seen, 7);
	assert_false(port_control_reply(port, &got));
	waits_complete(&waits, 3, 0, PATH_UP); /* the second time there is no waiter */
	assert_false(port_control_reply(port, &got));
	waits_complete(&waits, 4, ESTALE, PATH_REMOVED);
	assert_true(port_control_reply(port, &got));
	assert_int_equal(got.token, 9);
	assert_int_equal(got.error, ESTALE);
}

static void test_the_listener_completes(void **state)
{
	struct checks_listener l = waits_listener(&waits);
	struct port_reply got;

	(void)state;
	add(5, 1);
	l.completed(l.userdata, 5, 0, PATH_TIMEOUT);
	assert_true(port_control_reply(port, &got));
	assert_int_equal(got.token, 1);
	assert_int_equal(got.state, PATH_TIMEOUT);
}

/* As many as there may be requests without a reply, again and again. */
static void test_places_are_not_used_up(void **state)
{
	uint32_t max = port_control_replies_max(port);
	struct port_reply got;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < max; i++)
			add(i % PATHS, i);
		for (uint32_t i = 0; i < PATHS; i++)
			waits_complete(&waits, i, 0, PATH_DOWN);
		for (uint32_t i = 0; i < max; i++)
			assert_true(port_control_reply(port, &got));
		assert_false(port_control_reply(port, &got));
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_all_who_wait_for_the_path_are_answered),
		TEST(test_the_listener_completes),
		TEST(test_places_are_not_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
