/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To be preloaded: makes the Nth call fail, or all from the Nth on. It covers allocations,
 * threads, processes, descriptors, asynchronous I/O, reads and writes, of the program and of its
 * libraries. Each call fails with errors of a shortage or of a signal that it really can return.
 * It never returns an error that a device itself could have returned, so a path that goes down
 * because of it goes down wrongly.
 *
 * Notifications between threads (eventfds, timers) do not fail: the kernel cannot refuse them.
 */
#include "tests/nth/nth.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libaio.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/preload.h"
#include "util/macro.h"

#define FRAMES_MAX 24

enum duration {
	/* A signal or a short shortage: only the Nth call fails. */
	ONCE,
	/* A shortage: all calls from the Nth on fail until it ends. */
	LASTING
};

static struct nth *shared;
static _Thread_local bool busy __attribute__((tls_model("initial-exec")));

static void *(*next_malloc)(size_t);
static void (*next_free)(void *);
__attribute__((constructor)) static void begin(void)
{
	void *frames[1];

	busy = true;
	FIND(next_free, "free");
	FIND(next_malloc, "malloc");
	(void)backtrace(frames, 1); /* its first call loads a library */
	shared = preload_map("NTH", sizeof(*shared));
	busy = false;
}

/* Writes a text with the place of the call: module+offset for addr2line. */
static void describe(const char *what, int error)
{
	void *frames[FRAMES_MAX];
	int n = backtrace(frames, FRAMES_MAX);
	char comm[16] = "";
	size_t used;

	(void)prctl(PR_GET_NAME, comm);
	used = (size_t)snprintf(shared->text, sizeof(shared->text),
	                        "%s: %s, by %s [%d] at", what, strerrorname_np(error),
	                        comm, (int)getpid());
	for (int i = 2; i < n && used < sizeof(shared->text) - 1; i++) {
		const char *file;
		Dl_info info;

		if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL)
			continue;
		file = strrchr(info.dli_fname, '/');
		used += (size_t)snprintf(
		        shared->text + used, sizeof(shared->text) - used, " %s+0x%zx",
		        file == NULL ? info.dli_fname : file + 1,
		        (size_t)((char *)frames[i] - (char *)info.dli_fbase));
	}
}

/* Returns the error of this call; 0: the call does not fail. */
static int error_now(const char *what, enum duration d, const int *errors, size_t n)
{
	uint64_t first, at;
	int error;

	if (shared == NULL || busy || atomic_load(&shared->armed) == 0)
		return 0;
	if (d == ONCE && atomic_load(&shared->lasting) != 0)
		return 0;
	first = atomic_load(&shared->first);
	at = atomic_fetch_add(&shared->calls, 1) + 1;
	if (first == 0 || at < first || at > atomic_load(&shared->last))
		return 0;
	error = errors[(at + atomic_load(&shared->variant)) % n];
	if (atomic_fetch_add(&shared->failed, 1) == 0) {
		busy = true;
		atomic_store(&shared->error, error);
		describe(what, error);
		busy = false;
	}
	errno = error;
	return error;
}

static void hold(int64_t n)
{
	if (shared != NULL && atomic_load(&shared->pid) == (int32_t)getpid())
		atomic_fetch_add(&shared->live, n);
}

#define ERRORS(...) \
	((const int[]){ __VA_ARGS__ }), ARRAY_LEN(((const int[]){ __VA_ARGS__ }))

/* A function that returns a value for failure, with errno. */
/* In two steps, because NO_DESCRIPTOR below is several arguments. */
#define WRAP(...) WRAP_EXPANDED(__VA_ARGS__)
#define WRAP_EXPANDED(type, failure, name, params, args, duration, ...)   \
	type name params                                                  \
	{                                                                 \
		static type(*next) params;                                \
                                                                          \
		if (error_now(#name, duration, ERRORS(__VA_ARGS__)) != 0) \
			return failure;                                   \
		if (next == NULL)                                         \
			FIND(next, #name);                                \
		return next args;                                         \
	}

/* A function that returns the errno. */
#define WRAP_POSIX(name, params, args, ...)                                 \
	int name params                                                     \
	{                                                                   \
		static int(*next) params;                                   \
		int error = error_now(#name, LASTING, ERRORS(__VA_ARGS__)); \
                                                                            \
		if (error != 0)                                             \
			return error;                                       \
		if (next == NULL)                                           \
			FIND(next, #name);                                  \
		return next args;                                           \
	}

/* --- memory --- */

static bool no_memory(const char *what)
{
	return error_now(what, LASTING, ERRORS(ENOMEM)) != 0;
}

static void *held(void *p)
{
	if (p != NULL)
		hold(1);
	return p;
}

void *malloc(size_t size)
{
	if (next_malloc == NULL)
		return early_take(size);
	return no_memory("malloc") ? NULL : held(next_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (next_malloc == NULL)
		return early_take(n * size);
	if (no_memory("calloc"))
		return NULL;
	if (next == NULL)
		FIND(next, "calloc");
	return held(next(n, size));
}

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *, size_t);
	void *fresh;

	if (next_malloc != NULL && !is_early(old)) {
		if (size > 0 && no_memory("realloc"))
			return NULL;
		if (next == NULL)
			FIND(next, "realloc");
		fresh = next(old, size);
		hold((old == NULL && fresh != NULL) - (old != NULL && size == 0));
		return fresh;
	}
	return early_moved(malloc(size), old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	return realloc(old, n * size); /* no tested program comes near the overflow */
}

void *aligned_alloc(size_t alignment, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (no_memory("aligned_alloc"))
		return NULL;
	if (next == NULL)
		FIND(next, "aligned_alloc");
	return held(next(alignment, size));
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	static int (*next)(void **, size_t, size_t);
	int r;

	if (no_memory("posix_memalign"))
		return ENOMEM;
	if (next == NULL)
		FIND(next, "posix_memalign");
	r = next(ret, alignment, size);
	hold(r == 0);
	return r;
}

void free(void *p)
{
	if (p == NULL || is_early(p))
		return;
	hold(-1);
	next_free(p);
}

#define WRAP_MMAP(name, offset_type)                                                   \
	void *name(void *at, size_t bytes, int prot, int flags, int fd, offset_type o) \
	{                                                                              \
		static void *(*next)(void *, size_t, int, int, int, offset_type);      \
		void *p;                                                               \
                                                                                       \
		if (no_memory(#name))                                                  \
			return MAP_FAILED;                                             \
		if (next == NULL)                                                      \
			FIND(next, #name);                                             \
		p = next(at, bytes, prot, flags, fd, o);                               \
		hold(p != MAP_FAILED);                                                 \
		return p;                                                              \
	}
WRAP_MMAP(mmap, off_t)
WRAP_MMAP(mmap64, off64_t)

int munmap(void *p, size_t bytes)
{
	static int (*next)(void *, size_t);

	if (next == NULL)
		FIND(next, "munmap");
	hold(-1);
	return next(p, bytes);
}

WRAP(int, -1, mlockall, (int flags), (flags), LASTING, ENOMEM, EPERM)

/* --- threads and processes --- */

WRAP_POSIX(pthread_create,
           (pthread_t * thread, const pthread_attr_t *attr, void *(*fn)(void *),
            void *arg),
           (thread, attr, fn, arg), EAGAIN)
WRAP_POSIX(posix_spawn,
           (pid_t * pid, const char *path, const posix_spawn_file_actions_t *fa,
            const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
           (pid, path, fa, attr, argv, envp), EAGAIN, ENOMEM)
WRAP(pid_t, -1, fork, (void), (), LASTING, EAGAIN, ENOMEM)
WRAP(int, -1, sched_setscheduler,
     (pid_t pid, int policy, const struct sched_param *param), (pid, policy, param),
     LASTING, EPERM)
WRAP(int, -1, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit),
     (what, limit), LASTING, EPERM)

/* --- descriptors --- */

#define NO_DESCRIPTOR LASTING, EMFILE, ENFILE, ENOMEM

WRAP(int, -1, eventfd, (unsigned n, int flags), (n, flags), NO_DESCRIPTOR)
WRAP(int, -1, epoll_create1, (int flags), (flags), NO_DESCRIPTOR)
WRAP(int, -1, timerfd_create, (clockid_t clock, int flags), (clock, flags), NO_DESCRIPTOR)
WRAP(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags),
     NO_DESCRIPTOR)
WRAP(int, -1, inotify_init1, (int flags), (flags), NO_DESCRIPTOR)
WRAP(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol),
     NO_DESCRIPTOR)
WRAP(int, -1, socketpair, (int domain, int type, int protocol, int fds[2]),
     (domain, type, protocol, fds), NO_DESCRIPTOR)
WRAP(int, -1, pipe2, (int fds[2], int flags), (fds, flags), NO_DESCRIPTOR)
WRAP(int, -1, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags),
     (fd, a, n, flags), NO_DESCRIPTOR, ECONNABORTED)
WRAP(FILE *, NULL, fopen, (const char *name, const char *mode), (name, mode),
     NO_DESCRIPTOR)
WRAP(FILE *, NULL, fopen64, (const char *name, const char *mode), (name, mode),
     NO_DESCRIPTOR)
WRAP(DIR *, NULL, opendir, (const char *name), (name), NO_DESCRIPTOR)
WRAP(DIR *, NULL, fdopendir, (int fd), (fd), LASTING, ENOMEM)
WRAP(int, -1, ftruncate, (int fd, off_t bytes), (fd, bytes), LASTING, ENOMEM, ENOSPC)

/* Only commands that make a descriptor fail; a change of flags does not. */
int signalfd(int fd, const sigset_t *mask, int flags)
{
	static int (*next)(int, const sigset_t *, int);

	if (fd < 0 && error_now("signalfd", LASTING, ERRORS(EMFILE, ENFILE, ENOMEM)) != 0)
		return -1;
	if (next == NULL)
		FIND(next, "signalfd");
	return next(fd, mask, flags);
}

int epoll_ctl(int fd, int op, int other, struct epoll_event *e)
{
	static int (*next)(int, int, int, struct epoll_event *);

	if (op == EPOLL_CTL_ADD &&
	    error_now("epoll_ctl", LASTING, ERRORS(ENOMEM, ENOSPC)) != 0)
		return -1;
	if (next == NULL)
		FIND(next, "epoll_ctl");
	return next(fd, op, other, e);
}

#define WRAP_OPEN(name)                                                             \
	int name(const char *file, int flags, ...)                                  \
	{                                                                           \
		static int (*next)(const char *, int, ...);                         \
		mode_t mode;                                                        \
		va_list args;                                                       \
                                                                                    \
		va_start(args, flags);                                              \
		mode = va_arg(args, mode_t);                                        \
		va_end(args);                                                       \
		if (error_now(#name, LASTING, ERRORS(EMFILE, ENFILE, ENOMEM)) != 0) \
			return -1;                                                  \
		if (next == NULL)                                                   \
			FIND(next, #name);                                          \
		return next(file, flags, mode);                                     \
	}
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                                           \
	int name(int at, const char *file, int flags, ...)                          \
	{                                                                           \
		static int (*next)(int, const char *, int, ...);                    \
		mode_t mode;                                                        \
		va_list args;                                                       \
                                                                                    \
		va_start(args, flags);                                              \
		mode = va_arg(args, mode_t);                                        \
		va_end(args);                                                       \
		if (error_now(#name, LASTING, ERRORS(EMFILE, ENFILE, ENOMEM)) != 0) \
			return -1;                                                  \
		if (next == NULL)                                                   \
			FIND(next, #name);                                          \
		return next(at, file, flags, mode);                                 \
	}
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

#define WRAP_FCNTL(name)                                                                \
	int name(int fd, int op, ...)                                                   \
	{                                                                               \
		static int (*next)(int, int, ...);                                      \
		void *arg;                                                              \
		va_list args;                                                           \
                                                                                        \
		va_start(args, op);                                                     \
		arg = va_arg(args, void *);                                             \
		va_end(args);                                                           \
		if ((op == F_DUPFD || op == F_DUPFD_CLOEXEC) &&                         \
		    error_now(#name, LASTING, ERRORS(EMFILE)) != 0)                     \
			return -1;                                                      \
		if (op == F_ADD_SEALS && error_now(#name, LASTING, ERRORS(EPERM)) != 0) \
			return -1;                                                      \
		if (next == NULL)                                                       \
			FIND(next, #name);                                              \
		return next(fd, op, arg);                                               \
	}
WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

int ioctl(int fd, unsigned long op, ...)
{
	static int (*next)(int, unsigned long, ...);
	void *arg;
	va_list args;

	va_start(args, op);
	arg = va_arg(args, void *);
	va_end(args);
	if (error_now("ioctl", ONCE, ERRORS(ENOMEM)) != 0)
		return -1;
	if (next == NULL)
		FIND(next, "ioctl");
	return next(fd, op, arg);
}

int prctl(int op, ...)
{
	static int (*next)(int, ...);
	unsigned long a[4];
	va_list args;

	va_start(args, op);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (op != PR_SET_NAME && op != PR_GET_NAME &&
	    error_now("prctl", LASTING, ERRORS(EPERM, EINVAL)) != 0)
		return -1;
	if (next == NULL)
		FIND(next, "prctl");
	return next(op, a[0], a[1], a[2], a[3]);
}

long syscall(long number, ...)
{
	static long (*next)(long, ...);
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_pidfd_open &&
	    error_now("pidfd_open", LASTING, ERRORS(EMFILE, ENFILE, ENOMEM)) != 0)
		return -1;
	if (number == SYS_capset && error_now("capset", LASTING, ERRORS(EPERM)) != 0)
		return -1;
	if (next == NULL)
		FIND(next, "syscall");
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* --- files --- */

WRAP(int, -1, stat, (const char *name, struct stat *st), (name, st), ONCE, ENOMEM)
WRAP(int, -1, lstat, (const char *name, struct stat *st), (name, st), ONCE, ENOMEM)
WRAP(int, -1, fstat, (int fd, struct stat *st), (fd, st), ONCE, ENOMEM)
WRAP(int, -1, statx,
     (int at, const char *name, int flags, unsigned mask, struct statx *sx),
     (at, name, flags, mask, sx), ONCE, ENOMEM)
WRAP(int, -1, access, (const char *name, int mode), (name, mode), ONCE, ENOMEM)
WRAP(int, -1, faccessat, (int at, const char *name, int mode, int flags),
     (at, name, mode, flags), ONCE, ENOMEM)
WRAP(ssize_t, -1, readlink, (const char *name, char *buf, size_t n), (name, buf, n), ONCE,
     ENOMEM)
WRAP(ssize_t, -1, readlinkat, (int at, const char *name, char *buf, size_t n),
     (at, name, buf, n), ONCE, ENOMEM)
WRAP(int, -1, chmod, (const char *name, mode_t mode), (name, mode), ONCE, EPERM, EIO)
WRAP(int, -1, fchmod, (int fd, mode_t mode), (fd, mode), ONCE, EPERM, EIO)
WRAP(int, -1, chown, (const char *name, uid_t uid, gid_t gid), (name, uid, gid), ONCE,
     EPERM, EDQUOT)
WRAP(int, -1, flock, (int fd, int op), (fd, op), ONCE, EINTR, ENOLCK)

/* Writes to anonymous descriptors do not fail: see the top of this file. */
static bool may_fail(int fd)
{
	char name[40], target[8] = "";

	if (shared == NULL || busy || atomic_load(&shared->armed) == 0)
		return false;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return syscall(SYS_readlink, name, target, sizeof(target) - 1) > 0 &&
	       strncmp(target, "anon_in", 7) != 0 && strncmp(target, "pipe:", 5) != 0;
}

#define WRAP_IO(type, name, params, args, ...)                                        \
	type name params                                                              \
	{                                                                             \
		static type(*next) params;                                            \
                                                                                      \
		if (may_fail(fd) && error_now(#name, ONCE, ERRORS(__VA_ARGS__)) != 0) \
			return -1;                                                    \
		if (next == NULL)                                                     \
			FIND(next, #name);                                            \
		return next args;                                                     \
	}
WRAP_IO(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), EINTR)
WRAP_IO(ssize_t, pread, (int fd, void *buf, size_t n, off_t at), (fd, buf, n, at), EINTR,
        ENOMEM)
WRAP_IO(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), EINTR, ENOSPC)
WRAP_IO(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at), (fd, buf, n, at),
        EINTR, EIO)
WRAP_IO(ssize_t, recv, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags),
        EINTR, EAGAIN)
WRAP_IO(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), EINTR,
        EAGAIN)
WRAP_IO(ssize_t, send, (int fd, const void *buf, size_t n, int flags),
        (fd, buf, n, flags), EINTR, EAGAIN, ENOBUFS, ENOMEM)
WRAP_IO(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
        EINTR, EAGAIN, ENOBUFS, ENOMEM)
WRAP_IO(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), ENOMEM)
WRAP_IO(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), ENOMEM,
        ENOSPC)
WRAP_IO(int, getsockopt, (int fd, int level, int what, void *value, socklen_t *n),
        (fd, level, what, value, n), ENOBUFS)

/* --- waiting --- */

WRAP(int, -1, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout), ONCE,
     EINTR, ENOMEM)
WRAP(int, -1, ppoll,
     (struct pollfd * fds, nfds_t n, const struct timespec *timeout,
      const sigset_t *mask),
     (fds, n, timeout, mask), ONCE, EINTR, ENOMEM)
WRAP(int, -1, epoll_wait, (int fd, struct epoll_event *e, int n, int timeout),
     (fd, e, n, timeout), ONCE, EINTR)

/* --- asynchronous I/O; libaio returns -errno --- */

int io_setup(int n, io_context_t *ret)
{
	static int (*next)(int, io_context_t *);
	int r = error_now("io_setup", LASTING, ERRORS(EAGAIN, ENOMEM));

	if (r != 0)
		return -r;
	if (next == NULL)
		FIND(next, "io_setup");
	r = next(n, ret);
	hold(r == 0);
	return r;
}

int io_destroy(io_context_t context)
{
	static int (*next)(io_context_t);

	if (next == NULL)
		FIND(next, "io_destroy");
	hold(-1);
	return next(context);
}

int io_submit(io_context_t context, long n, struct iocb **list)
{
	static int (*next)(io_context_t, long, struct iocb **);
	int r = error_now("io_submit", LASTING, ERRORS(EAGAIN, ENOMEM));

	if (r != 0)
		return -r;
	if (next == NULL)
		FIND(next, "io_submit");
	return next(context, n, list);
}

/* The call fails, or one of its requests does: with ENOMEM, or because it would block. */
int io_getevents(io_context_t context, long least, long n, struct io_event *events,
                 struct timespec *timeout)
{
	static int (*next)(io_context_t, long, long, struct io_event *,
	                   struct timespec *);
	int r = error_now("io_getevents", ONCE, ERRORS(EINTR));

	if (r != 0)
		return -r;
	if (next == NULL)
		FIND(next, "io_getevents");
	r = next(context, least, n, events, timeout);
	for (int i = 0; i < r; i++) {
		int error = events[i].obj->aio_lio_opcode == IO_CMD_PREAD
		                    ? error_now("a read", LASTING, ERRORS(EAGAIN, ENOMEM))
		                    : 0;

		if (error != 0)
			events[i].res = (unsigned long)-(long)error;
	}
	return r;
}
