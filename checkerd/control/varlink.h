/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_VARLINK_H
#define CHECKERD_CONTROL_VARLINK_H

/* Varlink's messages: https://varlink.org/Method-Call */
#include "checkerd/control/request.h"

/*
 * Takes a message apart. text: size bytes and a NUL after them. They are used up: the names end
 * up in them. Allocates nothing. Any thread.
 */
_must_check_ enum request_problem varlink_parse(char *text, size_t size,
                                                struct request *ret);

#endif
