/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_VARLINK_SERVICE_H
#define EXPORTER_VARLINK_SERVICE_H

/* Answers io.systemd.Metrics on one connection, which a socket unit with Accept=yes passes. */
#include "util/macro.h"

/*
 * Answers until the client closes the connection, or requests nothing for a minute. Takes the
 * descriptor over. answers_init() was called. 0, or -errno: the client sends what is no Varlink, or
 * does not read.
 */
_must_check_ int varlink_service_run(int fd);

#endif
