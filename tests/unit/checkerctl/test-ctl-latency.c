/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the path of a map that is slower than the others. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/latency.h"

#define PATHS_MAX 8

/* p50 of -1: unknown. Times of 0: not slower. */
static void assert_slower(const char *map, const double *p50, const double *times,
                          size_t n)
{
	json_object *paths = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		json_object *path = json_object_new_object();
		json_object *latency = json_object_new_object();

		json_object_object_add(path, "map",
		                       map ? json_object_new_string(map) : NULL);
		json_object_object_add(latency, "p50",
		                       p50[i] < 0 ? NULL
		                                  : json_object_new_int((int)p50[i]));
		json_object_object_add(path, "latency_us", latency);
		json_object_array_add(paths, path);
		/* paths of other maps, which are not compared */
		json_object_array_add(
		        paths, json_tokener_parse("{\"map\":\"other\",\"latency_us\":{"
		                                  "\"p50\":1000000}}"));
	}
	latency_compare(paths);
	for (size_t i = 0; i < n; i++) {
		json_object *slower = NULL;

		assert_true(json_object_object_get_ex(
		        json_object_array_get_idx(paths, 2 * i), "slower", &slower));
		if (times[i] == 0)
			assert_null(slower);
		else
			assert_true(json_object_get_double(slower) == times[i]);
		assert_true(json_object_object_get_ex(
		        json_object_array_get_idx(paths, 2 * i + 1), "slower", &slower));
		assert_null(slower);
	}
	json_object_put(paths);
}

static void test_slower(void **state)
{
	static const struct {
		size_t n;
		double p50[PATHS_MAX], times[PATHS_MAX];
	} cases[] = {
		{ 1, { 5000 }, { 0 } },
		{ 2, { 1000, 1000 }, { 0, 0 } },
		{ 2, { 1000, 1999 }, { 0, 0 } },
		{ 2, { 1000, 2000 }, { 0, 2 } },
		{ 2, { 8000, 1000 }, { 8, 0 } },
		{ 2, { 20, 119 }, { 0, 0 } }, /* below SLOWER_US */
		{ 2, { 20, 120 }, { 0, 6 } },
		{ 2, { 0, 5000 }, { 0, 0 } },
		{ 2, { -1, 5000 }, { 0, 0 } },
		{ 4, { 1000, 8800, 1200, 1100 }, { 0, 8, 0, 0 } },
		{ 4, { 1000, 9000, -1, 1100 }, { 0, 9, 0, 0 } },
		{ 4, { 1000, 9000, 9000, 1000 }, { 0, 9, 9, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const double none[PATHS_MAX];

		assert_slower("m", cases[i].p50, cases[i].times, cases[i].n);
		assert_slower(NULL, cases[i].p50, none, cases[i].n);
	}
}

/* An element that is no path is ignored. */
static void test_strange(void **state)
{
	json_object *paths = json_tokener_parse(
	        "[null,[],5,{},{\"map\":\"m\"},{\"map\":\"m\",\"latency_us\":{\"p50\":"
	        "\"x\"}},{\"map\":{},\"latency_us\":[]}]");

	(void)state;
	latency_compare(paths);
	json_object_put(paths);
}

static void assert_bar(const char *counts, const char *expected)
{
	json_object *row = json_object_new_object();
	const struct column *c = NULL;
	char *text;

	json_object_object_add(row, "latency_counts", json_tokener_parse(counts));
	for (size_t i = 0; i < table_latency.n; i++)
		if (strcmp(table_latency.columns[i].name, "HISTOGRAM") == 0)
			c = &table_latency.columns[i];
	assert_non_null(c);
	text = column_text(c, row, 0);
	assert_string_equal(text, expected);
	free(text);
	json_object_put(row);
}

/* In the C locale, the default of a program that sets none. */
static void test_bar(void **state)
{
	(void)state;
	assert_bar("null", "-");
	assert_bar("[]", "-");
	assert_bar("{}", "-");
	assert_bar("[0,0,0]", "...");
	assert_bar("[1,0,1]", "#.#");
	assert_bar("[1,1000,500,501,125,0]", "_#=+_.");
	assert_bar("[0,1,2,3,4,5,6,7,8]", "._-~=+*%#");
	assert_bar("[-5,9223372036854775807,4294967295,\"x\"]", ".##.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slower),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
