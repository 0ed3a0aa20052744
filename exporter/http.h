/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_HTTP_H
#define EXPORTER_HTTP_H

/* The HTTP server, by libmicrohttpd: /metrics, /healthz, and the page at / with its data. */
#include <stdbool.h>

#include "util/macro.h"

struct MHD_Daemon;

/*
 * Serves the listening sockets, each on threads of its own; takes them over. answers_init() was
 * called. -errno.
 */
_must_check_ int http_start(struct MHD_Daemon **ret, int listen_fd);
/* Waits for the requests that are being answered. NULL allowed; returns NULL. */
struct MHD_Daemon *http_stop(struct MHD_Daemon *d);

/* Does the header ask for OpenMetrics rather than for the classic format? NULL: no header. Pure. */
_must_check_ bool http_wants_openmetrics(const char *accept);

#endif
