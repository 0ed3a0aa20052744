/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons why a path is overdue, and their texts. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "checkerd/core/overdue.h"
#include "util/macro.h"

static void the_first_cause_that_applies(void **state)
{
	const struct sysfs_state moving = { .device = sysfs_word(SYSFS_DEVICE, "running"),
		                            .access = sysfs_word(SYSFS_ACCESS,
		                                                 "transitioning") };
	const struct sysfs_state unknown = { 0 };
	const struct {
		struct overdue_engine engine;
		struct overdue_path path;
		const char *words;
	} cases[] = {
		{ { true, true },
		  { EMFILE, STAGE_OPEN, true, false, moving },
		  "no prober is running" },
		{ { false, true },
		  { EIO, STAGE_READ, true, false, moving },
		  "its target port changes its access state" },
		{ { false, true },
		  { EMFILE, STAGE_OPEN, true, false, unknown },
		  "open: Too many open files (EMFILE)" },
		{ { false, true },
		  { EOPNOTSUPP, STAGE_READ, true, false, unknown },
		  "its path_checker does not suit the device" },
		{ { false, true },
		  { 0, STAGE_OPEN, true, true, unknown },
		  "its target port changes its access state" },
		{ { false, true },
		  { 0, STAGE_OPEN, true, false, unknown },
		  "its check is deferred: no rescuer or AIO slot is free" },
		{ { false, true },
		  { 0, STAGE_OPEN, false, false, unknown },
		  "the engine takes no commands" },
		{ { false, false },
		  { 0, STAGE_OPEN, false, false, unknown },
		  "its check has not come back" },
	};
	char buf[OVERDUE_CAUSE_TEXT_MAX];

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(overdue_cause_format(overdue_find(&cases[i].engine,
		                                                      &cases[i].path),
		                                         buf, sizeof(buf)),
		                    cases[i].words);
}

static void the_cause_of_the_most_is_told(void **state)
{
	const struct overdue_why shortage = { OVERDUE_NOT_JUDGED, STAGE_OPEN, EACCES };
	struct overdue_tally t = { 0 };

	(void)state; /* no fixture */
	overdue_add(&t, (struct overdue_why){ .cause = OVERDUE_NO_RESULT });
	overdue_add(&t, shortage);
	overdue_add(&t, shortage);
	assert_int_equal(t.total, 3);
	assert_int_equal(overdue_most(&t).cause, OVERDUE_NOT_JUDGED);
	assert_int_equal(overdue_most(&t).error, EACCES);
}

static void the_reason_before_is_told_too(void **state)
{
	const struct overdue_why why = { .cause = OVERDUE_NO_PROBER };
	const struct reason none = { .kind = OUTCOME_OK };
	const struct reason eio = { .kind = OUTCOME_FAILED,
		                    .stage = STAGE_READ,
		                    .error = EIO };
	char buf[OVERDUE_TEXT_MAX];

	(void)state; /* no fixture */
	assert_string_equal(
	        overdue_format(why, 44 * USEC_PER_SEC + 1, &none, buf, sizeof(buf)),
	        "not checked for 44 s: no prober is running");
	assert_string_equal(
	        overdue_format(why, 44 * USEC_PER_SEC, &eio, buf, sizeof(buf)),
	        "not checked for 44 s: no prober is running; before: read: "
	        "Input/output error (EIO)");
}

static void every_text_fits(void **state)
{
	char cause[2 * OVERDUE_CAUSE_TEXT_MAX], buf[2 * OVERDUE_TEXT_MAX];
	struct overdue_why why = { .cause = OVERDUE_NO_PROBER, .stage = STAGE_OPEN };
	struct reason r = { .kind = OUTCOME_FAILED, .stage = STAGE_OPEN };

	(void)state; /* no fixture */
	r.sysfs.device = sysfs_word(SYSFS_DEVICE, "transport-offline");
	r.sysfs.transport = sysfs_word(SYSFS_PORT, "Not Present");
	r.sysfs.access = sysfs_word(SYSFS_ACCESS, "active/non-optimized");
	for (unsigned c = 0; c < OVERDUE_CAUSE_COUNT_; c++)
		for (int e = 0; e < 4096; e++) {
			why.cause = (enum overdue_cause)c & 0xff;
			why.error = r.error = (int16_t)e;
			assert_true(
			        strlen(overdue_cause_format(why, cause, sizeof(cause))) <
			        OVERDUE_CAUSE_TEXT_MAX);
			assert_true(strlen(overdue_format(why, INT64_MAX, &r, buf,
			                                  sizeof(buf))) <
			            OVERDUE_TEXT_MAX);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_cause_that_applies),
		cmocka_unit_test(the_cause_of_the_most_is_told),
		cmocka_unit_test(the_reason_before_is_told_too),
		cmocka_unit_test(every_text_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
