/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The latest changes of each path: the table that keeps them, and the replies. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkerd/control/changes.h"
#include "checkerd/control/control_limits.h"
#include "control-fixture.h"
#include "util/macro.h"

static const struct reason eio = { .kind = OUTCOME_FAILED,
	                           .stage = STAGE_READ,
	                           .error = EIO };

static struct event state_event(uint64_t seq, const char *path)
{
	struct event e = {
		.seq = seq,
		.realtime_us = (int64_t)seq * USEC_PER_SEC,
		.lasted_us = (int64_t)seq * USEC_PER_MSEC,
		.type = EVENT_PATH_STATE,
		.from = "up",
		.to = "down",
		.why = eio,
	};

	(void)snprintf(e.path, sizeof(e.path), "%s", path);
	return e;
}

static void add(struct changes *c, uint64_t seq, const char *path)
{
	struct event e = state_event(seq, path);

	changes_add(c, &e);
}

/* How many changes of a path are kept, in order; *ret_first: the number of the oldest. */
static uint32_t kept(const struct changes *c, const char *path, uint64_t *ret_first)
{
	const struct change *x = changes_first(c, path);
	uint64_t last = 0;
	uint32_t n = 0;

	*ret_first = x ? x->seq : 0;
	for (; x; x = changes_next(c, x), n++) {
		assert_true(x->seq > last);
		assert_int_equal(x->realtime_us, (int64_t)x->seq * USEC_PER_SEC);
		assert_int_equal(x->lasted_us, (int64_t)x->seq * USEC_PER_MSEC);
		assert_int_equal(x->from, PATH_UP);
		assert_int_equal(x->to, PATH_DOWN);
		assert_int_equal(x->reason.error, EIO);
		last = x->seq;
	}
	return n;
}

static void test_one_path(void **state)
{
	struct changes *c;
	uint64_t first;

	(void)state;
	assert_int_equal(changes_new(&c, 1), 0);
	assert_int_equal(kept(c, "sda", &first), 0);
	for (uint64_t i = 1; i <= CHANGES_OF_ONE_MAX; i++)
		add(c, i, "sda");
	assert_int_equal(kept(c, "sda", &first), CHANGES_OF_ONE_MAX);
	assert_int_equal(first, 1);
	add(c, 1000, "sda");
	assert_int_equal(kept(c, "sda", &first), CHANGES_OF_ONE_MAX);
	assert_int_equal(first, 2);
	assert_int_equal(kept(c, "sdb", &first), 0);
	changes_free(c);
}

static void test_what_is_no_change(void **state)
{
	struct event e = state_event(1, "sda");
	struct changes *c;
	uint64_t first;

	(void)state;
	assert_int_equal(changes_new(&c, 1), 0);
	e.type = EVENT_DM;
	changes_add(c, &e);
	e = state_event(1, "");
	changes_add(c, &e);
	e = state_event(1, "sda");
	strcpy(e.to, "nowhere");
	changes_add(c, &e);
	assert_int_equal(kept(c, "sda", &first), 0);
	assert_int_equal(kept(c, "", &first), 0);
	changes_free(c);
}

/* A path that flaps takes nothing from the others. */
static void test_flapping(void **state)
{
	struct changes *c;
	uint64_t seq = 0, first;

	(void)state;
	assert_int_equal(changes_new(&c, 4), 0);
	for (unsigned i = 0; i < 3; i++)
		add(c, ++seq, "calm");
	for (unsigned i = 0; i < 10 * CHANGES_MARGIN; i++)
		add(c, ++seq, "flaps");
	assert_int_equal(kept(c, "calm", &first), 3);
	assert_int_equal(kept(c, "flaps", &first), CHANGES_OF_ONE_MAX);
	assert_int_equal(first, seq - CHANGES_OF_ONE_MAX + 1);
	changes_free(c);
}

/* More names and changes than there is room for: the oldest are forgotten. */
static void test_full(void **state)
{
	const unsigned paths = 10, names = 3 * CHANGES_MARGIN;
	struct changes *c;
	uint64_t first;
	char name[32];

	(void)state;
	assert_int_equal(changes_new(&c, paths), 0);
	for (unsigned i = 0; i < names; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		add(c, i + 1, name);
	}
	for (unsigned i = 0; i < names; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(kept(c, name, &first),
		                 i >= names - paths - CHANGES_MARGIN / 2);
	}
	/* Few names take all the room for changes. */
	for (unsigned i = 0; i < 100 * CHANGES_OF_ONE_MAX; i++) {
		(void)snprintf(name, sizeof(name), "m%u", i % 100);
		add(c, names + i + 1, name);
	}
	unsigned n = 0;

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "m%u", i);
		n += kept(c, name, &first);
	}
	assert_int_equal(n, CHANGES_A_PATH * paths + CHANGES_MARGIN);
	(void)snprintf(name, sizeof(name), "n%u", names - 1);
	assert_int_equal(kept(c, name, &first), 0);
	changes_free(c);
}

static void test_bytes(void **state)
{
	(void)state;
	assert_true(changes_bytes(1000) > 1000 * sizeof(struct change));
	/* The memory of 10,240 paths has a limit of its own. */
	assert_true(changes_bytes(10240) < 3 * 1024 * 1024);
}

/* --- over the socket --- */

static void emit(struct loop *l, void *arg)
{
	port_loop_event(l->port, arg);
}

static void test_list(void **state)
{
	static const struct expected changes[] = {
		{ "changes[0].seq", "7" },
		{ "changes[0].time", "\"1970-01-01T00:00:07.000000Z\"" },
		{ "changes[0].from", "\"up\"" },
		{ "changes[0].lasted_s", "0.007" },
		{ "changes[0].to", "\"down\"" },
	};
	struct event down = state_event(7, "sd1"), gone = state_event(8, "sdx");
	struct json_object *o;
	char reason[REASON_TEXT_MAX];

	(void)state;
	start(3);
	loop_do(&t.loop, emit, &down);
	loop_do(&t.loop, emit, &gone);
	o = call(fd, "ListHistory", "{\"paths\":[\"8:1\",\"sdx\",\"sd2\"]}");
	assert_int_equal(json_object_array_length(get(o, "histories")), 3);
	expect(get(o, "histories[0]"), changes, ARRAY_LEN(changes));
	assert_int_equal(json_object_array_length(get(o, "histories[0].changes")), 1);
	assert_string_equal(get_string(o, "histories[0].changes[0].reason"),
	                    reason_format(&eio, reason, sizeof(reason)));
	assert_string_equal(get_string(o, "histories[0].path"), "sd1");
	assert_string_equal(get_string(o, "histories[0].state"), "down");
	assert_non_null(get_string(o, "histories[0].state_since"));
	/* This path is gone, and its changes are kept. */
	assert_string_equal(get_string(o, "histories[1].path"), "sdx");
	assert_null(get(o, "histories[1].state"));
	assert_null(get(o, "histories[1].state_since"));
	assert_int_equal(get_int(o, "histories[1].changes[0].seq"), 8);
	/* This path is there, and has no changes. */
	assert_string_equal(get_string(o, "histories[2].path"), "sd2");
	assert_int_equal(json_object_array_length(get(o, "histories[2].changes")), 0);
	json_object_put(o);
	call_fails(fd, "ListHistory", "{\"paths\":[\"sd1\",\"sdy\"]}",
	           "io.checkerd.Control.NoSuchPath", "sdy");
	call_fails(fd, "ListHistory", "{}", "org.varlink.service.InvalidParameter",
	           "paths");
}

/* The device's own error is an event, and no change of state. */
static void test_same_state(void **state)
{
	struct event e = state_event(1, "sd1");
	struct json_object *o;

	(void)state;
	start(3);
	strcpy(e.to, e.from);
	loop_do(&t.loop, emit, &e);
	o = call(fd, "ListHistory", "{\"paths\":[\"sd1\"]}");
	assert_int_equal(json_object_array_length(get(o, "histories[0].changes")), 0);
	json_object_put(o);
}

/* Many full histories in one reply, each of the longest texts. */
static void test_largest(void **state)
{
	struct event e = state_event(UINT64_C(1) << 42, "sd1");
	struct json_object *o;

	(void)state;
	start(3);
	strcpy(e.from, "disconnected");
	strcpy(e.to, "unchecked");
	e.lasted_us = INT64_MAX / 2;
	e.realtime_us = INT64_MAX;
	e.why.error = EILSEQ;
	for (unsigned i = 0; i < CHANGES_OF_ONE_MAX; i++)
		loop_do(&t.loop, emit, &e);
	o = call(fd, "ListHistory",
	         "{\"paths\":[\"sd1\",\"sd1\",\"sd1\",\"sd1\",\"sd1\"]}");
	for (unsigned i = 0; i < 5; i++) {
		char where[64];

		(void)snprintf(where, sizeof(where), "histories[%u].changes", i);
		assert_int_equal(json_object_array_length(get(o, where)),
		                 CHANGES_OF_ONE_MAX);
		(void)snprintf(where, sizeof(where), "histories[%u].changes[31]", i);
		assert_true(strlen(json_object_to_json_string(get(o, where))) <
		            CHANGE_TEXT_MAX);
	}
	json_object_put(o);
}

/* --- an event about many paths --- */

static void emit_member(struct loop *l, const char *name)
{
	struct event e = state_event(l->seq, name);

	e.part = EVENT_MEMBER;
	e.group = 7;
	port_loop_event(l->port, &e);
}

/* The records of paths sd0 to sdN-1, and at last the event. */
static void emit_group(struct loop *l, void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct event names = { .part = EVENT_NAMES, .group = 7, .seq = l->seq };
	struct event e = { .type = EVENT_CAUSE,
		           .group = 7,
		           .members = n,
		           .from = "up",
		           .to = "down",
		           .map = "host3",
		           .message = "host3: paths are down" };
	size_t used = 0;

	for (unsigned i = 0; i < n; i++) {
		char name[32];
		int length = snprintf(name, sizeof(name), "sd%u%c", i, EVENT_NAME_END);

		if (used + (size_t)length >= sizeof(names.message)) {
			port_loop_event(l->port, &names);
			e.name_records++;
			used = 0;
		}
		memcpy(names.message + used, name, (size_t)length + 1);
		used += (size_t)length;
		name[length - 1] = '\0';
		emit_member(l, name);
	}
	port_loop_event(l->port, &names);
	e.name_records++;
	e.seq = ++l->seq;
	port_loop_event(l->port, &e);
}

static void assert_group(struct json_object *event, unsigned n, int64_t seq)
{
	char where[32], name[32];

	assert_string_equal(get_string(event, "type"), "cause");
	assert_string_equal(get_string(event, "cause"), "host3");
	assert_null(get(event, "map"));
	assert_null(get(event, "path"));
	assert_int_equal(get_int(event, "seq"), seq);
	assert_int_equal(get_int(event, "members_total"), n);
	assert_int_equal(json_object_array_length(get(event, "members")), n);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(where, sizeof(where), "members[%u]", i);
		(void)snprintf(name, sizeof(name), "sd%u", i);
		assert_string_equal(get_string(event, where), name);
	}
}

/* Many more names than one record or one piece of a reply has. */
static void test_members(void **state)
{
	unsigned one = 1, n = 500;
	struct json_object *o;

	(void)state;
	start(3);
	client_send(fd, "{\"method\":\"io.checkerd.Control.Monitor\",\"more\":true,"
	                "\"parameters\":{\"since\":0}}");
	loop_do(&t.loop, loop_emit, &one);
	loop_do(&t.loop, emit_group, &n);
	loop_do(&t.loop, loop_emit, &one);
	for (unsigned i = 1; i <= 3; i++) {
		o = client_receive(fd);
		assert_int_equal(get_int(o, "parameters.event.seq"), i);
		if (i == 2)
			assert_group(get(o, "parameters.event"), n, 2);
		else
			assert_null(get(o, "parameters.event.members"));
		json_object_put(o);
	}
	close(fd);
	fd = client_connect(&t);
	o = call(fd, "ListEvents", "{}");
	assert_int_equal(json_object_array_length(get(o, "events")), 3);
	assert_int_equal(get_int(o, "lost"), 0);
	assert_group(get(o, "events[1]"), n, 2);
	assert_int_equal(get_int(o, "events[2].seq"), 3);
	json_object_put(o);
	o = call(fd, "ListEvents", "{\"since\":1}");
	assert_group(get(o, "events[0]"), n, 2);
	json_object_put(o);
	/* Each member has its history, with the number of the event. */
	o = call(fd, "ListHistory", "{\"paths\":[\"sd0\",\"sd499\"]}");
	assert_int_equal(json_object_array_length(get(o, "histories[1].changes")), 1);
	assert_int_equal(get_int(o, "histories[0].changes[0].seq"), 2);
	assert_int_equal(get_int(o, "histories[1].changes[0].seq"), 2);
	assert_string_equal(get_string(o, "histories[1].changes[0].to"), "down");
	json_object_put(o);
}

/* Emits so many events, and waits until the control thread has them. */
static void emit_and_wait(unsigned n)
{
	while (n > 0) { /* The ring to the control thread is shorter. */
		unsigned some = MIN(n, 250);

		loop_do(&t.loop, loop_emit, &some);
		json_object_put(call(fd, "Ping", "{}"));
		n -= some;
	}
}

/* The records of names are older than their event, and are forgotten first. */
static void test_forgotten_members(void **state)
{
	unsigned n = 1000, left = n;

	(void)state;
	start(3);
	loop_do(&t.loop, emit_group, &n);
	json_object_put(call(fd, "Ping", "{}"));
	emit_and_wait(EVENTS_KEPT - 100); /* fewer records than this have the names */
	/* Events that the control thread was too slow for are lost: there may have to be more. */
	for (unsigned i = 0; left == n && i < EVENTS_KEPT; i++) {
		struct json_object *o;

		emit_and_wait(4);
		o = call(fd, "ListEvents", "{}");
		assert_string_equal(get_string(o, "events[0].type"), "cause");
		assert_int_equal(get_int(o, "events[0].members_total"), n);
		left = (unsigned)json_object_array_length(get(o, "events[0].members"));
		json_object_put(o);
	}
	assert_in_range(left, 1, n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_path),
		cmocka_unit_test(test_what_is_no_change),
		cmocka_unit_test(test_flapping),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bytes),
		TEST(test_list),
		TEST(test_same_state),
		TEST(test_largest),
		TEST(test_members),
		TEST(test_forgotten_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
