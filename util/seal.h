/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SEAL_H
#define UTIL_SEAL_H

/*
 * Counts allocations where there must be none: from a check's due time until device-mapper has its
 * command. A thread says where that part begins and ends. An allocation in between succeeds and is
 * counted. Only calls of a program that is linked with wrap.c are counted.
 */
#include <stdbool.h>
#include <stdint.h>

/* For the calling thread; they do not nest. */
void seal_begin(void);
void seal_end(void);

/* For wrap.c: counts an allocation if the calling thread is in between. */
void seal_note(void);
/* Allocations counted by all threads since the start. Any thread. */
uint64_t seal_broken(void);

#endif
