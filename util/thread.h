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
 * Returns 0 or -errno (EAGAIN: no thread to be had).
 */
_must_check_ int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                              void *(*fn)(void *), void *arg);

/*
 * Where all memory is locked, a stack is locked as a whole when its thread is started. For those
 * that are large, and that nothing on the way of a check waits for: what of the calling thread's
 * is locked from now on. The rest is given back until it is used.
 */
enum thread_stack_lock { THREAD_STACK_NONE, THREAD_STACK_USED };
void thread_stack_lock(enum thread_stack_lock how);

/* Waits at most limit_us for it to end. 0; -ETIMEDOUT: it still runs and is not joined. */
_must_check_ int thread_join_for(pthread_t thread, int64_t limit_us);

#endif
