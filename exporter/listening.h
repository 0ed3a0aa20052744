/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_LISTENING_H
#define EXPORTER_LISTENING_H

/* Makes the listening socket from ADDRESS:PORT. */
#include "util/macro.h"

#define LISTENING_ERROR_BYTES 256

/*
 * text: "127.0.0.1:9877", "[::1]:9877", "localhost:9877", or ":9877" for all addresses. Returns a
 * descriptor, or -errno; -EINVAL: the text is no address. error: one line that names what failed.
 */
_must_check_ int listening_open(const char *text,
                                char error[static LISTENING_ERROR_BYTES]);

#endif
