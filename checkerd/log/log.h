/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERD_LOG_LOG_H
#define CHECKERD_LOG_LOG_H

/*
 * Writes log lines on a thread of its own, because stderr and the journal can block: when
 * the disk that holds them is the one that hangs, the checker has to go on. Lines go through
 * a ring of fixed size; what does not fit is counted, and the count is logged when there is
 * room again.
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
 * Writes what is waiting, for at most limit_us, then ends the thread. False: it hangs in a
 * write and was left behind with its memory: the caller has to _exit().
 */
bool log_free(struct log *l, int64_t limit_us);

/* Queues one line: e->message with e->priority, the other fields for the journal. Never
 * blocks. One thread, the loop. */
void log_push(struct log *l, const struct event *e);

/* Bytes of log_new(), its thread's stack included: for the bound. */
uint64_t log_bytes(void);

/* Parses what --log-target takes. -EINVAL. */
_must_check_ int log_target_parse(const char *word, enum log_target *ret);

#endif
