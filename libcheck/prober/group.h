/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_GROUP_H
#define LIBCHECK_PROBER_GROUP_H

/*
 * An aio_group: 1,024 slots on one context, and where each of them stands.
 *
 * What is here is bookkeeping under group.lock: no system call, no clock, no thread, so that
 * unit tests drive it by hand. The threads around it are in lane.c, reaper.c and rescuer.c.
 *
 *   FREE ──take──▶ QUEUED ──launch──▶ IN_FLIGHT ──expire──▶ EXPIRED
 *    ▲                │                   │                    │
 *    │                └──── orphan ───────┼─────── orphan ─────┤
 *    │                                    ▼                    ▼
 *    └────────────── finish ───────── ORPHANED ◀───────────────┘
 *
 * A QUEUED slot may be finished too: the kernel's answer can overtake the lane's bookkeeping.
 * Requeue puts a read that would block, or the read after an open, back to QUEUED; one that
 * has expired or is orphaned stays so.
 */
#include <pthread.h>

#include "libcheck/backends/backend.h"
#include "libcheck/prober/buffers.h"
#include "libcheck/region/shared.h"

#define NO_PATH  UINT32_MAX
#define NO_PLACE UINT16_MAX

static_assert(PATHCHECK_GROUP_SLOTS < NO_PLACE, "a place of the heap fits struct slot");
static_assert(SCRATCH_BYTES <= INT32_MAX, "so does what a read returns");

enum slot_state {
	SLOT_FREE,
	SLOT_QUEUED,
	SLOT_IN_FLIGHT,
	SLOT_EXPIRED,
	SLOT_ORPHANED,
	SLOT_STATE_COUNT_
};

/* What a rescuer has to do for it. */
enum job_kind {
	JOB_NONE,
	JOB_OPEN,       /* open the device */
	JOB_OPEN_AGAIN, /* the same, of a path that is opened for each check and was just now */
	JOB_LOOK, /* look whether the open one is still the one; open it when it is not */
	JOB_READ, /* read it synchronously */
	JOB_ASK,  /* put the questions of slot.ask to it, after a read */
	JOB_CLOSE,   /* give its descriptor back */
	JOB_SETUP,   /* of a group: io_setup */
	JOB_WATCH,   /* of the prober: look after the lane */
	JOB_DESTROY, /* of a group: io_destroy of a small context that is empty */
	JOB_KIND_COUNT_
};

struct group;

/* What JOB_ASK asks a device; bits of slot.ask. */
enum {
	ASK_UNIT = 1, /* does the target still have that unit? */
	ASK_WWID = 2, /* which WWID does it have? */
};

/* A place in a rescuers' queue, in a slot or in a group. */
struct job {
	struct job *next;       /* [rescuers.lock] */
	struct group *group;    /* [init] */
	enum job_kind kind : 8; /* [rescuers.lock] while queued */
	bool cancelled; /* [rescuers.lock] while queued; its path is gone: no name to open */
	bool blocks; /* [rescuers.lock] while queued; a read that io_submit would wait with */
};

struct slot {
	struct backend_request request; /* first: events come back as this */
	struct job job;

	/* [lock] All bits are written with it held; a byte of its own has what others read without. */
	enum slot_state state : 8;
	uint8_t turn_at;    /* its place in the batch of `turn` */
	bool waiting : 1;   /* QUEUED, or EXPIRED but not (or no longer) in the kernel */
	bool in_kernel : 1; /* handed to io_submit, its event to come, */
	bool drains : 1;    /* … from the group's old context */
	bool emergency : 1; /* counted as served synchronously for want of AIO */
	bool resource : 1; /* ended for want of memory or descriptors: to be done again */
	bool closes : 1;   /* fd is its own, and is closed after the answer */
	bool closing : 1;  /* ORPHANED for that only: its check is over */
	bool identify : 1; /* its WWID is to be asked for, */
	bool identified : 1; /* … and was */
	bool opened : 1;     /* in this check: the path's view says what was opened */
	bool learn : 1;      /* its block size is to be learned again, */
	bool learned : 1;    /* … and was, in this check */
	bool asks_unit : 1; /* its read is answered; its unit is asked before that is told */
	bool late : 1;      /* its TIMED_OUT was reported */
	bool told : 1;      /* its DEFERRED was reported */
	bool deferred : 1; /* QUEUED and counted as deferred */
	uint8_t stage;     /* enum pathcheck_stage */
	uint8_t engine;    /* enum pathcheck_engine */
	uint8_t ask;       /* ASK_ bits, until a rescuer has asked */
	uint8_t unit;      /* enum scsi_unit */
	/* It was silent so long in another prober's hands, in that stage: see group_launch(). */
	uint16_t silent_ms, silent_stage;
	uint16_t heap_at; /* place in group.heap, NO_PLACE: not in it */
	uint16_t host, target;
	/* [atomic; written with lock held] the id, for the lane and the results; only the
	 * lane makes it one again that it has been */
	_Atomic uint32_t path;
	uint32_t generation;
	int fd;         /* what to read; the slot's own to close once it is orphaned */
	int stale_fd;   /* an old descriptor to look at, and maybe close, when opening */
	uint32_t block; /* bytes to read */
	/* A rescuer's, or of the read that is answered: bytes or -errno. */
	int32_t result;
	uint64_t turn; /* the lane's, that it was handed over in */
	int64_t timeout_us;
	struct mono blocked_from; /* it would block since then, us 0: it would not */
	struct mono started, deadline;
	struct mono answered; /* the read, with questions to follow; us 0: not so */
	struct slot *next;    /* the one list it is in: submit, done, inbox */
};

struct slot_list {
	struct slot *head, **tail;
};

struct group {
	uint32_t id;           /* [init] */
	struct prober *prober; /* [init] */
	pthread_mutex_t
	        lock;     /* a leaf: no other lock and no system call while it is held */
	pthread_t reaper; /* [lane] */
	bool has_reaper;  /* [lane] */
	int wake_fd;      /* [init] eventfd */
	struct slot *slots;      /* [init] the array */
	bool slots_filled;       /* [lane] it is used: else nothing was written to it */
	struct buffers buffers;  /* [lock] what their reads bring */
	uint32_t members;        /* [lane] paths that call it home */
	struct slot_list submit; /* [lane] QUEUED and waiting for io_submit */
	struct job setup;        /* [lock] for when it is queued */

	/* [lock] */
	enum pathcheck_group_state state;
	void *context;          /* NULL: none, reads go through rescuers */
	uint32_t context_slots; /* fewer than the group's when the quota is short */
	uint32_t in_context;    /* in_kernel through it */
	uint32_t
	        submitting; /* threads that are handing it a batch: the lane, stuck ones */
	void *draining;     /* the one before it, until all its events have come */
	uint32_t in_draining;
	void *emptied;      /* the same, then: a rescuer destroys it */
	bool setup_running; /* or the destroying of the emptied one */
	bool destroying;    /* the reaper is in io_destroy */
	bool wake_sent;     /* wake_fd is written and the reaper has not come round */
	int setup_error;
	struct mono
	        setup_by; /* SETTING_UP: then it counts as slow; FALLBACK, RECOVERING: try again */
	uint32_t count[SLOT_STATE_COUNT_];
	uint32_t closing; /* of the orphans: those whose check is over */
	uint16_t free[PATHCHECK_GROUP_SLOTS]; /* a stack of count[SLOT_FREE] */
	/* By deadline: IN_FLIGHT slots, and QUEUED ones that wait for a rescuer. */
	uint16_t heap[PATHCHECK_GROUP_SLOTS];
	uint32_t heap_size;
	uint32_t back, back_host; /* slots given back and not shown, all of that host */
	struct mono asleep_until; /* the reaper's plan; us 0: it is awake */
	struct mono
	        patient_until; /* nobody counts as silent before: the reaper overslept */
	struct slot_list done; /* finished by rescuers, for the reaper */
	bool drain_more;       /* [reaper] the old context may have further events */
};

/* One check more is deferred, or one less; again: it was counted before. Any thread. */
void deferred_more(struct shared_header *h, bool again);
void deferred_less(struct shared_header *h);

void slot_list_init(struct slot_list *l);
void slot_list_append(struct slot_list *l, struct slot *s);
struct slot *slot_list_take(struct slot_list *l); /* the first, NULL: empty */
bool slot_list_empty(const struct slot_list *l);

/* Memory, lock and eventfd; no thread, no context. -errno. */
_must_check_ int group_init(struct group *g, uint32_t id, struct prober *prober);
void group_deinit(struct group *g); /* asserts that every slot was given back */
/* Before its first slot is taken, by the lane, lock not held: writes to all of them, so that no
 * taking faults. The slots of a group that is never used take no memory. */
void group_fill(struct group *g);

/* --- all below: lock held --- */

/* A free slot, QUEUED; NULL: none. After group_fill() only. */
struct slot *group_take(struct group *g, uint32_t path, uint32_t generation);
/* It is about to be handed to the context; its event has come, or it was not taken. */
void group_enter(struct group *g, struct slot *s);
void group_leave(struct group *g, struct slot *s);
/* Nothing more fits the context, or there is none. */
bool group_context_full(const struct group *g);
/* A new context takes the place of the one there, which drains. */
void group_use_context(struct group *g, void *context, uint32_t slots);
/* What it is as long as paths use it. */
enum pathcheck_group_state group_working_state(const struct group *g);
/* Its request is in the kernel: IN_FLIGHT with a deadline. True: the reaper sleeps past it. */
bool group_launch(struct group *g, struct slot *s, struct mono started);
/* Back to waiting: its read has to be done in another way, or follows its open. */
void group_requeue(struct group *g, struct slot *s);
/* It is QUEUED for a rescuer, or for the context: by then it counts as deferred. True: the reaper
 * sleeps past that. */
bool group_wait(struct group *g, struct slot *s, struct mono now);
/* Its path is gone. */
void group_orphan(struct group *g, struct slot *s);
/* Its check is over, its path is there: what it has opened is to be closed by a rescuer. */
void group_close(struct group *g, struct slot *s);
/* Given back: FREE. */
void group_finish(struct group *g, struct slot *s);
/* The next slot whose deadline has passed: EXPIRED now, or still QUEUED and deferred. NULL:
 * none. */
struct slot *group_expire(struct group *g, struct mono now);
/* The earliest deadline, MONO_NEVER. */
struct mono group_deadline(const struct group *g);
/* Slots whose path is alive. */
uint32_t group_live(const struct group *g);
/* Slots in the kernel or on their way. */
uint32_t group_used(const struct group *g);
uint32_t slot_index(const struct group *g, const struct slot *s);
/* Shows the lane what was given back. */
void group_show_back(struct group *g);
/* The same, and counters and state to the caller. */
void group_publish(struct group *g);
/* Checks every invariant; tests call it after each step. */
void group_assert(const struct group *g);

#endif
