/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a prober's words is believed: every field just inside and just outside of what a
 * sound one says, and every order of verdicts.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "libcheck/region/wire.h"

#define OK       PATHCHECK_OK
#define FAILED   PATHCHECK_FAILED
#define LATE     PATHCHECK_TIMED_OUT
#define DEFERRED PATHCHECK_DEFERRED

static const struct limits limits = { .ids = 68, .groups = 2 };
static const struct wire_result sound = {
	.id = 67, .stage = 1, .engine = 2, .late = 1, .error = 4095, .group = 1
};

#define WITH(field, value)                        \
	({                                        \
		struct wire_result with_ = sound; \
		with_.field = (value);            \
		wire_is_sound(&with_, &limits);   \
	})

static void each_field(void **state)
{
	struct wire_result w;

	(void)state; /* no fixture */
	assert_true(wire_is_sound(&sound, &limits));
	assert_false(WITH(id, 68));
	assert_false(WITH(id, UINT32_MAX));
	assert_true(WITH(verdict, PATHCHECK_PENDING));
	assert_false(WITH(verdict, PATHCHECK_PENDING + 1));
	assert_true(WITH(verdict, WIRE_RELEASED));
	assert_true(WITH(engine, PATHCHECK_ENGINE_SG));
	assert_false(WITH(reserved, 1));
	assert_true(WITH(request, PATHCHECK_REQUESTS - 1));
	assert_false(WITH(request, PATHCHECK_REQUESTS));
	assert_true(WITH(said, PATHCHECK_SAID_COUNT - 1));
	assert_false(WITH(said, PATHCHECK_SAID_COUNT));
	assert_false(WITH(said, PATHCHECK_SAID_SENSE));
	w = sound;
	w.has_sense = 1;
	w.sense_key = 5;
	w.sense_code = 0x25;
	assert_true(wire_is_sound(&w, &limits));
	w.has_sense = 0;
	assert_false(wire_is_sound(&w, &limits));
	w.sense_key = 0;
	assert_false(wire_is_sound(&w, &limits));
	assert_false(WITH(sense_qualifier, 1));
	w.said = PATHCHECK_SAID_STATUS;
	assert_true(wire_is_sound(&w, &limits));
	w.has_sense = 1;
	assert_false(wire_is_sound(&w, &limits));
	assert_false(WITH(error, 4096));
	assert_false(WITH(error, (uint16_t)-1));
	assert_false(WITH(group, 2));
}

/* Which of a series of verdicts are believed: 1 or 0 for each. */
static void assert_taken(const char *expected, const uint8_t *verdicts)
{
	struct asked a = { .outstanding = true };

	for (; *expected; expected++, verdicts++) {
		struct wire_result w = { .verdict = *verdicts, .late = a.timed_out };

		w.error = w.verdict == FAILED ? EIO : w.verdict == LATE ? ETIMEDOUT : 0;
		assert_int_equal(wire_take_verdict(&a, &w), *expected == '1');
	}
}

static void each_order(void **state)
{
	(void)state; /* no fixture */
	assert_taken("1000", (const uint8_t[]){ OK, OK, LATE, DEFERRED });
	assert_taken("1000", (const uint8_t[]){ FAILED, OK, LATE, DEFERRED });
	assert_taken("11100", (const uint8_t[]){ DEFERRED, LATE, OK, OK, LATE });
	assert_taken("1010", (const uint8_t[]){ DEFERRED, DEFERRED, LATE, LATE });
	assert_taken("1001", (const uint8_t[]){ LATE, DEFERRED, LATE, FAILED });
}

static void late_and_error(void **state)
{
	struct asked a = { .outstanding = true };
	struct wire_result w = { .verdict = OK, .late = 1 };

	(void)state;                             /* no fixture */
	assert_false(wire_take_verdict(&a, &w)); /* it is not late */
	w = (struct wire_result){ .verdict = OK, .error = EIO };
	assert_false(wire_take_verdict(&a, &w));
	w = (struct wire_result){ .verdict = FAILED };
	assert_false(wire_take_verdict(&a, &w));
	w = (struct wire_result){ .verdict = LATE, .opened = 1 };
	assert_false(wire_take_verdict(&a, &w)); /* only the last word completes it */
	w = (struct wire_result){ .verdict = LATE };
	assert_true(wire_take_verdict(&a, &w));
	w = (struct wire_result){ .verdict = OK };
	assert_false(wire_take_verdict(&a, &w)); /* it is late now */
	assert_true(a.outstanding);
}

static void times(void **state)
{
	static const int64_t cases[][4] = {
		/* written: started, finished; corrected, at 100 */
		{ 10, 20, 10, 20 },
		{ 0, 100, 0, 100 },
		{ 30, 20, 20, 20 },
		{ 10, 101, 10, 100 },
		{ -1, -1, 0, 0 },
		{ INT64_MIN, INT64_MAX, 0, 100 },
		{ INT64_MAX, INT64_MIN, 0, 0 },
	};

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pathcheck_result r = { .started_us = cases[i][0],
			                      .finished_us = cases[i][1] };

		wire_set_times(&r, 1, (struct mono){ 100 });
		assert_int_equal(r.started_us, cases[i][2]);
		assert_int_equal(r.finished_us, cases[i][3]);
	}
}

static void errors(void **state)
{
	(void)state; /* no fixture */
	assert_int_equal(wire_errno(EAGAIN), EAGAIN);
	assert_int_equal(wire_errno(0), 0);
	assert_int_equal(wire_errno(-EAGAIN), 0);
	assert_int_equal(wire_errno(INT32_MIN), 0);
	assert_int_equal(wire_errno(4095), 4095);
	assert_int_equal(wire_errno(4096), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field),     cmocka_unit_test(each_order),
		cmocka_unit_test(late_and_error), cmocka_unit_test(times),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
