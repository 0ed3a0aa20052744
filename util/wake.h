/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_WAKE_H
#define UTIL_WAKE_H

/* What one thread wakes another with: an eventfd, of which only whether it is readable counts. */
#include <sys/eventfd.h>

/* Any thread. Fails only when the counter is full, and then it is readable. */
static inline void wake(int fd)
{
	(void)!eventfd_write(fd, 1);
}

/* The thread that is woken. Of a non-blocking one: it may have been clear. */
static inline void wake_clear(int fd)
{
	eventfd_t n;

	(void)!eventfd_read(fd, &n);
}

#endif
