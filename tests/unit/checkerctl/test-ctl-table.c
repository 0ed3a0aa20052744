/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values of -o, and the text of each kind of column. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/columns.h"
#include "checkerctl/exit.h"

#define NOW 1795232304.0 /* 2026-11-21T03:38:24Z */

static const char path_text[] =
        "{\"name\":\"sda\",\"device\":\"/dev/"
        "sda\",\"devt\":\"8:0\",\"alias\":null,\"map\":\"m1\","
        "\"wwid\":\"3600\",\"hcil\":\"0:0:0:1\",\"vendor\":\"V\",\"product\":\"P\","
        "\"revision\":\"R\",\"serial\":\"\",\"protocol\":\"scsi:fcp\",\"host\":\"host0\","
        "\"target\":\"target0:0:0\",\"state\":\"down\",\"state_since\":\"2026-11-21T03:"
        "33:24Z\","
        "\"reason\":\"read: "
        "EIO\",\"errno\":5,\"dm_state\":\"failed\",\"sysfs_state\":\"running\","
        "\"checker\":\"directio\",\"engine\":\"aio\",\"group\":0,\"enabled\":true,"
        "\"marginal\":false,\"interval_s\":5.0,\"timeout_s\":30.5,"
        "\"last_check\":\"2026-11-21T03:38:21.5Z\",\"next_check_in_s\":2.5,\"in_flight_"
        "s\":null,"
        "\"checks_total\":12345678901,\"failures_total\":3,\"timeouts_total\":0,"
        "\"transitions_total\":1,\"latency_us\":{\"last\":850,\"p50\":1200,\"p99\":null,"
        "\"max\":30000000}}";

static const struct column *column(const struct table_def *def, const char *name)
{
	for (size_t i = 0; i < def->n; i++)
		if (strcmp(def->columns[i].name, name) == 0)
			return &def->columns[i];
	fail_msg("no column %s", name);
	return NULL;
}

static void assert_cell(json_object *row, const char *name, const char *expected)
{
	char *text = column_text(column(&table_paths, name), row, NOW);

	assert_string_equal(text, expected);
	free(text);
}

static void test_cells(void **state)
{
	json_object *row = json_tokener_parse(path_text);

	(void)state;
	assert_non_null(row);
	assert_cell(row, "NAME", "sda");
	assert_cell(row, "ALIAS", "-");
	assert_cell(row, "SERIAL", "-"); /* empty */
	assert_cell(row, "STATE", "down");
	assert_cell(row, "FOR", "5m");
	assert_cell(row, "STATE_SINCE", "2026-11-21T03:33:24Z");
	assert_cell(row, "LAST", "2.5s");
	assert_cell(row, "NEXT", "2.5s");
	assert_cell(row, "ENABLED", "yes");
	assert_cell(row, "MARGINAL", "no");
	assert_cell(row, "INTERVAL_S", "5");
	assert_cell(row, "TIMEOUT_S", "30.5");
	assert_cell(row, "IN_FLIGHT", "-");
	assert_cell(row, "CHECKS_TOTAL", "12345678901");
	assert_cell(row, "GROUP", "0");
	assert_cell(row, "LATENCY", "850us");
	assert_cell(row, "P50", "1.2ms");
	assert_cell(row, "P99", "-");
	assert_cell(row, "MAX", "30s");
	assert_cell(row, "LATENCY_US", "850/1200/-/30000000");
	json_object_put(row);
}

static void test_next(void **state)
{
	json_object *row = json_tokener_parse(path_text);

	(void)state;
	json_object_object_add(row, "in_flight_s", json_object_new_double(12.25));
	assert_cell(row, "NEXT", "now");
	assert_cell(row, "IN_FLIGHT", "12s");
	json_object_object_add(row, "enabled", json_object_new_boolean(false));
	assert_cell(row, "NEXT", "disabled");
	json_object_put(row);
	row = json_tokener_parse("{\"next_check_in_s\":null}");
	assert_cell(row, "NEXT", "-");
	json_object_put(row);
}

/* A reply of another version, with missing keys or other types, must not end the command. */
static void test_strange_rows(void **state)
{
	static const char *const rows[] = {
		"{}",
		("{\"name\":[],\"state\":{},\"state_since\":5,\"latency_us\":7,"
		 "\"enabled\":\"x\","
		 "\"next_check_in_s\":\"soon\",\"in_flight_s\":{},\"last_check\":"
		 "\"never\"}"),
		"{\"latency_us\":{\"last\":{}},\"name\":{\"a\":{\"b\":null}},\"map\":["
		"null,[]]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_object *row = json_tokener_parse(rows[i]);

		assert_non_null(row);
		for (size_t c = 0; c < table_paths.n; c++) {
			char *text = column_text(&table_paths.columns[c], row, NOW);

			assert_true(*text);
			free(text);
		}
		json_object_put(row);
	}
}

static void test_every_key_is_a_column(void **state)
{
	json_object *row = json_tokener_parse(path_text);

	(void)state;
	json_object_object_foreach(row, key, value)
	{
		char name[64];
		size_t i;

		(void)value;
		for (i = 0; key[i]; i++)
			name[i] = (char)toupper((unsigned char)key[i]);
		name[i] = '\0';
		assert_string_equal(column(&table_paths, name)->key, key);
	}
	json_object_put(row);
}

static void test_choose(void **state)
{
	const struct table_def *t = &table_paths;
	char many[1024] = "NAME";

	(void)state;
	assert_int_equal(table_check_columns(t, NULL), 0);
	assert_int_equal(table_check_columns(t, "NAME"), 0);
	assert_int_equal(table_check_columns(t, "name,State,P99"), 0);
	assert_int_equal(table_check_columns(t, "+SERIAL"), 0);
	assert_int_equal(table_check_columns(t, "+SERIAL,+HCIL"), 0);
	assert_int_equal(table_check_columns(t, ""), EXIT_USAGE);
	assert_int_equal(table_check_columns(t, "+"), EXIT_USAGE);
	assert_int_equal(table_check_columns(t, "NAME,"), EXIT_USAGE);
	assert_int_equal(table_check_columns(t, "NAM"), EXIT_USAGE);
	assert_int_equal(table_check_columns(t, "NAMES"), EXIT_USAGE);
	assert_int_equal(table_check_columns(t, "NAME;STATE"), EXIT_USAGE);
	assert_int_equal(table_check_columns(&table_maps, "STATE"), EXIT_USAGE);
	for (int i = 1; i < TABLE_COLUMNS_MAX; i++)
		strcat(many, ",MAP");
	assert_int_equal(table_check_columns(t, many), 0);
	strcat(many, ",MAP");
	assert_int_equal(table_check_columns(t, many), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_strange_rows),
		cmocka_unit_test(test_every_key_is_a_column),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests_name("ctl-table", tests, NULL, NULL);
}
