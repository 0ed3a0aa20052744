/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_PAGES_H
#define UTIL_PAGES_H

/*
 * Whole pages, which are sure to go back to the kernel. munmap() of a part of a kernel's area needs
 * memory itself: in a cgroup at its limit it fails with ENOMEM, and free(), which may call it,
 * then forgets the block. Pages that could not be unmapped are emptied at once here, and unmapped
 * when any pages are requested or freed later. Any thread.
 */
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages, at least one. Locked in memory where all memory is. NULL: errno. */
void *pages_new(size_t bytes);

/*
 * As pages_new(), but never locked: for data that no check needs. The pages are reserved from the
 * start. When memory is short they may be swapped out, and a thread that touches them then waits
 * for the disk that has the swap.
 */
void *pages_new_unlocked(size_t bytes);

/*
 * As pages_new(), and every page is present: a thread that touches one later neither faults nor
 * waits for memory. May block while memory is short. NULL: errno, ENOMEM in most cases.
 */
void *pages_new_present(size_t bytes);

/*
 * As pages_new(), but no page is present before it is touched or prepared, or locked before it is
 * prepared: for a table of which most may never be used.
 */
void *pages_new_sparse(size_t bytes);

/*
 * Makes the pages of that part present, and locks them where all memory is. bytes may be 0. Other
 * threads may use the part. It may block while memory is short. 0, or -errno, -ENOMEM in most cases.
 */
int pages_prepare(void *from, size_t bytes);

/* All memory of the process is locked from now on: mlockall(2) with MCL_FUTURE. Before other threads. */
void pages_note_locked(void);

/* Frees pages of these functions or of mmap(). bytes: as requested. NULL allowed. */
void pages_free(void *pages, size_t bytes);

/* The number of blocks that are not unmapped yet. */
uint32_t pages_owed(void);

#endif
