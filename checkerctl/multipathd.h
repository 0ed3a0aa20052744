/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_MULTIPATHD_H
#define CHECKERCTL_MULTIPATHD_H

/*
 * Asks the multipathd of this host over its own socket. A request and a reply are each a length
 * (size_t of this machine) and a text with its NUL.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

/* multipath-tools listens here; since 0.12 also on the file. */
#define MULTIPATHD_SOCKET      "@/org/kernel/linux/storage/multipathd"
#define MULTIPATHD_SOCKET_FILE "/run/multipathd.socket"
/* The variable of multipath-tools for another socket. */
#define MULTIPATHD_VARIABLE "MULTIPATH_SOCKET_NAME"

#define MULTIPATHD_REPLY_MAX_BYTES (16u * 1024 * 1024)

/*
 * Does a process multipathd run? Also true when proc cannot be read. The socket does not show it:
 * systemd may listen there in its place.
 */
bool multipathd_runs(const char *proc);

/*
 * Sends a command and receives the reply, within timeout_us. proc: "/proc", or a test's folder.
 * 0 and the text, which the caller frees; or EXIT_UNREACHABLE after a message that names
 * multipathd and the next step. If no process multipathd runs, nothing is sent: where systemd
 * listens on the socket, a request would start multipathd.
 */
_must_check_ int multipathd_ask(const char *proc, int64_t timeout_us, const char *command,
                                char **ret);

#endif
