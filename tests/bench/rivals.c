/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checkers as programmers write them by hand. thread-each: a thread for each path, which
 * waits for a start, reads and stores the result. context-each: an asynchronous context for
 * each path, as before contexts were shared.
 */
#include "tests/bench/subject.h"

#include <errno.h>
#include <libaio.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES (64 * 1024)

/* --- a thread each --- */

struct reader {
	pthread_t thread;
	int fd;
	sem_t go;
	bool end; /* set before sem_post(&go) */
};

static struct {
	uint32_t n, block;
	struct reader *readers;
	void *buffer;
	sem_t done;
	_Atomic uint64_t failed;
	_Atomic uint32_t left;
} crowd;

static void wait_for(sem_t *s)
{
	while (sem_wait(s) < 0)
		if (errno != EINTR)
			bench_fail("sem_wait", errno);
}

static void *reader_main(void *arg)
{
	struct reader *me = arg;

	for (;;) {
		wait_for(&me->go);
		if (me->end)
			return NULL;
		if (pread(me->fd, crowd.buffer, crowd.block, 0) != (ssize_t)crowd.block)
			atomic_fetch_add(&crowd.failed, 1);
		if (atomic_fetch_sub(&crowd.left, 1) == 1)
			(void)sem_post(
			        &crowd.done); /* cannot overflow: one post a reader */
	}
}

static void thread_each_start(const struct devices *d)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r == 0)
		r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (r != 0 || sem_init(&crowd.done, 0, 0) < 0)
		bench_fail("thread attributes", r);
	crowd.n = d->n;
	crowd.block = d->block;
	crowd.buffer = bench_buffer();
	crowd.readers = bench_alloc(d->n, sizeof(*crowd.readers));
	for (uint32_t i = 0; i < d->n; i++) {
		struct reader *me = &crowd.readers[i];

		me->fd = bench_open(d->names[i]);
		if (sem_init(&me->go, 0, 0) < 0)
			bench_fail("sem_init", errno);
		r = pthread_create(&me->thread, &attr, reader_main, me);
		if (r != 0)
			bench_fail("pthread_create", r);
	}
	(void)pthread_attr_destroy(&attr); /* on this system it does nothing */
}

static void thread_each_round(struct round *ret)
{
	uint64_t failed = atomic_load(&crowd.failed);

	atomic_store(&crowd.left, crowd.n);
	for (uint32_t i = 0; i < crowd.n; i++)
		(void)sem_post(
		        &crowd.readers[i]
		                 .go); /* cannot overflow: the semaphore is at zero */
	wait_for(&crowd.done);
	ret->checks += crowd.n;
	ret->failed += atomic_load(&crowd.failed) - failed;
	ret->other_way += crowd.n;
}

static void thread_each_stop(void)
{
	for (uint32_t i = 0; i < crowd.n; i++) {
		crowd.readers[i].end = true;
		(void)sem_post(&crowd.readers[i].go);
	}
	for (uint32_t i = 0; i < crowd.n; i++) {
		(void)pthread_join(crowd.readers[i].thread, NULL);
		(void)close(crowd.readers[i].fd);
	}
	free(crowd.readers);
	free(crowd.buffer);
}

/* --- a context each --- */

static struct {
	uint32_t n, block;
	io_context_t *contexts;
	struct iocb *requests;
	void *buffer;
} many;

static void context_each_start(const struct devices *d)
{
	int r;

	many.n = d->n;
	many.block = d->block;
	many.contexts = bench_alloc(d->n, sizeof(io_context_t));
	many.requests = bench_alloc(d->n, sizeof(*many.requests));
	many.buffer = bench_buffer();
	for (uint32_t i = 0; i < d->n; i++) {
		r = io_setup(1, &many.contexts[i]);
		if (r < 0)
			bench_fail("io_setup", -r);
		io_prep_pread(&many.requests[i], bench_open(d->names[i]), many.buffer,
		              d->block, 0);
	}
}

static void context_each_round(struct round *ret)
{
	struct io_event event;
	int r;

	for (uint32_t i = 0; i < many.n; i++) {
		struct iocb *list[1] = { &many.requests[i] };

		r = io_submit(many.contexts[i], 1, list);
		if (r != 1)
			bench_fail("io_submit", -r);
	}
	for (uint32_t i = 0; i < many.n; i++) {
		r = io_getevents(many.contexts[i], 1, 1, &event, NULL);
		if (r != 1)
			bench_fail("io_getevents", -r);
		ret->failed += event.res != many.block;
	}
	ret->checks += many.n;
}

static void context_each_stop(void)
{
	for (uint32_t i = 0; i < many.n; i++) {
		(void)io_destroy(many.contexts[i]);
		(void)close(many.requests[i].aio_fildes);
	}
	free(many.contexts);
	free(many.requests);
	free(many.buffer);
}

const struct subject subject_thread_each = {
	.name = "thread-each",
	.start = thread_each_start,
	.round = thread_each_round,
	.stop = thread_each_stop,
};

const struct subject subject_context_each = {
	.name = "context-each",
	.start = context_each_start,
	.round = context_each_round,
	.stop = context_each_stop,
};
