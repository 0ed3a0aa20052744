/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes of the thread "store" that are late, or fail, to be preloaded. LATE_US: each waits so many
 * microseconds first. LATE_ERRNO: each fails so.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include "tests/preload.h"

static long late_us, late_errno;

static long number(const char *variable)
{
	const char *text =
	        getenv(variable); /* NOLINT(concurrency-mt-unsafe): one thread */

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((constructor)) static void begin(void)
{
	late_us = number("LATE_US");
	late_errno = number("LATE_ERRNO");
}

static bool is_store(void)
{
	char name[16];

	return prctl(PR_GET_NAME, name) == 0 && strcmp(name, "store") == 0;
}

/* As configure has it, off_t has 64 bits everywhere. */
ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	const struct timespec pause = { late_us / 1000000, late_us % 1000000 * 1000 };
	ssize_t (*next)(int, const void *, size_t, off_t);

	if (is_store()) {
		(void)nanosleep(&pause, NULL); /* a shorter delay is a delay */
		if (late_errno != 0) {
			errno = (int)late_errno;
			return -1;
		}
	}
	FIND(next, "pwrite64");
	return next(fd, from, n, at);
}
