/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the live view, without a terminal. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/exit.h"
#include "checkerctl/top.h"

#define NOW 1795232304.0 /* 2026-11-21T03:38:24Z */

static const char status[] =
        "{\"version\":\"1.2\",\"paths\":{\"total\":4,\"up\":2,\"down\":1,\"ghost\":0,"
        "\"shaky\":1},\"maps\":{\"total\":1,\"full\":1},\"lag_s\":{\"last\":0.002},"
        "\"oldest_in_flight_s\":12,\"memory\":{\"locked_bytes\":1048576},"
        "\"dm_control\":\"on\"}";
static const char paths[] =
        "{\"paths\":["
        "{\"name\":\"sda\",\"map\":\"m\",\"state\":\"up\",\"state_since\":"
        "\"2026-11-21T03:33:24Z\",\"latency_us\":{\"p50\":100,\"p99\":900}},"
        "{\"name\":\"sdb\",\"map\":\"m\",\"state\":\"shaky\",\"state_since\":"
        "\"2026-11-21T03:38:14Z\",\"latency_us\":{\"p50\":300,\"p99\":500},"
        "\"reason\":\"read: EIO\"},"
        "{\"name\":\"sdaa\",\"map\":null,\"state\":\"down\",\"state_since\":"
        "\"2026-11-21T03:37:24Z\",\"latency_us\":{\"p50\":null},"
        "\"reason\":\"no \\u001b[2J answer\",\"failures_total\":7,\"in_flight_s\":3},"
        "{\"name\":\"sdc\",\"map\":\"n\",\"state\":\"up\",\"alias\":\"Left\","
        "\"state_since\":\"2026-11-21T03:38:04Z\"},5]}";

static struct top top;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(top_init(&top, NULL, TOP_PATHS), 0);
	top_update(&top, json_tokener_parse(status), json_tokener_parse(paths), NOW);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	top_deinit(&top);
	return 0;
}

static void assert_line(size_t n, int width, const char *expected)
{
	char *line = top_line(&top, n, width);

	assert_string_equal(line, expected);
	free(line);
}

/* Compares the names from the first line with a path on. */
static void assert_names(const char *expected)
{
	char names[256] = "";

	for (size_t i = 0; i < 6; i++) {
		char *line = top_line(&top, TOP_HEAD_LINES + i, 80);

		if (*line)
			snprintf(names + strlen(names), sizeof(names) - strlen(names),
			         "%.*s ", (int)strcspn(line, " "), line);
		free(line);
	}
	assert_string_equal(names, expected);
}

static void test_lines(void **state)
{
	(void)state;
	assert_line(0, 80,
	            "checkerd 1.2  paths 4: 2 up, 1 down, 1 shaky  maps 1: 1 full");
	assert_line(1, 80,
	            "lag 2ms  oldest check in flight for 12s  locked memory 1.0 MiB  "
	            "dm_control on");
	assert_line(2, 80, "NAME  MAP  STATEv  FOR  IN_FLIGHT   P50   P99  FAILS REASON");
	assert_line(3, 80,
	            "sdaa  -    down     1m         3s     -     -      7 no \\x1b[2J "
	            "answer");
	assert_line(4, 80,
	            "sdb   m    shaky   10s          - 300us 500us      - read: EIO");
	assert_line(7, 80, "");
	assert_line(4, 20, "sdb   m    shaky  10");
	assert_line(4, 9, "sdb   m");
	assert_line(4, 1, "s");
	assert_line(0, 0, "");
	assert_string_equal(top_line_state(&top, 2), "");
	assert_string_equal(top_line_state(&top, 3), "down");
	assert_string_equal(top_line_state(&top, 7), "");
}

static void test_order(void **state)
{
	(void)state;
	assert_names("sdaa sdb sda sdc ");
	top.reverse = true;
	top_arrange(&top);
	assert_names("sda sdc sdb sdaa ");
	top.reverse = false;
	top_sort_next(&top, 1); /* FOR: the latest first */
	assert_names("sdb sdc sdaa sda ");
	top_sort_next(&top, 2); /* P50 */
	assert_names("sdb sda sdaa sdc ");
	top_sort_next(&top, 1); /* P99 */
	assert_names("sda sdb sdaa sdc ");
	for (int i = 0; i < 6; i++)
		top_sort_next(&top, -1);
	assert_int_equal(top.sort, 0); /* NAME */
	assert_names("sda sdaa sdb sdc ");
	top_sort_next(&top, -1); /* round to REASON */
	assert_int_equal(top.sort, top.n_columns - 1);
	top_sort_next(&top, 1);
	assert_int_equal(top.sort, 0);
}

static void filter(const char *text, const char *names)
{
	strcpy(top.filter, text);
	top_arrange(&top);
	assert_names(names);
}

static void test_filter(void **state)
{
	(void)state;
	filter("sda", "sdaa sda ");
	filter("LEFT", "sdc ");
	filter("eio", "sdb ");
	filter("up", "sda sdc ");
	filter("nothing", "");
	assert_line(1, 200,
	            "lag 2ms  oldest check in flight for 12s  locked memory 1.0 MiB  "
	            "dm_control on  /nothing: 0 of 5");
	filter("", "sdaa sdb sda sdc ");
}

static void test_scroll(void **state)
{
	const size_t lines = TOP_HEAD_LINES + 2; /* two paths at a time */

	(void)state;
	top_scroll(&top, 1, lines);
	assert_names("sdb sda sdc ");
	top_scroll(&top, LONG_MAX, lines);
	assert_int_equal(top.first, 2);
	top_scroll(&top, -1, lines);
	assert_int_equal(top.first, 1);
	top_scroll(&top, LONG_MIN, lines);
	assert_int_equal(top.first, 0);
	top_scroll(&top, 1, 100); /* all paths fit */
	assert_int_equal(top.first, 0);
	top_scroll(&top, 100, 0); /* no path fits */
	assert_int_equal(top.first, 3);
	filter("sdaa", "");
	top_scroll(&top, 0, lines); /* there are fewer paths than before */
	assert_names("sdaa ");
}

/* One row for the paths of a map: the worst state, sums, and the largest latency. */
static void test_by_map(void **state)
{
	(void)state;
	top_view(&top, TOP_MAPS);
	assert_line(2, 80,
	            "MAP  STATEv  PATHS  UP  DOWN  OTHER  IN_FLIGHT   P50   P99  FAILS "
	            "REASON");
	assert_line(
	        3, 80,
	        "-    down        1   0     1      0         3s     -     -      7 no "
	        "\\x1b[2J ans");
	assert_line(
	        4, 80,
	        "m    shaky       2   1     0      1          - 300us 900us      0 read: "
	        "EIO");
	assert_line(
	        5, 80,
	        "n    up          1   1     0      0          -     -     -      0 -");
	assert_line(6, 80, "");
	assert_string_equal(top_line_state(&top, 4), "shaky");
	filter("LEFT", "n "); /* one of its paths passes, and all are counted */
	filter("m", "m ");
	assert_line(1, 200,
	            "lag 2ms  oldest check in flight for 12s  locked memory 1.0 MiB  "
	            "dm_control on  /m: 1 of 3");
	filter("", "- m n ");
	top_sort_next(&top, 1); /* PATHS: the largest number first */
	assert_names("m - n ");
	top_view(&top, TOP_HOSTS);
	assert_names("- "); /* sorted by state again */
	top_view(&top, TOP_PATHS);
	assert_names("sdaa sdb sda sdc ");
}

static void test_columns(void **state)
{
	struct top t;

	(void)state;
	assert_int_equal(top_init(&t, "NOSUCH", TOP_PATHS), EXIT_USAGE);
	assert_int_equal(top_init(&t, "NOSUCH", TOP_MAPS), EXIT_USAGE);
	assert_int_equal(top_init(&t, "SERIAL", TOP_MAPS), 0);
	assert_int_equal(t.n_columns, table_top_groups.n);
	top_deinit(&t);
	assert_int_equal(top_init(&t, "SERIAL,NAME", TOP_PATHS), 0);
	assert_int_equal(t.n_columns, 2);
	assert_int_equal(t.sort, 0);
	top_deinit(&t);
}

/* A reply with other types must not end the command. */
static void test_strange(void **state)
{
	static const char *const replies[] = { "{}", "{\"paths\":{}}",
		                               ("{\"paths\":[null,{},{\"name\":{}},"
		                                "{\"state\":7,\"latency_us\":[]}]}") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		top_update(&top, json_tokener_parse("{\"paths\":5,\"maps\":[]}"),
		           json_tokener_parse(replies[i]), NOW);
		for (size_t n = 0; n < 8; n++)
			free(top_line(&top, n, 80));
		top_view(&top, i % 2 ? TOP_MAPS : TOP_HOSTS);
		for (size_t n = 0; n < 8; n++)
			free(top_line(&top, n, 80));
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lines),  TEST(test_order),   TEST(test_filter),
		TEST(test_scroll), TEST(test_columns), TEST(test_strange),
		TEST(test_by_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
