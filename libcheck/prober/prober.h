/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCHECK_PROBER_PROBER_H
#define LIBCHECK_PROBER_PROBER_H

/*
 * The probing side: everything that touches a device. The same in the caller's process and in
 * one of its own; it talks to the caller through struct shared only.
 *
 * Threads: one lane (takes commands, owns the path table, submits), a reaper a group, and
 * the rescuers. Locks, every one a leaf: group.lock, rescuers.lock, inbox_lock, results_lock.
 */
#include "libcheck/prober/group.h"

/* What the reaper tells the lane of a path; bits of probed_path.flags. */
enum {
	PATH_LOOK_AGAIN = 1, /* its last read failed: is it still the same device? */
	PATH_BLOCKS = 2,     /* it refuses RWF_NOWAIT: always through a rescuer */
	PATH_SUSPECT = 4,    /* its submit may block: the same, until it is quick there */
	PATH_NO_SCSI = 8,    /* it knows no SCSI commands: its unit is not asked again */
};

/* [lane] but for flags */
struct probed_path {
	bool used;
	bool deferred;   /* in the deferred list */
	bool closing;    /* in it because no slot was free to close it */
	bool identify;   /* this check asks for the WWID */
	bool opened;     /* this check has opened or identified it */
	bool close_each; /* opened for each check, and closed after it */
	bool opens;      /* close_each, and the last check was opened and answered */
	bool told;       /* DEFERRED was reported for this check */
	bool late;       /* TIMED_OUT was reported for this check */
	_Atomic uint8_t flags; /* [atomic reaper→lane] */
	uint16_t host, target;
	uint16_t home; /* group: see shared.h */
	uint32_t generation;
	uint32_t block;
	int fd; /* -1: not open, or a slot owns it */
	/* Of its check: silent so long before, in that stage, in another prober's hands. */
	uint16_t silent_ms, silent_stage;
	uint64_t timeout_us;
	struct slot *
	        slot; /* of its check; only valid while slot->path and generation match */
	uint32_t next, previous; /* deferred list */
};

/* [rescuers.lock] Rescuers that one host or target holds: all of them, and of two kinds. */
struct rescuer_share {
	uint16_t all, reads, looks;
};

struct rescuers {
	pthread_mutex_t lock;
	pthread_cond_t work;
	/* [lock] */
	struct job *head[CLASS_COUNT_], **tail[CLASS_COUNT_];
	/* Looked at in vain: until one ends, their host, target or device has enough. */
	struct job *held_head[CLASS_COUNT_], **held_tail[CLASS_COUNT_];
	bool held_by_device; /* some of them are */
	uint32_t busy[CLASS_COUNT_];
	uint32_t sharing; /* of them those beyond what is their kind's alone */
	/* The first of each is those that are not known, which have no share. */
	struct rescuer_share hosts[PATHCHECK_HOSTS_MAX], targets[PATHCHECK_HOSTS_MAX];
	struct rescuer
	        *free_seat;   /* limits.rescuers of them, one for each job under way */
	uint32_t lanes_stuck; /* each has a thread of its own */
	bool stopping;
	bool lane_over; /* the lane has ended all there is */
	pthread_cond_t over;
	struct rescuer *seats; /* [init] */
	pthread_t *threads;    /* [init] limits.threads of them */
	uint32_t started;      /* [init] */
};

/* A place to do a job at: what the thread that sits there needs. */
struct rescuer {
	uint32_t index;       /* [init] */
	void *scratch;        /* [init] its own reads' buffer */
	struct rescuer *next; /* [rescuers.lock] of those that are free */
	char device
	        [PATHCHECK_DEVICE_MAX]; /* [rescuers.lock] what it is busy with, "": none */
};

/* See watch.c. */
struct lane_watch {
	int fd;                /* [init] timerfd */
	_Atomic bool armed;    /* [atomic lane→watcher] the timer is set */
	_Atomic uint64_t turn; /* [atomic lane↔watcher] odd: a batch is handed over */
	_Atomic int64_t since_us; /* [atomic lane→watcher] since when */
	uint64_t looked;    /* [watcher] the turn that was last found to stand still */
	uint64_t suspected; /* [watcher] the last one whose reads were called suspects */
	struct group *_Atomic group; /* [atomic lane→watcher] whose batch */
	struct job job;              /* [rescuers.lock] */
};

struct prober {
	struct shared *shared;                    /* [init] */
	const struct backend *backend;            /* [init] */
	struct limits limits;                     /* [init] */
	int64_t setup_timeout_us, setup_retry_us; /* [init] */
	struct group *groups;                     /* [init] limits.groups of them */
	/* Slots ever given back, of all and of each host's: shown by group_publish(). */
	_Alignas(64) _Atomic uint32_t slots_back;        /* [atomic any→lane] */
	_Atomic uint32_t host_back[PATHCHECK_HOSTS_MAX]; /* [atomic any→lane] */
	_Atomic uint32_t waiting; /* [atomic lane→any] entries of the deferred list */
	_Atomic bool stopping;    /* [atomic caller→any] */
	_Atomic bool
	        would_block; /* [atomic reaper↔lane] reads that would block may wait */
	_Atomic bool
	        making_buffers; /* [atomic rescuer] one is, because of a path's block */
	struct rescuers rescuers;
	struct lane_watch watch;

	pthread_mutex_t results_lock; /* producers of shared->results */

	pthread_mutex_t inbox_lock;
	struct slot_list inbox; /* [inbox_lock] slots the lane has to go on with */

	bool has_lane; /* [init] */
	/* [lane] whichever thread that is: see watch.c */
	_Alignas(64) struct probed_path *paths; /* limits.ids of them */
	uint32_t groups_end;
	/* Slots ever taken, alike. */
	uint32_t slots_taken, host_taken[PATHCHECK_HOSTS_MAX];
	uint32_t used_paths, used_hosts;          /* that there are now */
	uint32_t host_paths[PATHCHECK_HOSTS_MAX]; /* of each; the first: not known */
	uint32_t deferred_head, deferred_tail;
	struct mono submit_again; /* reads that would block, then; us 0: there are none */
	struct mono shortage_until; /* the deferred wait for memory; us 0: they do not */
};

/* All the memory and no thread: what unit tests step by hand. -errno. */
_must_check_ int prober_init(struct prober *p, struct shared *shared,
                             const struct backend *backend);
/* The same, and starts the threads. -errno. */
_must_check_ int prober_start(struct prober *p, struct shared *shared,
                              const struct backend *backend);
/* Waits for the kernel to give back what it holds. */
void prober_stop(struct prober *p);
/* Bytes prober_start() reserves, without stacks. */
uint64_t prober_bytes(const struct limits *l);

/* --- among the probing side's files --- */

/* Slots that are taken; never more than limits.in_flight and what is being closed. Lane only. */
static inline uint32_t prober_slots_used(const struct prober *p)
{
	return p->slots_taken - atomic_load(&p->slots_back);
}

static inline uint32_t prober_host_used(const struct prober *p, uint32_t host)
{
	return p->host_taken[host] - atomic_load(&p->host_back[host]);
}

/* A few results on their way to the ring: pushed outside of group.lock. */
struct result_batch {
	struct prober *prober;
	unsigned n;
	struct wire_result results[RESULT_BATCH];
};
void results_add(struct result_batch *b, const struct slot *s,
                 enum pathcheck_verdict verdict, int error, struct mono now);
bool results_full(const struct result_batch *b);
void results_push(struct result_batch *b);
void results_push_one(struct prober *p, const struct wire_result *r);

/* lane.c */
/* The lane's work, until the engine ends (true), or another thread has it (false). */
bool lane_serve(struct prober *p);
void lane_wake(struct prober *p);
void lane_inbox(struct prober *p, struct slot_list *slots); /* takes them all, wakes */

/* homes.c: lane only */
enum pathcheck_group_state homes_state(struct group *g);
/* The group that a new path calls home; with homes_count() it is a member. */
struct group *homes_find(struct prober *p);
void homes_count(struct prober *p, struct group *g, int by);
/* Groups that no path calls home any more; the first one stays. */
void homes_retire(struct prober *p);
/* A slot to read with, QUEUED; from its home, from another group, or, when orphans hold them all,
 * from a further one. NULL: none. */
struct slot *homes_take_slot(struct prober *p, uint32_t id);

/* submit.c: lane only */
void lane_to_rescuer(struct prober *p, struct slot *s, enum job_kind kind);
/* All that it has queued. False: another thread is the lane now. */
_must_check_ bool lane_submit(struct group *g);

/* lane.c: for suspects.c, lane only */
bool lane_may_take(struct prober *p, uint32_t id); /* no cap is reached */
/* Has a rescuer open its device, or look at the descriptor that is open. */
void lane_open(struct prober *p, struct probed_path *path, struct slot *s);
void lane_defer(struct prober *p, uint32_t id, int error);

/* suspects.c */
/* The submit thread stands still in that turn with a batch of this group. */
void suspects_note(struct group *g, uint64_t turn);
/* The same, and reads what is behind it by other means: the submit thread's successor. */
void suspects_rescue(struct group *g, uint64_t turn);
void suspects_clear(struct prober *p, uint32_t id); /* it is none any more */

/* watch.c */
_must_check_ int watch_init(struct prober *p);
void watch_deinit(struct prober *p);
void watch_wake(struct prober *p); /* the watcher has to look whether it is to end */
/* The lane, before and after it hands over a batch. */
uint64_t watch_next_turn(struct prober *p);
void watch_begin(struct prober *p, struct group *g, struct mono now);
bool watch_is_lane(struct prober *p, uint64_t turn);          /* in the middle of it */
_must_check_ bool watch_end(struct prober *p, uint64_t turn); /* false: not any more */
void watch_rest(
        struct prober *p); /* nothing will be handed over before the lane has slept */
/* A rescuer's job: true: it is the lane now. */
_must_check_ bool watch_lane(struct prober *p);

/* reaper.c */
/* One round of its thread: sleeps until `wake`, an answer or reaper_wake(), then steps. */
struct mono reaper_round(struct group *g, struct mono wake);
void *reaper_main(void *group);
struct reaper_work {
	struct result_batch results;
	struct slot_list to_rescuers, to_lane;
	bool setup;   /* to be tried again */
	bool destroy; /* the emptied context */
	bool freed;   /* a slot */
	bool lane;    /* has to look */
};
/*
 * One round of a reaper without its sleep: answers, expiries, timers; lock not held. After
 * REAP_BATCH answers nothing expires: the caller comes back at once with those that are left.
 */
struct mono reaper_step(struct group *g, const struct backend_event *events, int n,
                        struct mono now);
/* A slot answered by another thread than the reaper: to be settled by it. lock not held. */
void reaper_done(struct group *g, struct slot *s);
void reaper_wake(struct group *g);
/* With lock held: frees the slot, and, from the next group_publish() on, what it counted for. */
void slot_give_back(struct group *g, struct slot *s);
/* With lock held: counts the slot as an emergency one. */
void slot_emergency(struct group *g, struct slot *s);

/* queue.c; with rescuers.lock held, but for rescuers_enqueue() and the like */
struct job_ends { /* what a job takes a share of; 0: not known, no share */
	uint32_t host, target;
};
static inline struct slot *queue_slot(struct job *job)
{
	return container_of(job, struct slot, job);
}
enum job_class queue_class(enum job_kind kind);
struct job_ends queue_ends(struct job *job);
/* One of the two holds as many rescuers as this kind of work may. */
bool queue_has_enough(const struct prober *p, struct job_ends e, enum job_class c);
/* One is busy with that from now on (1), or no more (-1). */
void queue_count(struct prober *p, struct job_ends e, enum job_class c, int by);
/* The device that a job opens, reads or looks at; "": none. */
const char *queue_device(struct prober *p, struct job *job);
void queue_look_at_held(struct rescuers *r);
/* The next job that may begin; NULL: none. */
struct job *queue_take(struct prober *p);
bool queue_any(const struct rescuers *r);
void rescuers_enqueue(struct prober *p, struct job *job, enum job_kind kind);
/* The job's path is gone: its name must not be read any more. Lane only. */
void rescuers_cancel(struct prober *p, struct job *job);
void rescuers_enqueue_slots(struct prober *p, struct slot_list *slots);
/* Appends reads that would block and still wait, WOULD_BLOCK_RETRY at most. */
void rescuers_give_blocked(struct prober *p, struct slot_list *ret);

/* rescuer.c */
_must_check_ int rescuers_start(struct prober *p);
void rescuers_stop(struct prober *p);
void rescuers_wait_for_lane(struct prober *p); /* its end, whichever thread it is */
bool rescuers_stopping(struct prober *p);
/* One submit thread more is stuck, or one less. False: no more may be. */
_must_check_ bool rescuers_spare_one(struct prober *p);
void rescuers_have_back(struct prober *p);

#endif
