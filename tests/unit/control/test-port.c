/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "checkerd/control/port.h"
#include "tests/unit/disk.h"

#define PATHS  100
#define ROUNDS 2000

static struct port *port;
static struct device *devices[PATHS];
static struct map *map;

static int setup(void **state)
{
	(void)state;
	if (port_new(&port, PATHS) < 0 ||
	    map_new(&map, &(struct map_spec){ .name = "m", .uuid = "" }) < 0)
		return -1;
	for (unsigned i = 0; i < PATHS; i++)
		devices[i] = disk_new(i, NULL);
	return 0;
}

/* port_free() gives back every reference that is left in the port. */
static int teardown(void **state)
{
	(void)state;
	port = port_free(port);
	if (atomic_load(&map->refs) != 1)
		return -1;
	map_unref(map);
	for (unsigned i = 0; i < PATHS; i++) {
		if (atomic_load(&devices[i]->refs) != 1)
			return -1;
		device_unref(devices[i]);
	}
	return 0;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void fill(struct snapshot *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s->paths[s->n_paths++] = (struct snap_path){
			.device = device_ref(devices[i]),
			.index = i,
			.generation = n,
		};
	s->maps[s->n_maps++] = (struct snap_map){ .map = map_ref(map) };
}

static void test_new(void **state)
{
	struct port *p = NULL;

	(void)state;
	assert_int_equal(port_new(&p, 0), -EINVAL);
	assert_int_equal(port_new(&p, REGISTRY_PATHS_MAX + 1), -EINVAL);
	assert_null(p);
	assert_null(port_free(NULL));
	assert_int_equal(port_max_paths(port), PATHS);
	assert_true(port_bytes(16384) > port_bytes(1024));
}

static void test_snapshot_goes_round(void **state)
{
	struct snapshot *s, *taken;
	struct text *text;

	(void)state;
	assert_null(port_control_snapshot(port));
	s = port_loop_snapshot_begin(port);
	assert_non_null(s);
	assert_true(s->taken.us > 0 && s->taken_realtime_us > 0);
	assert_int_equal(s->max_paths, PATHS);
	assert_true(s->max_groups >= 2);
	fill(s, PATHS);
	assert_int_equal(text_new(&text, "defaults {}", 11), 0);
	s->config_text = text_ref(text);
	s->memory_text = text_ref(text);
	s->rules_text = text_ref(text);
	assert_null(port_control_snapshot(port)); /* not before it is published */
	port_loop_snapshot_publish(port, s);
	assert_true(readable(port_control_fd(port)));

	taken = port_control_snapshot(port);
	assert_ptr_equal(taken, s);
	assert_null(port_control_snapshot(port));
	assert_int_equal(atomic_load(&devices[7]->refs), 2);
	port_control_snapshot_release(port, taken);
	assert_int_equal(atomic_load(&devices[7]->refs), 1);
	assert_int_equal(atomic_load(&text->refs), 1);
	text_unref(text);

	s = port_loop_snapshot_begin(port);
	assert_int_equal(s->n_paths, 0);
	assert_null(s->config_text);
}

static void test_two_snapshots(void **state)
{
	struct snapshot *a, *b;

	(void)state;
	a = port_loop_snapshot_begin(port);
	port_loop_snapshot_publish(port, a);
	assert_ptr_equal(port_control_snapshot(port), a);
	assert_null(port_loop_snapshot_begin(
	        port)); /* the second snapshot is not allocated yet */
	assert_int_equal(port_control_snapshot_bring(port), 0);
	assert_int_equal(port_control_snapshot_bring(port), 0); /* allocated already */
	b = port_loop_snapshot_begin(port);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	port_loop_snapshot_publish(port, b);
	assert_ptr_equal(port_control_snapshot(port), b);
	assert_null(port_loop_snapshot_begin(port)); /* both are being read */
	port_control_snapshot_release(port, a);
	assert_ptr_equal(port_loop_snapshot_begin(port), a);
	assert_non_null(b->paths);
	port_control_snapshot_release(port, b);
	assert_null(b->paths); /* the second snapshot is freed */
}

/* A snapshot that the loop fills is not freed before it is released. */
static void test_second_snapshot_in_use(void **state)
{
	struct snapshot *a, *b;

	(void)state;
	a = port_loop_snapshot_begin(port);
	port_loop_snapshot_publish(port, a);
	assert_ptr_equal(port_control_snapshot(port), a);
	assert_int_equal(port_control_snapshot_bring(port), 0);
	b = port_loop_snapshot_begin(port);
	port_control_snapshot_release(port, a);
	fill(b, 3);
	port_loop_snapshot_publish(port, b);
	assert_ptr_equal(port_control_snapshot(port), b);
	assert_ptr_equal(port_loop_snapshot_begin(port),
	                 a); /* the first snapshot is always allocated */
	port_control_snapshot_release(port, b);
	assert_null(b->paths);
	assert_int_equal(atomic_load(&devices[2]->refs), 1);
}

static void test_newer_snapshot_replaces(void **state)
{
	struct snapshot *a, *b;

	(void)state;
	a = port_loop_snapshot_begin(port);
	fill(a, 3);
	port_loop_snapshot_publish(port, a);
	assert_int_equal(port_control_snapshot_bring(port), 0);
	b = port_loop_snapshot_begin(port);
	fill(b, 5);
	port_loop_snapshot_publish(port, b); /* the control thread did not take a */
	assert_int_equal(atomic_load(&devices[0]->refs), 2);
	assert_ptr_equal(port_control_snapshot(port), b);
	assert_ptr_equal(port_loop_snapshot_begin(port), a);
	port_control_snapshot_release(port, b);
}

static void test_snapshot_begun_again(void **state)
{
	struct snapshot *s;

	(void)state;
	s = port_loop_snapshot_begin(port);
	fill(s, 9);
	assert_ptr_equal(port_loop_snapshot_begin(port), s);
	assert_int_equal(s->n_paths, 0);
	assert_int_equal(atomic_load(&devices[8]->refs), 1);
	fill(s, 4); /* port_free() gives back the references of a half-filled snapshot */
}

static void test_requests(void **state)
{
	struct port_request r = { .op = PORT_CHECK, .path = 1 }, got;
	uint64_t n = 0;

	(void)state;
	assert_false(port_loop_next(port, &got));
	assert_false(readable(port_loop_fd(port)));
	while (n < 100000 && port_control_request(port, &r))
		r.token = ++n;
	assert_in_range(n, 100, 99999); /* the ring has a limit */
	assert_true(readable(port_loop_fd(port)));
	port_loop_clear(port);
	assert_false(readable(port_loop_fd(port)));

	/* a thread that found the ring full is woken when there is room */
	port_control_clear(port);
	assert_false(readable(port_control_fd(port)));
	assert_true(port_loop_next(port, &got));
	assert_int_equal(got.token, 0);
	assert_true(readable(port_control_fd(port)));
	port_control_clear(port);
	assert_true(port_control_request(port, &r));

	/* no wake-up unless the ring was full */
	for (uint64_t i = 1; i <= n; i++) {
		assert_true(port_loop_next(port, &got));
		assert_int_equal(got.token, i);
	}
	assert_false(readable(port_control_fd(port)));
	assert_false(port_loop_next(port, &got));
}

static void test_every_reply_has_room(void **state)
{
	uint32_t max = port_control_replies_max(port);
	struct port_reply got;
	struct text *text;

	(void)state;
	assert_true(max >= PATHS + 32);
	assert_int_equal(text_new(&text, "x", 1), 0);
	for (uint32_t i = 0; i < max; i++)
		port_loop_reply(
		        port, &(struct port_reply){ .token = i, .text = text_ref(text) });
	assert_true(readable(port_control_fd(port)));
	for (uint32_t i = 0; i < max / 2; i++) {
		assert_true(port_control_reply(port, &got));
		assert_int_equal(got.token, i);
		text_unref(got.text);
	}
	assert_int_equal(atomic_load(&text->refs), 1 + max - max / 2);
	port_free(port); /* gives back the texts of the other replies */
	assert_int_equal(atomic_load(&text->refs), 1);
	text_unref(text);
	assert_int_equal(port_new(&port, PATHS), 0);
}

static void test_events_are_dropped_not_waited_for(void **state)
{
	struct event e = { .seq = 0 }, got;
	uint64_t n = 0;

	(void)state;
	while (port_control_events_lost(port) == 0) {
		e.seq++;
		port_loop_event(port, &e);
		assert_in_range(e.seq, 1, 100000);
	}
	assert_true(readable(port_control_fd(port)));
	while (port_control_event(port, &got))
		assert_int_equal(got.seq, ++n);
	assert_int_equal(n + 1, e.seq);
	assert_int_equal(port_control_events_lost(port), 1);
}

/* The loop's side: replies until PORT_RELOAD. */
static void *loop_thread(void *arg)
{
	struct port_request r;
	uint64_t seq = 0;

	(void)arg;
	for (;;) {
		struct pollfd p = { .fd = port_loop_fd(port), .events = POLLIN };

		poll(&p, 1, -1);
		port_loop_clear(port);
		while (port_loop_next(port, &r)) {
			struct event e = { 0 };
			struct port_reply reply = { .token = r.token };
			struct snapshot *s;

			if (r.op == PORT_RELOAD)
				return NULL;
			if (r.op == PORT_SNAPSHOT) {
				s = port_loop_snapshot_begin(port);
				if (!s)
					abort(); /* not the test's own thread */
				fill(s, PATHS);
				port_loop_snapshot_publish(port, s);
				continue;
			}
			e.seq = ++seq;
			port_loop_event(port, &e);
			if (text_new(&reply.text, "text", 4) < 0)
				abort();
			port_loop_reply(port, &reply);
		}
	}
}

static void take_snapshot(struct snapshot **held, unsigned *ret_taken)
{
	struct snapshot *s = port_control_snapshot(port);

	if (!s)
		return;
	assert_int_equal(s->n_paths, PATHS);
	for (uint32_t i = 0; i < PATHS; i++)
		assert_ptr_equal(s->paths[i].device, devices[i]);
	if (*held)
		port_control_snapshot_release(port, *held);
	*held = s;
	(*ret_taken)++;
}

/* Both sides run at once, for the thread sanitizer. */
static void test_two_threads(void **state)
{
	struct snapshot *held = NULL;
	unsigned replies = 0, events = 0, snapshots = 0;
	struct port_reply reply;
	struct event e;
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, loop_thread, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct port_request check = { .op = PORT_CHECK, .token = i };
		struct port_request snapshot = { .op = PORT_SNAPSHOT };

		assert_true(port_control_request(port, &check));
		assert_int_equal(port_control_snapshot_bring(port), 0);
		assert_true(port_control_request(port, &snapshot));
		while (replies <= i || snapshots <= i) {
			struct pollfd p = { .fd = port_control_fd(port),
				            .events = POLLIN };

			poll(&p, 1, -1);
			port_control_clear(port);
			while (port_control_reply(port, &reply)) {
				assert_int_equal(reply.token, replies++);
				assert_string_equal(reply.text->data, "text");
				text_unref(reply.text);
			}
			while (port_control_event(port, &e))
				assert_int_equal(e.seq, ++events);
			take_snapshot(&held, &snapshots);
		}
	}
	assert_true(
	        port_control_request(port, &(struct port_request){ .op = PORT_RELOAD }));
	pthread_join(t, NULL);
	port_control_snapshot_release(port, held);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_snapshot_goes_round),
		TEST(test_two_snapshots),
		TEST(test_second_snapshot_in_use),
		TEST(test_newer_snapshot_replaces),
		TEST(test_snapshot_begun_again),
		TEST(test_requests),
		TEST(test_every_reply_has_room),
		TEST(test_events_are_dropped_not_waited_for),
		TEST(test_two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
