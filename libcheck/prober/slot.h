/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_SLOT_H
#define LIBCHECK_PROBER_SLOT_H

/*
 * A slot is one request of one check, from the moment when the check starts until the kernel
 * holds nothing of the request any more. It belongs to a group (group.h), and passes from
 * thread to thread on lists. A job is what a rescuer has to do for a slot or for a group.
 */
#include "libcheck/backends/backend.h"
#include "libcheck/checkers/checker.h"
#include "libcheck/region/shared.h"

#define NO_PATH     UINT32_MAX
#define NO_POSITION UINT16_MAX

static_assert(PATHCHECK_GROUP_SLOTS < NO_POSITION,
              "a position in the heap fits struct slot");
static_assert(SCRATCH_BYTES <= INT32_MAX, "what a read returns fits struct slot");

enum slot_state {
	SLOT_FREE,
	SLOT_QUEUED,
	SLOT_IN_FLIGHT,
	SLOT_EXPIRED,
	SLOT_ORPHANED,
	SLOT_STATE_COUNT_
};

/* What a rescuer has to do. */
enum job_kind {
	JOB_OPEN,       /* open the device */
	JOB_OPEN_AGAIN, /* the same, when the path's last check opened it and it answered */
	JOB_LOOK,       /* does the name still lead to the open device? if not, open it */
	JOB_READ,       /* read it synchronously, or send its SCSI command so */
	JOB_SUBMIT,  /* write its SCSI command, then others of the same HBA: runners.h */
	JOB_COMMAND, /* send slot.command to it, after a read or a SCSI command */
	JOB_CLOSE,   /* close its descriptor */
	JOB_SETUP,   /* of a group: io_setup */
	JOB_WATCH,   /* of the prober: watch the submitter */
	JOB_DESTROY  /* of a group: io_destroy of a small context that is empty */
};

struct group;

/* An entry in a queue of the rescuers. It is part of a slot, of a group or of the watch. */
struct job {
	struct job *next;       /* [jobs.lock] */
	struct group *group;    /* [init] */
	enum job_kind kind : 8; /* [jobs.lock] while queued */
	bool cancelled; /* [jobs.lock] while queued: its path is gone, so is its name */
	bool blocks; /* [jobs.lock] while queued: a read that io_submit would block with */
};

struct slot {
	struct backend_request request; /* first: events come back as this */
	struct job job;

	/*
	 * [group.lock] The bits are only written with the lock held. What other threads read
	 * without it has a byte of its own.
	 */
	enum slot_state state : 8;
	/* QUEUED, or EXPIRED and not in the kernel (or not any more) */
	bool waiting : 1;
	/* handed to io_submit, its event is still to come */
	bool in_kernel : 1;
	/* in_kernel through the group's old context */
	bool drains : 1;
	/* counted as served synchronously because AIO has no room */
	bool emergency : 1;
	/* this host had no memory or descriptor: the check has to be repeated */
	bool resource : 1;
	/* fd is the slot's own, and is closed after the answer */
	bool closes : 1;
	/* ORPHANED only until fd is closed: its check has ended */
	bool closing : 1;
	/* the check asks for the WWID */
	bool identify : 1;
	/* the WWID was asked for */
	bool identified : 1;
	/* opened in this check: the path's view says what was opened */
	bool opened : 1;
	/* its block size has to be learned again */
	bool learn : 1;
	/* its block size was learned again in this check */
	bool learned : 1;
	/* its read is answered; a command that refines it comes before that is reported */
	bool refines : 1;
	/* its TIMED_OUT was reported */
	bool late : 1;
	/* its DEFERRED was reported */
	bool reported : 1;
	/* QUEUED and counted as deferred */
	bool deferred : 1;
	/* Its check reads, too: PATHCHECK_TUR_DIRECTIO. */
	bool reads : 1;
	/* of its SCSI command: see checker.h */
	uint8_t step : 2;
	/* see waited_ms */
	uint8_t waited_stage : 1;
	uint8_t checker; /* enum pathcheck_checker; rescuers read it without the lock */
	uint8_t stage;   /* enum pathcheck_stage */
	uint8_t engine;  /* enum pathcheck_engine */
	uint8_t command; /* a rescuer sends it to the device: see checker.h */
	uint8_t replied : 4; /* enum checker_replied, of the command that refined the read */
	uint8_t tries : 4; /* SCSI commands that were sent before the present one */
	struct sense
	        sense; /* of the last command that is answered; invalid: there are none */
	/* Another prober waited so long for its answer, in that stage: see group_launch(). */
	uint16_t waited_ms;
	/* enum pathcheck_said and pathcheck_request, of its last command */
	uint8_t said : 5, ask : 3;
	uint16_t heap_at; /* position in group.heap, NO_POSITION: none */
	uint16_t host, target;
	/*
	 * [atomic] written with group.lock held; the submitter and the results read it without.
	 * Only the submitter gives a slot the id that it had before.
	 */
	_Atomic uint32_t path;
	uint32_t generation;
	int fd;         /* what to read; the slot's own to close once it is orphaned */
	int stale_fd;   /* an old descriptor, to be looked at when opening */
	uint32_t block; /* bytes to read */
	/* Bytes or -errno: of a rescuer, or of the read that is answered. */
	int32_t result;
	uint64_t batch; /* the submitter handed it over in this one: see handover.h */
	int64_t timeout_us;
	union {
		struct mono
		        blocked_from; /* a read would block since then, us 0: it would not */
		struct mono
		        first; /* when the first SCSI command was sent; us 0: none was */
	};
	struct mono started, deadline;
	/* when the read was, if a command follows; us 0: none does */
	struct mono answered;
	struct slot *next; /* in the one list that it is in: submit, done, inbox */
};

/* A list belongs to the thread that made it, or that holds its lock. */
struct slot_list {
	struct slot *head, **tail;
};

static inline void slot_list_init(struct slot_list *l)
{
	l->head = NULL;
	l->tail = &l->head;
}

static inline void slot_list_append(struct slot_list *l, struct slot *s)
{
	s->next = NULL;
	*l->tail = s;
	l->tail = &s->next;
}

/* The first one; NULL: the list is empty. */
static inline struct slot *slot_list_take(struct slot_list *l)
{
	struct slot *s = l->head;

	if (s == NULL)
		return NULL;
	l->head = s->next;
	if (l->head == NULL)
		l->tail = &l->head;
	s->next = NULL;
	return s;
}

static inline bool slot_list_empty(const struct slot_list *l)
{
	return l->head == NULL;
}

#endif
