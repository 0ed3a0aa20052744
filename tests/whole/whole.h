/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_WHOLE_WHOLE_H
#define TESTS_WHOLE_WHOLE_H

/* The worlds whose states are counted. The same list of worlds has the same counts each time. */
#include <stdbool.h>

#include "tests/whole/explore.h"

/* Gives each world to `each`, in order. deep: also those that take minutes. */
void whole_path(void (*each)(const struct world *w));
void whole_map(void (*each)(const struct world *w), bool deep);

#endif
