/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CORE_ERROR_SHARE_H
#define CHECKERD_CORE_ERROR_SHARE_H

/*
 * The share of failed checks among the last ones of a path. Pure; the caller owns it.
 *
 * Two halves: when the present one has ERROR_SHARE_HALF checks, it becomes the former one. So the
 * share is that of the last 64 to 128 checks, which take 5 to 10 minutes at 5 s.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define ERROR_SHARE_HALF 64

/* All zero: no check ended yet. */
struct error_share {
	uint8_t checks, failed; /* of the present half */
	uint8_t former_checks, former_failed;
};

static_assert(sizeof(struct error_share) == 4, "each path has one, in locked memory");

static inline void error_share_add(struct error_share *s, bool failed)
{
	if (s->checks == ERROR_SHARE_HALF)
		*s = (struct error_share){ .former_checks = s->checks,
			                   .former_failed = s->failed };
	s->checks++;
	s->failed = (uint8_t)(s->failed + failed);
}

/* How many checks the share is of. */
static inline uint32_t error_share_checks(const struct error_share *s)
{
	return (uint32_t)s->checks + s->former_checks;
}

/* Rounded. 0 also when there was no check. */
static inline uint32_t error_share_permille(const struct error_share *s)
{
	uint32_t all = error_share_checks(s);
	uint32_t failed = (uint32_t)s->failed + s->former_failed;

	return all == 0 ? 0 : (1000 * failed + all / 2) / all;
}

#endif
