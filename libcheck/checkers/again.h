/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_AGAIN_H
#define LIBCHECK_CHECKERS_AGAIN_H

/* A call that was interrupted says nothing of the device: it is made again, but not for ever, in
 * case that a driver hands on EINTR as its answer. */
#include <errno.h>
#include <stdbool.h>

#define TRIES_MAX 10

/* After a call that failed. tries: 0 before the first. */
static inline bool again(unsigned *tries)
{
	return errno == EINTR && ++*tries < TRIES_MAX;
}

#endif
