/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_MANAGER_AIO_QUOTA_H
#define CHECKERD_MANAGER_AIO_QUOTA_H

/*
 * Reports when the kernel refuses asynchronous I/O, why, and which value of fs.aio-max-nr is
 * enough; and when every AIO group works again. Each is reported once. The loop only: procfs
 * answers from memory, and its files stay open.
 */
#include "checkerd/paths/events.h"
#include "libcheck/pathcheck.h"

struct aio_quota {
	struct pathcheck *engine; /* borrowed */
	struct events *events;    /* borrowed */
	/* /proc/sys/fs/aio-nr and aio-max-nr; -1: cannot be opened. */
	int nr_fd, max_fd;
	/* The engine's counters as aio_quota_update() last saw them. */
	uint64_t failures, replacements;
	/* The shortage was reported and is not over. */
	bool reported;
	/* With reported: the message. */
	char text[256];
};

/* aio_quota_deinit() may be called on it. */
#define AIO_QUOTA_NULL                    \
	{                                 \
		.nr_fd = -1, .max_fd = -1 \
	}

void aio_quota_init(struct aio_quota *q, struct pathcheck *engine, struct events *ev);
void aio_quota_deinit(struct aio_quota *q);
/* Compares the engine's counters with the last ones, and reports what changed. */
void aio_quota_update(struct aio_quota *q);
/* -1: not known. */
void aio_quota_read(const struct aio_quota *q, int64_t *ret_nr, int64_t *ret_max);
/* A value of fs.aio-max-nr that covers what is in use and `groups` more AIO groups. */
int64_t aio_quota_enough(int64_t aio_nr, uint32_t groups);

#endif
