/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_CLASSIC_H
#define EXPORTER_CLASSIC_H

/* Makes Prometheus' classic text format 0.0.4 from checkerd's OpenMetrics text. Pure. */
#include <stddef.h>

#include "util/macro.h"

/*
 * *ret: from malloc(), *ret_size bytes and a NUL. Both formats have the same samples, but differ
 * in their heads: a classic counter is named like its samples, with _total; the classic format has
 * no units, no end, and no gaugehistogram, which becomes a histogram. -ENOMEM.
 */
_must_check_ int classic_make(const char *openmetrics, char **ret, size_t *ret_size);

#endif
