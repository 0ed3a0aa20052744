/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_DIRECTIO_H
#define LIBCHECK_CHECKERS_DIRECTIO_H

/* The calls of the directio checker to a device. Each may block: rescuers only. */
#include <stdint.h>

#include "libcheck/region/opened.h"
#include "util/macro.h"

/*
 * Opens a block device or regular file for direct reads and learns how many bytes a read has.
 * stale_fd: -1, or an open descriptor of that name: it is kept if it is still the same device,
 * and closed if it is not, also on failure. Returns 0; -ENOTBLK: it is neither; -EINVAL: direct
 * reads of it are not possible, or its block is larger than a read may be; or the -errno of
 * open(2). Sources: open(2), statx(2), and the kernel's block/bdev.c for the size of a dead
 * disk.
 */
_must_check_ int directio_open(const char *name, int stale_fd, int *ret_fd,
                               uint32_t *ret_block);

/*
 * Does the name still lead to this open device? Learns the block size again. Returns 0: it
 * does; 1: it does not, or that is not known; or the -errno of the name. Closes nothing.
 */
_must_check_ int directio_look(const char *name, int fd, uint32_t *ret_block);

/* Which device an open descriptor leads to: by BLKGETDISKSEQ (Linux 5.15) and fstat(2). */
void directio_describe(int fd, struct opened_device *ret);

/* Ignores the result of close(2), because nothing was written. */
void directio_close(int fd);

/* Reads the first block. Returns bytes or -errno. */
int64_t directio_read(int fd, void *buffer, uint32_t block);

#endif
