/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who reads a long list, and who waits, with a clock of the test's own. */
#include "tests/unit/unit.h"

#include <string.h>

#include "checkerd/control/control_limits.h"
#include "checkerd/control/interface.h"
#include "checkerd/control/methods.h"
#include "checkerd/control/queued.h"

#define CLIENTS (LISTS_AT_ONCE + 3)

static struct client clients[CLIENTS], *places[CLIENTS];
static struct service s;

/* In place of client.c. */
void client_park(struct service *service, struct client *c)
{
	assert_ptr_equal(service, &s);
	assert_int_equal(c->state, CLIENT_QUEUED);
	c->state = CLIENT_PARKED;
}

void client_run(struct service *service, struct client *c)
{
	assert_ptr_equal(service, &s);
	assert_int_equal(c->state, CLIENT_PARKED);
	c->state = CLIENT_REPLYING;
}

static int setup(void **state)
{
	(void)state;
	s = (struct service){ .clients = places,
		              .n_clients = CLIENTS,
		              .max_clients = CLIENTS,
		              .now = { 1000 } };
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .state = CLIENT_FREE };
		places[i] = &clients[i];
	}
	return 0;
}

/* The last place requests first. */
static void all_request(void)
{
	for (unsigned i = CLIENTS; i-- > 0;) {
		clients[i].state = CLIENT_QUEUED;
		clients[i].queued = ++s.last_queued;
	}
}

/* So many of those that came first are served, and no other. */
static void assert_served(unsigned n)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(clients[i].state,
		                 i >= CLIENTS - n ? CLIENT_REPLYING : CLIENT_QUEUED);
}

static void test_in_their_order(void **state)
{
	struct mono until;

	(void)state;
	all_request();
	until = queued_serve(&s);
	assert_served(LISTS_AT_ONCE);
	assert_int_equal(until.us, s.now.us + LIST_STALL_US);
	/* One is complete. */
	clients[CLIENTS - 1].list_until = (struct mono){ 0 };
	(void)queued_serve(&s);
	assert_served(LISTS_AT_ONCE + 1);
	/* Another client is gone. */
	clients[CLIENTS - 2] = (struct client){ .state = CLIENT_FREE };
	(void)queued_serve(&s);
	assert_int_equal(clients[1].state, CLIENT_REPLYING);
	assert_int_equal(clients[0].state, CLIENT_QUEUED);
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i].list_until = (struct mono){ 0 };
	until = queued_serve(&s);
	assert_int_equal(clients[0].state, CLIENT_REPLYING);
	assert_true(mono_is_never(until));
}

static void test_who_reads_nothing_delays_for_a_moment(void **state)
{
	(void)state;
	all_request();
	(void)queued_serve(&s);
	s.now.us += LIST_STALL_US - 1;
	client_progress(&s, &clients[CLIENTS - 1]);
	(void)queued_serve(&s);
	assert_served(LISTS_AT_ONCE);
	/* All but the one that has read. */
	s.now.us += 1;
	(void)queued_serve(&s);
	assert_served(CLIENTS);
}

static void test_who_reads_slowly_delays_for_a_second(void **state)
{
	struct mono until = MONO_NEVER, end;

	(void)state;
	all_request();
	end = mono_add(s.now, LIST_TIME_US);
	while (mono_before(s.now, end)) {
		until = queued_serve(&s);
		assert_served(LISTS_AT_ONCE);
		s.now.us += LIST_STALL_US / 2;
		for (unsigned i = 0; i < LISTS_AT_ONCE; i++)
			client_progress(&s, &clients[CLIENTS - 1 - i]);
	}
	assert_int_equal(until.us, end.us);
	(void)queued_serve(&s);
	assert_served(CLIENTS);
}

static void test_what_is_long(void **state)
{
	static const struct {
		const char *name;
		bool is_long;
	} methods[] = { { "ListPaths", true },  { "ListMaps", true },
		        { "GetMetrics", true }, { "GetStatus", false },
		        { "GetGroups", false }, { "Check", false },
		        { "ListEvents", false } };
	bool known;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct request q = { .method = methods_find(INTERFACE_CONTROL,
			                                    strlen(INTERFACE_CONTROL),
			                                    methods[i].name, &known) };

		assert_non_null(q.method);
		assert_int_equal(method_lists_all(&q), methods[i].is_long);
		q.has_names = true;
		assert_false(method_lists_all(&q));
		q.has_names = false;
		q.without_paths = true;
		assert_false(method_lists_all(&q));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_their_order, setup),
		cmocka_unit_test_setup(test_who_reads_nothing_delays_for_a_moment, setup),
		cmocka_unit_test_setup(test_who_reads_slowly_delays_for_a_second, setup),
		cmocka_unit_test(test_what_is_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
