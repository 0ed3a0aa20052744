/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To be preloaded where a process may not have as many descriptors as the bench has paths. A
 * second open of a device returns the same descriptor again, which does not change the reads.
 *
 * Any thread; one lock, never held over a system call that may wait. Only the bench's devices
 * are handled here, and these do not wait.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/macro.h"

#define SHARED_MAX 32768

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* [lock], by descriptor. */
static struct {
	unsigned users;
	int number; /* the device's number */
} opened[SHARED_MAX];
/* [lock], by the device's number: its descriptor plus 1; 0: none. */
static int by_number[SHARED_MAX];

/* Returns -1 if the name is not a device of the bench. */
static int number_of(const char *name)
{
	const char *last = strrchr(name, '/');
	int n = -1;

	if (sscanf(name, "/dev/loop%d", &n) != 1 &&
	    (last == NULL || strstr(name, "/checkerd-bench-") == NULL ||
	     sscanf(last, "/%d", &n) != 1))
		return -1;
	return n >= 0 && n < SHARED_MAX ? n : -1;
}

static int open_really(const char *name, int flags, int mode)
{
	static int (*next)(const char *, int, ...);

	if (next == NULL)
		next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
	return next(name, flags, mode);
}

static int open_shared(const char *name, int flags, int mode)
{
	int n = number_of(name), fd;

	if (n < 0)
		return open_really(name, flags, mode);
	pthread_mutex_lock(&lock);
	fd = by_number[n] - 1;
	if (fd < 0) {
		fd = open_really(name, flags, mode);
		if (fd >= SHARED_MAX) {
			pthread_mutex_unlock(&lock);
			return fd; /* a descriptor that is not shared */
		}
		if (fd >= 0) {
			opened[fd].number = n;
			by_number[n] = fd + 1;
		}
	}
	if (fd >= 0)
		opened[fd].users++;
	pthread_mutex_unlock(&lock);
	return fd;
}

static int mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
}

int open(const char *name, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_shared(name, flags, mode);
}

int open64(const char *name, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_shared(name, flags, mode);
}

int close(int fd)
{
	static int (*next)(int);
	bool last = true;

	if (next == NULL)
		next = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd < SHARED_MAX) {
		pthread_mutex_lock(&lock);
		if (opened[fd].users > 0) {
			last = --opened[fd].users == 0;
			if (last)
				by_number[opened[fd].number] = 0;
		}
		pthread_mutex_unlock(&lock);
	}
	return last ? next(fd) : 0;
}
