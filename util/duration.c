/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of durations. Owns nothing; any thread. No floating point: results are exact. */
#include "util/duration.h"

#include <errno.h>
#include <string.h>

#include "util/digits.h"
#include "util/mono.h"

static const struct {
	const char *name;
	int64_t us;
} units[] = {
	{ "us", 1 },
	{ "ms", USEC_PER_MSEC },
	{ "s", USEC_PER_SEC },
	{ "sec", USEC_PER_SEC },
	{ "m", 60 * USEC_PER_SEC },
	{ "min", 60 * USEC_PER_SEC },
	{ "h", 3600 * USEC_PER_SEC },
	{ "d", 86400 * USEC_PER_SEC },
};

/* 0: there is no such unit. */
static int64_t unit_us(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == length &&
		    strncmp(units[i].name, name, length) == 0)
			return units[i].us;
	return 0;
}

/* The digits behind the point, in that unit. -ERANGE: finer than a microsecond. */
static int fraction_us(const char *digits, int64_t unit, int64_t *ret_us)
{
	int64_t step = unit;

	*ret_us = 0;
	for (; digits_is(*digits); digits++) {
		if (*digits != '0' && (step == 0 || step % 10 != 0))
			return -ERANGE;
		step /= 10;
		*ret_us += step * (*digits - '0');
	}
	return 0;
}

/* One number and its unit, which may be missing where the text ends if it is `alone`. */
static int take_part(const char **text, bool alone, int64_t *ret_us)
{
	const char *s = *text, *digits = "";
	int64_t whole, fraction, unit = USEC_PER_SEC;
	bool any = digits_take(&s, &whole);
	size_t letters;
	int r;

	if (*s == '.') {
		digits = ++s;
		s += strspn(s, "0123456789");
		any = s > digits;
	}
	letters = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	if (letters > 0)
		unit = unit_us(s, letters);
	else if (!alone || *s != '\0')
		return -EINVAL;
	if (!any || unit == 0)
		return -EINVAL;
	r = fraction_us(digits, unit, &fraction);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, fraction, ret_us))
		*ret_us = INT64_MAX;
	*text = s + letters;
	return 0;
}

int duration_parse(const char *text, int64_t *ret_us)
{
	int64_t total = 0, part;
	const char *s = text;

	do {
		int r = take_part(&s, s == text, &part);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(total, part, &total))
			total = INT64_MAX;
	} while (*s != '\0');
	*ret_us = total;
	return 0;
}
