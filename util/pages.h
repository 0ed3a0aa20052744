/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_PAGES_H
#define UTIL_PAGES_H

/*
 * Memory that is not locked where all other memory is: for what nothing on the way of a check
 * ever looks at. It is there from the start all the same; but when memory is short it may be
 * swapped out, and whoever touches it then waits for the disk that it is swapped to.
 */
#include <stddef.h>

/* Whole pages, zeroed; at least one. NULL: errno. */
void *pages_new(size_t bytes);
/* bytes: as they were asked for. NULL allowed. */
void pages_free(void *pages, size_t bytes);

#endif
