/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices whose driver blocks io_submit, to be preloaded: a batch that has a read of one of them stays
 * in the call until the test lets it go. The kernel keeps a batch in a plug, and its drivers get the
 * last request first (block/blk-mq.c): so nothing of the batch is handed over before.
 *
 * BLOCKING names a file of at least sizeof(struct blocking) bytes that the test has made; it is
 * mapped by every process, and the test writes to it and reads it.
 */
#include <libaio.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/preload.h"

#define DEVICES_MAX 16

struct blocking {
	_Atomic uint32_t on;    /* [atomic test→any] */
	_Atomic uint32_t now;   /* [atomic any→test] calls that are blocked */
	_Atomic uint32_t total; /* [atomic any→test] calls that were */
	_Atomic uint32_t
	        largest; /* [atomic any→test] requests of one that was, at most */
	uint64_t devices[DEVICES_MAX]; /* [test, before on] their numbers; 0: no more */
};

static struct blocking *shared;

__attribute__((constructor)) static void begin(void)
{
	shared = preload_map("BLOCKING", sizeof(*shared));
}

static bool is_blocking(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		return false;
	for (unsigned i = 0; i < DEVICES_MAX && shared->devices[i] != 0; i++)
		if (shared->devices[i] == st.st_rdev)
			return true;
	return false;
}

static bool has_blocking(long n, struct iocb **list)
{
	for (long i = 0; i < n; i++)
		if (list[i]->aio_lio_opcode == IO_CMD_PREAD &&
		    is_blocking((int)list[i]->aio_fildes))
			return true;
	return false;
}

static void block(long n)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	atomic_fetch_add(&shared->now, 1);
	atomic_fetch_add(&shared->total, 1);
	if ((uint32_t)n > atomic_load(&shared->largest))
		atomic_store(&shared->largest, (uint32_t)n);
	while (atomic_load(&shared->on) != 0)
		(void)nanosleep(&pause, NULL); /* or less: it is looked again */
	atomic_fetch_sub(&shared->now, 1);
}

int io_submit(io_context_t context, long n, struct iocb **list)
{
	static int (*next)(io_context_t, long, struct iocb **);

	if (next == NULL)
		FIND(next, "io_submit");
	if (shared != NULL && atomic_load(&shared->on) != 0 && has_blocking(n, list))
		block(n);
	return next(context, n, list);
}
