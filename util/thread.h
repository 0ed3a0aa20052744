/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_THREAD_H
#define UTIL_THREAD_H

/*
 * Threads with a small, known stack: every one of them is locked into memory, and thirty
 * default stacks would lock a quarter of a gigabyte.
 */
#include <pthread.h>
#include <stdint.h>

#include "util/macro.h"

#define THREAD_STACK_BYTES (64 * 1024)

/*
 * Starts a joinable thread with all signals blocked.
 * name: at most 15 bytes, shown by ps -L. stack_bytes: 0 for THREAD_STACK_BYTES; sanitizer
 * builds get more by themselves.
 * Returns 0 or -errno (EAGAIN: the host has no thread left).
 */
_must_check_ int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                              void *(*fn)(void *), void *arg);

/*
 * A lock that is held for a few hundred instructions, never over a system call: a thread that finds
 * it taken tries for some time before it sleeps.
 */
static inline void thread_lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	(void)pthread_mutexattr_init(&attr); /* these calls cannot fail */
#ifdef __GLIBC__
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
	(void)pthread_mutex_init(lock, &attr);
	(void)pthread_mutexattr_destroy(&attr);
}

/*
 * Where all memory is locked, a new thread's whole stack is locked. A thread with a large stack
 * that no check waits for says which part stays locked: none, or the pages in use. The other pages
 * go back to the kernel until they are used.
 */
enum thread_stack_lock { THREAD_STACK_NONE, THREAD_STACK_USED };
void thread_stack_lock(enum thread_stack_lock how);

/* Joins the thread, and waits at most limit_us. -ETIMEDOUT: the thread still runs, not joined. */
_must_check_ int thread_join_for(pthread_t thread, int64_t limit_us);

#endif
