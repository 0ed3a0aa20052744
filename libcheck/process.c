/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts, kills and collects prober processes: process.h. The caller's thread. */
#include "libcheck/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES (PROBER_FD_END - PROBER_FD_REGION)

/* C libraries older than 2.36 have no wrapper for these. */
static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/*
 * The descriptors get their numbers by way of high ones, so that none is overwritten before it
 * is moved. All others are closed, and the standard streams lead to /dev/null: a prober that
 * lingers must hold nothing that another process waits for.
 */
static int set_up_files(posix_spawn_file_actions_t *fa, const int fds[FILES])
{
	int r = 0, n = 0;

	for (; n < FILES && fds[n] >= 0 && r == 0; n++)
		r = posix_spawn_file_actions_adddup2(fa, fds[n], PROBER_FD_REGION + n);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(fa, PROBER_FD_REGION + n);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(fa, 0, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(fa, 1, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(fa, 1, 2);
	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(fa, "/");
	return r;
}

static int spawn_at(const char *program, const int fds[FILES], pid_t *ret_pid)
{
	static char *const argv[] = { (char *)"pathcheck-prober", NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	r = posix_spawn_file_actions_init(&fa);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return -r;
	}
	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attr, &all);
	/* A group of its own: a ^C at the terminal is for the caller. */
	if (r == 0)
		r = posix_spawnattr_setpgroup(&attr, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
		                                            POSIX_SPAWN_SETSIGDEF |
		                                            POSIX_SPAWN_SETPGROUP);
	if (r == 0)
		r = set_up_files(&fa, fds);
	if (r == 0)
		r = posix_spawn(ret_pid, program, &fa, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

/* A copy with a number above those that the helper program expects. */
static int copy_high(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, PROBER_FD_END);

	return copy < 0 ? -errno : copy;
}

/* Ends a process that has no command yet: it cannot hang in a device, so this waits for it. */
static void end_fresh(pid_t pid)
{
	int r;

	(void)kill(pid, SIGKILL); /* not collected yet, so the number is still its own */
	do
		r = waitid(P_PID, (id_t)pid, NULL, WEXITED);
	while (r < 0 && errno == EINTR);
}

/*
 * By its descriptor, so that it is the same program when its name leads to another one, or to
 * none. Without procfs, by its name.
 */
static int spawn_program(const char *program, const int fds[FILES], pid_t *ret_pid)
{
	char name[32];
	int r = -ENOENT;

	if (fds[PROBER_FD_PROGRAM - PROBER_FD_REGION] >= 0) {
		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", PROBER_FD_PROGRAM);
		r = spawn_at(name, fds, ret_pid);
	}
	return r == -ENOENT ? spawn_at(program, fds, ret_pid) : r;
}

int process_start(struct process *ret, const char *program, int program_fd,
                  const struct shared *s)
{
	int pair[2] = { -1, -1 }, fds[FILES] = { -1, -1, -1, -1, -1, -1 }, r = 0;
	struct process p = PROCESS_NULL;
	int from[FILES];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	from[0] = s->fd;
	from[PROBER_FD_NAMES - PROBER_FD_REGION] = s->names_fd;
	from[PROBER_FD_SUBMITTER - PROBER_FD_REGION] = s->submitter_fd;
	from[PROBER_FD_CALLER - PROBER_FD_REGION] = s->caller_fd;
	from[PROBER_FD_LIFE - PROBER_FD_REGION] = pair[1];
	from[PROBER_FD_PROGRAM - PROBER_FD_REGION] = program_fd;
	for (int i = 0; i < FILES && from[i] >= 0 && r == 0; i++) {
		fds[i] = copy_high(from[i]);
		if (fds[i] < 0)
			r = fds[i];
	}
	if (r == 0)
		r = spawn_program(program, fds, &p.pid);
	for (int i = 0; i < FILES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(pair[1]);
	p.life_fd = pair[0];
	if (r == 0) {
		p.pidfd = open_pidfd(p.pid);
		if (p.pidfd < 0) {
			r = p.pidfd;
			end_fresh(p.pid);
		}
	}
	if (r < 0) {
		process_forget(&p);
		return r;
	}
	*ret = p;
	return 0;
}

bool process_ended(const struct process *p)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };

	return p->pidfd >= 0 && poll(&pfd, 1, 0) > 0;
}

/* include/linux/sched.h: the flag in the ninth field of /proc/PID/stat, see proc(5). */
#define TASK_EXITING 0x4U

bool process_dying(const struct process *p)
{
	char name[40], text[512], state;
	const char *after_name;
	unsigned flags = 0;
	ssize_t n;
	int fd;

	if (p->pid == 0)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/%d/stat", (int)p->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return process_ended(p);
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd); /* nothing was written to it */
	if (n <= 0)
		return process_ended(p);
	text[n] = '\0';
	after_name = strrchr(text, ')');
	if (after_name == NULL ||
	    sscanf(after_name, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return false;
	return state == 'Z' || (flags & TASK_EXITING) != 0;
}

enum pathcheck_end process_how(const struct process *p, int32_t *ret_code)
{
	siginfo_t info = { 0 };

	*ret_code = 0;
	if (p->pidfd < 0 ||
	    waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return PATHCHECK_END_NONE;
	*ret_code = info.si_status;
	if (info.si_code != CLD_EXITED)
		return PATHCHECK_END_SIGNAL;
	return info.si_status == PROBER_EXIT_VERSION ? PATHCHECK_END_VERSION
	                                             : PATHCHECK_END_EXITED;
}

void process_kill(struct process *p)
{
	if (p->pidfd >= 0)
		/* ESRCH: it has ended. */
		(void)syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	if (p->life_fd >= 0)
		close(p->life_fd);
	p->life_fd = -1;
}

bool process_collect(struct process *p)
{
	siginfo_t info = { 0 };

	if (p->pidfd < 0)
		return true;
	/* Not P_PIDFD, which is newer. The number is its own until it is collected. */
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0)
		return false;
	process_forget(p); /* ECHILD: a SIGCHLD handler of the caller was faster */
	return true;
}

void process_collect_by(struct process *p, struct mono limit)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };
	int64_t left_us = mono_diff(limit, mono_now());

	if (p->pidfd >= 0 && left_us > 0)
		(void)poll(&pfd, 1,
		           (int)(left_us / USEC_PER_MSEC) +
		                   1); /* process_collect() tells */
	if (!process_collect(p))
		process_forget(p);
}

void process_forget(struct process *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->life_fd >= 0)
		close(p->life_fd);
	*p = (struct process)PROCESS_NULL;
}
