/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The distance of two words. */
#include "tests/unit/unit.h"

#include <string.h>

#include "util/edit_distance.h"
#include "util/macro.h"

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "sda", "sda", 0 },
		{ "sda", "sdb", 1 },
		{ "sda", "sdaa", 1 },
		{ "sda", "sad", 1 }, /* swapped */
		{ "ab", "ba", 1 },
		{ "abc", "cba", 2 },
		{ "", "ab", 2 },
		{ "show paths", "show pats", 1 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 }, /* a swap is not edited again */
		{ "polling_interval", "poling_intervall", 2 },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(edit_distance(rows[i].a, rows[i].b, 9),
		                 rows[i].distance);
		assert_int_equal(edit_distance(rows[i].b, rows[i].a, 9),
		                 rows[i].distance);
	}
}

static void limit(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(edit_distance("kitten", "sitting", 3), 3);
	assert_int_equal(edit_distance("kitten", "sitting", 2), 2);
	assert_int_equal(edit_distance("a", "abcdefgh", 3), 3);
	assert_int_equal(edit_distance("a", "a", 0), 0);
}

static void too_long_is_not_compared(void **state)
{
	char longest[EDIT_DISTANCE_BYTES_MAX + 1], longer[EDIT_DISTANCE_BYTES_MAX + 2];

	(void)state; /* no fixture */
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(edit_distance(longest, longest, 3), 0);
	assert_int_equal(edit_distance(longest, longer, 3), 3);
	assert_int_equal(edit_distance(longer, longer, 3), 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(limit),
		cmocka_unit_test(too_long_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
