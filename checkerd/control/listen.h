/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_LISTEN_H
#define CHECKERD_CONTROL_LISTEN_H

/* The name of the control socket: who owns it, and who may connect. Any thread. */
#include <sys/types.h>

#include "util/macro.h"

/*
 * Binds a socket to `path` and listens. Makes the directory when there is none. The mode is 0660,
 * the group `group` unless that is (gid_t)-1. A socket without a daemon behind it is replaced.
 *
 * -EADDRINUSE: another daemon listens there; -EEXIST: the file is no socket; -ENAMETOOLONG;
 * -ENOTUNIQ: others could take the name away: the lock file beside it is another user's, or, for
 * root, others may replace what is in the directory.
 */
_must_check_ int listen_at(const char *path, gid_t group, int *ret_fd);

/*
 * Whether a socket that was handed over may be served. 0; -EPROTOTYPE: it is no unix stream socket
 * that listens; -EADDRNOTAVAIL: it has no name in the file system, so it has no owner and no mode,
 * and everybody could connect.
 */
_must_check_ int listen_check(int fd);

#endif
