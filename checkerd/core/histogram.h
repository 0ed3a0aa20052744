/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_HISTOGRAM_H
#define CHECKERD_CORE_HISTOGRAM_H

/*
 * Latencies of one path: logarithmic buckets with saturating counters that are halved when
 * one is full, so that old samples fade. Fixed size, no allocation.
 */
#include <stdint.h>

#define HISTOGRAM_BUCKETS 64

struct histogram {
	uint16_t bucket[HISTOGRAM_BUCKETS];
	uint32_t last_us, max_us; /* saturate at UINT32_MAX */
	uint32_t samples;         /* what the buckets hold now */
};

/* Two buckets to each power of two; the last one ends at UINT32_MAX us, which is more than
 * an hour. Less than 1 us counts as 1 us. */
void histogram_add(struct histogram *h, int64_t us);

#define HISTOGRAM_CELLS 16

/*
 * The same, coarser: how many took less than 32 us, 64 us and so on, each cell twice the one
 * before it; the last but one ends at 524,288 us, the last one has the rest. Saturates.
 */
void histogram_cells(const struct histogram *h, uint16_t ret[HISTOGRAM_CELLS]);

/* All there ever were, in the same buckets: these never fade. */
struct histogram_totals {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t count, sum_us;
};

void histogram_totals_add(struct histogram_totals *t, int64_t us);

/* The largest value that belongs to a bucket. */
uint32_t histogram_upper_us(unsigned bucket);

/* The upper edge of the bucket that holds this part (0..1) of the samples, at most max_us;
 * 0 without samples. At least the true value, and less than 1.5 times it. */
uint32_t histogram_quantile(const struct histogram *h, double part);

#endif
