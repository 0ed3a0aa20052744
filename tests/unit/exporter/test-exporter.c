/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exporter's pure parts: the classic format, what a client accepts, addresses, the picture, the
 * metrics of io.systemd.Metrics. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/classic.h"
#include "exporter/http.h"
#include "exporter/listening.h"
#include "exporter/picture.h"
#include "exporter/report.h"

static void test_classic(void **state)
{
	static const char openmetrics[] = "# TYPE checkerd_a gauge\n"
	                                  "# UNIT checkerd_a seconds\n"
	                                  "# HELP checkerd_a A counter of gauges.\n"
	                                  "checkerd_a{path=\"x{_gcount y\"} 1\n"
	                                  "# TYPE checkerd_b counter\n"
	                                  "# HELP checkerd_b B.\n"
	                                  "checkerd_b_total 2\n"
	                                  "# TYPE checkerd_c gaugehistogram\n"
	                                  "# HELP checkerd_c C.\n"
	                                  "checkerd_c_bucket{le=\"+Inf\"} 3\n"
	                                  "checkerd_c_gcount 3\n"
	                                  "checkerd_c_gsum 4\n"
	                                  "# TYPE checkerd_d_gcount gauge\n"
	                                  "checkerd_d_gcount 5\n"
	                                  "# EOF\n";
	static const char classic[] = "# TYPE checkerd_a gauge\n"
	                              "# HELP checkerd_a A counter of gauges.\n"
	                              "checkerd_a{path=\"x{_gcount y\"} 1\n"
	                              "# TYPE checkerd_b_total counter\n"
	                              "# HELP checkerd_b_total B.\n"
	                              "checkerd_b_total 2\n"
	                              "# TYPE checkerd_c histogram\n"
	                              "# HELP checkerd_c C.\n"
	                              "checkerd_c_bucket{le=\"+Inf\"} 3\n"
	                              "checkerd_c_count 3\n"
	                              "checkerd_c_sum 4\n"
	                              "# TYPE checkerd_d_gcount gauge\n"
	                              "checkerd_d_gcount 5\n";
	size_t size;
	char *text;

	(void)state;
	assert_int_equal(classic_make(openmetrics, &text, &size), 0);
	assert_string_equal(text, classic);
	assert_int_equal(size, strlen(classic));
	free(text);
	assert_int_equal(classic_make("", &text, &size), 0);
	assert_int_equal(size, 0);
	free(text);
}

static void test_accept(void **state)
{
	(void)state;
	/* What Prometheus 2 sends. */
	assert_true(http_wants_openmetrics(
	        "application/openmetrics-text;version=1.0.0,application/"
	        "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5"));
	assert_true(http_wants_openmetrics("text/plain, Application/OpenMetrics-Text"));
	assert_false(http_wants_openmetrics(NULL));
	assert_false(http_wants_openmetrics(""));
	assert_false(http_wants_openmetrics("*/*"));
	assert_false(http_wants_openmetrics("text/plain;version=0.0.4"));
	assert_false(http_wants_openmetrics("application/openmetrics-text;q=0"));
	assert_true(http_wants_openmetrics("application/openmetrics-text, x/y;q=0"));
}

static void test_listening(void **state)
{
	static const char *const wrong[] = {
		"",
		"9877",
		"localhost",
		"127.0.0.1:",
		"::1:9877",
		"127.0.0.1:no",
		"127.0.0.1:99999",
		"[::1:9877",
		"no.such.host.invalid:9877",
	};
	char error[LISTENING_ERROR_BYTES];
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		strcpy(error, "");
		assert_int_equal(listening_open(wrong[i], error), -EINVAL);
		assert_non_null(strstr(error, wrong[i]));
	}
	fd = listening_open("127.0.0.1:0", error); /* any free port */
	assert_in_range(fd, 0, 1023);
	close(fd);
	/* An address of documents, which no host has: RFC 5737. */
	assert_int_equal(listening_open("192.0.2.1:9877", error), -EADDRNOTAVAIL);
	assert_non_null(strstr(error, "192.0.2.1:9877: "));
}

/* Parses a constant. */
static json_object *json(const char *text)
{
	json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	return o;
}

static void test_picture(void **state)
{
	json_object *paths =
	        json("{\"paths\":[{\"name\":\"sda\",\"state\":\"up\",\"alias\":"
	             "\"x\",\"reason\":null,\"map\":\"m\"}]}");
	json_object *maps = json("{\"maps\":[{\"name\":\"m\",\"redundancy\":\"last\","
	                         "\"groups\":[],\"paths\":[\"sda\"]}]}");
	json_object *status = json("{\"version\":\"1\",\"pid\":7,\"ready\":true}");
	json_object *picture = picture_make(paths, maps, status), *part;

	(void)state;
	assert_true(json_object_object_get_ex(picture, "paths", &part));
	assert_string_equal(json_object_to_json_string_ext(part, JSON_C_TO_STRING_PLAIN),
	                    "{\"sda\":{\"state\":\"up\",\"map\":\"m\"}}");
	assert_true(json_object_object_get_ex(picture, "maps", &part));
	assert_string_equal(
	        json_object_to_json_string_ext(part, JSON_C_TO_STRING_PLAIN),
	        "[{\"name\":\"m\",\"redundancy\":\"last\",\"paths\":[\"sda\"]}]");
	assert_true(json_object_object_get_ex(picture, "status", &part));
	assert_string_equal(json_object_to_json_string_ext(part, JSON_C_TO_STRING_PLAIN),
	                    "{\"version\":\"1\",\"ready\":true}");
	json_object_put(picture);
	/* A daemon of another version: what is missing is left out. */
	picture = picture_make(status, status, status);
	assert_true(json_object_object_get_ex(picture, "paths", &part));
	assert_int_equal(json_object_object_length(part), 0);
	json_object_put(picture);
	json_object_put(paths);
	json_object_put(maps);
	json_object_put(status);
}

static const char openmetrics_report[] =
        "# TYPE checkerd_path_up gauge\n"
        "# HELP checkerd_path_up Usable\\\\: \\\"up\\\".\n"
        "checkerd_path_up{path=\"a \\\"b\\\\n\",map=\"m,}\"} 1\n"
        "checkerd_path_up{path=\"c\"} 0\n"
        "# TYPE checkerd_path_state gauge\n"
        "# HELP checkerd_path_state 1 for the state.\n"
        "checkerd_path_state{path=\"c\",map=\"m\",state=\"down\"} 1\n"
        "# TYPE checkerd_map_paths gauge\n"
        "# HELP checkerd_map_paths Paths.\n"
        "checkerd_map_paths{map=\"m\",state=\"up\"} 2\n"
        "# TYPE checkerd_d_seconds histogram\n"
        "# UNIT checkerd_d_seconds seconds\n"
        "# HELP checkerd_d_seconds Not there.\n"
        "checkerd_d_seconds_bucket{le=\"+Inf\"} 7\n"
        "checkerd_d_seconds_count 7\n"
        "# TYPE checkerd_events_lost counter\n"
        "# HELP checkerd_events_lost Lost.\n"
        "checkerd_events_lost_total 18\n"
        "# TYPE checkerd_lag_seconds gauge\n"
        "# HELP checkerd_lag_seconds Lag.\n"
        "checkerd_lag_seconds 0.000250\n"
        "checkerd_lag_seconds NaN\n"
        "# EOF\n";

static void test_report(void **state)
{
	json_object *list = report_list(openmetrics_report);
	json_object *families = report_describe(openmetrics_report);
	json_object *wanted_list = json(
	        "["
	        "{'name':'io.checkerd.Metrics.path_up','value':1,'object':'a \"b\\\\n',"
	        "'fields':{'map':'m,}'}},"
	        "{'name':'io.checkerd.Metrics.path_up','value':0,'object':'c'},"
	        "{'name':'io.checkerd.Metrics.path_state','value':'down','object':'c',"
	        "'fields':{'map':'m'}},"
	        "{'name':'io.checkerd.Metrics.map_paths','value':2,'object':'m',"
	        "'fields':{'state':'up'}},"
	        "{'name':'io.checkerd.Metrics.events_lost','value':18},"
	        "{'name':'io.checkerd.Metrics.lag_seconds','value':0.00025}]");
	json_object *wanted_families =
	        json("["
	             "{'name':'io.checkerd.Metrics.path_up','description':'Usable\\\\: "
	             "\"up\".',"
	             "'type':'gauge'},"
	             "{'name':'io.checkerd.Metrics.path_state',"
	             "'description':'The state that the path is in.','type':'string'},"
	             "{'name':'io.checkerd.Metrics.map_paths','description':'Paths.',"
	             "'type':'gauge'},"
	             "{'name':'io.checkerd.Metrics.events_lost','description':'Lost.',"
	             "'type':'counter'},"
	             "{'name':'io.checkerd.Metrics.lag_seconds','description':'Lag.',"
	             "'type':'gauge'}]");

	(void)state;
	if (!json_object_equal(list, wanted_list))
		fail_msg("%s", json_object_to_json_string(list));
	if (!json_object_equal(families, wanted_families))
		fail_msg("%s", json_object_to_json_string(families));
	json_object_put(list);
	json_object_put(families);
	json_object_put(wanted_list);
	json_object_put(wanted_families);
	/* Text that is cut off anywhere is no reason to read beyond it. */
	for (size_t size = 0; size < sizeof(openmetrics_report); size++) {
		char *text = strndup(openmetrics_report, size);

		json_object_put(report_list(text));
		json_object_put(report_describe(text));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classic),   cmocka_unit_test(test_accept),
		cmocka_unit_test(test_listening), cmocka_unit_test(test_picture),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
