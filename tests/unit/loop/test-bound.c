/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json.h>

#include "checkerd/config/load.h"
#include "checkerd/loop/bound.h"

static struct bound bound_of(const char *text)
{
	struct config *c = NULL;
	struct bound b;

	assert_int_equal(load_text("test", text, strlen(text), &c), 0);
	assert_int_equal(bound_compute(c, &b), 0);
	config_free(c);
	return b;
}

static void the_sum_is_that_of_its_terms(void **state)
{
	struct bound b = bound_of("");
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < b.n_terms; i++)
		sum += b.terms[i].bytes;
	assert_true(b.bytes == sum);
	assert_true(b.threads > 16);
	assert_true(b.descriptors > 16384);
	assert_int_equal(b.in_flight, 16384);
}

static void every_limit_counts(void **state)
{
	struct bound b = bound_of("defaults {\n\tmax_paths 1000\n}\n");
	struct bound more = bound_of("defaults {\n\tmax_paths 2000\n}\n");
	struct bound threads =
	        bound_of("defaults {\n\tmax_paths 1000\n\trescuer_threads 32\n}\n");
	struct bound flight =
	        bound_of("defaults {\n\tmax_paths 1000\n\tmax_in_flight 10\n}\n");

	(void)state;
	assert_true(more.bytes > b.bytes);
	assert_true(more.descriptors >= b.descriptors + 1000);
	assert_int_equal(threads.threads, b.threads + 16);
	assert_int_equal(flight.in_flight, 10);
}

static void it_is_printed_with_every_term(void **state)
{
	struct bound b = bound_of("");
	char text[4096] = "", number[32];
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	bound_print(&b, out);
	fclose(out);
	for (unsigned i = 0; i < b.n_terms; i++)
		assert_non_null(strstr(text, b.terms[i].name));
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)b.bytes);
	assert_non_null(strstr(text, number));
}

static void its_json_is_json(void **state)
{
	struct bound b = bound_of("");
	struct text *text;
	struct json_object *o, *terms, *bytes;

	(void)state;
	assert_int_equal(bound_json(&b, &text), 0);
	o = json_tokener_parse(text->data);
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "bound_bytes", &bytes));
	assert_true(json_object_get_int64(bytes) == (int64_t)b.bytes);
	assert_true(json_object_object_get_ex(o, "terms", &terms));
	assert_int_equal(json_object_object_length(terms), (int)b.n_terms);
	json_object_put(o);
	text_unref(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sum_is_that_of_its_terms),
		cmocka_unit_test(every_limit_counts),
		cmocka_unit_test(it_is_printed_with_every_term),
		cmocka_unit_test(its_json_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
