/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients that send garbage, stop half-way or are too many: each loses its connection at most, and
 * the others are served meanwhile. What other users may do, their share of the places and a lack of
 * descriptors are tried on the real daemon: tests/system/test_access.py.
 */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control-fixture.h"

#define MANY  16384
#define CROWD 100

/* Bytes that are sent one by one: too many for the time, and fewer than a request may have. */
#define REQUEST_BYTES 4000

/* --- garbage --- */

static void test_garbage(void **state)
{
	static const char *const garbage[] = {
		"",
		"x",
		"GET / HTTP/1.1\r\n\r\n",
		"[]",
		"\"x\"",
		"null",
		"{}",
		"{",
		"{}{}",
		"{\"method\":1}",
		"{\"method\":\"nodot\"}",
		"{\"method\":\"io.checkerd.Control.Ping\"} x",
		"{\"method\":\"io.checkerd.Control.Ping\",\"parameters\":[]}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"more\":1}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"oneway\":\"yes\"}",
		"{'method':'io.checkerd.Control.Ping'}",
		"{\"method\":\"io.checkerd.Control.Ping\\u0000\"}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"more\\u0000\":true}",
		"{\"method\":\"io.checkerd.Control.Ping\",\"x\":[[[[[[[[]]]]]]]]}",
		"\xff\xfe\xfd",
	};

	(void)state;
	start(2);
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		int bad = client_connect(&t);

		client_send(bad, garbage[i]);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	others_are_served();
}

/* A call with a parameter that makes it `size` bytes, without the NUL. */
static char *sized_call(size_t size)
{
	static const char head[] = "{\"method\":\"io.checkerd.Control.ListPaths\","
	                           "\"parameters\":{\"paths\":[\"";
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	memcpy(text, head, strlen(head));
	memcpy(text + size - 4, "\"]}}", 5);
	return text;
}

static void test_large_requests(void **state)
{
	char *text = sized_call(64 * 1024);
	struct json_object *o;
	int bad;

	(void)state;
	start(2);
	for (unsigned i = 0; i < 3; i++) { /* the largest there may be */
		client_send(fd, text);
		o = client_receive(fd);
		assert_string_equal(get_string(o, "error"),
		                    "io.checkerd.Control.NoSuchPath");
		json_object_put(o);
	}
	free(text);
	text = sized_call(64 * 1024 + 1);
	bad = client_connect(&t);
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);
	free(text);
	text = sized_call(65 * 1024);
	bad = client_connect(&t);
	client_send(bad, text);
	assert_true(client_is_closed(bad));
	close(bad);
	free(text);
	others_are_served();
}

/* Very many short names in one request. */
static void test_many_names(void **state)
{
	size_t n = 13000;
	char *text = malloc(n * 5 + 64), *at = text;
	struct json_object *o;

	(void)state;
	start(2);
	at += sprintf(at, "{\"paths\":[");
	for (size_t i = 0; i < n / 2; i++)
		at += sprintf(at, "%s\"8:%zu\"", i > 0 ? "," : "", i % 2);
	(void)sprintf(at, "]}");
	o = call(fd, "ListPaths", text);
	assert_int_equal(json_object_array_length(get(o, "paths")), n / 2);
	assert_string_equal(get_string(o, "paths[6499].name"), "sd1");
	json_object_put(o);
	free(text);
}

/* --- slow clients --- */

static void test_an_idle_client(void **state)
{
	int idle;

	(void)state;
	t.options.idle_timeout_us = 100 * USEC_PER_MSEC;
	start(2);
	idle = client_connect(&t); /* it sends nothing at all */
	assert_true(client_is_closed(idle));
	close(idle);
	close(fd);
	fd = client_connect(&t);
	others_are_served();
}

/* The time for a request is counted from its first byte, whatever follows. */
static void test_a_request_has_to_end(void **state)
{
	struct pollfd p;
	int bad, idle;

	(void)state;
	t.options.request_timeout_us = 50 * USEC_PER_MSEC;
	t.options.idle_timeout_us = 3600 * USEC_PER_SEC;
	start(2);
	idle = client_connect(&t);
	for (unsigned i = 0; i < 2;
	     i++) { /* the first request, and one that follows another */
		unsigned bytes = 0;

		bad = client_connect(&t);
		p = (struct pollfd){ .fd = bad, .events = POLLIN };
		if (i > 0) {
			client_call(bad, "Ping", "{}");
			json_object_put(client_receive(bad));
		}
		while (poll(&p, 1, 5) == 0 && ++bytes < REQUEST_BYTES)
			(void)!send(bad, "x", 1, MSG_NOSIGNAL);
		assert_true(bytes < REQUEST_BYTES);
		assert_true(client_is_closed(bad));
		close(bad);
	}
	client_call(idle, "Ping", "{}"); /* a client that has begun no request has time */
	json_object_put(client_receive(idle));
	close(idle);
	others_are_served();
}

/* The thread stops at once, in whatever state its clients are. */
static void test_stop_with_clients(void **state)
{
	int fds[6];

	(void)state;
	t.loop.hold_checks = true;
	start(MANY);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_connect(&t);
	client_call(fds[0], "ListPaths", "{}");
	client_call(fds[1], "Check", "{\"paths\":[\"sd0\"],\"wait\":true}");
	client_send(fds[2], "{\"method\":\"io.checkerd.Control.Monitor\",\"more\":true}");
	assert_int_equal(send(fds[3], "{", 1, MSG_NOSIGNAL), 1);
	loop_wait_for(&t.loop, PORT_CHECK, 1);
	t.control = control_free(t.control);
	assert_true(client_is_closed(fds[1]));
	assert_true(client_is_closed(fds[2]));
	assert_true(client_is_closed(fds[3]));
	assert_true(client_is_closed(fds[4]));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

/* --- too many clients --- */

static const char too_many[] = "too many clients";

static bool is_refused(int client)
{
	struct json_object *o = client_receive(client);
	bool refused = o && strcmp(get_string(o, "parameters.reason"), too_many) == 0;

	json_object_put(o);
	return refused;
}

static void test_a_crowd(void **state)
{
	int fds[8 + CROWD];

	(void)state;
	t.options.max_clients = 8;
	start(2);
	for (unsigned i = 0; i < 7; i++) {
		fds[i] = client_connect(&t);
		json_object_put(call(fds[i], "Ping", "{}"));
	}
	for (unsigned i = 7; i < 7 + CROWD; i++) {
		fds[i] = client_connect(&t);
		assert_true(is_refused(fds[i]));
		assert_true(client_is_closed(fds[i]));
		close(fds[i]);
	}
	others_are_served();
	for (unsigned i = 0; i < 7; i++) {
		json_object_put(call(fds[i], "Ping", "{}"));
		close(fds[i]);
	}
	/* A place is free again as soon as its client is gone. */
	for (unsigned i = 0; i < 7; i++) {
		json_object_put(call(fd, "Ping", "{}"));
		fds[i] = client_connect(&t);
		json_object_put(call(fds[i], "Ping", "{}"));
	}
	for (unsigned i = 0; i < 7; i++)
		close(fds[i]);
}

/* How many of these clients the server has disconnected. */
static unsigned dropped_of(const int fds[CROWD])
{
	unsigned n = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN };

		n += (unsigned)poll(&p, 1, 0);
	}
	return n;
}

/* Long requests that never end use up the memory there is for them. The last clients are dropped,
 * and short requests are served. */
static void test_hoarding_requests(void **state)
{
	char *text = sized_call(64 * 1024);
	int fds[CROWD];

	(void)state;
	t.options.max_clients = CROWD + 8;
	start(2);
	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = client_connect(&t);
		(void)!send(fds[i], text, 60 * 1024, MSG_NOSIGNAL);
		others_are_served();
	}
	/* The thread may still be reading from the last clients. */
	for (unsigned i = 0; dropped_of(fds) < CROWD - 64 && i < 1000; i++)
		others_are_served();
	assert_in_range(dropped_of(fds), CROWD - 64, CROWD - 32);
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
	/* All memory comes back when the thread has noticed that the clients are gone. */
	for (bool served = false; !served;) {
		int client = client_connect(&t);
		struct json_object *o;

		(void)!send(client, text, strlen(text) + 1, MSG_NOSIGNAL);
		o = client_receive(client);
		served = o != NULL;
		json_object_put(o);
		close(client);
	}
	others_are_served();
	free(text);
}

/* The memory of a long request comes back with its reply, while its client stays. */
static void test_long_requests_one_after_the_other(void **state)
{
	char *text = sized_call(64 * 1024);
	int fds[CROWD];

	(void)state;
	t.options.max_clients = CROWD + 8;
	start(2);
	for (unsigned i = 0; i < CROWD; i++) {
		struct json_object *o;

		fds[i] = client_connect(&t);
		client_send(fds[i], text);
		o = client_receive(fds[i]);
		assert_string_equal(get_string(o, "error"),
		                    "io.checkerd.Control.NoSuchPath");
		json_object_put(o);
	}
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_garbage),
		TEST(test_large_requests),
		TEST(test_many_names),
		TEST(test_an_idle_client),
		TEST(test_a_request_has_to_end),
		TEST(test_stop_with_clients),
		TEST(test_a_crowd),
		TEST(test_hoarding_requests),
		TEST(test_long_requests_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
