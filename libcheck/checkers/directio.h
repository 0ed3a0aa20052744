/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_DIRECTIO_H
#define LIBCHECK_CHECKERS_DIRECTIO_H

/* The directio checker's own questions to a device. Every one may block: rescuers only. */
#include <stdint.h>

#include "libcheck/region/opened.h"
#include "util/macro.h"

/*
 * Opens a block device or regular file for direct reads and learns how many bytes a read
 * must have. stale_fd: -1, or an open one of that name from before: it is kept when it is
 * still the same device, and closed when it is not (also on failure).
 * Returns 0; -ENOTBLK: neither; -EINVAL: direct reads of it are not possible, or its block
 * is larger than a read may be; or what open(2) says. Sources: open(2), statx(2), and the
 * kernel's block/bdev.c for what a dead disk's size is.
 */
_must_check_ int directio_open(const char *name, int stale_fd, int *ret_fd,
                               uint32_t *ret_block);

/*
 * Is an open descriptor of that name still its device? The block is learnt anew. Returns 0: it is;
 * 1: it is not, or nobody can tell; or -errno of the name. Closes nothing.
 */
_must_check_ int directio_look(const char *name, int fd, uint32_t *ret_block);

/* Which device an open descriptor leads to: by BLKGETDISKSEQ (Linux 5.15) and fstat(2). */
void directio_describe(int fd, struct opened_device *ret);

/* Nothing was written to it, so what close(2) says is of no interest. */
void directio_close(int fd);

/* Reads the first block. Returns bytes or -errno. */
int64_t directio_read(int fd, void *buffer, uint32_t block);

#endif
