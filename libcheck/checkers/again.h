/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_CHECKERS_AGAIN_H
#define LIBCHECK_CHECKERS_AGAIN_H

/*
 * A call that was interrupted says nothing about the device: it is repeated, but not for ever,
 * because a driver might give EINTR as its answer.
 */
#include <errno.h>
#include <stdbool.h>

#define TRIES_MAX 10

/* After a call that failed. tries: 0 before the first. */
static inline bool again(unsigned *tries)
{
	return errno == EINTR && ++*tries < TRIES_MAX;
}

#endif
