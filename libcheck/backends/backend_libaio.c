/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux AIO. The only file that knows libaio. The submitter, a reaper and a rescuer use a
 * context: backend.h says who may do what.
 *
 * A reaper sleeps in io_getevents() only, so that one wake-up takes all completions. To be
 * woken for another reason it keeps one poll request on its eventfd in the same context
 * (IOCB_CMD_POLL, Linux 4.18). That request is the reaper's own, and is armed again after it
 * has fired.
 */
#include "libcheck/backends/backend.h"

#include <errno.h>
#include <libaio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libcheck/region/shared.h"

/* Kernel headers may be older than libaio. */
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

static_assert(sizeof(struct iocb) <= sizeof(((struct backend_request *)0)->opaque),
              "a request has room for the iocb");

struct aio_context {
	io_context_t ctx;
	struct iocb wake; /* [reaper] */
	int wake_fd;
	bool signals; /* [init] each event writes to wake_fd */
	bool armed;   /* [reaper] */
	/*
	 * [atomic submitter→reaper] The kernel passes a request from the submitter to the
	 * reaper. This says the same in a way that thread sanitizers understand.
	 */
	_Atomic uint32_t handed_over;
};

static int arm_wake(struct aio_context *c)
{
	struct iocb *list[1] = { &c->wake };
	int r;

	io_prep_poll(&c->wake, c->wake_fd, POLLIN);
	r = io_submit(c->ctx, 1, list);
	if (r < 0)
		return r;
	c->armed = true;
	return 0;
}

static int aio_setup(unsigned slots, int wake_fd, void **ret_context)
{
	struct aio_context *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return -ENOMEM;
	c->wake_fd = wake_fd;
	c->signals = slots < PATHCHECK_GROUP_SLOTS;
	r = io_setup((int)slots, &c->ctx);
	if (r < 0) {
		free(c);
		return r;
	}
	r = arm_wake(c);
	if (r < 0) {
		(void)io_destroy(c->ctx); /* nothing is in flight */
		free(c);
		return r;
	}
	*ret_context = c;
	return 0;
}

static int aio_submit(void *context, struct backend_request *const *requests, unsigned n)
{
	struct aio_context *c = context;
	struct iocb *list[SUBMIT_BATCH];

	n = MIN(n, (unsigned)ARRAY_LEN(list));
	for (unsigned i = 0; i < n; i++) {
		struct iocb *io = (struct iocb *)(void *)requests[i]->opaque;

		io_prep_pread(io, requests[i]->fd, requests[i]->buffer, requests[i]->len,
		              0);
		io->aio_rw_flags = RWF_NOWAIT;
		if (c->signals)
			io_set_eventfd(io, c->wake_fd);
		list[i] = io;
	}
	atomic_fetch_add_explicit(&c->handed_over, n, memory_order_release);
	return io_submit(c->ctx, n, list);
}

/* The kernel changes no timeout. */
static int get_events(struct aio_context *c, long least, unsigned n, struct io_event *raw,
                      const struct timespec *timeout)
{
#ifdef LIBAIO_TIME32 /* see configure.ac */
	struct {
		long s, ns;
	} at_most = { (long)timeout->tv_sec, timeout->tv_nsec };
#else
	struct timespec at_most = *timeout;
#endif

	return io_getevents(c->ctx, least, n, raw, (void *)&at_most);
}

/*
 * Stores the events that the kernel has, but for the reaper's own one. *ret_more: there may be
 * more, because all the room is used; or because wake_fd was cleared after the events had been
 * read, and an event in between may have written to it.
 */
static int take_events(struct aio_context *c, struct backend_event *events, unsigned n,
                       long least, const struct timespec *timeout, bool *ret_more)
{
	/* reaper.pml: TAKE, CLEAR, MORE */
	struct io_event raw[REAP_BATCH];
	int got, stored = 0;

	n = MIN(n, (unsigned)ARRAY_LEN(raw));
	got = get_events(c, least, n, raw, timeout);
	(void)atomic_load_explicit(&c->handed_over, memory_order_acquire);
	*ret_more = got == (int)n;
	for (int i = 0; i < got; i++) {
		if (raw[i].obj == &c->wake) {
			c->armed = false;
			shared_drain(c->wake_fd);
			*ret_more = *ret_more || c->signals;
			continue;
		}
		events[stored++] = (struct backend_event){
			.request = (struct backend_request *)(void *)raw[i].obj,
			.result = (int64_t)(long)raw[i].res,
		};
	}
	return stored;
}

static int aio_reap(void *context, struct backend_event *events, unsigned n,
                    int64_t timeout_us)
{
	/* reaper.pml: ARM, SLEEP */
	struct aio_context *c = context;
	struct timespec ts = { .tv_sec = timeout_us / USEC_PER_SEC,
		               .tv_nsec = timeout_us % USEC_PER_SEC * NSEC_PER_USEC };
	struct timespec at_once = { 0 };
	int stored;
	bool more;

	/* Without the poll request nothing can wake the reaper: it sleeps 10 ms at most. */
	if (!c->armed && arm_wake(c) < 0 &&
	    (timeout_us < 0 || timeout_us > 10 * USEC_PER_MSEC))
		ts = (struct timespec){ .tv_nsec = 10 * USEC_PER_MSEC * NSEC_PER_USEC };
	else if (timeout_us < 0)
		ts = (struct timespec){ .tv_sec = INT32_MAX };

	stored = take_events(c, events, n, 1, &ts, &more);
	/* If there is no room for more, the reaper comes back at once. */
	if (more && stored < (int)n)
		stored += take_events(c, events + stored, n - (unsigned)stored, 0,
		                      &at_once, &more);
	return stored;
}

static void aio_destroy(void *context)
{
	struct aio_context *c = context;

	(void)io_destroy(c->ctx); /* fails only for a context that does not exist */
	free(c);
}

const struct backend backend_libaio = {
	.setup = aio_setup,
	.submit = aio_submit,
	.reap = aio_reap,
	.destroy = aio_destroy,
};
