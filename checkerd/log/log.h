/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOG_LOG_H
#define CHECKERD_LOG_LOG_H

/*
 * Writes log lines on a thread of its own, because stderr and the journal can block: their disk
 * may be the one that hangs. Lines go through a ring of fixed size. Lines that do not fit are
 * counted, and the count is logged when the ring has room again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "checkerd/core/event.h"
#include "util/macro.h"

enum log_target {
	LOG_TARGET_AUTO, /* the journal when stderr or the service is connected to it */
	LOG_TARGET_STDERR,
	LOG_TARGET_JOURNAL,
};

struct log;

/* Starts the thread. -ENOMEM, -EAGAIN: no thread, -EMFILE. */
_must_check_ int log_new(struct log **ret, enum log_target target);

/*
 * Writes the waiting lines, for at most limit_us, and ends the thread. False: the thread hangs in
 * a write and stays with its memory, and the caller has to _exit().
 */
bool log_free(struct log *l, int64_t limit_us);

/* Queues one line: e->message with e->priority; the journal gets the other fields, too. Never
 * blocks. Runs on the loop. */
void log_push(struct log *l, const struct event *e);

/* Bytes of log_new(), with the thread's stack: for the bound. */
uint64_t log_bytes(void);

/* Parses the word of --log-target. -EINVAL. */
_must_check_ int log_target_parse(const char *word, enum log_target *ret);

#endif
