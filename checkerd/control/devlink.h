/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_DEVLINK_H
#define CHECKERD_CONTROL_DEVLINK_H

/*
 * Follows the links that udev keeps in /dev, on behalf of a client who may have made up the
 * name: parts of /dev are writable by everyone (/dev/shm), and a file system that hangs must
 * not be reached from there. So no link is followed but the last, no mount is crossed, and
 * nothing is opened but directories.
 */
#include <stdint.h>

#include "util/macro.h"

#define DEVLINK_MAX 512 /* bytes of a name, final NUL included */

/* The directory that is taken as /dev; -errno. */
int devlink_open(const char *dev);

/*
 * Where the link `name` ("/dev/…") points to, as an absolute name in /dev without dots.
 * -EINVAL: it is no link, or not in /dev, or leads out of it; -ENOENT; -EXDEV: behind a
 * mount; -ENAMETOOLONG; or what the kernel says.
 */
_must_check_ int devlink_read(int dev_fd, const char *name, char ret[DEVLINK_MAX]);

/* The number of the block device `name`, which is in /dev and no link. Errors as above. */
_must_check_ int devlink_number(int dev_fd, const char *name, uint32_t *ret_major,
                                uint32_t *ret_minor);

#endif
