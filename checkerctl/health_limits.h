/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HEALTH_LIMITS_H
#define CHECKERCTL_HEALTH_LIMITS_H

/*
 * What the user of health demands: limits for the usable paths of a map, and numbers of maps and
 * of paths. Pure functions.
 */
#include "checkerctl/ctl_options.h"

/* In the syntax of monitoring plug-ins: an alert for a number outside low:high, or with `inside`
 * for one inside. The ends may be infinite. */
struct health_range {
	bool given, inside;
	/* low and high are percent of the paths that a map should have */
	bool percent;
	double low, high;
};

struct health_limits {
	struct health_range warning, critical;
	/* how many maps there should be; negative: any number */
	int64_t maps;
};

/*
 * "N" is short for "N:", an alert below N. "LOW:HIGH", "LOW:", "~:HIGH", "@LOW:HIGH"; numbers may
 * be followed by "%". -EINVAL.
 */
_must_check_ int health_range_parse(const char *text, struct health_range *ret);

/* whole: what 100 % are. */
bool health_range_alerts(const struct health_range *r, double value, double whole);
/* In the syntax of performance data, without percent; nothing if the range is not given. */
void health_range_put(FILE *f, const struct health_range *r, double whole);

/* Reads -w, -c and --expect. 0, or EXIT_USAGE after a message. */
_must_check_ int health_limits_read(const struct ctl_options *o,
                                    struct health_limits *ret);

/* One --expect: "MAP=N", whose MAP has *ret_length bytes, or "N", with *ret_length 0. -EINVAL. */
_must_check_ int health_expect_parse(const char *text, size_t *ret_length,
                                     uint64_t *ret_n);

#endif
