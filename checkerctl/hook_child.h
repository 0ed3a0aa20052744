/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKERCTL_HOOK_CHILD_H
#define CHECKERCTL_HOOK_CHILD_H

/*
 * The command of a hook as a process: one at a time, in a process group of its own, with a limit of time.
 * The caller blocks SIGCHLD, and calls hook_child_reap() when it comes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/macro.h"
#include "util/mono.h"

/* Killed processes that the kernel does not let end: a command may use the disk that hangs. */
#define HOOK_STUCK_MAX 8
/* How long a killed process has to end, before the next one is started. */
#define HOOK_KILLED_US (2 * USEC_PER_SEC)

struct hook_child {
	/* 0: none runs. */
	pid_t pid;
	/* Until it is killed, or is given up. */
	struct mono until;
	bool killed;
	pid_t stuck[HOOK_STUCK_MAX];
	unsigned n_stuck;
	/* For messages: the event and its kind. */
	uint64_t seq;
	const char *kind;
};

#define HOOK_CHILD_NULL ((struct hook_child){ .pid = 0 })

/* Can a command be started now? */
static inline bool hook_child_is_free(const struct hook_child *c)
{
	return c->pid == 0 && c->n_stuck < HOOK_STUCK_MAX;
}

/*
 * Starts argv[0], an absolute name, with this environment and /dev/null as its input; it has limit_us to
 * end. hook_child_is_free() is true. False: it could not be started, and a message says why.
 */
bool hook_child_start(struct hook_child *c, char *const *argv, char *const *environment,
                      int64_t limit_us);

/* Takes processes that have ended, and what is left of their groups; prints how the command failed. */
void hook_child_reap(struct hook_child *c);

/* Kills the command when its time is over; after that, gives up the process that does not end. */
void hook_child_check_time(struct hook_child *c, struct mono now, int64_t limit_us);

/* When hook_child_check_time() has something to do. */
static inline struct mono hook_child_next(const struct hook_child *c)
{
	return c->pid == 0 ? MONO_NEVER : c->until;
}

/* The program ends: kills the command. */
void hook_child_end(struct hook_child *c);

#endif
