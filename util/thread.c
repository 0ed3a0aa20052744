/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts and joins threads. Owns nothing; any thread. */
#include "util/thread.h"

#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/mono.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

/* A sanitizer's runtime keeps its own things on every stack. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
        HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define STACK_FACTOR 32
#else
#define STACK_FACTOR 1
#endif

int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                 void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	int r;

	if (stack_bytes == 0)
		stack_bytes = THREAD_STACK_BYTES;
	stack_bytes =
	        MAX(stack_bytes * STACK_FACTOR, (size_t)sysconf(_SC_THREAD_STACK_MIN));

	r = pthread_attr_init(&attr);
	if (r != 0)
		return -r;
	r = pthread_attr_setstacksize(&attr, stack_bytes);
	if (r == 0) {
		/* Inherited by the new thread; signals belong to the event loop. */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		r = pthread_create(&t, &attr, fn, arg);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	pthread_attr_destroy(&attr);
	if (r != 0)
		return -r;
	(void)pthread_setname_np(t, name); /* only cosmetic */
	*ret_thread = t;
	return 0;
}

/* All of it is in memory from the start if it is locked, and a page or two if not. */
static bool is_populated(void *stack)
{
	unsigned char resident = 0;

	return mincore(stack, 1, &resident) == 0 && (resident & 1) != 0;
}

/* Empties what is below this frame, but for what the calls here need. */
static void unlock(void *stack, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = ((uintptr_t)&page & ~(page - 1)) - page;

	(void)munlock(stack, size);
	if (here > (uintptr_t)stack)
		(void)madvise(stack, here - (uintptr_t)stack, MADV_DONTNEED);
}

void thread_stack_lock(enum thread_stack_lock how)
{
	pthread_attr_t attr;
	void *stack;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return; /* no memory: then it stays as it is */
	if (pthread_attr_getstack(&attr, &stack, &size) == 0 && is_populated(stack)) {
		unlock(stack, size);
		if (how == THREAD_STACK_USED)
			(void)mlock2(stack, size, MLOCK_ONFAULT);
	}
	pthread_attr_destroy(&attr);
}

int thread_join_for(pthread_t thread, int64_t limit_us)
{
	struct timespec ts;

	/* By the wall clock, as pthread_clockjoin_np() is not known to the thread sanitizer;
	 * a clock that jumps makes the wait of one exit shorter or longer. */
	clock_gettime(CLOCK_REALTIME, &ts);
	limit_us += ts.tv_nsec / NSEC_PER_USEC;
	ts.tv_sec += limit_us / USEC_PER_SEC;
	ts.tv_nsec = limit_us % USEC_PER_SEC * NSEC_PER_USEC;
	return -pthread_timedjoin_np(thread, NULL, &ts);
}
