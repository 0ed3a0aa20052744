/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PATHS_RESULTS_H
#define CHECKERD_PATHS_RESULTS_H

/* Reads the results of checks from the engine, and applies each to its path. The loop only. */
#include "checkerd/paths/checks.h"

/* Results read from the engine in one call. */
#define RESULTS_BATCH 16

/* Applies results, a slice at most. True: there may be more. */
bool results_collect(struct checks *c, struct mono now);

#endif
