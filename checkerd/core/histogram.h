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

void histogram_add(struct histogram *h, int64_t us);

/* The upper edge of the bucket that holds this part (0..1) of the samples, at most max_us;
 * 0 without samples. */
uint32_t histogram_quantile(const struct histogram *h, double part);

#endif
