/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPORTER_ASK_H
#define EXPORTER_ASK_H

/* One question to checkerd, over a connection of its own. Any thread. */
#include <json-c/json.h>

#include "util/macro.h"

#define ASK_TIMEOUT_US  INT64_C(5000000)
#define ASK_ERROR_BYTES 256

/*
 * Calls a method of io.checkerd.Control on the socket. parameters: put by ask(), NULL: none. *ret:
 * the reply's parameters; the caller puts them. -errno, or -EREMOTEIO when checkerd answered with
 * an error; error: one line that names what failed.
 */
_must_check_ int ask(const char *socket, const char *method, json_object *parameters,
                     json_object **ret, char error[static ASK_ERROR_BYTES]);

#endif
