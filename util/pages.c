/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns the list of blocks that the kernel has not taken back yet. Any thread. */
#include "util/pages.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/macro.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* since Linux 5.18 */
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14 */
#endif

/* Of more than that the addresses are lost, the memory is not. */
#define OWED_MAX 64

static struct {
	pthread_mutex_t lock;
	struct {
		void *pages;
		size_t bytes;
	} blocks[OWED_MAX]; /* [lock] */
	_Atomic uint32_t n; /* [lock] written; [atomic any] read */
} owed = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool locked; /* [init] see pages_note_locked() */

static size_t whole(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (MAX(bytes, (size_t)1) + page - 1) / page * page;
}

/* Another process that has mapped the same file keeps what is in it. */
static void empty(void *pages, size_t bytes)
{
	if (madvise(pages, bytes, MADV_DONTNEED_LOCKED) < 0)
		(void)madvise(pages, bytes, MADV_DONTNEED);
}

static void owe(void *pages, size_t bytes)
{
	uint32_t n;

	pthread_mutex_lock(&owed.lock);
	n = atomic_load_explicit(&owed.n, memory_order_relaxed);
	if (n < OWED_MAX) {
		owed.blocks[n].pages = pages;
		owed.blocks[n].bytes = bytes;
		atomic_store_explicit(&owed.n, n + 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&owed.lock);
}

static void settle(void)
{
	uint32_t left = 0, n;

	if (pages_owed() == 0)
		return;
	pthread_mutex_lock(&owed.lock);
	n = atomic_load_explicit(&owed.n, memory_order_relaxed);
	for (uint32_t i = 0; i < n; i++)
		if (munmap(owed.blocks[i].pages, owed.blocks[i].bytes) < 0)
			owed.blocks[left++] = owed.blocks[i];
	atomic_store_explicit(&owed.n, left, memory_order_relaxed);
	pthread_mutex_unlock(&owed.lock);
}

void *pages_new(size_t bytes)
{
	void *p;

	settle();
	p = mmap(NULL, whole(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	         -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void *pages_new_unlocked(size_t bytes)
{
	void *p = pages_new(bytes);

	/* mlockall() with MCL_FUTURE means it, too. Where nothing is locked this does nothing. */
	if (p != NULL)
		(void)munlock(p, whole(bytes));
	return p;
}

void *pages_new_sparse(size_t bytes)
{
	void *p = pages_new_unlocked(bytes);

	/* mmap() has made all of them present. */
	if (p != NULL && locked)
		empty(p, whole(bytes));
	return p;
}

/* -errno. */
static int fill(char *pages, size_t bytes)
{
	if (madvise(pages, bytes, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	/* An older kernel: it has no way to say that there is no memory. */
	for (size_t at = 0; at < bytes; at += (size_t)sysconf(_SC_PAGESIZE))
		((volatile char *)pages)[at] = 0;
	return 0;
}

int pages_prepare(void *from, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)from & ~(page - 1);

	if (bytes == 0 || !locked)
		return 0;
	bytes += (uintptr_t)from - at;
	return mlock((void *)at, whole(bytes)) < 0 ? -errno : 0; /* NOLINT: an address */
}

void pages_note_locked(void)
{
	locked = true;
}

void *pages_new_present(size_t bytes)
{
	char *p = pages_new(bytes);
	int r;

	if (p == NULL)
		return NULL;
	r = fill(p, whole(bytes));
	if (r < 0) {
		pages_free(p, bytes);
		errno = -r;
		return NULL;
	}
	return p;
}

void pages_free(void *pages, size_t bytes)
{
	if (pages == NULL)
		return;
	settle();
	if (munmap(pages, whole(bytes)) == 0)
		return;
	empty(pages, whole(bytes));
	owe(pages, whole(bytes));
}

uint32_t pages_owed(void)
{
	return atomic_load_explicit(&owed.n, memory_order_relaxed);
}
