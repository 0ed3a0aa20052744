/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keywords that a reload cannot change. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerd/config/restart_only.h"

static void keywords_that_need_a_restart_stay_and_are_reported(void **state)
{
	struct config present = { .max_paths = 10,
		                  .rescuer_threads = 4,
		                  .max_clients = 8 };
	struct config next = { .max_paths = 20,
		               .rescuer_threads = 4,
		               .max_clients = 8,
		               .aio_setup_timeout_us = 5000000,
		               .fail_checks = 7 };
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	present.aio_setup_timeout_us = 2000000;
	present.socket_group = strdup("disk");
	assert_int_equal(restart_only_keep(&present, &next, out), 0);
	fclose(out);
	assert_int_equal(next.max_paths, 10);
	assert_int_equal(next.aio_setup_timeout_us, 2000000);
	assert_string_equal(next.socket_group, "disk");
	assert_int_equal(next.fail_checks, 7);
	assert_non_null(strstr(text, "max_paths: still 10: "));
	assert_non_null(strstr(text, "aio_setup_timeout: still 2 s: "));
	assert_non_null(strstr(text, "socket_group: still disk: "));
	assert_non_null(strstr(text, "systemctl restart checkerd"));
	assert_null(strstr(text, "rescuer_threads"));
	free(present.socket_group);
	free(next.socket_group);
}

static void equal_configurations_report_nothing(void **state)
{
	struct config present = { .max_paths = 10 }, next = present;
	char text[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_int_equal(restart_only_keep(&present, &next, out), 0);
	fclose(out);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keywords_that_need_a_restart_stay_and_are_reported),
		cmocka_unit_test(equal_configurations_report_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
