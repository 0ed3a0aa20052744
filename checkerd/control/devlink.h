/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DEVLINK_H
#define CHECKERD_CONTROL_DEVLINK_H

/*
 * Follows the links of udev in /dev for a client. The client may have made up the name: parts of
 * /dev are writable by everyone (/dev/shm), and from there a name may lead to a file system that
 * hangs. So only the last component may be a link, no mount is crossed, and only directories are
 * opened.
 */
#include <stdint.h>

#include "util/macro.h"

/* Bytes of a name, final NUL included. */
#define DEVLINK_MAX 512

/* Opens the directory that names below /dev are looked up in. A descriptor, or -errno. */
int devlink_open(const char *dev);

/*
 * The target of the link `name` ("/dev/…"), as an absolute name in /dev without dots. -EINVAL:
 * `name` is no link, is not in /dev, or leads out of /dev; -ENOENT; -EXDEV: a mount is on the
 * way; -ENAMETOOLONG; or another error of the kernel.
 */
_must_check_ int devlink_read(int dev_fd, const char *name, char ret[DEVLINK_MAX]);

/* The number of the block device `name`, which is in /dev and not a link. Errors as above. */
_must_check_ int devlink_number(int dev_fd, const char *name, uint32_t *ret_major,
                                uint32_t *ret_minor);

#endif
