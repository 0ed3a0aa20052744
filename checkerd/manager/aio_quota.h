/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_AIO_QUOTA_H
#define CHECKERD_MANAGER_AIO_QUOTA_H

/*
 * Says, once each time it happens, that asynchronous I/O is not to be had, why, and which
 * value of fs.aio-max-nr would do; and that it is there again. The loop only: procfs answers
 * from memory, and its files are kept open.
 */
#include "checkerd/paths/events.h"
#include "libcheck/pathcheck.h"

struct aio_quota {
	int nr_fd, max_fd; /* /proc/sys/fs/aio-nr, aio-max-nr; -1: not to be had */
	uint64_t failures; /* as last seen */
	uint64_t replacements;
	bool told;      /* and it is not over yet */
	char text[256]; /* with told: what was said */
};

void aio_quota_init(struct aio_quota *h);
void aio_quota_deinit(struct aio_quota *h);
void aio_quota_update(struct aio_quota *h, struct pathcheck *engine, struct events *ev);
/* -1: not known. */
void aio_quota_read(const struct aio_quota *h, int64_t *ret_nr, int64_t *ret_max);
/* A value of fs.aio-max-nr that covers what is in use and so many groups more. */
int64_t aio_quota_enough(int64_t aio_nr, uint32_t groups);

#endif
