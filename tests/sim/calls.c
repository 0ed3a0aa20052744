/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system's calls for threads, clocks, memory and descriptors, as the product sees them. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <poll.h>

#include "tests/sim/calls.h"

/* --- threads --- */

static uint32_t *owner_of(pthread_mutex_t *m)
{
	return (uint32_t *)(void *)m;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	if (fiber_self() == NULL)
		return 0;
	fiber_point();
	if (*fiber_locks() > 0)
		sim_fail("%s takes a lock while it holds another", fiber_name());
	while (*owner_of(m) != 0)
		(void)fiber_wait(m, MONO_NEVER,
		                 false); /* either way the lock is examined again */
	*owner_of(m) = 1;
	++*fiber_locks();
	return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (fiber_self() == NULL)
		return 0;
	if (*owner_of(m) != 1)
		sim_fail("%s unlocks a mutex that is not locked", fiber_name());
	*owner_of(m) = 0;
	--*fiber_locks();
	fiber_wake_one(m);
	fiber_point();
	return 0;
}

int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	struct mono until = MONO_NEVER;

	*owner_of(m) = 0;
	--*fiber_locks();
	fiber_wake_one(m);
	if (sim_one_in(50))
		until = mono_add(sim.now, 100); /* a spurious wake-up is allowed */
	(void)fiber_wait(c, until, false);
	return __wrap_pthread_mutex_lock(m);
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
	fiber_wake_one(c);
	return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
	fiber_wake_all(c);
	return 0;
}

int __wrap_thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
                        void *(*fn)(void *), void *arg)
{
	(void)stack_bytes;
	*ret_thread = (pthread_t)(uintptr_t)fiber_new(name, fiber_process(), fn, arg);
	fiber_point();
	return 0;
}

int __wrap_pthread_join(pthread_t t, void **ret)
{
	struct fiber *f = (struct fiber *)(uintptr_t)t; /* from thread_start() */

	(void)ret;
	while (!fiber_over(f))
		(void)fiber_wait(f, MONO_NEVER, false);
	return 0;
}

int __wrap_thread_join_for(pthread_t t, int64_t limit_us)
{
	struct fiber *f = (struct fiber *)(uintptr_t)t; /* from thread_start() */
	struct mono limit = mono_add(sim.now, limit_us);

	while (!fiber_over(f) && mono_before(sim.now, limit))
		(void)fiber_wait(f, limit, false);
	return fiber_over(f) ? 0 : -ETIMEDOUT;
}

/* Renames the running fiber. */
int __wrap_prctl(int option, ...)
{
	va_list args;

	va_start(args, option);
	if (option == PR_SET_NAME)
		fiber_rename(va_arg(args, const char *));
	va_end(args);
	return 0;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t us = sim.now.us + (id == CLOCK_MONOTONIC ? 0 : 1700000000 * USEC_PER_SEC);

	fiber_point();
	us = MAX(us, sim.now.us);
	ret->tv_sec = us / USEC_PER_SEC;
	ret->tv_nsec = us % USEC_PER_SEC * NSEC_PER_USEC;
	return 0;
}

/* No lock may be held over a system call. */
static void system_call(void)
{
	if (*fiber_locks() > 0)
		sim_fail("%s makes a system call with a lock held", fiber_name());
	fiber_point();
}

/* --- memory --- */

#define BLOCKS_MAX 4096

static struct block {
	char *at;
	size_t n;
	uint32_t process;
	bool mapped;
} blocks[BLOCKS_MAX];
static unsigned n_blocks;

void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t length);

/*
 * Counts an allocation that the sealed engine must not make. Allowed are those of the loop
 * outside a round (records, reload), of its helper threads, and of a new prober and its
 * region.
 */
static bool is_counted(bool mapped)
{
	if (!sim.sealed || fiber_process() != ENGINE_PROCESS || fiber_is_helper())
		return false;
	if (strcmp(fiber_name(), "loop") == 0 && !sim.in_round)
		return false;
	/* A rescuer maps buffers before the first read that needs them. */
	if (mapped && strcmp(fiber_name(), "pc-rescuer") == 0)
		return false;
	return sim.threads || !mapped;
}

static void *note(void *p, size_t n, bool mapped)
{
	if (p == NULL || fiber_self() == NULL)
		return p;
	if (n_blocks == BLOCKS_MAX)
		sim_fail("too many allocations");
	blocks[n_blocks++] = (struct block){ p, n, fiber_process(), mapped };
	if (is_counted(mapped))
		sim.allocations++;
	return p;
}

static void give_back(struct block *b)
{
	if (kernel_may_use(b->at, b->n))
		sim_fail("memory is freed while the kernel may still use it");
	if (b->mapped)
		(void)__real_munmap(b->at, b->n); /* cannot fail: the block is mapped */
	else
		__real_free(b->at);
	*b = blocks[--n_blocks];
}

static struct block *find(const void *p)
{
	for (unsigned i = n_blocks; i-- > 0;)
		if (blocks[i].at == p)
			return &blocks[i];
	return NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return note(__real_calloc(n, size), n * size, false);
}

void *__wrap_malloc(size_t n)
{
	return __wrap_calloc(1, n);
}

void __wrap_free(void *p)
{
	struct block *b = p == NULL ? NULL : find(p);

	if (b != NULL)
		give_back(b);
	else
		__real_free(p);
}

void *__wrap_mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
	(void)fd;
	flags = (flags & ~MAP_SHARED) | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	return note(__real_mmap(addr, n, prot, flags, -1, offset), n, true);
}

int __wrap_munmap(void *addr, size_t n)
{
	struct block *b = find(addr);

	(void)n;
	if (b == NULL)
		sim_fail("memory is unmapped twice");
	give_back(b);
	return 0;
}

void memory_reset(void)
{
	while (n_blocks > 0)
		give_back(&blocks[0]);
}

void memory_free_of(uint32_t process)
{
	for (unsigned i = n_blocks; i-- > 0;)
		if (blocks[i].process == process)
			give_back(&blocks[i]);
}

unsigned memory_blocks(void)
{
	return n_blocks;
}

bool memory_is_live(const void *p, size_t n)
{
	const char *at = p;

	for (unsigned i = 0; i < n_blocks; i++)
		if (at >= blocks[i].at && at + n <= blocks[i].at + blocks[i].n)
			return true;
	return false;
}

/* --- descriptors --- */

struct file {
	bool used;
	int kind;
	uint32_t process;
	/* seq and devt: of the disk when it was opened. */
	uint64_t seq;
	uint32_t devt;
	struct disk *disk;
	uint64_t count;
	/* Expiry of a timer; us 0: not set. */
	struct mono at;
	/* The file that this descriptor of another process shares. */
	struct file *shares;
	uint64_t timer;
};

static struct file files[FDS_MAX];
static int polled[FDS_MAX];
static unsigned n_polled;

void calls_reset(void)
{
	memset(files, 0, sizeof(files));
	n_polled = 0;
}

static struct file *file_of(int fd)
{
	if (fd < FD_FIRST || fd >= FD_FIRST + FDS_MAX || !files[fd - FD_FIRST].used)
		sim_fail("%s uses descriptor %d, which is not open", fiber_name(), fd);
	return &files[fd - FD_FIRST];
}

static struct file *end_of(struct file *f)
{
	return f->shares == NULL ? f : f->shares;
}

int fd_new(uint32_t process, int kind, struct disk *disk)
{
	unsigned i = 0;

	while (i < FDS_MAX && files[i].used)
		i++;
	if (i == FDS_MAX)
		sim_fail("too many descriptors: they leak");
	files[i] = (struct file){ .used = true,
		                  .kind = kind,
		                  .process = process,
		                  .disk = disk,
		                  .seq = disk == NULL ? 0 : disk->seq,
		                  .devt = disk == NULL ? 0 : disk->devt };
	return FD_FIRST + (int)i;
}

int fd_share(int fd, uint32_t process)
{
	int copy = fd_new(process, FD_OTHER, NULL);

	files[copy - FD_FIRST].shares = end_of(file_of(fd));
	return copy;
}

void fds_close_of(uint32_t process)
{
	for (unsigned i = 0; i < FDS_MAX; i++)
		if (files[i].used && files[i].process == process)
			files[i].used = false;
}

unsigned fds_open(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FDS_MAX; i++)
		n += files[i].used;
	return n;
}

unsigned fds_disks(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FDS_MAX; i++)
		n += files[i].used && files[i].kind == FD_DISK &&
		     !sim.processes[files[i].process].killed;
	return n;
}

unsigned fds_close_each(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FDS_MAX; i++)
		n += files[i].used && files[i].kind == FD_DISK &&
		     files[i].disk->close_each && !sim.processes[files[i].process].killed;
	return n;
}

struct disk *fd_disk(int fd, uint64_t *ret_seq)
{
	struct file *f = file_of(fd);

	if (f->kind != FD_DISK || f->process != fiber_process())
		sim_fail("%s reads descriptor %d, which is no disk of its process",
		         fiber_name(), fd);
	*ret_seq = f->seq;
	return f->disk;
}

uint32_t fd_devt(int fd)
{
	return file_of(fd)->devt;
}

static bool readable(const struct file *f)
{
	if (f->kind == FD_POLL) {
		for (unsigned i = 0; i < n_polled; i++)
			if (readable(end_of(&files[polled[i] - FD_FIRST])))
				return true;
		return false;
	}
	return f->count > 0;
}

static void has_become_readable(struct file *f)
{
	fiber_wake_all(f);
	for (unsigned i = 0; i < FDS_MAX; i++)
		if (files[i].used && files[i].kind == FD_POLL)
			fiber_wake_all(&files[i]);
}

void fd_signal(int fd)
{
	struct file *f = end_of(&files[fd - FD_FIRST]);

	f->count++;
	has_become_readable(f);
}

bool fd_readable(int fd)
{
	return readable(end_of(&files[fd - FD_FIRST]));
}

const void *fd_sleeper(int fd)
{
	return end_of(&files[fd - FD_FIRST]);
}

void fd_clear(int fd)
{
	file_of(fd)->count = 0;
}

bool fds_wait(const int fds[FIBER_ON_MAX], struct mono until)
{
	const void *on[FIBER_ON_MAX];
	bool any = false;

	for (unsigned i = 0; i < FIBER_ON_MAX; i++)
		on[i] = fds[i] < 0 ? NULL : end_of(file_of(fds[i]));
	for (;;) {
		for (unsigned i = 0; i < FIBER_ON_MAX; i++)
			any |= on[i] != NULL && readable(on[i]);
		if (any || !fiber_wait_any(on, until, false))
			return any;
	}
}

bool fd_wait(int fd, struct mono until)
{
	struct file *f = end_of(file_of(fd));

	while (!readable(f))
		if (!fiber_wait(f, until, false))
			return readable(f);
	return true;
}

int __wrap_eventfd(unsigned initial, int flags)
{
	int fd = fd_new(fiber_process(), FD_EVENT, NULL);

	(void)flags;
	files[fd - FD_FIRST].count = initial;
	return fd;
}

int __wrap_timerfd_create(int clock, int flags)
{
	(void)clock;
	(void)flags;
	return fd_new(fiber_process(), FD_TIMER, NULL);
}

static void timer_fires(void *file)
{
	struct file *f = file;

	if (!f->used || f->kind != FD_TIMER || f->at.us == 0 ||
	    mono_before(sim.now, f->at))
		return;
	f->at.us = 0;
	f->count++;
	has_become_readable(f);
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *its,
                           struct itimerspec *old)
{
	struct file *f = file_of(fd);

	(void)flags;
	(void)old;
	system_call();
	f->count = 0;
	f->at.us = its->it_value.tv_sec * USEC_PER_SEC +
	           its->it_value.tv_nsec / NSEC_PER_USEC;
	if (f->at.us != 0)
		(void)event_at(f->at, timer_fires, f);
	return 0;
}

int __wrap_epoll_create1(int flags)
{
	(void)flags;
	return fd_new(fiber_process(), FD_POLL, NULL);
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e)
{
	(void)epoll;
	(void)e;
	system_call();
	if (op == EPOLL_CTL_ADD) {
		(void)file_of(fd);
		polled[n_polled++] = fd;
		return 0;
	}
	for (unsigned i = 0; i < n_polled; i++)
		if (polled[i] == fd) {
			polled[i] = polled[--n_polled];
			return 0;
		}
	errno = ENOENT;
	return -1;
}

int __wrap_memfd_create(const char *name, unsigned flags)
{
	(void)name;
	(void)flags;
	return fd_new(fiber_process(), FD_OTHER, NULL);
}

/* Supports seals, and copies of disks' descriptors. */
int __wrap_fcntl(int fd, int command, ...)
{
	struct file *f = file_of(fd);
	int copy;

	if (command == F_DUPFD_CLOEXEC) {
		system_call();
		copy = fd_new(fiber_process(), f->kind, f->disk);
		files[copy - FD_FIRST].seq = f->seq;
		files[copy - FD_FIRST].devt = f->devt;
		return copy;
	}
	if (command != F_ADD_SEALS)
		sim_fail("fcntl(%d)", command);
	return 0;
}

int __wrap_ftruncate(int fd, off_t n)
{
	(void)file_of(fd);
	(void)n;
	return 0;
}

int __wrap_close(int fd)
{
	struct file *f;

	system_call();
	f = file_of(fd);
	if (f->process != fiber_process())
		sim_fail("%s closes descriptor %d of another process", fiber_name(), fd);
	for (unsigned i = 0; i < n_polled; i++)
		if (polled[i] == fd)
			polled[i--] = polled[--n_polled];
	if (f->disk != NULL && sim.faults && sim_one_in(20))
		(void)fiber_wait(f, mono_add(sim.now, sim_between(1000, 900000)), true);
	f->used = false;
	return 0;
}

static int wait_readable(int fd, int64_t us)
{
	system_call();
	return fd_wait(fd, us < 0 ? MONO_NEVER : mono_add(sim.now, us));
}

/* Serves the device-mapper thread. */
static int poll_two(struct pollfd *fds, int timeout_ms)
{
	const int both[FIBER_ON_MAX] = { fds[0].fd, fds[1].fd, -1, -1 };
	int r = 0;

	system_call();
	(void)fds_wait(both, timeout_ms < 0
	                             ? MONO_NEVER
	                             : mono_add(sim.now, timeout_ms * USEC_PER_MSEC));
	for (unsigned i = 0; i < 2; i++) {
		bool has = fds[i].fd >= 0 && fd_readable(fds[i].fd);

		fds[i].revents = has ? POLLIN : 0;
		r += has;
	}
	return r;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
	(void)left;
	system_call();
	(void)fiber_wait(pause, mono_add(sim.now, pause->tv_nsec / NSEC_PER_USEC), false);
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (n == 2)
		return poll_two(fds, timeout_ms);
	if (n != 1)
		sim_fail("poll() of more than two descriptors is not simulated");
	return wait_readable(fds->fd, timeout_ms < 0 ? -1 : timeout_ms * USEC_PER_MSEC);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts,
                 const sigset_t *mask)
{
	int64_t us =
	        ts == NULL ? -1 : ts->tv_sec * USEC_PER_SEC + ts->tv_nsec / NSEC_PER_USEC;

	(void)mask;
	if (n > 0)
		return wait_readable(fds->fd, us);
	system_call();
	(void)fiber_wait(&us, mono_add(sim.now, us),
	                 false); /* a sleep without descriptors */
	return 0;
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	struct file *f;

	system_call();
	f = end_of(file_of(fd));
	if (n != sizeof(f->count))
		sim_fail("a read of %zu bytes is not simulated", n);
	if (f->kind == FD_TIMER)
		(void)fd_wait(fd, MONO_NEVER);
	if (f->count == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(buf, &f->count, sizeof(f->count));
	f->count = 0;
	return (ssize_t)n;
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	(void)buf;
	system_call();
	(void)file_of(fd);
	fd_signal(fd);
	return (ssize_t)n;
}

/* sysfs has no files, except the number of each present disk. */
int __wrap_open(const char *name, int flags, ...)
{
	(void)name;
	(void)flags;
	return fd_new(fiber_process(), FD_OTHER, NULL);
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
	(void)dir;
	(void)name;
	(void)flags;
	errno = ENOENT;
	return -1;
}

int __wrap_faccessat(int dir, const char *name, int mode, int flags)
{
	unsigned major, minor;

	(void)dir;
	(void)mode;
	(void)flags;
	if (sscanf(name, "%u:%u", &major, &minor) == 2)
		for (unsigned i = 0; i < sim.n_disks; i++)
			if (sim.disks[i].present && sim.disks[i].devt == minor)
				return 0;
	errno = ENOENT;
	return -1;
}
