/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_MONO_H
#define UTIL_MONO_H

/*
 * Time inside the program: microseconds of CLOCK_MONOTONIC, in a struct so that it is
 * never taken for a duration or a wall-clock time. Durations are plain int64_t with _us.
 */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct mono {
	int64_t us;
};

#define MONO_NEVER    ((struct mono){ INT64_MAX })
#define USEC_PER_SEC  INT64_C(1000000)
#define USEC_PER_MSEC INT64_C(1000)
#define NSEC_PER_USEC INT64_C(1000)

/* The clock itself: only edges call it, core is handed `now`. Any thread. */
static inline struct mono mono_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC };
}

/* t plus us, MONO_NEVER when that is past the end of time. */
static inline struct mono mono_add(struct mono t, int64_t us)
{
	struct mono sum;

	if (__builtin_add_overflow(t.us, us, &sum.us))
		return MONO_NEVER;
	return sum;
}

/* Microseconds from `from` to `to`; negative when `to` is earlier. */
static inline int64_t mono_diff(struct mono to, struct mono from)
{
	return to.us - from.us;
}

static inline bool mono_before(struct mono a, struct mono b)
{
	return a.us < b.us;
}

static inline bool mono_is_never(struct mono t)
{
	return t.us == INT64_MAX;
}

static inline struct mono mono_max(struct mono a, struct mono b)
{
	return mono_before(a, b) ? b : a;
}

static inline struct mono mono_min(struct mono a, struct mono b)
{
	return a.us < b.us ? a : b;
}

#endif
