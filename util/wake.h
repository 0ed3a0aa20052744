/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_WAKE_H
#define UTIL_WAKE_H

/* One thread wakes another by an eventfd, of which only "readable" counts. write() and not
 * eventfd_write(), because the simulation replaces write(). */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/* Any thread. Fails only when the counter is full, and then it is readable. */
static inline void wake(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

/* The thread that is woken. False: a non-blocking one was clear. */
static inline bool wake_clear(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n);
}

#endif
