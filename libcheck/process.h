/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROCESS_H
#define LIBCHECK_PROCESS_H

/*
 * The prober as a process: started with nothing but its region, killed without being waited
 * for. One that was killed lingers while the kernel holds its reads; it is collected later.
 */
#include "libcheck/region/shared.h"

struct process {
	pid_t pid;   /* 0: none */
	int pidfd;   /* POLLIN when it has ended */
	int life_fd; /* our end: when it closes, the prober exits */
};

#define PROCESS_NULL                       \
	{                                  \
		.pidfd = -1, .life_fd = -1 \
	}

/* program: absolute; program_fd: it was opened (O_PATH), -1: it was not. -errno, with nothing
 * started. */
_must_check_ int process_start(struct process *ret, const char *program, int program_fd,
                               const struct shared *s);
bool process_ended(const struct process *p);
/*
 * It was killed, or is on its way out for another reason, even while the kernel holds it for
 * its reads: process_ended() is true only when they are over. Reads procfs.
 */
bool process_dying(const struct process *p);
/* How one that has ended did, before it is collected: PATHCHECK_END_NONE: not known. */
enum pathcheck_end process_how(const struct process *p, int32_t *ret_code);
/* SIGKILL; at once, whatever it hangs in. */
void process_kill(struct process *p);
/* Collects one that has ended. False: the kernel still holds it. */
_must_check_ bool process_collect(struct process *p);
/* Waits for the end of one that was killed, then collects it. One that the kernel holds for
 * longer is forgotten: it is for whoever collects the caller's children. */
void process_collect_by(struct process *p, struct mono limit);
void process_forget(struct process *p); /* gives the descriptors back, uncollected */

/* Its exit status when the region was made by another version. */
#define PROBER_EXIT_VERSION 3

/* Descriptors the helper program finds: see prober_main.c. */
enum {
	PROBER_FD_REGION = 3,
	PROBER_FD_NAMES,
	PROBER_FD_LANE,
	PROBER_FD_CALLER,
	PROBER_FD_LIFE,
	PROBER_FD_PROGRAM, /* itself, to be started from; it may not be there */
	PROBER_FD_END
};

#endif
