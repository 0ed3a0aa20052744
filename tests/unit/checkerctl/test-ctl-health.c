/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* health: its line, its exit status, its limits and its performance data. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/health_limits.h"
#include "tests/unit/checkerctl/ctl-fake.h"
#include "util/macro.h"

static void test_health(void **state)
{
	static const struct {
		const char *maps;
		int code;
		const char *says, *json;
	} cases[] = {
		{ "{\"name\":\"a\",\"redundancy\":\"full\"}", 0,
		  "OK: 1 map, all redundant | maps=1;", "{\"health\":\"ok\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"full\"},{\"name\":\"b\","
		  "\"redundancy\":\"last\","
		  "\"paths_up\":1,\"paths_total\":2}",
		  1, "WARNING: b has 1 of 2 paths up", "{\"health\":\"degraded\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"degraded\"},{\"name\":\"b\","
		  "\"redundancy\":"
		  "\"none\",\"paths_up\":0,\"paths_total\":2}",
		  2,
		  "CRITICAL: b has 0 of 2 paths up; of 2 maps, 1 without a path, 1 "
		  "degraded | ",
		  "{\"health\":\"lost\"" },
		{ "{\"name\":\"b\",\"redundancy\":\"none\"},{\"name\":\"a\","
		  "\"redundancy\":\"last\"}",
		  2, "CRITICAL: b has ? of ? paths up; of 2 maps, 1 without", "" },
		{ "{\"name\":\"b\",\"redundancy\":\"full\"},{\"name\":\"a\","
		  "\"redundancy\":\"last\",\"barred\":[\"sdb\"]}",
		  2,
		  "CRITICAL: another disk is under path sdb of map a; 1 path is barred: "
		  "remove it from the map | ",
		  "{\"health\":\"lost\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"full\",\"paths_up\":2,\"paths_"
		  "total\":2,"
		  "\"paths_overdue\":2},{\"name\":\"b\",\"redundancy\":\"last\"}",
		  3,
		  "UNKNOWN: a has 2 of 2 paths up, 2 overdue: not checked, see "
		  "checkerctl show status; of 2 maps, 0 without a path, 1 degraded, 1 "
		  "with "
		  "overdue paths | ",
		  "{\"health\":\"unknown\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"full\",\"paths_overdue\":1},"
		  "{\"name\":\"b\",\"redundancy\":\"none\",\"paths_up\":0,\"paths_"
		  "total\":2,"
		  "\"paths_disabled\":2,\"paths_overdue\":1}",
		  2, "CRITICAL: b has 0 of 2 paths up, 2 disabled, 1 overdue",
		  "{\"health\":\"lost\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"full\",\"paths_up\":2,\"paths_"
		  "total\":2,\"paths_expected\":4},{\"name\":\"b\",\"redundancy\":"
		  "\"full\",\"paths_total\":2,\"paths_expected\":2}",
		  1, "WARNING: a has 2 of 2 paths up, 4 expected; of 2 maps, 0 without",
		  "{\"health\":\"degraded\"" },
		/* The longest loss is named; a time to come is none. */
		{ "{\"name\":\"a\",\"redundancy\":\"none\",\"paths_up\":0,\"paths_"
		  "total\":2,\"lost_since\":\"2999-01-01T00:00:00.000Z\"}",
		  2, "CRITICAL: map a lost for 0 s, 0 of 2 paths up; of 1 map, 1 without",
		  "{\"health\":\"lost\"" },
		{ "{\"name\":\"a\",\"redundancy\":\"none\",\"paths_disabled\":2},"
		  "{\"name\":\"b\",\"redundancy\":\"none\",\"lost_since\":"
		  "\"2999-01-01T00:00:00.000Z\"},"
		  "{\"name\":\"c\",\"redundancy\":\"none\",\"lost_since\":"
		  "\"2020-01-01T00:00:00.000Z\"}",
		  2, "CRITICAL: map c lost for ", "{\"health\":\"lost\"" },
		{ "", 3, "UNKNOWN: ", "{\"health\":\"unknown\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char reply[512];
		const struct fake_answer answers[] = { { "Maps", FAKE_WELL, reply, 0 },
			                               { 0 } };
		struct fake *f;

		snprintf(reply, sizeof(reply), "{\"parameters\":{\"maps\":[%s]}}",
		         cases[i].maps);
		f = fake_start(answers);
		assert_outcome(f, "health", cases[i].code, cases[i].says, "");
		assert_outcome(f, "health --json", cases[i].code, cases[i].json, "");
		fake_stop(f);
	}
	const struct fake_answer hang[] = { { "Maps", FAKE_HANG, NULL, 0 }, { 0 } };
	struct fake *f = fake_start(hang);

	assert_outcome(f, "health --timeout 0.05", 3,
	               "UNKNOWN: no answer from checkerd on /",
	               "no answer from checkerd");
	assert_outcome(f, "health --timeout 0.05 --json", 3,
	               "\"reason\":\"no answer from checkerd on /", "no answer");
	assert_outcome(f, "health --timeout 0.05 --json", 3,
	               "\"message\":\"UNKNOWN: no answer from", "no answer");
	fake_stop(f);
}

/* --- limits --- */

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		/* whether 0, 1, 2, 3, 4 alert, of 4 */
		const char *alerts;
		const char *performance;
	} cases[] = {
		{ "2", "yynnn", "2:" },
		{ "2:", "yynnn", "2:" },
		{ "2:3", "yynny", "2:3" },
		{ "~:3", "nnnny", "~:3" },
		{ ":3", "nnnny", "0:3" },
		{ "@1:2", "nyynn", "@1:2" },
		{ "@~:1", "yynnn", "@~:1" },
		{ "50%", "yynnn", "2:" },
		{ "100%:", "yyyyn", "4:" },
		{ "25%:75%", "ynnny", "1:3" },
		{ "1.5", "yynnn", "1.5:" },
		{ "0", "nnnnn", "0:" },
		{ "~:", "nnnnn", "~:" },
		{ "@0:50%", NULL, NULL },
		{ "@0%:50%", "yyynn", "@0:2" },
		{ "", NULL, NULL },
		{ "x", NULL, NULL },
		{ "2:x", NULL, NULL },
		{ "3:2", NULL, NULL },
		{ "@2", NULL, NULL },
		{ "~", NULL, NULL },
		{ "2:3:4", NULL, NULL },
		{ "1.2.3", NULL, NULL },
		{ "-1", NULL, NULL },
		{ "2%%", NULL, NULL },
		{ "12345678901234567890", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct health_range r = { 0 };
		char alerts[8] = "", *text = NULL;
		size_t size;
		FILE *f;

		if (cases[i].alerts == NULL) {
			assert_int_equal(health_range_parse(cases[i].text, &r), -EINVAL);
			assert_false(r.given);
			continue;
		}
		assert_int_equal(health_range_parse(cases[i].text, &r), 0);
		for (int n = 0; n <= 4; n++)
			alerts[n] = health_range_alerts(&r, n, 4) ? 'y' : 'n';
		assert_string_equal(alerts, cases[i].alerts);
		f = open_memstream(&text, &size);
		health_range_put(f, &r, 4);
		fclose(f);
		assert_string_equal(text, cases[i].performance);
		free(text);
	}
	assert_false(health_range_alerts(&(struct health_range){ 0 }, 0, 4));
}

static void test_expectations(void **state)
{
	static const char *const bad[] = {
		"", "x", "=2", "a=", "a=x", "a=-1", "a=999999"
	};
	uint64_t n = 0;
	size_t length = 1;

	(void)state;
	assert_int_equal(health_expect_parse("3", &length, &n), 0);
	assert_int_equal(length, 0);
	assert_int_equal(n, 3);
	assert_int_equal(health_expect_parse("a=b=4", &length, &n), 0);
	assert_int_equal(length, 3);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(health_expect_parse(bad[i], &length, &n), -EINVAL);
}

/* --- with limits --- */

#define FULL                                                                         \
	"{\"name\":\"a\",\"wwid\":\"3600\",\"dm\":\"dm-3\",\"redundancy\":\"full\"," \
	"\"paths_up\":4,\"paths_total\":4,\"paths_expected\":4}"
#define TWO                                                                             \
	"{\"name\":\"b\",\"redundancy\":\"degraded\",\"paths_up\":2,\"paths_total\":4," \
	"\"paths_expected\":4}"
#define FEWER                                                                       \
	"{\"name\":\"c\",\"redundancy\":\"full\",\"paths_up\":2,\"paths_total\":2," \
	"\"paths_expected\":4,\"paths_unchecked\":1}"
#define NONE "{\"name\":\"d\",\"redundancy\":\"none\",\"paths_up\":0,\"paths_total\":2}"
#define DISABLED                                                                    \
	"{\"name\":\"e\",\"redundancy\":\"full\",\"paths_up\":2,\"paths_total\":4," \
	"\"paths_disabled\":2,\"paths_expected\":4}"
#define STRANGE          \
	"{\"name\":\"a " \
	"b'c=d|e\\u0001\",\"redundancy\":\"full\",\"paths_up\":2,\"paths_total\":2}"

static void assert_health(const char *maps, const char *line, int code, const char *says)
{
	char reply[1024];
	const struct fake_answer answers[] = { { "Maps", FAKE_WELL, reply, 0 }, { 0 } };
	struct fake *f;

	snprintf(reply, sizeof(reply), "{\"parameters\":{\"maps\":[%s]}}", maps);
	f = fake_start(answers);
	assert_outcome(f, line, code, says, "");
	fake_stop(f);
}

static void test_limits(void **state)
{
	(void)state;
	/* -w replaces the rule that a map without all paths is a warning. */
	assert_health(TWO, "health", 1,
	              "WARNING: b has 2 of 4 paths up; of 1 map, 0 "
	              "without a path, 1 degraded | ");
	assert_health(FULL "," TWO, "health -w 2", 0, "OK: 2 maps, 6 of 8 paths up | ");
	assert_health(TWO, "health -w 3", 1, "WARNING: b has");
	assert_health(TWO, "health --warning 75%", 1, "WARNING: b has");
	assert_health(FEWER, "health -w 2", 0,
	              "OK: 1 map, all redundant, 1 unchecked | ");
	assert_health(FEWER, "health -w 75%", 1,
	              "WARNING: c has 2 of 2 paths up, 1 unchecked, 4 expected");
	assert_health(FULL, "health -w 1:3", 1, "WARNING: a has 4 of 4 paths up");
	/* -c adds to the rule that a map without a path is critical. */
	assert_health(FULL "," TWO, "health -c 3", 2,
	              "CRITICAL: b has 2 of 4 paths up; of 2 maps, 0 without a path, 1 "
	              "critical, 0 degraded | ");
	assert_health(TWO "," NONE, "health -w 1 -c 0", 2, "CRITICAL: d has 0 of 2");
	assert_health(TWO, "health --critical=2", 1, "WARNING: b");
	/* Disabled paths are named, and no part of what 100 % are. */
	assert_health(DISABLED, "health", 0, "OK: 1 map, all redundant, 2 disabled | ");
	assert_health(DISABLED, "health -w 100%", 0, "OK: 1 map, all redundant, 2 dis");
}

static void test_expected(void **state)
{
	(void)state;
	assert_health(FULL, "health --expect a=4 --expect 1", 0, "OK: 1 map, all");
	assert_health(FULL, "health --expect 3600=4 --expect dm-3=4", 0,
	              "OK: 1 map, all");
	assert_health(FULL, "health --expect a=8", 1,
	              "WARNING: a has 4 of 4 paths up, 8 expected; of 1 map");
	assert_health(FULL, "health --expect a=2", 1,
	              "WARNING: a has 4 of 4 paths up, 2 exp");
	assert_health(FEWER, "health --expect c=2", 0, "OK: 1 map");
	assert_health(FULL, "health --expect a=8 -w 75%", 1, "WARNING: a has");
	assert_health(FULL, "health --expect a=8 -c 75%", 2, "CRITICAL: a has");
	assert_health(FULL, "health --expect z=4", 2,
	              "CRITICAL: map z does not exist, and is expected | maps=1;");
	assert_health(NONE, "health --expect z=4", 2,
	              "CRITICAL: d has 0 of 2 paths up; of 1 map, 1 without a path, 0 "
	              "degraded; map z does not exist, and is expected | ");
	assert_health(FULL, "health --expect z=0", 0, "OK: 1 map");
	assert_health(FULL, "health --expect 2", 2, "CRITICAL: 1 map, 2 expected | ");
	assert_health(FULL "," TWO, "health --expect 1 -w 1", 1,
	              "WARNING: 2 maps, 1 expected | ");
	assert_health("", "health --expect 0", 0, "OK: 0 maps | maps=0;");
	assert_health("", "health", 3, "UNKNOWN: checkerd knows no map | maps=0;");
}

static void test_performance(void **state)
{
	(void)state;
	assert_health(FULL "," TWO, "health -w 75%:100% -c 1", 1,
	              " | maps=2;;;0 maps_lost=0;;;0;2 maps_degraded=1;;;0;2 paths=8;;;0 "
	              "paths_up=6;;;0;8 paths_disabled=0;;;0;8 paths_overdue=0;;;0;8 "
	              "paths_up_a=4;3:4;1:;0;4 paths_up_b=2;3:4;1:;0;4\n");
	assert_health(FULL, "health", 0, " paths_up_a=4;;;0;4\n");
	/* Nothing in a name begins performance data, or ends a label. */
	assert_health(STRANGE "," NONE, "health", 2,
	              " 'paths_up_a b''c_d_e\\x01'=2;;;0;2 ");
	assert_health(
	        FULL "," TWO, "health --json -c 3", 2,
	        "\"message\":\"CRITICAL: b has 2 of 4 paths up; of 2 maps, 0 without "
	        "a path, 1 critical, 0 degraded\",\"maps_total\":2,\"maps_degraded\":0,"
	        "\"maps_critical\":1,\"maps_lost\":0,\"maps_overdue\":0,\"paths_total\":"
	        "8,"
	        "\"paths_up\":6,");
}

/* A person reads the line without them. */
static void test_terminal(void **state)
{
	static const struct fake_answer answers[] = {
		{ "Maps", FAKE_WELL, "{\"parameters\":{\"maps\":[" FULL "]}}", 0 },
		{ 0 },
	};
	struct fake *f = fake_start(answers);
	struct outcome o = run_line(f, RUN_TERMINAL, "health -c 1");

	(void)state;
	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, "OK: 1 map, all redundant\r\n");
	outcome_free(&o);
	fake_stop(f);
}

/* Exit status 2 would say that a map is lost. */
static void test_wrong_usage(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "health -w x", "UNKNOWN: --warning takes a range of usable paths" },
		{ "health -c 3:2", "UNKNOWN: --critical takes" },
		{ "health --expect a=b", "UNKNOWN: --expect takes MAP=N" },
		{ "health --nothing", "UNKNOWN: there is no option '--nothing'" },
		{ "health -w", "UNKNOWN: --warning needs RANGE" },
		{ "health sda", "UNKNOWN: 'health' takes no operands" },
		{ "health --raw", "UNKNOWN: 'health' does not take --raw" },
	};
	struct fake *f = fake_start((const struct fake_answer[]){ { 0 } });

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_outcome(f, cases[i].line, 3, cases[i].says, "checkerctl: ");
	assert_outcome(f, "reload -w 2", 2, "", "'reload' does not take --warning");
	fake_stop(f);
}

#define TEST(function) cmocka_unit_test_setup(function, ctl_arm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_health),      TEST(test_ranges),   TEST(test_expectations),
		TEST(test_limits),      TEST(test_expected), TEST(test_performance),
		TEST(test_wrong_usage), TEST(test_terminal),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("ctl-health", tests, NULL, NULL);
}
