/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_DIGITS_H
#define UTIL_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool digits_is(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads the decimal digits at *text and moves *text behind them. Too large a number becomes
 * INT64_MAX. False when there is no digit. */
static inline bool digits_take(const char **text, int64_t *ret)
{
	const char *s = *text;

	*ret = 0;
	for (; digits_is(*s); s++)
		if (__builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, *s - '0', ret))
			*ret = INT64_MAX;
	if (s == *text)
		return false;
	*text = s;
	return true;
}

#endif
