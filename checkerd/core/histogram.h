/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_HISTOGRAM_H
#define CHECKERD_CORE_HISTOGRAM_H

/*
 * Latencies of one path, in logarithmic buckets. When a counter is full, all counters are halved,
 * so that old samples fade. Fixed size, no allocation; pure.
 */
#include <stdint.h>

#define HISTOGRAM_BUCKETS 64
/* A path's histogram has these of them, because there is one for each path in locked memory. The
 * first one also has the shorter latencies, and the last one the longer ones. */
#define HISTOGRAM_FIRST        6  /* below 12 us */
#define HISTOGRAM_PATH_BUCKETS 48 /* the last one begins at 101 s */

struct histogram {
	uint16_t bucket[HISTOGRAM_PATH_BUCKETS];
	uint32_t last_us, max_us; /* saturate at UINT32_MAX */
	uint32_t samples;         /* the sum of the buckets */
};

/* Adds a sample. Each power of two has two buckets. */
void histogram_add(struct histogram *h, int64_t us);

#define HISTOGRAM_CELLS 16

/*
 * Counts the samples in coarser cells: below 32 us, below 64 us, and so on. The last cell but one
 * ends at 524,288 us, and the last one has the rest. Saturates.
 */
void histogram_cells(const struct histogram *h, uint16_t ret[HISTOGRAM_CELLS]);

/* All samples since the start, in the same buckets. They never fade. */
struct histogram_totals {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t count, sum_us;
};

void histogram_totals_add(struct histogram_totals *t, int64_t us);

/* The largest value that belongs to a bucket of the totals. The last bucket ends at UINT32_MAX us,
 * which is more than an hour. */
uint32_t histogram_upper_us(unsigned bucket);

/* The upper edge of the bucket that contains this quantile (0..1), at most max_us; 0 without
 * samples. It is at least the true value. From 8 us to 134 s it is less than 1.5 times the true
 * value. */
uint32_t histogram_quantile(const struct histogram *h, double part);

#endif
