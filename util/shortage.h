/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_SHORTAGE_H
#define UTIL_SHORTAGE_H

#include <errno.h>
#include <stdbool.h>

/* Does the error (an errno, positive) say nothing of what was asked for, only that there was no
 * memory or descriptor to ask with? */
static inline bool is_shortage(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

#endif
