/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts, stops and joins a worker: the owner's thread. Waits and emits: the worker's thread. */
#include "util/worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "util/mono.h"

#define RING_FULL_WAIT_US 2000

int worker_init(struct worker *w, bool notifies)
{
	int r = 0;

	*w = (struct worker)WORKER_NULL;
	if (notifies)
		w->out_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (notifies && w->out_fd < 0)
		r = -errno;
	if (r == 0)
		w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r == 0 && w->wake_fd < 0)
		r = -errno;
	if (r < 0)
		worker_deinit(w);
	return r;
}

int worker_start(struct worker *w, const char *name, size_t stack_bytes,
                 void *(*fn)(void *), void *arg)
{
	return thread_start(&w->thread, name, stack_bytes, fn, arg);
}

bool worker_stop(struct worker *w, int64_t limit_us)
{
	atomic_store(&w->stop, true);
	worker_wake(w);
	return thread_join_for(w->thread, limit_us) == 0;
}

void worker_deinit(struct worker *w)
{
	if (w->out_fd >= 0)
		close(w->out_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	*w = (struct worker)WORKER_NULL;
}

int worker_wait(struct worker *w, int fd, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = w->wake_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int bits = 0;

	if (poll(fds, ARRAY_LEN(fds), timeout_ms) < 0)
		return -errno; /* not EINTR: a worker's signals are blocked */
	if (fds[0].revents != 0) {
		(void)wake_clear(w->wake_fd); /* it was readable */
		bits |= WORKER_WOKEN;
	}
	if (fds[1].revents != 0)
		bits |= WORKER_READABLE;
	return bits;
}

int worker_emit(struct worker *w, struct ring_producer *ring, const void *element,
                uint32_t kept, int (*meanwhile)(void *arg), void *arg)
{
	const struct timespec pause = { 0, RING_FULL_WAIT_US * NSEC_PER_USEC };

	while (ring_producer_used(ring) + kept >= ring->end.capacity ||
	       !ring_push(ring, element)) {
		if (worker_stopping(w) || (meanwhile != NULL && meanwhile(arg) < 0))
			return -ECANCELED;
		(void)nanosleep(&pause, NULL); /* woken early: looks again early */
	}
	worker_notify(w);
	return 0;
}
