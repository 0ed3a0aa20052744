/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for how a prober ended. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "checkerd/paths/prober_end.h"
#include "util/macro.h"

static void every_end_has_its_words(void **state)
{
	static const struct {
		enum pathcheck_end end;
		int32_t code;
		const char *words;
	} cases[] = {
		{ PATHCHECK_END_NONE, 0, "" },
		{ PATHCHECK_END_EXITED, 2, "exit status 2" },
		{ PATHCHECK_END_SIGNAL, SIGKILL, "signal SIGKILL" },
		{ PATHCHECK_END_SIGNAL, 63, "signal 63" },
		{ PATHCHECK_END_STALLED, 0, "it made no progress and was killed" },
		{ PATHCHECK_END_WILD, 0, "it broke the protocol and was killed" },
		{ PATHCHECK_END_VERSION, 0, "its version is not that of the library" },
		{ PATHCHECK_END_NO_START, ENOENT,
		  "it cannot be started: No such file or directory (ENOENT)" },
		{ PATHCHECK_END_NO_START, 4095,
		  "it cannot be started: unknown error (?)" },
	};
	char buf[PROBER_END_TEXT_MAX];

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
		        prober_end_format(cases[i].end, cases[i].code, buf, sizeof(buf)),
		        cases[i].words);
}

static void every_text_fits(void **state)
{
	char buf[2 * PROBER_END_TEXT_MAX];

	(void)state; /* no fixture */
	for (int end = PATHCHECK_END_NONE; end <= PATHCHECK_END_NO_START; end++)
		for (int32_t code = 0; code < 4096; code++)
			assert_true(strlen(prober_end_format((enum pathcheck_end)end,
			                                     code, buf, sizeof(buf))) <
			            PROBER_END_TEXT_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_has_its_words),
		cmocka_unit_test(every_text_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
