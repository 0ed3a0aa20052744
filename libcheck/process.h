/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROCESS_H
#define LIBCHECK_PROCESS_H

/*
 * The prober as a process. It starts with nothing but its region, and is killed without
 * waiting. A killed process lingers while the kernel holds its reads; it is collected later.
 * The caller's thread only.
 */
#include "libcheck/region/shared.h"

struct process {
	pid_t pid;   /* 0: none */
	int pidfd;   /* POLLIN when it has ended */
	int life_fd; /* the caller's end: when it closes, the prober exits */
};

#define PROCESS_NULL                       \
	{                                  \
		.pidfd = -1, .life_fd = -1 \
	}

/*
 * program: absolute; program_fd: the same, opened (O_PATH), or -1. -errno: nothing was started.
 */
_must_check_ int process_start(struct process *ret, const char *program, int program_fd,
                               const struct shared *s);
bool process_ended(const struct process *p);
/*
 * It was killed, or ends for another reason, also while the kernel holds it for its reads:
 * process_ended() is true only when they are over. Reads procfs.
 */
bool process_dying(const struct process *p);
/* How a process has ended, before it is collected. PATHCHECK_END_NONE: that is not known. */
enum pathcheck_end process_how(const struct process *p, int32_t *ret_code);
/* Sends SIGKILL. Does not wait, whatever the process hangs in. */
void process_kill(struct process *p);
/* Collects a process that has ended. False: the kernel still holds it. */
bool process_collect(struct process *p);
/* Waits for the end of a process that was killed, then collects it. If the kernel holds it for
 * longer, it is forgotten, and stays a child of the caller. */
void process_collect_by(struct process *p, struct mono limit);
void process_forget(struct process *p); /* closes the descriptors, collects nothing */

/* Its exit status if another version has made the region. */
#define PROBER_EXIT_VERSION 3

/* Descriptors the helper program finds: see prober_main.c. */
enum {
	PROBER_FD_REGION = 3,
	PROBER_FD_NAMES,
	PROBER_FD_SUBMITTER,
	PROBER_FD_CALLER,
	PROBER_FD_LIFE,
	PROBER_FD_PROGRAM, /* the program itself, to start it from; it may be missing */
	PROBER_FD_END
};

#endif
