/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns nothing: the caller owns the histogram. Pure; any thread.
 *
 * Bucket 2k holds the lower half of [2^k, 2^(k+1)), and bucket 2k + 1 the upper half. So 64 buckets
 * hold every 32-bit number of microseconds, and the upper edge of a bucket is less than 1.5 times
 * its lower edge.
 */
#include "checkerd/core/histogram.h"

#include "util/macro.h"

static_assert(HISTOGRAM_BUCKETS == 2 * 32, "two buckets for each bit of a uint32_t");
static_assert(HISTOGRAM_FIRST + HISTOGRAM_PATH_BUCKETS <= HISTOGRAM_BUCKETS,
              "a path's buckets are some of all");

#define PATH_LAST (HISTOGRAM_PATH_BUCKETS - 1)

static unsigned bucket_of(uint32_t us)
{
	unsigned k;

	if (us < 2)
		return 0;
	k = 31 - (unsigned)__builtin_clz(us);
	return 2 * k + (us >> (k - 1) & 1);
}

uint32_t histogram_upper_us(unsigned bucket)
{
	unsigned k = bucket / 2;

	assert(bucket < HISTOGRAM_BUCKETS);
	if (bucket % 2)
		return (uint32_t)((UINT64_C(2) << k) - 1);
	return k ? (UINT32_C(3) << (k - 1)) - 1 : 1;
}

static void halve(struct histogram *h)
{
	h->samples = 0;
	for (unsigned i = 0; i < HISTOGRAM_PATH_BUCKETS; i++) {
		h->bucket[i] /= 2;
		h->samples += h->bucket[i];
	}
}

void histogram_add(struct histogram *h, int64_t us)
{
	uint32_t v = (uint32_t)MIN(MAX(us, 0), (int64_t)UINT32_MAX);
	unsigned at = MAX(bucket_of(v), (unsigned)HISTOGRAM_FIRST) - HISTOGRAM_FIRST;
	uint16_t *b = &h->bucket[MIN(at, (unsigned)PATH_LAST)];

	if (*b == UINT16_MAX)
		halve(h);
	++*b;
	h->samples++;
	h->last_us = v;
	h->max_us = MAX(h->max_us, v);
}

#define CELL_FIRST_BIT 4 /* the first cell ends at 2^5 us */

void histogram_cells(const struct histogram *h, uint16_t ret[HISTOGRAM_CELLS])
{
	uint32_t cells[HISTOGRAM_CELLS] = { 0 };

	for (unsigned i = 0; i < HISTOGRAM_PATH_BUCKETS; i++) {
		unsigned bit = MAX((HISTOGRAM_FIRST + i) / 2, (unsigned)CELL_FIRST_BIT);

		cells[MIN(bit - CELL_FIRST_BIT, (unsigned)HISTOGRAM_CELLS - 1)] +=
		        h->bucket[i];
	}
	for (unsigned i = 0; i < HISTOGRAM_CELLS; i++)
		ret[i] = (uint16_t)MIN(cells[i], (uint32_t)UINT16_MAX);
}

void histogram_totals_add(struct histogram_totals *t, int64_t us)
{
	us = MAX(us, 0);
	t->bucket[bucket_of((uint32_t)MIN(us, (int64_t)UINT32_MAX))]++;
	t->count++;
	t->sum_us += (uint64_t)us;
}

uint32_t histogram_quantile(const struct histogram *h, double part)
{
	double wanted = part * h->samples;
	uint32_t seen = 0;

	for (unsigned i = 0; i < PATH_LAST; i++) {
		seen += h->bucket[i];
		if (h->bucket[i] && seen >= wanted)
			return MIN(histogram_upper_us(HISTOGRAM_FIRST + i), h->max_us);
	}
	/* No samples, the last bucket, which has no end, or part is above 1 or NaN. */
	return h->samples ? h->max_us : 0;
}
