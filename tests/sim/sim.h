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

#include "checkerd/daemon/checks.h"
#include "libcheck/prober.h"
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
	bool present, open_hangs, no_nowait, tags_full;
	enum disk_mode mode;
	int error;
	struct mono changed; /* when it last came to be as it is */
	/* What it last answered, and when: what the engine says is held against it. */
	struct mono good_at, bad_at, short_at, open_failed_at;
	int bad_error, open_error;
};

/* Something the kernel does for a process: it may use its memory until it is done. */
struct op {
	bool used, is_open, sync, submitting;
	struct disk *disk;
	uint32_t devt, process;
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
};

struct sim_process {
	bool used, killed, ended, forgotten;
	uint32_t fibers, ops;
	struct mono frozen_until;
	struct prober prober;
	struct shared shared;
	int pidfd;
};

struct sim {
	uint64_t seed, digest, steps;
	struct random random;
	struct mono now, end_of_faults,
	        excused; /* excused: the world stood still until then */
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
	bool threads; /* PATHCHECK_THREADS */
	bool sealed;  /* the engine may not allocate, but for contexts */
	bool calm;    /* disks fail and hang, nothing else: the tight bounds hold */
	int64_t allocations, setups;
	int64_t path_us; /* simulated, of all paths */
	struct checks checks;
	struct limits limits;
};

extern struct sim sim;

/* fiber.c */
void fibers_reset(void);
struct fiber *fiber_new(const char *name, uint32_t process, void *(*fn)(void *),
                        void *arg);
struct fiber *fiber_self(void);
const char *fiber_name(void);
uint32_t fiber_process(void); /* of whoever runs; 0: the simulation itself */
void fiber_point(void);       /* another may run now */
/* Until woken, or that time: false. held: in the kernel, a kill has to wait. */
bool fiber_wait(const void *on, struct mono until, bool held);
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
struct disk *fd_disk(int fd, uint32_t *ret_devt);
void fd_signal(int fd);
bool fd_wait(int fd, struct mono until);
void memory_reset(void);
bool memory_is_live(const void *p, size_t n);

/* kernel.c */
extern const struct backend sim_backend;
void kernel_reset(void);
void kernel_release(struct disk *d, int64_t result); /* what hangs in it is answered */
uint32_t kernel_ops(uint32_t host, bool any_host);
void kernel_kill(struct sim_process *p);
unsigned kernel_contexts(void);
/* It has one of a living process, that began by then. */
bool kernel_has_op_since(const struct disk *d, struct mono latest);
bool kernel_may_use(const void *p, size_t n);

/* judge.c: the invariants */
void judge_reset(void);
void judge_step(void);  /* after every step */
void judge_quiet(void); /* when nobody has anything to do */
void judge_result(const struct pathcheck_result *r);
void judge_end(void);
void judge_new_path(uint32_t index);
void judge_op(uint32_t of_host); /* one more is in the kernel */
void judge_truth(const struct disk *d, uint32_t index);
bool judge_nothing_deferred(void);
void judge_peace(void);
void judge_empty(void);
void judge_excuse(struct mono until);

/* host.c: the daemon's loop, and what befalls it */
void host_run(void);
struct disk *host_disk_of(uint32_t index);

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
