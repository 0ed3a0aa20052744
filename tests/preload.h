/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_PRELOAD_H
#define TESTS_PRELOAD_H

/*
 * What a library needs that is preloaded and has an allocator of its own before the C library's:
 * the functions behind its own, memory until they are found, and what it shares with the test.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/macro.h"

#define EARLY_BYTES (256 * 1024) /* for what dlsym() and first constructors allocate */

static _Alignas(16) char early[EARLY_BYTES];
static size_t early_used;

/* How dlsym()'s answer becomes a function without a cast that C does not know. */
#define FIND(f, name)                                   \
	do {                                            \
		void *found = dlsym(RTLD_NEXT, (name)); \
		memcpy(&(f), &found, sizeof(f));        \
	} while (0)

/* Zeroes, for good. */
static inline void *early_take(size_t bytes)
{
	void *p = early + early_used;

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > EARLY_BYTES - early_used)
		abort();
	early_used += bytes;
	return p;
}

static inline bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + EARLY_BYTES;
}

/* What was there, early or NULL, into what takes its place or NULL. */
static inline void *early_moved(void *fresh, const void *old, size_t size)
{
	if (fresh != NULL && old != NULL)
		memcpy(fresh, old,
		       MIN(size, (size_t)(early + EARLY_BYTES - (const char *)old)));
	return fresh;
}

/* Maps the file that the environment names, which has as many bytes; NULL: none, or it cannot
 * be. By system calls: such a library may stand before open() and close(). */
static inline void *preload_map(const char *variable, size_t bytes)
{
	const char *name =
	        getenv(variable); /* NOLINT(concurrency-mt-unsafe): one thread */
	long fd = name == NULL ? -1 : syscall(SYS_open, name, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	(void)syscall(SYS_close, fd); /* the mapping stays */
	return p == MAP_FAILED ? NULL : p;
}

#endif
