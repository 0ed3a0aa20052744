/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: reads the limits of health and compares numbers with them. One thread. */
#include "checkerctl/health_limits.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkerctl/human.h"

#define NUMBER_BYTES 16
#define EXPECT_MAX   100000 /* maps or paths */

/* "12", "0.5", "50%": *text is moved behind it. -EINVAL: no number, or another unit than before. */
static int take_number(const char **text, struct health_range *r, bool *units,
                       double *ret)
{
	size_t length = strspn(*text, "0123456789.");
	char digits[NUMBER_BYTES], *end;
	bool percent;

	if (length == 0 || length >= sizeof(digits))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)length, *text);
	*ret = strtod(digits, &end);
	if (*end != '\0')
		return -EINVAL;
	*text += length;
	percent = **text == '%';
	*text += percent;
	if (*units && percent != r->percent)
		return -EINVAL;
	r->percent = percent;
	*units = true;
	return 0;
}

int health_range_parse(const char *text, struct health_range *ret)
{
	struct health_range r = { .given = true, .low = 0, .high = INFINITY };
	bool units = false;
	int e = 0;

	if (*text == '@') {
		r.inside = true;
		text++;
	}
	if (*text == '~') {
		r.low = -INFINITY;
		text++;
		e = *text == ':' ? 0 : -EINVAL;
	} else if (*text != ':') {
		e = take_number(&text, &r, &units, &r.low);
	}
	if (e == 0 && *text == ':') {
		text++;
		if (*text != '\0')
			e = take_number(&text, &r, &units, &r.high);
	} else if (e == 0 && r.inside) {
		e = -EINVAL; /* "@N": is N the low end or the high end? */
	}
	if (e == 0 && (*text != '\0' || r.low > r.high))
		e = -EINVAL;
	if (e == 0)
		*ret = r;
	return e;
}

static double absolute(const struct health_range *r, double end, double whole)
{
	return r->percent ? end * whole / 100 : end;
}

bool health_range_alerts(const struct health_range *r, double value, double whole)
{
	bool within = value >= absolute(r, r->low, whole) &&
	              value <= absolute(r, r->high, whole);

	return r->given && within == r->inside;
}

void health_range_put(FILE *f, const struct health_range *r, double whole)
{
	if (!r->given)
		return;
	if (r->inside)
		putc('@', f);
	if (isinf(r->low))
		putc('~', f);
	else
		fprintf(f, "%.6g", absolute(r, r->low, whole));
	putc(':', f);
	if (!isinf(r->high))
		fprintf(f, "%.6g", absolute(r, r->high, whole));
}

int health_expect_parse(const char *text, size_t *ret_length, uint64_t *ret_n)
{
	const char *sign = strrchr(text, '='); /* a name may have the sign, too */
	uint64_t n;

	if (sign == text || human_parse_number(sign != NULL ? sign + 1 : text, &n) < 0 ||
	    n > EXPECT_MAX)
		return -EINVAL;
	*ret_length = sign != NULL ? (size_t)(sign - text) : 0;
	*ret_n = n;
	return 0;
}

static int take_range(enum option_id id, const char *text, struct health_range *ret)
{
	*ret = (struct health_range){ 0 };
	if (text == NULL || health_range_parse(text, ret) == 0)
		return 0;
	return human_usage("%s takes a range of usable paths such as 2, 2:4, 50%% or "
	                   "@0:1, not '%s'",
	                   ctl_options_name(id), text);
}

int health_limits_read(const struct ctl_options *o, struct health_limits *ret)
{
	struct health_limits l = { .maps = -1 };
	int r = take_range(OPT_WARNING, o->warning, &l.warning);

	if (r == 0)
		r = take_range(OPT_CRITICAL, o->critical, &l.critical);
	for (size_t i = 0; i < o->n_expected && r == 0; i++) {
		size_t length;
		uint64_t n;

		if (health_expect_parse(o->expected[i], &length, &n) < 0)
			r = human_usage("--expect takes MAP=N, paths of a map, or N, "
			                "the number of maps, not '%s'",
			                o->expected[i]);
		else if (length == 0)
			l.maps = (int64_t)n;
	}
	if (r == 0)
		*ret = l;
	return r;
}
