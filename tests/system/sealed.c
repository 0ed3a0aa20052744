/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An allocator that can be sealed, to be preloaded. From then on, an allocation by one of the
 * threads that a check passes through, from its due time to its report, ends the process with a
 * message. Allocations of other threads, as of control and discovery, are counted.
 *
 * SEALED names a file of at least sizeof(struct sealed) bytes that the test has made. Every
 * process maps it; the test writes it and reads it.
 */
#include <execinfo.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/preload.h"
#include "util/macro.h"

#define COMM_BYTES 16
#define FRAMES_MAX 16

struct sealed {
	/* [atomic test→any] */
	_Atomic uint32_t sealed;
	/* [atomic any→test] A thread that must not allocate did. */
	_Atomic uint32_t broken;
	/* [atomic any→test] Allocations by other threads. */
	_Atomic uint64_t others;
};

static struct sealed *shared;
/* The thread is reporting an allocation; its own ones do not count. */
static _Thread_local bool busy;

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void *(*next_aligned)(size_t, size_t);
static int (*next_memalign)(void **, size_t, size_t);
static void (*next_free)(void *);

__attribute__((constructor)) static void begin(void)
{
	void *frames[1];

	busy = true;
	FIND(next_calloc, "calloc");
	FIND(next_realloc, "realloc");
	FIND(next_aligned, "aligned_alloc");
	FIND(next_memalign, "posix_memalign");
	FIND(next_free, "free");
	FIND(next_malloc, "malloc");
	(void)backtrace(frames, 1); /* its first call loads a library */
	shared = preload_map("SEALED", sizeof(*shared));
	busy = false;
}

/* The loop is the daemon's first thread; the prober's threads are known by their names. */
static bool is_on_the_way(char comm[COMM_BYTES])
{
	static const char *const names[] = { "pc-submitter", "pc-reaper", "pc-rescuer",
		                             "pc-watch" };

	if (prctl(PR_GET_NAME, comm) < 0)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(comm, names[i]) == 0)
			return true;
	return gettid() == getpid() && strstr(comm, "checkerd") != NULL;
}

static void say(const char *comm, const char *what, size_t bytes)
{
	void *frames[FRAMES_MAX];
	char line[128];
	int n;

	n = snprintf(line, sizeof(line), "sealed: %s of %zu bytes by %s\n", what, bytes,
	             comm);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
}

static void note(const char *what, size_t bytes)
{
	char comm[COMM_BYTES];

	if (busy || shared == NULL || atomic_load(&shared->sealed) == 0)
		return;
	if (!is_on_the_way(comm)) {
		atomic_fetch_add(&shared->others, 1);
		return;
	}
	busy = true;
	atomic_fetch_add(&shared->broken, 1);
	say(comm, what, bytes);
	abort();
}

void *malloc(size_t size)
{
	if (next_malloc == NULL)
		return early_take(size);
	note("malloc", size);
	return next_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (next_malloc == NULL)
		return early_take(n * size);
	note("calloc", n * size);
	return next_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	if (next_malloc != NULL && !is_early(old)) {
		note("realloc", size);
		return next_realloc(old, size);
	}
	return early_moved(malloc(size), old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	note("aligned_alloc", size);
	return next_aligned(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	note("posix_memalign", size);
	return next_memalign(ret, alignment, size);
}

void free(void *p)
{
	if (p != NULL && !is_early(p))
		next_free(p);
}
