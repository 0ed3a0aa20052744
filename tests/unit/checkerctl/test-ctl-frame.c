/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages in pieces of any size, and the limit of one message. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/frame.h"

/* Like recv(): adds at most `bytes` bytes, as many as there is room for. */
static size_t arrive(struct frame *f, const char *data, size_t bytes)
{
	char *room;
	size_t n;

	assert_int_equal(frame_room(f, &room, &n), 0);
	assert_true(n > 0);
	n = MIN(n, bytes);
	memcpy(room, data, n);
	frame_filled(f, n);
	return n;
}

static void test_byte_by_byte(void **state)
{
	static const char stream[] = "{\"a\":1}\0{}\0";
	struct frame f = FRAME_NULL;
	size_t length, messages = 0;

	(void)state;
	assert_null(frame_next(&f, &length));
	for (size_t i = 0; i < sizeof(stream) - 1; i++) {
		char *message;

		assert_int_equal(arrive(&f, stream + i, 1), 1);
		message = frame_next(&f, &length);
		assert_int_equal(!!message, stream[i] == '\0');
		if (!message)
			continue;
		assert_string_equal(message, messages == 0 ? "{\"a\":1}" : "{}");
		assert_int_equal(length, strlen(message));
		messages++;
	}
	assert_int_equal(messages, 2);
	frame_deinit(&f);
}

static void test_several_at_once(void **state)
{
	static const char stream[] = "one\0\0three\0fou";
	struct frame f = FRAME_NULL;
	size_t length;

	(void)state;
	arrive(&f, stream, sizeof(stream) - 1);
	assert_string_equal(frame_next(&f, &length), "one");
	assert_string_equal(frame_next(&f, &length), "");
	assert_int_equal(length, 0);
	assert_string_equal(frame_next(&f, &length), "three");
	assert_null(frame_next(&f, &length));
	arrive(&f, "r", 2);
	assert_string_equal(frame_next(&f, &length), "four");
	assert_null(frame_next(&f, &length));
	frame_deinit(&f);
}

/* Adds `bytes` letters; 0, or the error of frame_room(). */
static int fill(struct frame *f, size_t bytes)
{
	while (bytes > 0) {
		char *room;
		size_t n;
		int r = frame_room(f, &room, &n);

		if (r < 0)
			return r;
		n = MIN(n, bytes);
		memset(room, 'x', n);
		frame_filled(f, n);
		bytes -= n;
	}
	return 0;
}

static void test_largest(void **state)
{
	struct frame f = FRAME_NULL;
	size_t length;
	char *message;

	(void)state;
	assert_int_equal(fill(&f, FRAME_MAX_BYTES - 1), 0);
	assert_null(frame_next(&f, &length));
	arrive(&f, "", 1);
	message = frame_next(&f, &length);
	assert_non_null(message);
	assert_int_equal(length, FRAME_MAX_BYTES - 1);
	assert_int_equal(strlen(message), length);
	/* the next message may have the full size again */
	arrive(&f, "next", 5);
	assert_string_equal(frame_next(&f, &length), "next");
	frame_deinit(&f);
}

static void test_too_large(void **state)
{
	struct frame f = FRAME_NULL;
	size_t length;

	(void)state;
	assert_int_equal(fill(&f, FRAME_MAX_BYTES), 0);
	assert_null(frame_next(&f, &length));
	assert_int_equal(fill(&f, 1), -EMSGSIZE);
	frame_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests_name("ctl-frame", tests, NULL, NULL);
}
