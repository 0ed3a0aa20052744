/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_PROBER_H
#define LIBCHECK_PROBER_PROBER_H

/*
 * The probing side: everything that touches a device. It is the same in the caller's process
 * and in a process of its own, and talks to the caller through struct shared only.
 *
 * Threads: the submitter, a reaper a group, the watcher, and the rescuers. Locks, each of them
 * a leaf: group.lock, jobs.lock, posts.inbox_lock, posts.results_lock.
 */
#include "libcheck/prober/rescuer.h"

/* The parts, in the order of their dependence. */
struct prober {
	struct shared *shared; /* [init] */
	struct limits limits;  /* [init] a copy: the region is the caller's, too */
	struct posts posts;
	struct jobs jobs;
	struct runners runners;
	struct probed_path *paths; /* [init] limits.ids of them */
	struct group *groups;      /* [init] limits.groups of them */
	struct homes homes;
	struct handover handover;
	struct submitter submitter;
	struct watch watch;
	struct rescuers rescuers;
};

/* All the memory and no thread: unit tests step it by hand. -errno. */
_must_check_ int prober_init(struct prober *p, struct shared *shared,
                             const struct backends *backends);
/* The same, and starts the threads. -errno. */
_must_check_ int prober_start(struct prober *p, struct shared *shared,
                              const struct backends *backends);
/* Waits for the kernel to give back what it holds. */
void prober_stop(struct prober *p);
/* Bytes that prober_start() reserves, without stacks. */
uint64_t prober_bytes(const struct limits *l);

#endif
