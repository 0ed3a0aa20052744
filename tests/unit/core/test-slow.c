/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a path is slow: scenarios as data, each a list of phases on a virtual clock. */
#include "tests/unit/unit.h"

#include "checkerd/core/slow.h"
#include "util/macro.h"

#define MS INT64_C(1000)

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(slow_level_of(0), 1);
	assert_int_equal(slow_level_us(0), 0);
	for (int64_t us = 2; us < UINT32_MAX; us += us / 100 + 1) {
		slow_level l = slow_level_of(us);

		assert_true(slow_level_us(l) <= us);
		assert_true(us < 8 || us * 8 < slow_level_us(l) * 9 + 8);
		assert_true(l <= slow_level_of(us + 1));
	}
	assert_int_equal(slow_level_of(UINT32_MAX), SLOW_LEVELS - 1);
	assert_int_equal(slow_level_of(INT64_MAX), SLOW_LEVELS - 1);
}

static void test_median(void **state)
{
	uint16_t counts[SLOW_LEVELS] = { 0 };

	(void)state;
	assert_int_equal(slow_median(counts), 0);
	counts[0] = 9; /* those have none yet */
	assert_int_equal(slow_median(counts), 0);
	counts[80] = 1;
	assert_int_equal(slow_median(counts), 80);
	counts[255] = 1;
	assert_int_equal(slow_median(counts), 80);
	counts[100] = 1;
	assert_int_equal(slow_median(counts), 100);
	counts[255] = 3;
	assert_int_equal(slow_median(counts), 255);
}

struct phase {
	unsigned checks;
	int64_t path_us, siblings_us; /* 0: no siblings */
	/* After the phase. changes: how often the state changed in it. */
	enum slow_state is;
	unsigned changes;
};

static const struct scenario {
	const char *what;
	int64_t interval_us, usual_us;
	struct phase phases[8];
} scenarios[] = {
	{ "as fast as the others",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 500, MS, MS, SLOW_NO, 0 } } },
	{ "slow and back",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 50, MS, MS, SLOW_NO, 0 },
	    { 12, 500 * MS, MS, SLOW_NO, 0 }, /* one moves the mean, and 60 s are 12 */
	    { 1, 500 * MS, MS, SLOW_PATH, 1 },
	    { 500, 500 * MS, MS, SLOW_PATH, 0 },
	    { 12, MS, MS, SLOW_PATH, 0 },
	    { 20, MS, MS, SLOW_NO, 1 } } },
	{ "one slow check in eight",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 8, MS, MS, SLOW_NO, 0 },
	    { 1, 2000 * MS, MS, SLOW_NO, 0 },
	    { 7, MS, MS, SLOW_NO, 0 },
	    { 1, 2000 * MS, MS, SLOW_NO, 0 },
	    { 7, MS, MS, SLOW_NO, 0 } } },
	{ "nine times is not ten times",
	  5 * USEC_PER_SEC,
	  20 * MS,
	  { { 500, 180 * MS, 20 * MS, SLOW_NO, 0 } } },
	{ "a hundred times, but only milliseconds",
	  5 * USEC_PER_SEC,
	  MS / 20,
	  { { 500, 5 * MS, MS / 20, SLOW_NO, 0 } } },
	{ "long intervals need five checks",
	  60 * USEC_PER_SEC,
	  MS,
	  { { 9, MS, MS, SLOW_NO, 0 },
	    { 5, 500 * MS, MS, SLOW_NO, 0 },
	    { 1, 500 * MS, MS, SLOW_PATH, 1 } } },
	{ "short intervals need a minute",
	  USEC_PER_SEC / 10,
	  MS,
	  { { 9, MS, MS, SLOW_NO, 0 },
	    { 590, 500 * MS, MS, SLOW_NO, 0 },
	    { 20, 500 * MS, MS, SLOW_PATH, 1 } } },
	{ "at the edge it does not flap",
	  5 * USEC_PER_SEC,
	  10 * MS,
	  { { 100, 130 * MS, 10 * MS, SLOW_PATH, 1 },
	    { 100, 80 * MS, 10 * MS, SLOW_PATH, 0 }, /* it is not halfway back */
	    { 100, 30 * MS, 10 * MS, SLOW_NO, 1 },
	    { 100, 80 * MS, 10 * MS, SLOW_NO, 0 } } },
	{ "all paths of the map",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 50, MS, MS, SLOW_NO, 0 },
	    { 50, 500 * MS, 500 * MS, SLOW_MAP, 1 },
	    { 50, MS, MS, SLOW_NO, 1 } } },
	{ "first the path, then all",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 50, 500 * MS, MS, SLOW_PATH, 1 },
	    { 50, 500 * MS, 400 * MS, SLOW_MAP, 1 },
	    { 50, 500 * MS, MS, SLOW_PATH, 1 },
	    { 50, MS, MS, SLOW_NO, 1 } } },
	{ "the only path of its map",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 50, 500 * MS, 0, SLOW_MAP, 1 }, { 50, MS, 0, SLOW_NO, 1 } } },
	{ "its siblings go",
	  5 * USEC_PER_SEC,
	  0,
	  { { 50, 500 * MS, MS, SLOW_PATH, 1 }, { 50, 500 * MS, 0, SLOW_NO, 1 } } },
	{ "nothing is known of before",
	  5 * USEC_PER_SEC,
	  0,
	  { { 50, 500 * MS, 500 * MS, SLOW_NO, 0 } } },
	{ "a slow array, and one path that is slower",
	  5 * USEC_PER_SEC,
	  30 * MS,
	  { { 100, 250 * MS, 30 * MS, SLOW_NO, 0 },
	    { 100, 400 * MS, 30 * MS, SLOW_PATH, 1 } } },
	{ "seconds and minutes",
	  20 * USEC_PER_SEC,
	  100 * MS,
	  { { 50, 29000 * MS, 100 * MS, SLOW_PATH, 1 } } },
	{ "slow for a moment again and again",
	  5 * USEC_PER_SEC,
	  MS,
	  { { 9, 300 * MS, MS, SLOW_NO, 0 },
	    { 15, MS, MS, SLOW_NO, 0 },
	    { 9, 300 * MS, MS, SLOW_NO, 0 },
	    { 15, MS, MS, SLOW_NO, 0 } } },
};

static void play(const struct scenario *s, const struct phase *p, struct slow *slow)
{
	unsigned changes = 0;

	for (unsigned n = 0; n < p->checks; n++) {
		const struct slow_check c = {
			.latency_us = p->path_us,
			.interval_us = s->interval_us,
			.siblings =
			        p->siblings_us > 0 ? slow_level_of(p->siblings_us) : 0,
			.usual_us = (uint32_t)s->usual_us,
		};
		enum slow_state before = slow->state;

		if (slow_is_suspect(slow, p->path_us))
			slow_judge(slow, &c);
		changes += slow->state != before;
		assert_true(slow->count < 1 << SLOW_COUNT_BITS);
	}
	if (slow->state != p->is || changes != p->changes)
		fail_msg("%s: phase %td: state %d after %u changes", s->what,
		         p - s->phases, slow->state, changes);
}

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		struct slow slow = { 0 };

		for (size_t k = 0; scenarios[i].phases[k].checks > 0; k++)
			play(&scenarios[i], &scenarios[i].phases[k], &slow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
