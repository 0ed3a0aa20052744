/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients that read slowly, or not at all: when they are dropped, and how they affect clients that
 * read the same snapshot, or wait for another one.
 */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkerd/control/control_limits.h"
#include "control-fixture.h"

#define MANY  16384
#define TABLE (MANY * (long long)sizeof(struct snap_path)) /* bytes of a snapshot */

/* Bytes that are mapped. */
static _Atomic long long mapped; /* [atomic any] */

/* The linker's names, see local.mk. NOLINTBEGIN(bugprone-reserved-identifier) */
void *REAL_OF_FILE(mmap)(void *at, size_t bytes, int access, int flags, int file,
                         off_t offset);
void *WRAP_OF_FILE(mmap)(void *at, size_t bytes, int access, int flags, int file,
                         off_t offset);
int __real_munmap(void *p, size_t bytes);
int __wrap_munmap(void *p, size_t bytes);

void *WRAP_OF_FILE(mmap)(void *at, size_t bytes, int access, int flags, int file,
                         off_t offset)
{
	mapped += (long long)bytes;
	return REAL_OF_FILE(mmap)(at, bytes, access, flags, file, offset);
}

int __wrap_munmap(void *p, size_t bytes)
{
	mapped -= (long long)bytes;
	return __real_munmap(p, bytes);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void test_who_does_not_read_is_dropped(void **state)
{
	struct pollfd p;
	int bad;

	(void)state;
	t.options.write_timeout_us = 50 * USEC_PER_MSEC;
	start(MANY);
	bad = client_connect(&t);
	p = (struct pollfd){ .fd = bad };
	client_call(bad, "ListPaths", "{}");
	assert_int_equal(poll(&p, 1, 60000), 1); /* POLLHUP, though no byte was read */
	assert_true(p.revents & POLLHUP);
	close(bad);
	others_are_served();
}

/* A client that reads a little now and then is dropped, too. */
static void test_a_reply_has_to_end(void **state)
{
	struct pollfd p;
	int bad;

	(void)state;
	t.options.write_timeout_us = 3600 * USEC_PER_SEC;
	t.options.reply_timeout_us = 50 * USEC_PER_MSEC;
	start(MANY);
	bad = client_connect(&t);
	p = (struct pollfd){ .fd = bad };
	client_call(bad, "ListPaths", "{}");
	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_true(p.revents & POLLHUP);
	close(bad);
	others_are_served();
}

/* A reply with 16,384 paths arrives as a whole, a few bytes at a time. */
static void test_slow_reader_gets_all(void **state)
{
	struct json_object *o;
	int small = 4096;

	(void)state;
	start(MANY);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	o = call(fd, "ListPaths", "{}");
	assert_int_equal(json_object_array_length(get(o, "paths")), MANY);
	assert_string_equal(get_string(o, "paths[16383].name"), "sd16383");
	json_object_put(o);
}

/*
 * Clients that do not read hold both snapshots. Others wait for a moment. Then the older reader is
 * dropped, whichever of the two snapshots it holds.
 */
static void test_readers_cannot_keep_the_snapshots(void **state)
{
	struct pollfd p;
	int slow[4];

	(void)state;
	start(MANY);
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = client_connect(&t);
		client_call(slow[i], "ListPaths", "{}");
		p = (struct pollfd){ .fd = slow[i], .events = POLLIN };
		assert_int_equal(poll(&p, 1, 60000), 1);
		/* The next client needs a newer snapshot. */
		json_object_put(call(fd, "SetLogLevel", "{\"level\":\"info\"}"));
	}
	others_are_served();
	for (unsigned i = 0; i < ARRAY_LEN(slow) - 1; i++) {
		p = (struct pollfd){ .fd = slow[i] };
		assert_int_equal(poll(&p, 1, 60000), 1);
		assert_true(p.revents & POLLHUP);
	}
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++)
		close(slow[i]);
}

/*
 * As above, but nothing has changed since the newest snapshot was taken. The other readers
 * get that snapshot, though it is older than usual, and none is dropped.
 */
static void test_readers_share_the_newest(void **state)
{
	struct json_object *o;
	struct mono until;
	long long at_first;
	int slow[2];

	(void)state;
	t.options.write_timeout_us =
	        60 * USEC_PER_SEC; /* a slow machine drops no reader */
	start(MANY);
	at_first = mapped;
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		struct pollfd p;

		json_object_put(call(fd, "SetLogLevel", "{\"level\":\"info\"}"));
		slow[i] = client_connect(&t);
		client_call(slow[i], "ListPaths", "{}");
		p = (struct pollfd){ .fd = slow[i], .events = POLLIN };
		assert_int_equal(poll(&p, 1, 60000), 1);
	}
	until = mono_add(mono_now(), 3 * SNAPSHOT_FRESH_US);
	while (mono_before(mono_now(), until))
		others_are_served();
	assert_int_equal(loop_count(&t.loop, PORT_SNAPSHOT), ARRAY_LEN(slow));
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		assert_true(mapped >= at_first + TABLE);
		o = client_receive(slow[i]);
		assert_int_equal(json_object_array_length(get(o, "parameters.paths")),
		                 MANY);
		json_object_put(o);
		close(slow[i]);
	}
	/* The last reader's end frees the second snapshot's memory, without another request. */
	while (mapped >= at_first + TABLE)
		json_object_put(call(fd, "Ping", "{}"));
}

/*
 * More long lists than are written at once, to clients that do not read. Each gets what was true when
 * its request came, so changes since then need no third snapshot, and no reader is dropped for one.
 */
static void test_queued_lists(void **state)
{
	int slow[3 * LISTS_AT_ONCE];
	struct json_object *o;

	(void)state;
	t.options.write_timeout_us = 60 * USEC_PER_SEC;
	start(MANY);
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = client_connect(&t);
		client_call(slow[i], "ListPaths",
		            "{\"fields\":[\"name\",\"device\",\"state\"]}");
	}
	/* They have come before its reply. */
	json_object_put(call(fd, "Ping", "{}"));
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		struct pollfd p = { .fd = slow[i], .events = POLLIN };

		while (poll(&p, 1, 10) == 0)
			json_object_put(call(fd, "SetLogLevel", "{\"level\":\"info\"}"));
		assert_false(p.revents & POLLHUP);
	}
	assert_true(loop_count(&t.loop, PORT_SNAPSHOT) <= 2);
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		o = client_receive(slow[i]);
		assert_int_equal(json_object_array_length(get(o, "parameters.paths")),
		                 MANY);
		json_object_put(o);
		close(slow[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_does_not_read_is_dropped),
		TEST(test_a_reply_has_to_end),
		TEST(test_slow_reader_gets_all),
		TEST(test_readers_cannot_keep_the_snapshots),
		TEST(test_queued_lists),
		TEST(test_readers_share_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
