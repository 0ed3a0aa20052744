/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_DURATION_H
#define UTIL_DURATION_H

#include <stdint.h>

#include "util/macro.h"

/*
 * Parses a duration as users write it, in the configuration and on the command line: "5", "0.5"
 * (seconds), "500ms", "10m", "2d", "1h30m". A decimal number and its unit, one or several times;
 * a number that stands alone may leave out the unit. Units: us, ms, s, sec, m, min, h, d.
 *
 * The result is exact, and INT64_MAX for a longer time than that. -EINVAL: not a duration;
 * -ERANGE: finer than a microsecond. Pure.
 */
_must_check_ int duration_parse(const char *text, int64_t *ret_us);

#endif
