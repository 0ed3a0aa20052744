/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

/*
 * The real engine, core and round of checks over a simulated kernel, in one thread. Every call
 * the product makes of the system is taken by the linker (--wrap) to a simulated one; threads
 * are fibers, and a scheduler driven by the seed decides at each call which of them goes on.
 * Time is virtual: it passes a little with each step, and jumps when nobody has anything to do.
 */
#include <stdlib.h>

#include "checkerd/paths/results.h"
#include "checkerd/paths/dm.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/answers/reload.h"
#include "libcheck/prober/prober.h"
#include "libcheck/process.h"
#include "tests/unit/random.h"

#define FIBERS_MAX     400
#define FDS_MAX        2048
#define FD_FIRST       100000
#define PROCESSES_MAX  64
#define DISKS_MAX      64
#define OPS_MAX        4096
#define HOSTS          4
#define ENGINE_PROCESS 1 /* the daemon's; probers have those after it */
#define FIBER_ON_MAX   4 /* things that one waits for at a time */
#define MAPS_MAX       6
#define MAP_DISKS_MAX  6
#define ERRNOS         160 /* more than the kernel's largest */
#define DM_MAJOR       254
#define SD_MAJOR       8
/* After a pause of the whole machine what was in the kernel is answered within this. */
#define PAUSE_ANSWERS_US (20 * USEC_PER_MSEC)

struct fiber; /* fiber.c */

enum disk_mode {
	DISK_GOOD,
	DISK_ERROR,
	DISK_SHORT,
	DISK_HUNG,
	DISK_SLOW,
	DISK_MODE_COUNT_
};

struct disk {
	char name[32];
	uint32_t host, devt;
	uint32_t block;
	uint64_t seq; /* another one: another disk under the same name */
	/* Its WWID, and what the kernel took for it when it last looked; 0: it has none. */
	uint64_t unit, scanned;
	bool present, open_hangs, no_nowait, tags_full;
	bool no_unit;    /* its target says so, when it is asked after EREMOTEIO */
	bool close_each; /* its path is opened for each check, and closed after it */
	bool blocks; /* and who submits a read of it, until it does not hang any more */
	/* The prober whose submit thread it has blocked, since when, and the path it was. */
	uint32_t blocked_process, blocked_generation;
	struct mono blocked_at;
	enum disk_mode mode;
	int error;
	struct mono changed; /* when it last came to be as it is */
	/* When it last answered what, also to reads that were given up: what the engine says is
	 * held against it. By errno: reads, and opens, that failed. */
	struct mono good_at, short_at, failed_at[ERRNOS], open_failed_at[ERRNOS];
	/* The same of its WWID (a number as disk_wwid() has it), or that it did not say it. */
	struct mono wwid_at, no_wwid_at, no_unit_at;
	uint64_t wwid;
	struct mono exchanged; /* it was another one up to then */
	struct mono open_hung; /* opens of it were hung up to then */
};

/* Something the kernel does for a process: it may use its memory until it is done. */
struct op {
	bool used, is_open, is_look, sync, submitting;
	bool plugged; /* handed to io_submit, and not yet to its disk */
	struct disk *disk;
	uint32_t process;
	uint64_t seq;
	struct mono begun;
	struct backend_request *request; /* asynchronous: of this context */
	struct kcontext *context;
	void *buffer;
	uint32_t len;
	int64_t result;
	bool done;   /* a synchronous one has its result */
	uint64_t at; /* number of its event, 0: it hangs */
};

struct ended { /* an op that is over, for judging timeouts */
	struct mono begun, end;
	struct mono youngest; /* when the last to begin of all that are over has begun */
};

struct sim_process {
	bool used, killed, ended, forgotten;
	uint32_t fibers, ops;
	struct mono frozen_until, killed_at;
	struct prober prober;
	struct shared shared;
	int pidfd;
};

struct sim {
	uint64_t seed, digest, steps;
	struct random random;
	struct mono now, end_of_faults, excused, /* the world stood still until then */
	        paused;        /* the last pause of the whole machine ended then */
	bool pause_counts;     /* it was not the second of two in a row */
	struct mono may_stand; /* a prober may stand still for a reason until then */
	unsigned blocked;      /* submit threads that stand in a disk's submit */
	bool tracing, faults, over;
	unsigned preempt; /* one call in so many lets another fiber run */
	uint32_t step_us; /* at most: what a step takes */
	struct disk disks[DISKS_MAX];
	unsigned n_disks;
	struct sim_process processes[PROCESSES_MAX];
	unsigned n_processes;
	struct op ops[OPS_MAX];
	struct ended ended[DISKS_MAX];
	uint32_t quota; /* of contexts' requests */
	int setup_answer;
	int64_t setup_takes_us, submit_blocks_us;
	int open_shortage;
	bool threads;      /* PATHCHECK_THREADS */
	bool sealed;       /* the engine may not allocate, but for contexts */
	bool calm;         /* disks fail and hang, nothing else: the tight bounds hold */
	bool in_round;     /* the loop is in a round of checks: it does not either */
	bool peace, empty; /* the configuration lists all disks, or none */
	int64_t dm_slow_us, find_slow_us;
	int64_t pause_us; /* the next submit meets a pause of the whole machine */
	int dm_error, dm_open_error;
	int64_t allocations, setups;
	int64_t path_us; /* simulated, of all paths */
	struct checks checks;
	struct overdue_watch overdue;
	struct dm dm;
	struct reload reload;
	struct inventory inventory;
	struct limits limits;
};

extern struct sim sim;

/* fiber.c */
void fibers_reset(void);
struct fiber *fiber_new(const char *name, uint32_t process, void *(*fn)(void *),
                        void *arg);
struct fiber *fiber_self(void);
const char *fiber_name(void);
void fiber_rename(const char *name); /* who runs: a literal */
uint32_t fiber_process(void);        /* of whoever runs; 0: the simulation itself */
void fiber_point(void);              /* another may run now */
bool fiber_is_helper(void);          /* discovery, device-mapper */
/* Until woken, or that time: false. held: in the kernel, a kill has to wait. */
bool fiber_wait(const void *on, struct mono until, bool held);
bool fiber_wait_any(const void *const on[FIBER_ON_MAX], struct mono until, bool held);
bool fiber_wait_two(const void *on, const void *or_on, struct mono until, bool held);
void fiber_wake_one(const void *on);
void fiber_wake_all(const void *on);
void fibers_kill(uint32_t process); /* all that the kernel does not hold */
bool fiber_over(const struct fiber *f);
unsigned fibers_alive(void);
void fibers_show(void);
/* Runs until the fiber is over, the steps are too many, or nothing can happen any more. */
void fibers_run(struct fiber *until);
int *fiber_locks(void); /* how many the fiber holds */

/* event.c: what happens at a time by itself */
uint64_t event_at(struct mono at, void (*fn)(void *), void *arg);
struct mono event_next(void);
/* Those of this function that are due before, happen at most so much after that time. */
void events_delay(void (*fn)(void *), struct mono until, int64_t more_us);
void events_fire(void);
void events_reset(void);

/* calls.c */
void calls_reset(void);
enum { FD_EVENT, FD_TIMER, FD_POLL, FD_DISK, FD_OTHER };
int fd_new(uint32_t process, int kind, struct disk *disk);
int fd_share(int fd, uint32_t process);
bool fd_readable(int fd);
const void *fd_sleeper(int fd); /* what one who waits for it waits on */
void memory_free_of(uint32_t process);
unsigned memory_blocks(void);
void fds_close_of(uint32_t process);
unsigned fds_open(void);
unsigned fds_disks(void); /* of living processes */
unsigned fds_close_each(void);
struct disk *fd_disk(int fd, uint64_t *ret_seq);
uint32_t fd_devt(int fd); /* of a disk, when it was opened */
void fd_clear(int fd);
/* Until one of them is readable, or that time: false. -1: none. */
bool fds_wait(const int fds[FIBER_ON_MAX], struct mono until);
void fd_signal(int fd);
bool fd_wait(int fd, struct mono until);
void memory_reset(void);
bool memory_is_live(const void *p, size_t n);

/* kernel.c */
extern const struct backend sim_backend;
void kernel_reset(void);
void kernel_release(struct disk *d, int64_t result); /* what hangs in it is answered */
void kernel_pause(int64_t us); /* the whole machine stands still so long */
/* It has a read that began before that time and does not hang. */
bool kernel_answers_soon(const struct disk *d, struct mono begun_by);
uint32_t kernel_ops(uint32_t host, bool any_host);
void kernel_kill(struct sim_process *p);
unsigned kernel_contexts(void);
/* It has one of a living process, that began by then. */
bool kernel_has_op_since(const struct disk *d, struct mono latest);
bool kernel_had_op_since(const struct disk *d,
                         struct mono latest); /* or of a killed one */
unsigned kernel_looks(void);                  /* at an open descriptor */
bool kernel_may_use(const void *p, size_t n);

/* judge.c: the invariants */
void judge_reset(void);
void judge_step(void);  /* after every step */
void judge_quiet(void); /* when nobody has anything to do */
void judge_end(void);
void judge_taking(void);                          /* records of discovery; and */
void judge_touched(const char *name, bool stays); /* the path it is */
void judge_taken(void);
void judge_replacing(void); /* a living prober is killed */
/* A thread in io_submit, by a disk; watched: it is the submit thread, not one before it. */
void judge_blocked(struct disk *d, bool watched);
void judge_started(const struct sim_process *before); /* a prober, after that one */
void judge_op(uint32_t of_host);                      /* one more is in the kernel */
void judge_truth(const struct disk *d);
bool judge_nothing_deferred(void);
void judge_peace(void);
void judge_empty(void);
void judge_excuse(struct mono until);

/* judge_overdue.c */
void judge_overdue_reset(void);
/* An answer, or a timeout. finished: the device has answered, and more was asked after it. */
void judge_overdue_heard(uint32_t index, struct mono finished);
void judge_overdue_doubtful(uint32_t index);
void judge_overdue_disabled(uint32_t index);
void judge_overdue_path(uint32_t index, const struct path *p);

/* judge_identity.c */
void judge_identity_reset(void);
/* Its name led to another number than its path's: the daemon drops that. */
bool judge_is_of_another(const struct pathcheck_result *r,
                         const struct pathcheck_opened *o);
/* A result; its check was asked then, and was to identify the disk. */
void judge_opened(const struct pathcheck_result *r, const struct pathcheck_opened *o,
                  bool identify, struct mono asked);
void judge_settled(uint32_t index, int error); /* the daemon has taken it */

/* judge_maps.c */
void judge_maps_reset(void);
void judge_gone(uint32_t devt, bool gone); /* the device of that number */
bool judge_agrees(uint32_t map, uint32_t devt, bool active);
/* Nothing is failed that checkerd has failed and that is no path of ours any more. */
bool judge_released(bool fail);
void judge_disks(void); /* which disk each path of a map is, as the loop was told */
/* A good check that was asked then has read the disk of that number, and asked which it is. */
void judge_read(const struct pathcheck_opened *o, struct mono asked);

/* devices.c */
/* Its reads fail with an error of the device itself, so its path works. */
bool disk_is_device_error(const struct disk *d);
uint64_t disk_wwid(uint64_t unit); /* the number of its WWID, 0: it has none */

/* dm.c: the simulated device-mapper */
void dm_world_reset(void);
void dm_world_choose(void);
void dm_world_trouble(void);
void dm_world_heal(void);
void dm_world_last(void);        /* what only its own events tell of */
bool dm_world_agrees(bool fail); /* the tables say what was decided; fail: or else */
struct dm_backend *dm_world_backend(void);

/* finder.c: simulated discovery and reading of the configuration */
void finder_reset(void);
void finder_start(struct reload_parts *ret_parts, struct loaded *ret_first);
void finder_stop(void);
int finder_fd(void);
int finder_loader_fd(void);
void finder_uevent(void);
void finder_map_uevent(void);
bool finder_idle(void);

/* host.c: the daemon's loop, and what befalls it */
void host_run(void);
struct disk *host_disk_of(uint32_t index);
uint32_t host_index_of(const struct disk *d); /* REGISTRY_NONE: it is no path */
void host_settings(struct path_settings *ret);
void host_fail(struct disk *d); /* from now on it answers with EIO */

/* main.c */
uint64_t sim_below(uint64_t n);
bool sim_one_in(uint64_t n);
int64_t sim_between(int64_t from, int64_t to);
void sim_trace(const char *what, int64_t a, int64_t b);
/* Says what is wrong, of which seed, and ends. */
_Noreturn void sim_failed(const char *format, ...) _printf_(1, 2);
/* abort(): analysers know that it does not return. */
#define sim_fail(...)                    \
	do {                             \
		sim_failed(__VA_ARGS__); \
		abort();                 \
	} while (0)

#endif
