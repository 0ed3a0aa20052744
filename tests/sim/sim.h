/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

/*
 * The product's engine, core and round of checks over a simulated kernel, in one thread. The
 * linker (--wrap) replaces every system call of the product by a simulated one. Threads are
 * fibers. A scheduler driven by the seed decides at each call which fiber runs next. Time is
 * virtual: it passes a little with each step, and jumps when all fibers wait.
 */
#include <stdlib.h>

#include "checkerd/paths/results.h"
#include "checkerd/paths/dm.h"
#include "checkerd/paths/outage.h"
#include "checkerd/paths/overdue_watch.h"
#include "checkerd/answers/reload.h"
#include "libcheck/prober/prober.h"
#include "libcheck/process.h"
#include "tests/unit/random.h"

#define FIBERS_MAX    400
#define FDS_MAX       2048
#define FD_FIRST      100000
#define PROCESSES_MAX 64
#define DISKS_MAX     64
/* Paths of native NVMe multipathing: each namespace has one through each controller. */
#define CONTROLLERS_MAX 3
#define NAMESPACES_MAX  6
#define NATIVES_MAX     (CONTROLLERS_MAX * NAMESPACES_MAX)
#define PATHS_MAX       (DISKS_MAX + 16 + NATIVES_MAX) /* indexes of the registry */
#define OPS_MAX         4096
#define HOSTS           4
#define ENGINE_PROCESS  1 /* the daemon's; probers have the numbers after it */
#define FIBER_ON_MAX    4 /* objects that a fiber waits for at a time */
#define MAPS_MAX        6
#define MAP_DISKS_MAX   6
#define ERRNOS          160 /* above the kernel's largest error */
#define DM_MAJOR        254
#define SD_MAJOR        8
/* After a pause of the whole machine, the kernel answers the due operations within this time. */
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
	/* The sequence number: changes with another disk under the same name. */
	uint64_t seq;
	/* unit: number of the WWID, 0: none; scanned: the unit at the kernel's last scan. */
	uint64_t unit, scanned;
	bool present, open_hangs, no_nowait, tags_full;
	/* The target reports that it has no such unit. */
	bool no_unit;
	/* Its path is checked by SCSI commands. */
	bool commands;
	/* The path's descriptor is opened for each check and closed after it. */
	bool close_each;
	/* Blocks a thread that submits a read, until the disk no longer hangs. */
	bool blocks;
	/* The prober whose submitter the disk has blocked, the path, and since when. */
	uint32_t blocked_process, blocked_generation;
	struct mono blocked_at;
	enum disk_mode mode;
	int error;
	/* The last change of the mode or presence. */
	struct mono changed;
	/* The time of the last answer of each kind, also to abandoned reads. The engine's results
	 * are compared with these. The arrays are indexed by errno. */
	struct mono good_at, short_at, failed_at[ERRNOS], open_failed_at[ERRNOS];
	/* When the disk last reported its WWID (wwid, see disk_wwid()), no WWID, or no unit. */
	struct mono wwid_at, no_wwid_at, no_unit_at;
	uint64_t wwid;
	/* Until then it was another disk. */
	struct mono exchanged;
	/* Until then opens hung. */
	struct mono open_hung;
};

/* An operation that the kernel does for a process: it may use the memory until it is done. */
struct op {
	bool used, is_open, is_look, sync, submitting;
	/* Given to io_submit, but not yet to its disk. */
	bool plugged;
	struct disk *disk;
	uint32_t process;
	uint64_t seq;
	struct mono begun;
	/* request and context: of an asynchronous operation. */
	struct backend_request *request;
	struct kcontext *context;
	/* A SCSI command; NULL: an open or a read. */
	struct scsi_exchange *command;
	void *buffer;
	uint32_t len;
	int64_t result;
	/* A synchronous operation has its result. */
	bool done;
	/* Number of the event; 0: the operation hangs. */
	uint64_t at;
};

/* The last operation that ended on a disk, to judge timeouts. */
struct ended {
	struct mono begun, end;
	/* The latest begin of all operations that ended. */
	struct mono youngest;
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
	uint64_t units; /* the last unit that a target presented */
	struct random random;
	struct mono now, end_of_faults;
	/* Until then the engine may be late because of injected faults. */
	struct mono excused;
	/* The end of the last pause of the whole machine. */
	struct mono paused;
	/* That pause was not the second of two in a row. */
	bool pause_counts;
	/* Until then a prober may stall because of injected faults. */
	struct mono may_stall;
	/* Threads that are blocked in a disk's submit. */
	unsigned blocked;
	unsigned writes_asleep; /* writes of commands that wait for a tag */
	bool tracing, faults, over;
	/* One in `preempt` calls lets another fiber run. */
	unsigned preempt;
	/* The longest time of a step. */
	uint32_t step_us;
	struct disk disks[DISKS_MAX];
	unsigned n_disks;
	struct sim_process processes[PROCESSES_MAX];
	unsigned n_processes;
	/* Of the present daemon. */
	unsigned first_process;
	struct op ops[OPS_MAX];
	struct ended ended[DISKS_MAX];
	/* Requests that new contexts may have: what is left of fs.aio-max-nr. */
	uint32_t quota;
	int setup_answer;
	int64_t setup_takes_us, submit_blocks_us;
	int open_shortage;
	/* The engine runs with PATHCHECK_THREADS. */
	bool threads;
	/* The daemon is stopped or killed at times. */
	bool restarts;
	/* The engine must not allocate, except for contexts. */
	bool sealed;
	/* No faults except disks that fail and hang: the tight limits hold. */
	bool calm;
	/* The loop is in a round of checks: it must not allocate. */
	bool in_round;
	/* peace: the configuration lists all disks; empty: it lists none. */
	bool peace, empty;
	int64_t dm_slow_us, find_slow_us;
	/* The whole machine pauses for this time at the next submit. */
	int64_t pause_us;
	int dm_error, dm_open_error;
	int64_t allocations, setups;
	/* Simulated time of all paths. */
	int64_t path_us;
	struct checks checks;
	struct overdue_watch overdue;
	struct outage outage;
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
void fiber_rename(const char *name); /* the running fiber; a literal */
uint32_t fiber_process(void);        /* of the running fiber; 0: the simulation itself */
void fiber_point(void);              /* another fiber may run now */
bool fiber_is_helper(void);          /* the discovery or device-mapper thread */
/* Waits until woken (true) or until that time (false). held: in the kernel, so that a kill
 * has to wait. */
bool fiber_wait(const void *on, struct mono until, bool held);
bool fiber_wait_any(const void *const on[FIBER_ON_MAX], struct mono until, bool held);
bool fiber_wait_two(const void *on, const void *or_on, struct mono until, bool held);
void fiber_wake_one(const void *on);
void fiber_wake_all(const void *on);
void fibers_kill(uint32_t process); /* except those held by the kernel */
bool fiber_over(const struct fiber *f);
unsigned fibers_alive(void);
void fibers_show(void);
/* Runs until the fiber has ended. Too many steps or a deadlock fail the seed. */
void fibers_run(struct fiber *until);
int *fiber_locks(void); /* number of locks that the fiber holds */

/* event.c: timed events */
uint64_t event_at(struct mono at, void (*fn)(void *), void *arg);
struct mono event_next(void);
/* Delays events of this function that are due before that time, to at most more_us after it. */
void events_delay(void (*fn)(void *), struct mono until, int64_t more_us);
void events_fire(void);
void events_reset(void);

/* calls.c */
void calls_reset(void);
enum { FD_EVENT, FD_TIMER, FD_POLL, FD_DISK, FD_OTHER };
int fd_new(uint32_t process, int kind, struct disk *disk);
int fd_share(int fd, uint32_t process);
bool fd_readable(int fd);
const void *fd_sleeper(int fd); /* the object that its waiters wait on */
void memory_free_of(uint32_t process);
unsigned memory_blocks(void);
void fds_close_of(uint32_t process);
unsigned fds_open(void);
unsigned fds_disks(void); /* of living processes */
unsigned fds_close_each(void);
struct disk *fd_disk(int fd, uint64_t *ret_seq);
uint32_t fd_devt(int fd); /* the disk's number when it was opened */
void fd_clear(int fd);
/* Waits until one is readable (true) or until that time (false). -1: no descriptor. */
bool fds_wait(const int fds[FIBER_ON_MAX], struct mono until);
void fd_signal(int fd);
bool fd_wait(int fd, struct mono until);
void memory_reset(void);
bool memory_is_live(const void *p, size_t n);

/* kernel.c */
extern const struct backend sim_backend, sim_sg_backend;
void kernel_reset(void);
void kernel_release(struct disk *d, int64_t result); /* answers what hangs */
void kernel_pause(int64_t us);                       /* of the whole machine */
/* The disk has a read that began before that time and does not hang. */
bool kernel_answers_soon(const struct disk *d, struct mono begun_by);
uint32_t kernel_ops(uint32_t host, bool any_host);
void kernel_kill(struct sim_process *p);
unsigned kernel_contexts(void);
/* The disk has an operation of a living process that began by then. */
bool kernel_has_op_since(const struct disk *d, struct mono latest);
bool kernel_had_op_since(const struct disk *d, struct mono latest); /* of any process */
unsigned kernel_looks(void); /* looks at open descriptors in progress */
bool kernel_may_use(const void *p, size_t n);

/* judge.c: the invariants */
void judge_reset(void);
void judge_restart(void); /* a successor begins, with another engine */
void judge_step(void);    /* after every step */
void judge_quiet(void);   /* when all fibers wait */
void judge_end(void);
void judge_taking(void);                          /* before the loop takes records */
void judge_touched(const char *name, bool stays); /* stays: the same path */
void judge_taken(void);
void judge_replacing(void); /* a living prober is killed */
/* A disk blocks a thread in io_submit; watched: the present submitter, not a replaced one. */
void judge_blocked(struct disk *d, bool watched);
void judge_started(const struct sim_process *before); /* the next prober */
void judge_op(uint32_t of_host); /* an operation entered the kernel */
void judge_truth(const struct disk *d);
bool judge_nothing_deferred(void);
void judge_peace(void);
void judge_empty(void);
void judge_excuse(struct mono until);
/* The path has the state of the predecessor's last check. */
void judge_path_taken(uint32_t index);

/* judge_overdue.c */
void judge_overdue_reset(void);
/* An answer, or a timeout. finished: when the device answered. */
void judge_overdue_heard(uint32_t index, struct mono finished);
void judge_overdue_doubtful(uint32_t index);
void judge_overdue_disabled(uint32_t index);
void judge_overdue_path(uint32_t index, const struct path *p);

/* judge_restart.c */
void judge_restart_reset(void);
void judge_ending(bool killed);     /* before the daemon's objects go */
void judge_found(const char *name); /* the successor has found a record of the path */
void judge_taken_up(void); /* after each round in which the successor took records */
bool judge_is_unproven(uint32_t index); /* nothing may follow from the path's state */
void judge_proven(uint32_t index);      /* the engine has said something about the path */
void judge_all_taken_up(void);          /* the successor forgets what is left */

/* store.c: the state file, which outlives a daemon */
void sim_store_reset(void);
void sim_store_lose(void);                      /* what a killed daemon had not written */
bool sim_store_has_unwritten(const char *name); /* of a path */

/* judge_events.c */
void judge_events_reset(void);
void judge_events_forget(unsigned disk); /* its story begins again */
void judge_events_forget_native(unsigned native);
void judge_event(const struct event *e);
/* At the end of a round. */
void judge_events(struct mono now);

/* native.c: controllers and namespaces of native NVMe multipathing, and what discovery finds of them */
void natives_reset(void);
void natives_choose(void);
unsigned natives_total(void); /* paths, when no controller is away */
bool native_index(const char *name,
                  unsigned *ret); /* false: not the name of such a path */
void native_name(unsigned i, char ret[static 32]); /* of path i */
int natives_namespace(const char *map);            /* -1: not the name of such a map */
unsigned natives_namespaces(void);
bool natives_fail_at_once(void); /* fail_checks is 1 */
struct mono natives_due(void);
bool natives_is_updating(void);
/* Lists the paths and reads their states, as discovery's thread does. */
void natives_update(bool gone, int (*emit)(void *arg, struct found *f), void *arg);
void natives_stop(void); /* discovery's thread ends */
void natives_trouble(void);
void natives_heal(void);
void natives_cut(void); /* one controller loses its connection */

/* judge_native.c */
void judge_natives_reset(void);
void judge_natives_restart(void);
void judge_natives_event(const struct event *e, bool loss); /* loss: as of judge_loss.c */
void judge_natives(struct mono now);                        /* at the end of a round */
/* From now on nothing happens but that a controller is cut off; and what was reported then. */
void judge_natives_begin_cut(void);
void judge_natives_end_cut(void);

/* judge_loss.c */
#define LOSS_TIME_US (5 * USEC_PER_SEC) /* map_lost_time */
void judge_losses_reset(void);
void judge_losses_restart(void);
/* True: it is about maps that are lost or usable again. */
bool judge_losses_event(const struct event *e);
void judge_losses(struct mono now); /* at the end of a round */
void judge_losses_end(void);        /* all paths are up */

/* judge_identity.c */
void judge_identity_reset(void);
/* The name led to another number than the path's: the daemon drops the result. */
bool judge_is_of_another(const struct pathcheck_result *r,
                         const struct pathcheck_opened *o);
/* A result. asked: when the check was requested; identify: it had to identify the disk. */
void judge_opened(const struct pathcheck_result *r, const struct pathcheck_opened *o,
                  bool identify, struct mono asked);
void judge_settled(uint32_t index, int error); /* the daemon took the result */

/* judge_maps.c */
void judge_maps_reset(void);
void judge_maps_restart(void);             /* a successor begins */
void judge_gone(uint32_t devt, bool gone); /* discovery reported the device */
bool judge_agrees(uint32_t map, uint32_t devt, bool active);
/* checkerd has reinstated the paths that it failed and released. fail: else fail the seed. */
bool judge_released(bool fail);
void judge_disks(void); /* notes each path's disk as discovery reported it */
/* A successful check, requested at `asked`, has identified the disk of that number. */
void judge_read(const struct pathcheck_opened *o, struct mono asked);

/* devices.c */
/* The disk's reads fail with an error of the device itself, so the path works. */
bool disk_is_device_error(const struct disk *d);
uint64_t disk_wwid(uint64_t unit); /* the WWID's hash; 0: none */

/* dm.c: the simulated device-mapper */
void dm_world_reset(void);
void dm_world_choose(void);
void dm_world_trouble(void);
void dm_world_heal(void);
void dm_world_last(void);        /* changes that only device-mapper's own events report */
bool dm_world_agrees(bool fail); /* with the verdicts; fail: else fail the seed */
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

/* judge_holds.c: rules and reasons for holds, and their invariants */
void judge_holds_reset(void);
void judge_holds(void);
bool judge_holds_ended(bool fail);
void holds_choose(struct path_settings *s);
void holds_trouble(void);
void holds_heal(void);

/* host.c: the daemon's loop, and the faults */
void host_run(void);
struct disk *host_disk_of(uint32_t index);
uint32_t host_index_of(const struct disk *d); /* REGISTRY_NONE: no path */
void host_settings(struct path_settings *ret);
void trouble_fail(struct disk *d); /* from now on reads fail with EIO */
void trouble_begin(void *arg);     /* an event: a change, and the time of the next one */
uint64_t trouble_new_unit(void);

/* main.c */
uint64_t sim_below(uint64_t n);
bool sim_one_in(uint64_t n);
int64_t sim_between(int64_t from, int64_t to);
void sim_trace(const char *what, int64_t a, int64_t b);
/* Prints the seed, its time and the message, and exits. */
_Noreturn void sim_failed(const char *format, ...) _printf_(1, 2);
/* abort(): static analysers know that it does not return. */
#define sim_fail(...)                    \
	do {                             \
		sim_failed(__VA_ARGS__); \
		abort();                 \
	} while (0)

#endif
