/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_RUNNERS_H
#define LIBCHECK_PROBER_RUNNERS_H

/*
 * SCSI commands that wait for a rescuer to write them. A write to /dev/sgN sleeps while the HBA has no
 * free tag. The HBA is slow from then on, and the submitter writes none of its commands. One rescuer,
 * the runner of the HBA, writes them one after the other. While a runner sleeps the HBA gets another
 * one, RUNNERS_HOST at most. The commands behind them wait, and count as deferred. The HBA is slow until
 * its runners have ended and none of their writes has slept.
 */
#include "libcheck/prober/jobs.h"

/* Rescuers that write commands for one HBA, at most. */
#define RUNNERS_HOST 2

struct runner_queue {
	struct slot *head, *tail; /* NULL: none waits */
	uint8_t runners;
	bool slept;        /* a write of these runners */
	_Atomic bool slow; /* [atomic any→submitter] */
};

struct runners {
	struct jobs *jobs;    /* [init] */
	pthread_mutex_t lock; /* a leaf */
	/* [lock] PATHCHECK_HOSTS_MAX of them, by HBA; the first: not known */
	struct runner_queue *hosts;
	/* [atomic reaper→submitter] a command has waited for long: runners may sleep */
	_Atomic bool wait;
};

#define RUNNERS_BYTES (PATHCHECK_HOSTS_MAX * sizeof(struct runner_queue))

void runners_init(struct runners *c, struct jobs *jobs);
/* Its memory. -ENOMEM. */
_must_check_ int runners_reserve(struct runners *c);
void runners_deinit(struct runners *c);
/* All of the list wait; a runner starts for each HBA that has none. Submitter only. */
void runners_add(struct runners *c, struct slot_list *slots);
/* The next command of the HBA for a runner whose last write slept, or not. NULL: none, it ends. */
struct slot *runners_next(struct runners *c, uint32_t host, bool slept);
/* A write of the submitter sleeps. Any thread. */
void runners_note_slow(struct runners *c, uint32_t host);
bool runners_is_slow(const struct runners *c, uint32_t host);
/* Starts another runner for each HBA whose commands wait. Submitter only. */
void runners_help(struct runners *c);

#endif
