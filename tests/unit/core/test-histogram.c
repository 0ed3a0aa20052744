/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The histogram: its buckets, the bound on a quantile's error, and how old samples fade. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>

#include "checkerd/core/histogram.h"
#include "tests/unit/random.h"
#include "util/macro.h"
#include "util/mono.h"

static void empty(void **state)
{
	struct histogram h = { 0 };

	(void)state; /* no fixture */
	assert_int_equal(histogram_quantile(&h, 0), 0);
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	assert_int_equal(histogram_quantile(&h, 1), 0);
}

/* The bucket of the totals that has the value. */
static unsigned total_bucket(uint32_t us)
{
	struct histogram_totals t = { 0 };
	unsigned i = 0;

	histogram_totals_add(&t, us);
	while (!t.bucket[i])
		i++;
	return i;
}

/* Alone, a value is below its bucket's edge and above half as much less. */
static void assert_bucket_fits(uint32_t us)
{
	struct histogram h = { 0 };
	unsigned i = total_bucket(us), k = 0;

	histogram_add(&h, us);
	while (!h.bucket[k])
		k++;
	assert_true(histogram_upper_us(i) >= us);
	assert_true((uint64_t)histogram_upper_us(i) * 2 < (uint64_t)us * 3);
	if (i > 0 && us > 1)
		assert_true(histogram_upper_us(i - 1) < us);
	/* The path's bucket is the same one, or an end. */
	assert_int_equal(k + HISTOGRAM_FIRST,
	                 MIN(MAX(i, (unsigned)HISTOGRAM_FIRST),
	                     HISTOGRAM_FIRST + HISTOGRAM_PATH_BUCKETS - 1U));
	assert_int_equal(histogram_quantile(&h, 0.5), us); /* the maximum bounds it */
}

static void buckets(void **state)
{
	(void)state; /* no fixture */
	for (uint32_t us = 1; us < 5000; us++)
		assert_bucket_fits(us);
	for (unsigned k = 12; k < 32; k++) {
		uint32_t power = UINT32_C(1) << k, half = power + power / 2;

		assert_bucket_fits(power - 1);
		assert_bucket_fits(power);
		assert_bucket_fits(half - 1);
		assert_bucket_fits(half);
	}
	assert_bucket_fits(UINT32_MAX);
	for (unsigned i = 1; i < HISTOGRAM_BUCKETS; i++)
		assert_true(histogram_upper_us(i) >= histogram_upper_us(i - 1));
	assert_int_equal(histogram_upper_us(HISTOGRAM_BUCKETS - 1), UINT32_MAX);
}

static void saturates(void **state)
{
	struct histogram h = { 0 };

	(void)state; /* no fixture */
	histogram_add(&h, 10000 * USEC_PER_SEC);
	assert_int_equal(h.last_us, UINT32_MAX);
	assert_int_equal(h.max_us, UINT32_MAX);
	histogram_add(&h, INT64_MAX);
	assert_int_equal(h.last_us, UINT32_MAX);
	histogram_add(&h, -5);
	assert_int_equal(h.last_us, 0);
	assert_int_equal(h.samples, 3);
	assert_int_equal(histogram_quantile(&h, 0.1), 11);
}

/* What is in the last bucket may be anything up to the longest. */
static void ends(void **state)
{
	struct histogram h = { 0 };

	(void)state; /* no fixture */
	histogram_add(&h, 7);
	histogram_add(&h, 11);
	histogram_add(&h, 12);
	assert_int_equal(histogram_quantile(&h, 0.6), 11);
	assert_int_equal(histogram_quantile(&h, 1), 12);
	histogram_add(&h, 110 * USEC_PER_SEC);
	histogram_add(&h, 1800 * USEC_PER_SEC);
	assert_int_equal(histogram_quantile(&h, 0.8), 1800 * USEC_PER_SEC);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Against the sorted samples themselves, over eight powers of ten. */
static void quantile_error_is_bounded(void **state)
{
	enum { N = 20000 };
	static const double parts[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1 };
	static uint32_t samples[N];
	struct histogram h = { 0 };
	struct random r = { 42 };

	(void)state; /* no fixture */
	for (unsigned i = 0; i < N; i++) {
		samples[i] =
		        (uint32_t)(8 + random_next(&r) % (1 + (UINT64_C(1) << i % 27)));
		histogram_add(&h, samples[i]);
	}
	qsort(samples, N, sizeof(samples[0]), by_value);
	assert_int_equal(h.samples, N);
	assert_int_equal(h.max_us, samples[N - 1]);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		uint32_t truth = samples[(unsigned)(parts[i] * N + 0.5) - 1];
		uint32_t told = histogram_quantile(&h, parts[i]);

		assert_true(told >= truth);
		assert_true((uint64_t)told * 2 < (uint64_t)truth * 3);
	}
}

static void odd_parts(void **state)
{
	struct histogram h = { 0 };

	(void)state; /* no fixture */
	histogram_add(&h, 10);
	histogram_add(&h, 1000);
	assert_true(histogram_quantile(&h, -1) < 15);
	assert_true(histogram_quantile(&h, 0) < 15);
	assert_int_equal(histogram_quantile(&h, 2), 1000);
	assert_int_equal(histogram_quantile(&h, (double)NAN), 1000);
}

/* A full bucket halves all of them: what was slow long ago stops to count. */
static void old_samples_fade(void **state)
{
	struct histogram h = { 0 };
	uint32_t sum = 0;

	(void)state; /* no fixture */
	for (int i = 0; i < 10000; i++)
		histogram_add(&h, USEC_PER_SEC);
	for (int i = 0; i < UINT16_MAX; i++)
		histogram_add(&h, 10);
	assert_int_equal(h.samples, 10000 + UINT16_MAX);
	histogram_add(&h, 10);
	assert_int_equal(h.samples, 5000 + UINT16_MAX / 2 + 1);
	for (int i = 0; i < 2000000; i++)
		histogram_add(&h, 10);
	for (unsigned i = 0; i < HISTOGRAM_PATH_BUCKETS; i++)
		sum += h.bucket[i];
	assert_int_equal(h.samples, sum);
	assert_int_equal(histogram_quantile(&h, 1), histogram_quantile(&h, 0));
	assert_int_equal(h.max_us, USEC_PER_SEC);
}

static void cells(void **state)
{
	static const struct {
		uint32_t us;
		unsigned cell;
	} cases[] = {
		{ 0, 0 },       { 31, 0 },      { 32, 1 },      { 63, 1 },
		{ 64, 2 },      { 1023, 5 },    { 1024, 6 },    { 262143, 13 },
		{ 262144, 14 }, { 524287, 14 }, { 524288, 15 }, { UINT32_MAX, 15 },
	};
	uint16_t c[HISTOGRAM_CELLS];
	struct histogram h;

	(void)state; /* no fixture */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		h = (struct histogram){ 0 };
		histogram_add(&h, cases[i].us);
		histogram_cells(&h, c);
		for (unsigned k = 0; k < HISTOGRAM_CELLS; k++)
			assert_int_equal(c[k], k == cases[i].cell);
	}
	h = (struct histogram){ 0 };
	for (int i = 0; i < UINT16_MAX; i++) { /* two buckets, one cell */
		histogram_add(&h, 32);
		histogram_add(&h, 63);
	}
	histogram_cells(&h, c);
	assert_int_equal(c[1], UINT16_MAX);
}

static void totals_never_fade(void **state)
{
	struct histogram_totals t = { 0 };

	(void)state; /* no fixture */
	for (int i = 0; i < 3 * UINT16_MAX; i++)
		histogram_totals_add(&t, 10);
	histogram_totals_add(&t, -5);
	histogram_totals_add(&t, INT64_C(1) << 40);
	assert_int_equal(t.count, 3 * UINT16_MAX + 2);
	assert_int_equal(t.sum_us, 30 * UINT16_MAX + (INT64_C(1) << 40));
	assert_int_equal(t.bucket[0], 1);
	assert_int_equal(t.bucket[HISTOGRAM_BUCKETS - 1], 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),     cmocka_unit_test(buckets),
		cmocka_unit_test(saturates), cmocka_unit_test(quantile_error_is_bounded),
		cmocka_unit_test(odd_parts), cmocka_unit_test(old_samples_fade),
		cmocka_unit_test(cells),     cmocka_unit_test(totals_never_fade),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
