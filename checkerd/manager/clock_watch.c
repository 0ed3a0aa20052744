/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns nothing: its caller has the descriptor. The loop's thread runs this. */
#include "checkerd/manager/clock_watch.h"

#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * Later than any host runs: the year 2242, and with a time_t of 32 bits 2038. The largest time is
 * refused by some kernels.
 */
#define FAR_S ((time_t)(sizeof(time_t) > 4 ? INT64_C(1) << 33 : INT32_MAX - 1))

static int arm(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = FAR_S };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
	                       NULL) < 0
	               ? -errno
	               : 0;
}

int clock_watch_new(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), r;

	if (fd < 0)
		return -errno;
	r = arm(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

void clock_watch_clear(int fd)
{
	uint64_t n;

	/* ECANCELED after a change. Without the rearming the next one is not seen, and the
	 * windows are computed once a minute all the same. */
	(void)!read(fd, &n, sizeof(n));
	(void)!arm(fd);
}
