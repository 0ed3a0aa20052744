/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_CONTROL_METHODS_H
#define CHECKERD_CONTROL_METHODS_H

/* The table of methods: one row for each method of the .varlink files. Constant; any thread. */
#include "checkerd/control/method.h"

/* All of them, *ret_n in number. */
const struct method *methods_all(size_t *ret_n);

/*
 * The method that is called INTERFACE.METHOD. NULL: there is none; *ret_interface_known: whether
 * the interface is there.
 */
const struct method *methods_find(const char *interface, size_t interface_size,
                                  const char *name, bool *ret_interface_known);

#endif
