/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the purger thread, the order that it carries out, and the process that it started. The
 * thread may block: on the disk with the program, when it starts a process. The functions for the
 * loop never do.
 *
 * Invariant: `order` and `result` belong to the loop in STEP_IDLE and STEP_DONE, and to the thread in
 * STEP_ORDERED.
 */
#include "checkerd/purger/purger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/worker.h"

/* posix_spawn() brings a stack of its own. */
#define PURGER_STACK_BYTES (THREAD_STACK_BYTES / 2)
#define PURGER_POLL_MS     100

enum purger_step { STEP_IDLE, STEP_ORDERED, STEP_DONE };

struct purger {
	struct worker worker; /* notifies of the result, is woken for an order */
	const char *program;  /* [init] */
	int program_fd;       /* [init] -1: it could not be opened */
	_Atomic int step;     /* [atomic loop→thread→loop] enum purger_step */
	struct purger_order order;
	struct purger_result result;
};

static int set_up_files(posix_spawn_file_actions_t *fa, int program_fd)
{
	int r = 0;

	if (program_fd >= 0)
		r = posix_spawn_file_actions_adddup2(fa, program_fd, PURGER_FD_PROGRAM);
	/* It holds nothing that another process waits for. */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(fa, PURGER_FD_PROGRAM + 1);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(fa, 0, "/dev/null", O_RDWR, 0);
	for (int fd = 1; fd <= 2 && r == 0; fd++)
		r = posix_spawn_file_actions_adddup2(fa, 0, fd);
	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(fa, "/");
	return r;
}

static int set_up_process(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	/* A group of its own: a ^C at the terminal is for the daemon. */
	if (r == 0)
		r = posix_spawnattr_setpgroup(attr, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
		                                           POSIX_SPAWN_SETSIGDEF |
		                                           POSIX_SPAWN_SETPGROUP);
	return r;
}

/* name: of the program. */
static int spawn_at(const struct purger *p, const char *name, char *const argv[],
                    pid_t *ret_pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int r;

	r = posix_spawn_file_actions_init(&fa);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = set_up_files(&fa, p->program_fd);
		if (r == 0)
			r = set_up_process(&attr);
		if (r == 0)
			r = posix_spawn(ret_pid, name, &fa, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

/* By its descriptor, so that an upgrade does not mix versions. Without procfs, by its name. */
static int spawn(const struct purger *p, pid_t *ret_pid)
{
	static_assert(PURGER_FD_PROGRAM == 3, "the name below has this number");
	const struct purge_disk *d = &p->order.disk;
	char devt[32], diskseq[24], hcil[PURGE_HCIL_MAX];
	char *const argv[] = { (char *)"checkerd-purger", devt, diskseq, hcil, NULL };
	int r = -ENOENT;

	(void)snprintf(devt, sizeof(devt), "%" PRIu32 ":%" PRIu32, d->devt_major,
	               d->devt_minor);
	(void)snprintf(diskseq, sizeof(diskseq), "%" PRIu64, d->diskseq);
	(void)snprintf(hcil, sizeof(hcil), "%s", d->hcil);
	if (p->program_fd >= 0)
		r = spawn_at(p, "/proc/self/fd/3", argv, ret_pid);
	return r == -ENOENT ? spawn_at(p, p->program, argv, ret_pid) : r;
}

/* Waits for the process. False: the worker is to stop, and the process was left behind. */
static bool wait_for(struct purger *p, pid_t pid, siginfo_t *info)
{
	/* C libraries older than 2.36 have no wrapper for it. -1: descriptors are short. */
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	while (!worker_stopping(&p->worker) &&
	       waitid(P_PID, (id_t)pid, info, WEXITED | WNOHANG) == 0 &&
	       info->si_pid == 0)
		(void)worker_wait(&p->worker, fd, fd < 0 ? PURGER_POLL_MS : -1);
	if (fd >= 0)
		close(fd);
	return info->si_pid != 0;
}

/* False: the worker is to stop, and there is no result. */
static bool carry_out(struct purger *p)
{
	struct mono begin = mono_now();
	siginfo_t info = { 0 };
	pid_t pid = 0;

	p->result = (struct purger_result){ .error = -ETIME };
	if (mono_before(p->order.until, begin))
		return true;
	p->result.error = spawn(p, &pid);
	p->result.no_program = p->result.error < 0;
	if (p->result.error < 0)
		return true;
	if (!wait_for(p, pid, &info))
		return false;
	p->result.took_us = mono_diff(mono_now(), begin);
	p->result.no_program = info.si_code != CLD_EXITED;
	p->result.error = info.si_code == CLD_EXITED ? -info.si_status : -EIO;
	return true;
}

static void *purger_thread(void *arg)
{
	struct purger *p = arg;

	thread_stack_lock(THREAD_STACK_NONE);
	while (!worker_stopping(&p->worker)) {
		/* -ENOMEM: it looks again. */
		(void)worker_wait(&p->worker, -1, -1);
		if (atomic_load_explicit(&p->step, memory_order_acquire) !=
		            STEP_ORDERED ||
		    worker_stopping(&p->worker) || !carry_out(p))
			continue;
		atomic_store_explicit(&p->step, STEP_DONE, memory_order_release);
		worker_notify(&p->worker);
	}
	return NULL;
}

static void purger_destroy(struct purger *p)
{
	worker_deinit(&p->worker);
	if (p->program_fd >= 0)
		close(p->program_fd);
	free(p);
}

int purger_new(struct purger **ret, const char *program)
{
	struct purger *p;
	int r;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	if (program == NULL)
		program = secure_getenv("CHECKERD_PURGER");
	if (program == NULL)
		program = PKGLIBEXECDIR "/checkerd-purger";
	p->program = program;
	p->program_fd = open(program, O_PATH | O_CLOEXEC);
	r = worker_init(&p->worker, true);
	if (r == 0)
		r = worker_start(&p->worker, "purger", PURGER_STACK_BYTES, purger_thread,
		                 p);
	if (r < 0) {
		purger_destroy(p);
		return r;
	}
	*ret = p;
	return 0;
}

bool purger_free(struct purger *p, int64_t limit_us)
{
	if (p == NULL)
		return true;
	if (!worker_stop(&p->worker, limit_us))
		return false;
	purger_destroy(p);
	return true;
}

bool purger_delete(struct purger *p, const struct purger_order *o)
{
	if (atomic_load_explicit(&p->step, memory_order_acquire) != STEP_IDLE)
		return false;
	p->order = *o;
	atomic_store_explicit(&p->step, STEP_ORDERED, memory_order_release);
	worker_wake(&p->worker);
	return true;
}

int purger_fd(const struct purger *p)
{
	return p->worker.out_fd;
}

bool purger_take(struct purger *p, struct purger_result *ret)
{
	(void)worker_clear(&p->worker); /* there may be none */
	if (atomic_load_explicit(&p->step, memory_order_acquire) != STEP_DONE)
		return false;
	*ret = p->result;
	atomic_store_explicit(&p->step, STEP_IDLE, memory_order_relaxed);
	return true;
}

uint64_t purger_bytes(void)
{
	return sizeof(struct purger) + PURGER_STACK_BYTES;
}
