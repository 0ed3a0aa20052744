/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two contexts that share one eventfd, and a kernel that answers in between two system calls:
 * no answer is left behind by a reaper that goes to sleep. The library's four functions are the
 * test's.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libaio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libcheck/backends/backend.h"
#include "libcheck/region/limits.h"

#define EVENTS_MAX 8
#define READS      2

/* --- the kernel --- */

struct io_context {
	struct io_event events[EVENTS_MAX];
	int n;
	struct iocb *poll;              /* armed, NULL: not */
	struct iocb *reads[EVENTS_MAX]; /* that were submitted */
	int n_reads;
	struct iocb *next; /* is answered as soon as what there is has been taken */
};

static struct io_context contexts[2];
static int n_contexts, wake_fd;
static bool slept;

static bool is_readable(void)
{
	uint64_t n;

	/* Looked at, and put back. */
	if (read(wake_fd, &n, sizeof(n)) < 0)
		return false;
	assert_int_equal(write(wake_fd, &n, sizeof(n)), sizeof(n));
	return true;
}

static void fire_polls(void)
{
	for (int i = 0; i < n_contexts; i++) {
		struct io_context *c = &contexts[i];

		if (c->poll == NULL)
			continue;
		c->events[c->n++] = (struct io_event){ .obj = c->poll };
		c->poll = NULL;
	}
}

static void answer(struct io_context *c, struct iocb *io)
{
	static const uint64_t one = 1;

	c->events[c->n++] = (struct io_event){ .obj = io, .res = io->u.c.nbytes };
	if (io->u.c.flags & 1) { /* io_set_eventfd() */
		assert_int_equal(write((int)io->u.c.resfd, &one, sizeof(one)),
		                 sizeof(one));
		fire_polls();
	}
}

int io_setup(int n _unused_, io_context_t *ret)
{
	*ret = &contexts[n_contexts++];
	return 0;
}

int io_destroy(io_context_t c _unused_)
{
	return 0;
}

int io_submit(io_context_t c, long n, struct iocb *list[])
{
	for (long i = 0; i < n; i++) {
		if (list[i]->aio_lio_opcode != IO_CMD_POLL) {
			c->reads[c->n_reads++] = list[i];
			continue;
		}
		c->poll = list[i];
		if (is_readable())
			fire_polls();
	}
	return (int)n;
}

int io_getevents(io_context_t c, long least, long n, struct io_event *events,
                 struct timespec *timeout _unused_)
{
	int got = 0;

	for (; got < c->n && got < n; got++)
		events[got] = c->events[got];
	assert_int_equal(got, c->n);
	c->n = 0;
	slept = slept || got < least;
	if (got > 0 && c->next != NULL) {
		struct iocb *next = c->next;

		c->next = NULL;
		answer(c, next);
	}
	return got;
}

/* --- the test --- */

/* As a reaper does it with a context that drains: until it would sleep. */
static unsigned reap_all(void *context, void *draining)
{
	struct backend_event events[EVENTS_MAX];
	unsigned all = 0;

	for (slept = false; !slept;) {
		all += (unsigned)backend_libaio.reap(context, events, EVENTS_MAX, -1);
		if (!slept)
			all += (unsigned)backend_libaio.reap(draining, events, EVENTS_MAX,
			                                     0);
	}
	return all;
}

static void an_answer_between_two_calls(void **state)
{
	struct backend_request requests[READS] = { { .fd = 0, .len = 512 },
		                                   { .fd = 0, .len = 512 } };
	struct backend_request *list[READS] = { &requests[0], &requests[1] };
	void *context, *draining;

	(void)state; /* no fixture */
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(wake_fd >= 0);
	assert_int_equal(backend_libaio.setup(CONTEXT_SLOTS_MIN, wake_fd, &draining), 0);
	assert_int_equal(backend_libaio.setup(PATHCHECK_GROUP_SLOTS, wake_fd, &context),
	                 0);
	assert_int_equal(reap_all(context, draining), 0); /* all is armed */
	assert_int_equal(backend_libaio.submit(draining, list, READS), READS);
	contexts[0].next = contexts[0].reads[1];
	answer(&contexts[0], contexts[0].reads[0]);
	assert_int_equal(reap_all(context, draining), READS);
	backend_libaio.destroy(context);
	backend_libaio.destroy(draining);
	close(wake_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_between_two_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
