/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_JOBS_H
#define LIBCHECK_PROBER_JOBS_H

/*
 * The queues of jobs that rescuers do, and which job may start. Each kind of work has rescuers
 * of its own and takes further ones from those that all kinds share (limits.h). An HBA or a
 * target holds a quarter of the rescuers at most. Opens and closes leave one of these to reads,
 * and one more may look at an open descriptor. Where the HBA is not known, each device holds
 * one rescuer, and all of these devices together hold as many as their kind of work may.
 */
#include <pthread.h>

#include "libcheck/prober/slot.h"

/* [jobs.lock] Rescuers that one HBA or target holds: all of them, and of two kinds. */
struct job_share {
	uint16_t all, reads, looks;
};

/* A seat is what a thread needs to do a job. There are limits.rescuers of them. */
struct seat {
	uint32_t index;    /* [init] */
	void *scratch;     /* [init] the buffer of its own reads */
	struct seat *next; /* [jobs.lock] in the list of free seats */
	/* [jobs.lock] the device that the job opens, reads or looks at; "": none */
	char device[PATHCHECK_DEVICE_MAX];
};

struct jobs {
	const struct limits *limits; /* [init] */
	const struct shared *shared; /* [init] for the names of devices */
	pthread_mutex_t lock;        /* a leaf */
	pthread_cond_t work;         /* there is a job, or the rescuers have to end */
	/* [lock] */
	struct job *head[CLASS_COUNT_], **tail[CLASS_COUNT_];
	/*
	 * Jobs that may not start until another one of their HBA, target or device has ended.
	 */
	struct job *held_head[CLASS_COUNT_], **held_tail[CLASS_COUNT_];
	bool held_by_device; /* some of these wait for a device */
	uint32_t busy[CLASS_COUNT_];
	uint32_t sharing; /* busy ones beyond those that are of their kind alone */
	/* The first of each counts those that are not known: they have no limit. */
	struct job_share hosts[PATHCHECK_HOSTS_MAX], targets[PATHCHECK_HOSTS_MAX];
	struct seat *free_seat;
	uint32_t submitters_stuck; /* each has a thread of its own */
	bool stopping;
	struct seat *seats; /* [init] */
};

void jobs_init(struct jobs *j, const struct limits *limits, const struct shared *shared);
void jobs_deinit(struct jobs *j);

void jobs_add(struct jobs *j, struct job *job, enum job_kind kind);
/* The same for slots whose job.kind is set. */
void jobs_add_slots(struct jobs *j, struct slot_list *slots);
/* The job's path is gone: its name must not be read any more. Submitter only. */
void jobs_cancel(struct jobs *j, struct job *job);
/*
 * Appends reads that io_submit would block with and that still wait, WOULD_BLOCK_RETRY at most.
 */
void jobs_take_blocked(struct jobs *j, struct slot_list *ret);

/* One submitter more is stuck. False: as many are as may be. */
_must_check_ bool jobs_spare_thread(struct jobs *j);
/* One submitter less is stuck. */
void jobs_return_thread(struct jobs *j);
bool jobs_stopping(struct jobs *j);
void jobs_stop(struct jobs *j);

/* --- with lock held --- */

/* What a job takes a share of; 0: not known, no share. */
struct job_ends {
	uint32_t host, target;
};
static inline struct slot *jobs_slot(struct job *job)
{
	return container_of(job, struct slot, job);
}
enum job_class jobs_class(enum job_kind kind);
struct job_ends jobs_ends(struct job *job);
/* The HBA or the target holds as many rescuers as this kind of work may. */
bool jobs_has_enough(const struct jobs *j, struct job_ends e, enum job_class c);
/* One rescuer more is busy with that (1), or one less (-1). */
void jobs_count(struct jobs *j, struct job_ends e, enum job_class c, int by);
/* The device that a job opens, reads or looks at; "": none. */
const char *jobs_device(const struct jobs *j, struct job *job);
void jobs_release_held(struct jobs *j);
/* The next job that may start; NULL: none. */
struct job *jobs_take(struct jobs *j);
bool jobs_any(const struct jobs *j);

#endif
