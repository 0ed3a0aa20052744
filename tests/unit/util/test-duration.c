/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar of durations: which texts are accepted, with their values, and which are
 * refused.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "util/duration.h"

#define SECOND INT64_C(1000000)

struct row {
	const char *text;
	int64_t us;
};

static void takes(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "5", 5 * SECOND },
		{ "0.5", SECOND / 2 },
		{ ".5", SECOND / 2 },
		{ "0.000001", 1 },
		{ "1us", 1 },
		{ "500ms", SECOND / 2 },
		{ "100.001ms", 100001 },
		{ "90s", 90 * SECOND },
		{ "90sec", 90 * SECOND },
		{ "10m", 600 * SECOND },
		{ "10min", 600 * SECOND },
		{ "1.5m", 90 * SECOND },
		{ "1h", 3600 * SECOND },
		{ "2d", 172800 * SECOND },
		{ "1h30m", 5400 * SECOND },
		{ "1h30m5s500ms", 5405 * SECOND + SECOND / 2 },
		{ "30m1h", 5400 * SECOND },
		{ "0.5h0.5m", 1830 * SECOND },
		{ "1m1m", 120 * SECOND },
		{ "2.500000000000000000000s", 5 * SECOND / 2 },
		{ "007", 7 * SECOND },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t us = -7;

		assert_int_equal(duration_parse(rows[i].text, &us), 0);
		assert_int_equal(us, rows[i].us);
	}
}

/* Too long for the type: as long as can be, so that every range refuses it. */
static void the_longest(void **state)
{
	static const char *const texts[] = {
		"99999999999999999999", "99999999999999999999h", "9223372036854775807us",
		"106751991167301d",     "106751991d106751991d",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int64_t us = 0;

		assert_int_equal(duration_parse(texts[i], &us), 0);
		assert_true(us == INT64_MAX);
	}
}

static void refuses(void **state)
{
	static const char *const texts[] = {
		"",      "s",   "h",      ".",     ".s",   "5.",    "5.s",    "1h30",
		"1h5.",  "-1",  "+1",     " 1",    "1 ",   "1 s",   "500 ms", "1.2.3",
		"1,5",   "inf", "nan",    "1e3",   "0x10", "1w",    "1H",     "1S",
		"5mins", "1h ", "1h-30m", "often", "1s.",  "30 1h", "1..5",   "5s5",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int64_t us = -7;

		if (duration_parse(texts[i], &us) != -EINVAL)
			fail_msg("'%s' is taken", texts[i]);
		assert_int_equal(us, -7);
	}
}

static void finer_than_a_microsecond(void **state)
{
	static const char *const texts[] = {
		"0.0000001", "0.10000001", "0.1us", "0.0001ms", "0.333333333h", "1h0.1us",
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int64_t us = -7;

		assert_int_equal(duration_parse(texts[i], &us), -ERANGE);
		assert_int_equal(us, -7);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(refuses),
		cmocka_unit_test(finer_than_a_microsecond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
