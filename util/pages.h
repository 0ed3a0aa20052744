/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_PAGES_H
#define UTIL_PAGES_H

/*
 * Whole pages, which go back to the kernel for certain. To unmap takes memory, too, when a part
 * of what the kernel keeps as one area goes: in a cgroup that is at its limit munmap() fails
 * with ENOMEM, and free(), which may call it, forgets the block then. Here what could not be
 * unmapped is emptied at once, and unmapped when any pages are asked for or given back later.
 * Any thread.
 */
#include <stddef.h>
#include <stdint.h>

/* Zeroed; at least one. Locked in memory if all is. NULL: errno. */
void *pages_new(size_t bytes);

/*
 * The same, not locked where all other memory is: for what nothing on the way of a check ever
 * looks at. It is there from the start all the same; but when memory is short it may be
 * swapped out, and whoever touches it then waits for the disk that it is swapped to.
 */
void *pages_new_unlocked(size_t bytes);

/*
 * As pages_new(), and every page is there: who touches one later neither faults nor waits for
 * memory. May block while memory is short. NULL: errno, ENOMEM in most cases.
 */
void *pages_new_present(size_t bytes);

/* What was mapped, by these or in another way; bytes: as they were asked for. NULL allowed. */
void pages_free(void *pages, size_t bytes);

/* So many blocks are still to be unmapped. */
uint32_t pages_owed(void);

#endif
