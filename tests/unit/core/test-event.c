/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for the kinds of event are part of the interface. Packed ones come out as they were,
 * also where the ring begins again. */
#include "tests/unit/unit.h"

#include <string.h>

#include "checkerd/core/device.h"
#include "checkerd/core/event.h"
#include "util/macro.h"

static_assert(EVENT_PATH_MAX >= DEVICE_NAME_MAX, "an event holds every path's name");

static void type_names(void **state)
{
	static const char *const words[EVENT_TYPE_COUNT_] = {
		"path_state", "path_added", "path_removed", "map",   "dm",   "engine",
		"config",     "daemon",     "hold",         "cause", "slow",
	};

	(void)state; /* no fixture */
	for (unsigned t = 0; t < EVENT_TYPE_COUNT_; t++)
		assert_string_equal(event_type_name(t), words[t]);
}

static void holds_every_state_name(void **state)
{
	struct event e;

	(void)state; /* no fixture */
	for (unsigned s = 0; s < PATH_STATE_COUNT_; s++)
		assert_true(strlen(path_state_name(s)) < sizeof(e.from));
}

/* Behind the last field is padding. */
#define COMPARED (offsetof(struct event, message) + EVENT_MESSAGE_MAX)

static void set(char *to, size_t size, char with, size_t length)
{
	memset(to, 0, size);
	memset(to, with, length % size);
}

static struct event event(uint64_t i)
{
	struct event e;

	memset(&e, 0, sizeof(e));
	e.seq = i;
	e.realtime_us = (int64_t)i * -3;
	e.why = (struct reason){ .kind = OUTCOME_FAILED, .error = 4095 };
	e.type = (enum event_type)(i % EVENT_TYPE_COUNT_);
	set(e.path, sizeof(e.path), 'p', i);
	set(e.map, sizeof(e.map), 'm', i / 2);
	set(e.from, sizeof(e.from), 'f', i / 3);
	set(e.to, sizeof(e.to), 't', i / 5);
	set(e.reason, sizeof(e.reason), 'r', i * 7);
	set(e.message, sizeof(e.message), 'x', i * 13);
	return e;
}

static void packed_and_back(void **state)
{
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint64_t in = 0, out = 0, full = 0;

	(void)state; /* no fixture */
	assert_int_equal(ring_new(&producer, &consumer, 61, EVENT_CELL), 0);
	while (out < 3000) {
		struct event got, want = event(in);

		memset(&got, 0,
		       sizeof(got)); /* behind a string's end nothing is written */
		while (event_push(&producer, &want))
			want = event(++in);
		full++;
		/* Some stay, so that the next ones begin anywhere. */
		for (uint64_t n = 0; n < 1 + out % 3 && event_pop(&consumer, &got); n++) {
			want = event(out++);
			assert_memory_equal(&got, &want, COMPARED);
			memset(&got, 0, sizeof(got));
		}
	}
	assert_true(full > 100);
	ring_free(&producer);
}

static void the_longest_fits(void **state)
{
	struct ring_producer in;
	struct ring_consumer out;
	struct event e = event(1), got;

	(void)state; /* no fixture */
	memset(e.path, 'a', sizeof(e.path) - 1);
	memset(e.map, 'b', sizeof(e.map) - 1);
	memset(e.from, 'c', sizeof(e.from) - 1);
	memset(e.to, 'd', sizeof(e.to) - 1);
	memset(e.reason, 'e', sizeof(e.reason) - 1);
	memset(e.message, 'f', sizeof(e.message) - 1);
	assert_int_equal(ring_new(&in, &out, EVENT_BYTES / EVENT_CELL + 1, EVENT_CELL),
	                 0);
	assert_false(event_pop(&out, &got));
	assert_true(event_push(&in, &e));
	assert_false(event_push(&in, &e));
	assert_true(event_pop(&out, &got));
	assert_memory_equal(&got, &e, COMPARED);
	assert_int_equal(ring_consumer_used(&out), 0);
	ring_free(&in);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_names),
		cmocka_unit_test(holds_every_state_name),
		cmocka_unit_test(packed_and_back),
		cmocka_unit_test(the_longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
