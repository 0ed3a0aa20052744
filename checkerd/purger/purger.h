/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_PURGER_PURGER_H
#define CHECKERD_PURGER_PURGER_H

/*
 * Deletes disks, one at a time, each with a process of its own: checkerd-purger. A thread starts the
 * process and waits for it. The owner never waits: it gives an order, and gets the result later. A
 * deletion that hangs delays only the next deletion. The end of the daemon leaves its process
 * behind, which ends when the kernel lets it.
 */
#include <stdbool.h>

#include "util/mono.h"

#include "checkerd/purger/purge_disk.h"

/* The descriptor of the program, in the program itself. */
#define PURGER_FD_PROGRAM 3

struct purger;

struct purger_order {
	struct purge_disk disk;
	/* The disk is not deleted when the thread begins later than this. */
	struct mono until;
};

struct purger_result {
	/* 0; or -errno: why the disk was not deleted; -ETIME: `until` has passed. */
	int error;
	/* The program could not be started, or did not end by itself. */
	bool no_program;
	/* From the start of the program to its end. */
	int64_t took_us;
};

/* program: NULL: CHECKERD_PURGER in the environment, else the installed one. -ENOMEM, -EAGAIN,
 * -EMFILE. A program that is missing is an error of the orders. */
_must_check_ int purger_new(struct purger **ret, const char *program);
/* Ends the thread, and leaves a process that hangs. False: the thread hangs, and stays with its
 * memory after limit_us. NULL allowed. */
bool purger_free(struct purger *p, int64_t limit_us);

/* These are called on the loop. */

/* False: the last order has no result yet, or its result was not taken. */
_must_check_ bool purger_delete(struct purger *p, const struct purger_order *o);
int purger_fd(const struct purger *p); /* POLLIN: there is a result */
/* False: there is none. Resets the descriptor. */
_must_check_ bool purger_take(struct purger *p, struct purger_result *ret);

/* The most bytes, with the thread's stack: for the bound. */
uint64_t purger_bytes(void);

#endif
