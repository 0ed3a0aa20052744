/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names and numbers of log levels. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "util/syslog_level.h"

static void names_and_numbers(void **state)
{
	int level;

	(void)state; /* no fixture */
	for (int i = LOG_EMERG; i <= LOG_DEBUG; i++) {
		const char number[] = { (char)('0' + i), '\0' };

		assert_int_equal(syslog_level_find(syslog_level_name(i)), i);
		assert_int_equal(syslog_level_parse(syslog_level_name(i), &level), 0);
		assert_int_equal(level, i);
		assert_int_equal(syslog_level_parse(number, &level), 0);
		assert_int_equal(level, i);
	}
	assert_string_equal(syslog_level_name(LOG_WARNING), "warning");
	assert_string_equal(syslog_level_name(LOG_EMERG), "emerg");
	assert_int_equal(syslog_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_ERR);
}

static void no_level(void **state)
{
	static const char *const words[] = {
		"", "8", "-1", "44", "loud", "Info", "info "
	};
	int level = -7;

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_int_equal(syslog_level_parse(words[i], &level), -EINVAL);
		assert_int_equal(syslog_level_find(words[i]), -EINVAL);
	}
	assert_int_equal(syslog_level_find("error"), -EINVAL);
	assert_int_equal(syslog_level_find("4"), -EINVAL);
	assert_int_equal(level, -7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(no_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
