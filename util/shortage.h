/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SHORTAGE_H
#define UTIL_SHORTAGE_H

#include <errno.h>
#include <stdbool.h>

/* Does the error (an errno, positive) say that this host lacks memory or descriptors, and nothing
 * about the object of the call? */
static inline bool is_shortage(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

#endif
