/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SEAL_H
#define UTIL_SEAL_H

/*
 * An alarm for allocations where there must be none: on a check's way from due to told. A
 * thread says where that begins and ends; what the program allocates in between is counted, and
 * works all the same. Counted are the program's own calls, where it is linked with wrap.c.
 */
#include <stdbool.h>
#include <stdint.h>

/* Of the calling thread; no nesting. */
void seal_begin(void);
void seal_end(void);

/* For wrap.c: counts one if the calling thread is in between. */
void seal_note(void);
/* By all threads, since the start. Any thread. */
uint64_t seal_broken(void);

#endif
