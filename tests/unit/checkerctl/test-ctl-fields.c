/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys that the command requests of each path, also of a daemon that does not know "fields". */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/checkerctl/ctl-fake.h"
#include "tests/unit/checkerctl/ctl-replies.h"
#include "util/macro.h"

#define REFUSED(parameter)                                                     \
	"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{" \
	"\"parameter\":\"" parameter "\"}}"

/* The n-th request has these fields; NULL: the parameter is absent. */
static void assert_fields(struct fake *f, size_t n, const char *fields)
{
	const char *request = fake_request(f, n);
	char text[512];

	assert_non_null(request);
	if (fields == NULL) {
		assert_null(strstr(request, "\"fields\""));
		return;
	}
	(void)snprintf(text, sizeof(text), "\"fields\":[%s]", fields);
	assert_has(request, text);
}

static void test_fields_of_columns(void **state)
{
	static const struct {
		const char *line, *fields;
	} cases[] = {
		{ "show paths",
		  "\"name\",\"map\",\"state\",\"state_since\",\"last_check\",\"enabled\","
		  "\"in_flight_s\",\"next_check_in_s\",\"engine\",\"reason\",\"name\","
		  "\"devt\"" },
		{ "show paths -o wwid", "\"wwid\",\"name\",\"devt\"" },
		{ "show paths -o p50 --sort -fails sda",
		  "\"latency_us\",\"failures_total\",\"name\",\"devt\"" },
		{ "show paths --state down -o wwid", "\"wwid\",\"name\",\"devt\"" },
		{ "show paths format %d",
		  "\"name\",\"devt\",\"map\",\"wwid\",\"hcil\","
		  "\"vendor\",\"product\",\"revision\",\"serial\","
		  "\"protocol\",\"target\",\"state\",\"dm_state\","
		  "\"sysfs_state\",\"checker\",\"marginal\","
		  "\"hold_used\",\"interval_s\","
		  "\"next_check_in_s\",\"failures_total\"" },
		/* "slower" is the command's own. */
		{ "show latency -o slower",
		  "\"name\",\"map\",\"slow\",\"latency_us\",\"devt\"" },
		/* JSON has all keys, unless columns are chosen. */
		{ "show paths --json", NULL },
		{ "show paths sda --json --sort name", NULL },
		{ "show paths --json -o +p50", NULL },
		{ "show paths --json -o state,p50", "\"state\",\"latency_us\"" },
		{ "show paths sda --json -o state", "\"state\"" },
		{ "show latency --json", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = fake_start(good);

		assert_outcome(f, cases[i].line, 0, "", "");
		assert_fields(f, 0, cases[i].fields);
		assert_null(fake_request(f, 1));
		fake_stop(f);
	}
}

static void test_json_of_columns_is_of_paths_alone(void **state)
{
	static const char *const lines[] = { "show maps --json -o name",
		                             "show topology --json -o name",
		                             "show latency --json -o name",
		                             "show paths --json --raw" };
	struct fake *f = fake_start(good);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_outcome(f, lines[i], 2, "", "--json prints everything");
	assert_null(fake_request(f, 0));
	fake_stop(f);
}

/* checkerd 0.2 refuses the parameter: then all keys come, and the output is the same. */
static void test_a_daemon_without_fields(void **state)
{
	static const struct fake_answer old[] = {
		{ "\"fields\"", FAKE_WELL, REFUSED("fields"), 0 },
		REPLY("ListPaths", PATHS),
		{ 0 },
	};
	static const struct {
		const char *line, *out;
	} cases[] = {
		{ "show paths --raw --no-headings -o NAME,STATE", "sda up\nsdb down\n" },
		{ "show paths sda --raw --no-headings -o NAME", "sda\nsdb\n" },
		{ "show paths --json -o name", "{\"name\":\"sda\",\"device\":" },
		{ "show paths sda --json -o name", "{\"name\":\"sda\",\"device\":" },
		{ "show paths format %d=%t --raw", "sda=active\nsdb=undef\n" },
		{ "show latency --raw --no-headings -o NAME,P50", "sda 900us\nsdb -\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = fake_start(old);

		assert_outcome(f, cases[i].line, 0, cases[i].out, "");
		assert_has(fake_request(f, 0), "\"fields\":[\"");
		assert_fields(f, 1, NULL);
		if (strstr(cases[i].line, " sda ") != NULL)
			assert_has(fake_request(f, 1), "\"paths\":[\"sda\"]");
		assert_null(fake_request(f, 2));
		fake_stop(f);
	}
}

/* Another parameter is refused, or again: there is no third request, and the message says it. */
static void test_other_refusals(void **state)
{
	static const struct fake_answer states[] = {
		REPLY("ListPaths", REFUSED("states")), { 0 }
	};
	static const struct fake_answer always[] = {
		REPLY("ListPaths", REFUSED("fields")), { 0 }
	};
	static const char *const lines[] = { "show paths --state down",
		                             "show paths --json -o name" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct fake *f = fake_start(states);

		assert_outcome(f, lines[i], 2, "", "refused the value of states");
		assert_null(fake_request(f, 1));
		fake_stop(f);
		f = fake_start(always);
		assert_outcome(f, lines[i], 2, "", "refused the value of fields");
		assert_non_null(fake_request(f, 1));
		assert_null(fake_request(f, 2));
		fake_stop(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_fields_of_columns, ctl_arm),
		cmocka_unit_test_setup(test_json_of_columns_is_of_paths_alone, ctl_arm),
		cmocka_unit_test_setup(test_a_daemon_without_fields, ctl_arm),
		cmocka_unit_test_setup(test_other_refusals, ctl_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
