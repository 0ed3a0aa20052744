/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_GROUP_H
#define LIBCHECK_PROBER_GROUP_H

/*
 * An aio_group: 1,024 slots on one context, and the state of each.
 *
 * What is here is bookkeeping under group.lock: no clock, no thread, and no system call but
 * that of group_wake(). So unit tests drive it by hand. The submitter, the group's reaper and
 * the rescuers work with it.
 *
 *   FREE ──take──▶ QUEUED ──launch──▶ IN_FLIGHT ──expire──▶ EXPIRED
 *    ▲                │                   │                    │
 *    │                └──── orphan ───────┼─────── orphan ─────┤
 *    │                                    ▼                    ▼
 *    └────────────── finish ───────── ORPHANED ◀───────────────┘
 *
 * A QUEUED slot may be finished too: the kernel's answer can overtake the submitter's
 * bookkeeping. Requeue puts a read that would block, or the read after an open, back to QUEUED;
 * a slot that has expired or is orphaned stays so.
 */
#include "libcheck/prober/buffers.h"
#include "libcheck/prober/runners.h"
#include "libcheck/prober/posts.h"
#include "libcheck/prober/probed_path.h"

/* [init] The parts that all groups work with. */
struct group_parts {
	struct posts *posts;
	struct jobs *jobs;
	struct probed_path *paths;
	const struct limits *limits;
	struct runners *runners;
	struct backends backends;
	const struct checker *const *checkers; /* by enum pathcheck_checker */
};

struct group {
	uint32_t id;             /* [init] */
	struct group_parts with; /* [init] */
	pthread_mutex_t lock;    /* a leaf, never held over a system call */
	pthread_t reaper;        /* [submitter] */
	bool has_reaper;         /* [submitter] */
	int wake_fd;             /* [init] eventfd */
	struct slot *slots;      /* [init] the array */
	bool slots_filled; /* [submitter] false: nothing was written to the slots yet */
	struct buffers buffers;  /* [lock] what reads bring */
	uint32_t members;        /* [submitter] paths whose home it is */
	struct slot_list submit; /* [submitter] QUEUED slots that wait for io_submit */
	struct job setup;        /* queued while setup_running */

	/* [lock] */
	enum pathcheck_group_state state;
	bool sends; /* SCSI commands, by backends.commands; else reads, by backends.reads */
	void *context;          /* NULL: none, rescuers read */
	uint32_t context_slots; /* fewer than the group's when the quota is short */
	uint32_t in_context;    /* slots in_kernel through it */
	/* Threads that are handing it a batch: the submitter, and stuck ones. */
	uint32_t submitting;
	uint64_t sent; /* number of the last SCSI command */
	/*
	 * The context before this one, until all its events have come; and its slots in_kernel.
	 */
	void *draining;
	uint32_t in_draining;
	/* The old context without a request in flight, until a rescuer has destroyed it. */
	void *emptied;
	bool setup_running; /* io_setup, or io_destroy of the emptied context */
	bool destroying;    /* the reaper is in io_destroy */
	bool wake_sent; /* wake_fd is written, and the reaper has not come round since */
	int setup_error;
	/*
	 * SETTING_UP: io_setup counts as slow then; FALLBACK, RECOVERING: it is tried again
	 * then
	 */
	struct mono setup_by;
	uint32_t count[SLOT_STATE_COUNT_];
	uint32_t closing;                     /* orphans whose check has ended */
	uint16_t free[PATHCHECK_GROUP_SLOTS]; /* a stack of count[SLOT_FREE] */
	/* By deadline: IN_FLIGHT slots, and QUEUED slots that wait for a rescuer. */
	uint16_t heap[PATHCHECK_GROUP_SLOTS];
	uint32_t heap_size;
	/*
	 * Slots that were given back and that the submitter does not see yet, all of that HBA.
	 */
	uint32_t back, back_host;
	struct mono asleep_until; /* the reaper sleeps until then; us 0: it is awake */
	struct mono idle_from;    /* the last request was answered then; us 0: never */
	int64_t pause_us; /* from then on no request was submitted for so long, the last time */
	struct mono patient_until; /* nothing times out before: the reaper overslept */
	struct slot_list done;     /* answered by other threads, for the reaper */
	/* When the caller is woken for successes in the ring, at the latest. MONO_NEVER: for none. */
	struct mono tell_by;
	bool drain_more; /* [reaper] the old context may have further events */
};

/* Memory, lock and eventfd; no thread, no context. -errno. */
_must_check_ int group_init(struct group *g, uint32_t id, const struct group_parts *with);
void group_deinit(struct group *g); /* asserts that every slot was given back */
/*
 * Writes to all slots, so that no later use of them faults. The submitter calls it before the
 * first slot is taken, lock not held. The slots of a group that is never used take no memory.
 */
void group_fill(struct group *g);
/* Wakes the reaper. Lock not held. */
void group_wake(struct group *g);
/* Hands a slot that another thread has answered to the reaper. Lock not held. */
void group_answer(struct group *g, struct slot *s);

/* Does not change while the group is in use. */
static inline const struct backend *group_backend(const struct group *g)
{
	return g->sends ? g->with.backends.commands : g->with.backends.reads;
}

static inline const struct checker *group_checker(const struct group *g,
                                                  const struct slot *s)
{
	return g->with.checkers[s->checker];
}

/* When the reaper will be awake, for the caller: if it is not, it is stalled. */
static inline _Atomic int64_t *group_wake_by(struct group *g)
{
	return &g->with.posts->shared->groups[g->id].wake_by_us;
}

/* --- all below: lock held --- */

/* A free slot, QUEUED; NULL: none. After group_fill() only. */
struct slot *group_take(struct group *g, uint32_t path, uint32_t generation);
/* The slot is about to be handed to the context. */
void group_enter(struct group *g, struct slot *s);
/* Its event has come, or the context did not take it. */
void group_leave(struct group *g, struct slot *s);
/* The context has no room, or there is none. */
static inline bool group_context_full(const struct group *g)
{
	return g->context == NULL || g->in_context >= g->context_slots;
}
/* A new context replaces the present one, which drains. */
void group_use_context(struct group *g, void *context, uint32_t slots);
/* The state of a group that paths use. */
enum pathcheck_group_state group_working_state(const struct group *g);
/*
 * Its request is in the kernel: IN_FLIGHT with a deadline. True: the reaper sleeps past that.
 */
bool group_launch(struct group *g, struct slot *s, struct mono started);
/* Back to waiting: its read has to be repeated in another way, or follows its open. */
void group_requeue(struct group *g, struct slot *s);
/*
 * The slot is QUEUED for a rescuer, or for the context: after limits.defer_after_us it counts
 * as deferred. True: the reaper sleeps past that.
 */
bool group_wait(struct group *g, struct slot *s, struct mono now);
/* Its path is gone. */
void group_orphan(struct group *g, struct slot *s);
/* Its check has ended and its path is there: a rescuer will close what the check opened. */
void group_close(struct group *g, struct slot *s);
/* Any state but FREE → FREE. */
void group_finish(struct group *g, struct slot *s);
/* The same, and its counters: the submitter sees them after the next group_publish(). */
void group_give_back(struct group *g, struct slot *s);
/* Counts the slot as an emergency one. */
void group_count_emergency(struct group *g, struct slot *s);
/*
 * The next slot whose deadline has passed: EXPIRED now, or still QUEUED and deferred. NULL:
 * none.
 */
struct slot *group_expire(struct group *g, struct mono now);
/* The earliest deadline; MONO_NEVER: none. */
struct mono group_deadline(const struct group *g);
/* Slots whose path is there. */
uint32_t group_live(const struct group *g);
/* Slots that are not free. */
uint32_t group_used(const struct group *g);
static inline uint32_t group_index(const struct group *g, const struct slot *s)
{
	return (uint32_t)(s - g->slots);
}
/* Shows the submitter which slots were given back. */
void group_show_back(struct group *g);
/* The same, and counters and state to the caller. */
void group_publish(struct group *g);
/* Checks every invariant; tests call it after each step. */
void group_assert(const struct group *g);

#endif
