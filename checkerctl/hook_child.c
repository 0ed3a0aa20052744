/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns the process of a command. A process group is killed before its leader is taken from the kernel:
 * until then, its number belongs to no other group. One thread.
 */
#include "checkerctl/hook_child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "checkerctl/human.h"

/* The command has no signal blocked or ignored, and stops at /dev/null when it reads. */
static int spawn(pid_t *ret, char *const *argv, char *const *environment)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, ours;
	int r;

	sigemptyset(&none);
	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	if (posix_spawnattr_init(&attributes) != 0)
		return ENOMEM;
	r = posix_spawn_file_actions_init(&files);
	if (r == 0) {
		(void)posix_spawnattr_setflags(
		        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
		                             POSIX_SPAWN_SETSIGDEF);
		(void)posix_spawnattr_setpgroup(&attributes, 0);
		(void)posix_spawnattr_setsigmask(&attributes, &none);
		(void)posix_spawnattr_setsigdefault(&attributes, &ours);
		r = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = posix_spawn(ret, argv[0], &files, &attributes, argv,
			                environment);
		(void)posix_spawn_file_actions_destroy(&files);
	}
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

bool hook_child_start(struct hook_child *c, char *const *argv, char *const *environment,
                      int64_t limit_us)
{
	int r;

	assert(hook_child_is_free(c));
	r = spawn(&c->pid, argv, environment);
	if (r != 0) {
		c->pid = 0;
		(void)human_complain(0, "%s cannot be started: %s (%s)", argv[0],
		                     strerrordesc_np(r), strerrorname_np(r));
		return false;
	}
	c->killed = false;
	c->until = mono_add(mono_now(), limit_us);
	return true;
}

/* True: the process has ended, and is taken. */
static bool take(pid_t pid, siginfo_t *ret)
{
	*ret = (siginfo_t){ .si_pid = 0 };
	if (waitid(P_PID, (id_t)pid, ret, WEXITED | WNOHANG | WNOWAIT) < 0)
		return true; /* there is none: never expected */
	if (ret->si_pid == 0)
		return false;
	(void)kill(-pid, SIGKILL); /* fails when the process was alone */
	(void)waitid(P_PID, (id_t)pid, ret, WEXITED | WNOHANG);
	return true;
}

static void report(const struct hook_child *c, const siginfo_t *end)
{
	if (c->killed)
		return; /* That its time was over was reported. */
	if (end->si_code != CLD_EXITED)
		(void)human_complain(0,
		                     "the command for event %" PRIu64
		                     " (%s) was ended by signal %d",
		                     c->seq, c->kind, end->si_status);
	else if (end->si_status != 0)
		(void)human_complain(
		        0, "the command for event %" PRIu64 " (%s) failed with status %d",
		        c->seq, c->kind, end->si_status);
}

void hook_child_reap(struct hook_child *c)
{
	siginfo_t end;

	for (unsigned i = c->n_stuck; i > 0; i--)
		if (take(c->stuck[i - 1], &end))
			c->stuck[i - 1] = c->stuck[--c->n_stuck];
	if (c->pid != 0 && take(c->pid, &end)) {
		report(c, &end);
		c->pid = 0;
	}
}

static void give_up(struct hook_child *c)
{
	(void)human_complain(0,
	                     "process %d was killed and does not end: the kernel holds "
	                     "it; the next command is started without it",
	                     (int)c->pid);
	c->stuck[c->n_stuck++] = c->pid;
	if (c->n_stuck == HOOK_STUCK_MAX)
		(void)human_complain(0,
		                     "%d killed processes do not end: no command is "
		                     "started until one of them does",
		                     HOOK_STUCK_MAX);
	c->pid = 0;
}

void hook_child_check_time(struct hook_child *c, struct mono now, int64_t limit_us)
{
	if (c->pid == 0 || mono_before(now, c->until))
		return;
	if (c->killed) {
		give_up(c);
		return;
	}
	(void)human_complain(
	        0, "the command for event %" PRIu64 " (%s) is killed: it took %.10g s",
	        c->seq, c->kind, (double)limit_us / (double)USEC_PER_SEC);
	(void)kill(-c->pid, SIGKILL);
	c->killed = true;
	c->until = mono_add(now, HOOK_KILLED_US);
}

void hook_child_end(struct hook_child *c)
{
	if (c->pid != 0)
		(void)kill(-c->pid, SIGKILL);
}
